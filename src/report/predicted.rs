//! Theory alone, for a terminal.

use std::fmt::Write as _;

use super::format::{bytes, counted, duration, number, percent, rate};
use crate::theory::{BytesPerEvent, Crossing, Latency, Quantity, Requests};
use crate::transport::Transport;

/// What theory says of one transport.
pub struct Lane {
    /// Which.
    pub transport: Transport,
    /// How old events are on arrival.
    pub latency: Option<Latency>,
    /// How often it asks.
    pub requests: Option<Requests>,
    /// What each event costs.
    pub bytes: Option<BytesPerEvent>,
    /// From `connect()` to an event that was waiting, in microseconds.
    pub first_event_us: f64,
}

/// How a sender keeps up with its clients.
pub enum FanOut {
    /// An event waits so long on average while others are served first, in microseconds.
    Waits(f64),
    /// It takes longer to send an event to all than until the next one comes.
    Overloaded,
}

/// Theory for one feed and one network.
pub struct Predicted {
    /// What it is for, in words.
    pub conditions: String,
    /// λ.
    pub rate_per_s: f64,
    /// N.
    pub clients: usize,
    /// One for each transport.
    pub lanes: Vec<Lane>,
    /// Rates at which two transports cost the same.
    pub crossings: Vec<Crossing>,
    /// What many clients of one sender add to a push, where the cost of a send was given.
    pub fan_out: Option<FanOut>,
}

/// The tables.
pub fn text(predicted: &Predicted) -> String {
    let mut text = format!("{}: theory, nothing measured but the heads\n", predicted.conditions);
    text += "\nlatency        mean      p50      p95      p99   first event\n";
    for lane in &predicted.lanes {
        let quantile = |p| lane.latency.as_ref().and_then(|latency| latency.quantile_us(p));
        let mean = lane.latency.as_ref().and_then(Latency::mean_us);
        writeln!(
            text,
            "{:<10} {:>8} {:>8} {:>8} {:>8} {:>13}",
            lane.transport.name(),
            duration(mean),
            duration(quantile(0.5)),
            duration(quantile(0.95)),
            duration(quantile(0.99)),
            duration(Some(lane.first_event_us)),
        )
        .expect("a String takes all that is written to it");
    }
    text + &fan_out(predicted) + &costs(predicted) + &crossings(&predicted.crossings)
}

fn fan_out(predicted: &Predicted) -> String {
    let clients = counted(predicted.clients, "client");
    match predicted.fan_out {
        None => String::new(),
        Some(FanOut::Waits(us)) => {
            format!("push to {clients} adds {} on average\n", duration(Some(us)))
        }
        Some(FanOut::Overloaded) => {
            format!("push to {clients} cannot keep up: events come faster than they are sent\n")
        }
    }
}

fn costs(predicted: &Predicted) -> String {
    let clients = predicted.clients as f64;
    let all = counted(predicted.clients, "client") + ", a second";
    let mut text = format!("\n{:<47}{all:>27}\n", "cost an event");
    let columns = ["requests", "empty", "bytes down", "bytes up", "requests", "bytes"];
    text += &cost_row("", columns.map(str::to_owned));
    for lane in &predicted.lanes {
        let each = |per_event: Option<f64>| per_event.map(|value| value * predicted.rate_per_s * clients);
        let requests = lane.requests.map(|requests| requests.per_event);
        let a_second = |value: Option<f64>| number(each(value)) + if value.is_some() { "/s" } else { "" };
        text += &cost_row(
            lane.transport.name(),
            [
                number(requests),
                percent(lane.requests.and_then(|requests| requests.empty_share)),
                bytes(lane.bytes.map(|bytes| bytes.down.total())),
                bytes(lane.bytes.map(|bytes| bytes.up.total())),
                a_second(requests),
                a_second(lane.bytes.map(|bytes| bytes.total())),
            ],
        );
    }
    text
}

fn cost_row(name: &str, cells: [String; 6]) -> String {
    let [requests, empty, down, up, all_requests, all_bytes] = cells;
    format!("{name:<9}{requests:>9}{empty:>7}{down:>12}{up:>10}{all_requests:>14}{all_bytes:>13}\n")
}

fn crossings(crossings: &[Crossing]) -> String {
    if crossings.is_empty() {
        return String::new();
    }
    let mut text = String::from("\nbreak-even rates: where two transports cost the same\n");
    for crossing in crossings {
        let what = match crossing.quantity {
            Quantity::Requests => "requests",
            Quantity::Bytes => "bytes",
        };
        writeln!(
            text,
            "  {:>9}   {what}: {} is cheaper below, {} above",
            rate(crossing.rate_per_s),
            crossing.below,
            crossing.above,
        )
        .expect("a String takes all that is written to it");
    }
    text
}
