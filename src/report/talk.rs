//! What publishing takes, for a terminal: how late answers and events came in two tables, what a message costs in
//! the third, and where it waited in the last. Beside each figure or below it is what theory says.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use super::format::{bytes, chosen, counted, duration, number, percent, rate};
use super::text::{folded, heads};
use crate::bench::result::{Compared, Latency, Layers};
use crate::bench::talk::result::{Inputs, Lane, Messages, Publishing, TalkReport};

/// The tables.
pub fn text(report: &TalkReport) -> String {
    let control = report.control.as_ref().map(|control| &control.echo_us);
    let mut text = conditions(report) + &fate(report);
    text += &latencies("publish to ack", control, report, |lane| &lane.ack_us);
    text += &latencies("to delivery", None, report, |lane| &lane.delivery_us);
    text += &lacking(report);
    text += &costs(report);
    text += &rows(report);
    for warning in &report.warnings {
        text += &folded("warning: ", warning);
    }
    text
}

fn conditions(report: &TalkReport) -> String {
    let due = report.lanes.first().map_or(0, |lane| lane.messages.due);
    let source = &report.source;
    let mut facts = vec![
        format!("{} a lane", counted(due, "message")),
        format!("{}{} {}", source[..1].to_uppercase(), &source[1..], rate(report.rate_per_s)),
        format!("{} B", report.size_bytes),
        format!("poll {}", chosen(report.poll_interval_us)),
    ];
    if report.rounds > 1 {
        facts.push(format!("{} rounds", report.rounds));
    }
    if report.link != "none" {
        facts.push(format!("link {}", report.link));
    }
    facts.extend(report.proxy.iter().map(|proxy| format!("through the proxy {proxy}")));
    facts.push(format!("HTTP/1.1, no TLS, {} heads", heads(report.headers)));
    if report.interrupted {
        facts.push("interrupted: this is what there was by then".to_owned());
    }
    folded("", &facts.join(" · ")) + &measured_before(report) + &explained(report)
}

/// What the number behind a transport is.
fn explained(report: &TalkReport) -> String {
    let most = report.lanes.iter().filter(|lane| lane.publishes_by == Publishing::Post);
    let Some(lane) = most.max_by_key(|lane| lane.connections) else { return String::new() };
    let Lane { transport, connections, .. } = lane;
    let others = if *connections == 2 { "the other carries" } else { "each of the others carries" };
    folded(
        "",
        &format!(
            "{transport} {connections}: a client with {connections} connections; one listens, {others} one POST at a \
             time"
        ),
    )
}

/// What theory is made of.
fn measured_before(report: &TalkReport) -> String {
    let Inputs { round_trip_us, post_us, frame_us, .. } = &report.theory;
    let named = [("a round trip", round_trip_us), ("a POST", post_us), ("a frame and its ack", frame_us)];
    let told = named.iter().filter(|(_, input)| input.value.is_some());
    let told: Vec<String> = told.map(|(name, input)| format!("{name} {}", duration(input.value))).collect();
    folded("", &format!("alone, before the run: {}", told.join(" · ")))
}

/// What became of the messages: one line where all is well, one a lane where it is not.
fn fate(report: &TalkReport) -> String {
    let is_whole = |lane: &&Lane| {
        let Messages { due, delivered, doubled, reordered, .. } = lane.messages;
        due == delivered && doubled == 0 && reordered == 0 && opened_again(lane) == 0
    };
    let troubled: Vec<&Lane> = report.lanes.iter().filter(|lane| !is_whole(lane)).collect();
    if troubled.is_empty() {
        return "all lanes: none refused, lost, doubled or reordered\n".to_owned();
    }
    troubled.iter().map(|lane| folded("", &trouble(lane))).collect()
}

fn trouble(lane: &Lane) -> String {
    let of = &lane.messages;
    let named = [
        (of.unsent, "never sent"),
        (of.refused, "refused"),
        (of.unanswered, "without an answer"),
        (of.lost, "lost"),
        (of.missed, "announced missing"),
        (of.doubled, "doubled"),
        (of.reordered, "reordered"),
    ];
    let mut told: Vec<String> =
        named.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    match opened_again(lane) {
        0 => {}
        count => told.push(format!("{} opened again", counted(count, "connection"))),
    }
    format!("{}: {} of {}", name(lane), told.join(", "), of.due)
}

/// Connections beyond those that it began with.
fn opened_again(lane: &Lane) -> u64 {
    lane.connections_opened.saturating_sub(lane.connections as u64)
}

/// A transport, and how many connections its client has.
fn name(lane: &Lane) -> String {
    format!("{:<9}{:>2}", lane.transport.name(), lane.connections)
}

fn latencies(
    title: &str,
    control: Option<&Latency>,
    report: &TalkReport,
    of: impl Fn(&Lane) -> &Latency,
) -> String {
    let mut text = format!("\n{title:<14}");
    for name in ["p50", "p95", "p99", "max"] {
        write!(text, "{name:>5} {:>7}    ", "theory").expect("a String takes all that is written to it");
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    if let Some(control) = control {
        text += &latency_row("(tcp)", control);
    }
    for lane in &report.lanes {
        text += &latency_row(&name(lane), of(lane));
    }
    text
}

fn latency_row(name: &str, latency: &Latency) -> String {
    let mut text = format!("{name:<11}");
    for figure in [&latency.p50, &latency.p95, &latency.p99, &latency.max] {
        let is_off = figure.is_off() && duration(figure.measured) != duration(figure.predicted);
        let mark = if is_off { "*" } else { " " };
        let theory = figure.predicted.map_or(String::new(), |predicted| duration(Some(predicted)));
        write!(text, " {:>7} {:>7}{mark}", duration(figure.measured), theory)
            .expect("a String takes all that is written to it");
    }
    text.trim_end().to_owned() + "\n"
}

/// What a dash and a star mean, where there are any.
fn lacking(report: &TalkReport) -> String {
    let all = || report.lanes.iter().flat_map(|lane| [&lane.ack_us, &lane.delivery_us]);
    let needs = |of: fn(&Latency) -> &Compared| all().filter_map(|latency| of(latency).needs_events).max();
    let named = [("p50", needs(|of| &of.p50)), ("p95", needs(|of| &of.p95)), ("p99", needs(|of| &of.p99))];
    let lacking: Vec<String> = named
        .iter()
        .filter_map(|(name, needs)| needs.map(|needs| format!("{name} needs {needs} messages")))
        .collect();
    let mut text = match lacking.is_empty() {
        true => String::new(),
        false => folded("", &format!("–: {}", lacking.join(", "))),
    };
    let figures = all().flat_map(|of| [&of.p50, &of.p95, &of.p99]);
    if figures.into_iter().any(Compared::is_off) {
        text += "* theory lies outside the 95% interval\n";
    }
    text
}

fn costs(report: &TalkReport) -> String {
    let mut text = String::from(
        "\na message             ─────────── bytes up ───────────   ───── bytes down ─────\n\
         costs      requests     data   envel.    heads    total  answer   heads   total\n",
    );
    let mut is_as_predicted = true;
    for lane in &report.lanes {
        let (requests, spent) = (&lane.requests_per_message, &lane.bytes_per_message);
        let measured = cost_row(requests.measured, spent.up, spent.down);
        let both = spent.predicted.map(|bytes| (bytes.up, bytes.down)).unzip();
        let predicted = cost_row(requests.predicted, both.0, both.1);
        text += &format!("{}{measured}\n", name(lane));
        if measured != predicted {
            is_as_predicted = false;
            text += &format!("{:<11}{predicted}\n", "  theory");
        }
    }
    match is_as_predicted {
        true => text + "theory: the same, to the last digit\n",
        false => text,
    }
}

fn cost_row(requests: Option<f64>, up: Option<Layers>, down: Option<Layers>) -> String {
    let layer = |layers: Option<Layers>, read: fn(&Layers) -> f64| bytes(layers.as_ref().map(read));
    format!(
        "{:>8} {:>8} {:>8} {:>8} {:>8} {:>7} {:>7} {:>7}",
        number(requests),
        layer(up, |of| of.payload),
        layer(up, |of| of.envelope),
        layer(up, |of| of.http),
        layer(up, Layers::total),
        layer(down, |of| of.payload + of.envelope),
        layer(down, |of| of.http),
        layer(down, Layers::total),
    )
}

fn rows(report: &TalkReport) -> String {
    let mut text = format!(
        "\nfrom due to ─── busy ───  ────── mean wait ──────    most    never sent    con-\n\
         {:<11}{:>13}{:>16}{:>9}{:>8}{:>14}{:>8}\n",
        "sent", "theory", "theory", "long run", "waiting", "theory", "nects"
    );
    for lane in &report.lanes {
        let row = &lane.row;
        let line = format!(
            "{}{:>6} {:>6} {:>7} {:>7} {:>8} {:>7} {:>6} {:>6} {:>7}",
            name(lane),
            percent(row.busy_share.measured),
            percent(row.busy_share.predicted),
            duration(row.wait_us.measured),
            duration(row.wait_us.predicted),
            duration(row.long_run_wait_us),
            row.most_waiting,
            lane.messages.unsent,
            lane.unsent_predicted.map_or_else(|| "–".to_owned(), |unsent| unsent.to_string()),
            format!("{}/{}", lane.connections_used, lane.publishing_connections),
        );
        text += &(line.trim_end().to_owned() + "\n");
    }
    text + "busy: those that POST; wait: a part is our own, from one thread to another\n"
}
