//! What stands in words: every figure of every lane, beside theory.

use maud::{Markup, html};

use crate::bench::result::{Bytes, Compared, Lane, Latency, Report, Run};
use crate::report::conditions::{Condition, label};
use crate::report::format::{bytes, duration, number, percent};
use crate::report::parting::{has_noisy_costs, is_off};

/// Latencies, the control row first.
pub(super) fn latencies(report: &Report) -> Markup {
    html! {
        p {
            "The age of an event on arrival, not how long a request took. Below a figure its 95% interval; "
            b { "*" } ": theory lies outside; " b { "–" } ": what the events cannot support. Lost, doubled and "
            "reordered events are counted together."
        }
        div.scrolling tabindex="0" {
            table {
                thead { tr {
                    (heads(report)) th.name { "lane" }
                    @for name in ["mean", "p50", "p95", "p99", "max"] { th { (name) } th { "theory" } }
                    th { "events" } th { "lost" }
                } }
                tbody { @for run in &report.runs { (latency_rows(report, run)) } }
            }
        }
    }
}

fn latency_rows(report: &Report, run: &Run) -> Markup {
    let control = run.control.iter().map(|control| ("(tcp)", &control.latency_us, &control.events));
    let lanes = run.lanes.iter().map(|lane| (lane.transport.name(), &lane.latency_us, &lane.events));
    html! {
        @for (index, (name, latency, events)) in control.chain(lanes).enumerate() {
            tr.begins[index == 0] {
                (conditions(report, run)) td.name { (name) }
                @for figure in figures(latency) { (pair(figure, duration, true)) }
                td { (events.delivered) }
                td { (events.lost + events.duplicated + events.reordered) }
            }
        }
    }
}

fn figures(latency: &Latency) -> [&Compared; 5] {
    let Latency { mean, p50, p95, p99, max, .. } = latency;
    [mean, p50, p95, p99, max]
}

/// What each event cost.
pub(super) fn costs(report: &Report) -> Markup {
    html! {
        p {
            "For each event and client. TLS: what it adds, both ways, its handshakes aside. TCP/IP: the bytes of its "
            "headers, both ways, of the window. First event: "
            "from " code { "connect()" } " to an event that was waiting."
        }
        div.scrolling tabindex="0" {
            table {
                thead { tr {
                    (heads(report)) th.name { "lane" }
                    @for name in ["requests", "empty", "bytes"] { th { (name) } th { "theory" } }
                    th { "envelope" } th { "theory" } th { "heads down" } th { "heads up" } th { "TLS" }
                    th { "TCP/IP" } th { "connections" } th { "first event" } th { "theory" } th { "server CPU" }
                } }
                tbody { @for run in &report.runs { @for (index, lane) in run.lanes.iter().enumerate() {
                    tr.begins[index == 0] { (conditions(report, run)) (cost_cells(lane)) }
                } } }
            }
        }
    }
}

fn cost_cells(lane: &Lane) -> Markup {
    let is_noisy = has_noisy_costs(lane.transport);
    let spent = &lane.bytes_per_event;
    let envelope = |bytes: Bytes| bytes.down.envelope + bytes.up.envelope;
    let measured = spent.down.zip(spent.up).map(|(down, up)| envelope(Bytes { down, up }));
    html! {
        td.name { (lane.transport.name()) }
        (pair(&lane.requests_per_event, number, is_noisy))
        (pair(&lane.empty_share, percent, is_noisy))
        (pair(&spent.total, bytes, is_noisy))
        td { (bytes(measured)) } td.theory { (bytes(spent.predicted.map(envelope))) }
        td { (bytes(spent.down.map(|down| down.http))) } td { (bytes(spent.up.map(|up| up.http))) }
        td { (bytes(spent.down.zip(spent.up).map(|(down, up)| down.tls + up.tls))) }
        td { (bytes(lane.tcp_ip_per_event.map(|of| of.header_bytes_down + of.header_bytes_up))) }
        td { (lane.connections_opened) }
        (pair(&lane.first_event_us, duration, false))
        td { (duration(lane.server_cpu_us_per_event)) }
    }
}

/// What every prediction was made from, and what was late besides the transports.
pub(super) fn inputs(report: &Report) -> Markup {
    html! {
        p {
            "Measured apart from the lanes, in each run. λ: events a second that were played; d: the way of an event "
            "over a bare socket, at p50; R: a round trip; G: from one answer to the next, where there was nothing to "
            "wait for; w: how long a server takes to wake up; p: bytes of an event. Late, at p99: the publisher "
            "behind its schedule, the link behind its delay, this program behind its own timers."
        }
        div.scrolling tabindex="0" {
            table {
                thead { tr {
                    (heads(report)) th.name { "λ" } @for name in ["d", "R", "G", "w", "p"] { th { (name) } }
                    th { "publisher late" } th { "link late" } th { "clients late" } th { "clients' CPU" }
                } }
                tbody { @for run in &report.runs { tr { (conditions(report, run)) (input_cells(run)) } } }
            }
        }
    }
}

fn input_cells(run: &Run) -> Markup {
    let theory = &run.theory;
    let publisher = run.publisher.as_ref().and_then(|publisher| publisher.lag_us);
    let link = run.relay.as_ref().and_then(|relay| relay.late_us);
    html! {
        td.name { (number(Some(run.rate_per_s))) "/s" }
        @for input in [theory.one_way_us, theory.round_trip_us, theory.gap_us, theory.wake_us] {
            td { (duration(input.value)) }
        }
        td { (bytes(theory.payload_bytes.value)) }
        td { (duration(publisher.map(|late| late.p99 as f64))) }
        td { (duration(link.map(|late| late.p99 as f64))) }
        td { (duration(run.own.lateness_p99_us)) }
        td { (percent(run.own.cpu_share)) }
    }
}

/// What was measured, with its interval, and theory.
fn pair(figure: &Compared, print: fn(Option<f64>) -> String, is_noisy: bool) -> Markup {
    let interval = figure.low.zip(figure.high).filter(|(low, high)| low < high);
    html! {
        td {
            (print(figure.measured))
            @if let Some((low, high)) = interval {
                br; span.interval { (print(Some(low))) " – " (print(Some(high))) }
            }
        }
        td.theory {
            @if figure.predicted.is_some() { (print(figure.predicted)) }
            @if is_noisy && is_off(figure, print) { b { "*" } }
        }
    }
}

/// One column for what tells runs apart, where there are several.
fn heads(report: &Report) -> Markup {
    let (varying, _) = Condition::parted(&report.runs);
    html! { @if !varying.is_empty() { th.name { "run" } } }
}

fn conditions(report: &Report, run: &Run) -> Markup {
    let (varying, _) = Condition::parted(&report.runs);
    html! { @if !varying.is_empty() { th.name scope="row" { (label(&varying, run)) } } }
}
