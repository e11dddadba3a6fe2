//! Theory alone, for a terminal.

use std::fmt::Write as _;

use super::format::{bytes, duration, number, percent, rate, three_digits};
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
    /// Mean wait of a push while others are served first, where the cost of a send was given.
    pub fan_out_us: Option<f64>,
}

/// The tables.
pub fn text(predicted: &Predicted) -> String {
    let mut text = format!("{}\ntheory, nothing measured but the heads\n", predicted.conditions);
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
    if let Some(wait) = predicted.fan_out_us {
        let _ =
            writeln!(text, "push to {} clients adds {} on average", predicted.clients, duration(Some(wait)));
    }
    text + &costs(predicted) + &crossings(&predicted.crossings)
}

fn costs(predicted: &Predicted) -> String {
    let clients = predicted.clients as f64;
    let mut text = format!(
        "\ncost an event  requests  empty  bytes down  bytes up   {} client{}: requests  bytes\n",
        predicted.clients,
        if predicted.clients == 1 { "" } else { "s" },
    );
    for lane in &predicted.lanes {
        let each = |per_event: Option<f64>| per_event.map(|value| value * predicted.rate_per_s * clients);
        let requests = lane.requests.map(|requests| requests.per_event);
        writeln!(
            text,
            "{:<14} {:>8} {:>6} {:>11} {:>9}   {:>17} {:>9}",
            lane.transport.name(),
            number(requests),
            percent(lane.requests.and_then(|requests| requests.empty_share)),
            bytes(lane.bytes.map(|bytes| bytes.down.total())),
            bytes(lane.bytes.map(|bytes| bytes.up.total())),
            each(requests).map_or("–".to_owned(), |per_s| format!("{}/s", three_digits(per_s))),
            each(lane.bytes.map(|bytes| bytes.total()))
                .map_or("–".to_owned(), |per_s| format!("{}/s", three_digits(per_s))),
        )
        .expect("a String takes all that is written to it");
    }
    text
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
