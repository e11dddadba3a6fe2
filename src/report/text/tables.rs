//! The two tables: how old events were, and what they cost.

use std::fmt::Write as _;

use super::super::format::{bytes, duration, number, percent};
use super::folded;
use crate::bench::result::{Compared, Lane, Latency, Layers, Run};
use crate::transport::Transport;

pub(super) fn latencies(run: &Run) -> String {
    let mut text = format!("\n{:<10}", "latency");
    for name in ["p50", "p95", "p99", "max"] {
        write!(text, "{name:>8} {:>7}  ", "theory").expect("a String takes all that is written to it");
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    if let Some(control) = &run.control {
        text += &latency_row("(tcp)", &control.latency_us);
    }
    for lane in &run.lanes {
        text += &latency_row(lane.transport.name(), &lane.latency_us);
    }
    let all = run.lanes.iter().map(|lane| &lane.latency_us);
    let needs =
        |of: fn(&Latency) -> &Compared| all.clone().filter_map(|latency| of(latency).needs_events).max();
    let named = [("p50", needs(|of| &of.p50)), ("p95", needs(|of| &of.p95)), ("p99", needs(|of| &of.p99))];
    let lacking: Vec<String> = named
        .iter()
        .filter_map(|(name, needs)| needs.map(|needs| format!("{name} needs {needs} events")))
        .collect();
    if !lacking.is_empty() {
        text += &folded("", &format!("–: {}", lacking.join(", ")));
    }
    text
}

fn latency_row(name: &str, latency: &Latency) -> String {
    let mut text = format!("{name:<10}");
    for figure in [&latency.p50, &latency.p95, &latency.p99, &latency.max] {
        let is_off = figure.is_off() && duration(figure.measured) != duration(figure.predicted);
        let mark = if is_off { "*" } else { " " };
        let mut theory = figure.predicted.map_or(String::new(), |predicted| duration(Some(predicted)));
        if theory.chars().count() > 7 {
            // `-19.6 ms`, where a clock is off.
            theory.retain(|letter| letter != ' ');
        }
        write!(text, "{:>8} {:>7}{mark} ", duration(figure.measured), theory)
            .expect("a String takes all that is written to it");
    }
    text.trim_end().to_owned() + "\n"
}

pub(super) fn costs(run: &Run) -> String {
    let mut text = String::from(
        "\ncost an event             ────── bytes down ─────  ─ bytes up ──   con-    first\n          \
         requests  empty payload envelope  heads  envel.  heads  nects    event\n",
    );
    for lane in &run.lanes {
        text += &cost_rows(lane, run);
    }
    text += &encryption(run);
    text += &tcp_ip(run);
    for lane in &run.lanes {
        text += &server(lane).unwrap_or_default();
    }
    text
}

/// What TLS adds to all that, in one line of all lanes; nothing without it.
fn encryption(run: &Run) -> String {
    let both = |down: Option<Layers>, up: Option<Layers>| Some(down?.tls + up?.tls);
    let of = |lane: &Lane| {
        let spent = &lane.bytes_per_event;
        let predicted = spent.predicted.map(|bytes| bytes.down.tls + bytes.up.tls);
        let measured = bytes(both(spent.down, spent.up));
        format!("{} {measured} (theory {})", lane.transport, bytes(predicted))
    };
    let Some(handshake) = run.lanes.iter().find_map(|lane| lane.handshake_bytes) else {
        return String::new();
    };
    let lanes: Vec<String> = run.lanes.iter().map(of).collect();
    let [down, up] = [handshake.down, handshake.up].map(|way| bytes(Some(way)));
    let text = format!(
        "TLS, bytes both ways: {}; a handshake, once a connection and not in these: {down} down, {up} up",
        lanes.join(", ")
    );
    folded("", &text)
}

/// What the kernel sent below all that, in one line of all lanes; nothing where it does not say.
fn tcp_ip(run: &Run) -> String {
    let of = |lane: &Lane| {
        let tcp_ip = lane.tcp_ip_per_event?;
        let header_bytes = tcp_ip.header_bytes_down + tcp_ip.header_bytes_up;
        Some(format!("{} {}", lane.transport, bytes(Some(header_bytes))))
    };
    let lanes: Vec<String> = run.lanes.iter().filter_map(of).collect();
    if lanes.is_empty() {
        return String::new();
    }
    let again = run.lanes.iter().filter_map(|lane| Some(lane.tcp_ip_per_event?.retransmitted_bytes_up));
    let again = match again.sum::<f64>() {
        0.0 => "nothing sent again".to_owned(),
        some => format!("{} bytes sent again", bytes(Some(some))),
    };
    folded("", &format!("below, TCP/IP headers, bytes both ways: {}; {again}", lanes.join(", ")))
}

/// What a server of its own spent on this lane.
fn server(lane: &Lane) -> Option<String> {
    let cpu_us = lane.server_cpu_us_per_event?;
    let memory = lane.server_memory_bytes_per_client;
    let memory = memory.map_or("– (needs 100)".to_owned(), |bytes| format!("{bytes:.0} B"));
    let cpu = duration(Some(cpu_us));
    Some(format!("{:<11}server: {cpu} CPU an event; memory a client: {memory}\n", lane.transport.name()))
}

/// One for each client that keeps its own. A poller that does not opens one for each request.
fn connections_predicted(lane: &Lane, run: &Run) -> String {
    let is_stream = matches!(lane.transport, Transport::Sse | Transport::Websocket);
    if run.keep_alive || is_stream { run.clients.to_string() } else { number(None) }
}

fn cost_rows(lane: &Lane, run: &Run) -> String {
    let row =
        |name: &str, requests, empty, down: Option<Layers>, up: Option<Layers>, connections: &str, first| {
            let layer = |layers: Option<Layers>, read: fn(&Layers) -> f64| bytes(layers.as_ref().map(read));
            let line = format!(
                "{name:<9} {:>8} {:>6} {:>7} {:>8} {:>6} {:>7} {:>6} {:>6} {:>8}",
                number(requests),
                percent(empty),
                layer(down, |of| of.payload),
                layer(down, |of| of.envelope),
                layer(down, |of| of.http),
                layer(up, |of| of.envelope),
                layer(up, |of| of.http),
                connections,
                duration(first),
            );
            line.trim_end().to_owned() + "\n"
        };
    let (spent, predicted) = (&lane.bytes_per_event, lane.bytes_per_event.predicted);
    let (requests, empty, first) = (&lane.requests_per_event, &lane.empty_share, &lane.first_event_us);
    let connections = lane.connections_opened.to_string();
    row(
        lane.transport.name(),
        requests.measured,
        empty.measured,
        spent.down,
        spent.up,
        &connections,
        first.measured,
    ) + &row(
        "  theory",
        requests.predicted,
        empty.predicted,
        predicted.map(|bytes| bytes.down),
        predicted.map(|bytes| bytes.up),
        &connections_predicted(lane, run),
        first.predicted,
    )
}
