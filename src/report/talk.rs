//! What publishing takes, for a terminal: how late answers and events came in two tables, what a message costs in
//! the third, and where it waited in the last. Beside each figure or below it is what theory says.

use std::fmt::Write as _;

use super::format::{bytes, chosen, duration, number, percent, rate};
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
        format!("{due} message{} a lane", if due == 1 { "" } else { "s" }),
        format!("{}{} {}", source[..1].to_uppercase(), &source[1..], rate(report.rate_per_s)),
        format!("{} B", report.size_bytes),
        format!("poll {}", chosen(report.poll_interval_us)),
    ];
    if report.rounds > 1 {
        facts.push(format!("{} rounds", report.rounds));
    }
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
        1 => told.push("1 connection opened again".to_owned()),
        count => told.push(format!("{count} connections opened again")),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::result::{Bytes, BytesPerEvent, Environment, HeaderStyle, Input};
    use crate::bench::talk::result::{Control, Row};
    use crate::transport::Transport;

    fn compared(value: f64) -> Compared {
        Compared { measured: Some(value), predicted: Some(value * 1.1), ..Compared::default() }
    }

    fn latency(us: f64) -> Latency {
        let figure = Compared { low: Some(us), high: Some(us * 1.05), ..compared(us) };
        Latency { mean: figure, p50: figure, p95: figure, p99: figure, max: compared(us), negative: 0 }
    }

    fn lane(transport: Transport, posting: usize, messages: Messages) -> Lane {
        let layers = Layers { payload: 65_536.0, envelope: 36.9, http: 1_620.0, tls: 0.0 };
        let bytes = Bytes { down: layers, up: layers };
        Lane {
            transport,
            publishes_by: if posting > 0 { Publishing::Post } else { Publishing::Frame },
            publishing_connections: posting.max(1),
            connections: posting + 1,
            connections_opened: posting as u64 + 1,
            connections_used: posting.max(1),
            messages,
            unsent_predicted: Some(messages.unsent),
            ack_us: latency(123_456.0),
            delivery_us: latency(999_400_000.0),
            requests_per_message: Compared {
                measured: Some(1.0),
                predicted: Some(1.0),
                ..Compared::default()
            },
            bytes_per_message: BytesPerEvent {
                total: Compared::default(),
                down: Some(layers),
                up: Some(layers),
                predicted: Some(bytes),
            },
            row: Row {
                busy_share: compared(25.6),
                wait_us: compared(-123_456.0),
                long_run_wait_us: None,
                most_waiting: 1_234_567,
            },
            first_failure: None,
        }
    }

    fn report(lanes: Vec<Lane>) -> TalkReport {
        let given = Input { value: Some(51_234.0), measured: true };
        TalkReport {
            schema_version: 1,
            lab: "talk".to_owned(),
            command: "wirelanes bench talk".to_owned(),
            seed: 7,
            environment: Environment {
                version: "0.1.0".to_owned(),
                build: "release".to_owned(),
                os: "linux".to_owned(),
                arch: "x86_64".to_owned(),
                cpus: 2,
                cpu: None,
                kernel: None,
            },
            warnings: vec!["a debug build: do not quote these numbers".to_owned(); 2],
            interrupted: true,
            link: "none".to_owned(),
            server: None,
            source: "poisson".to_owned(),
            rate_per_s: 1.0 / 60.0,
            size_bytes: 65_536,
            duration_us: 10_000_000,
            warmup_us: 1_000_000,
            rounds: 1_000,
            poll_interval_us: 1_000_000,
            hold_us: 25_000_000,
            headers: HeaderStyle::Chrome,
            publisher: None,
            theory: Inputs {
                round_trip_us: given,
                echo_us: given,
                gap_us: given,
                post_us: given,
                frame_us: given,
                request_head_bytes: given,
                answer_head_bytes: given,
            },
            control: Some(Control { echo_us: latency(100.0) }),
            lanes,
        }
    }

    #[test]
    fn no_line_is_wider_than_a_terminal() {
        let wrong = Messages {
            due: 1_000_000,
            unsent: 123_456,
            refused: 12_345,
            unanswered: 12_345,
            lost: 12_345,
            missed: 12_345,
            doubled: 12_345,
            reordered: 12_345,
            ..Messages::default()
        };
        let lanes = vec![lane(Transport::Longpoll, 98, wrong), lane(Transport::Websocket, 0, wrong)];
        let text = text(&report(lanes));
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
        }
        assert!(text.contains("\nlongpoll 99: 123456 never sent, 12345 refused, "), "{text}");
    }

    #[test]
    fn theory_has_a_row_of_its_own_only_where_it_says_otherwise() {
        let sound = Messages { due: 5, sent: 5, acknowledged: 5, delivered: 5, ..Messages::default() };
        let alike = lane(Transport::Sse, 1, sound);
        let text_of = |lane: Lane| text(&report(vec![lane]));
        let text = text_of(alike.clone());
        assert!(
            text.contains("\ntheory: the same, to the last digit\n") && !text.contains("\n  theory"),
            "{text}"
        );
        assert!(text.contains("\nall lanes: none refused, lost, doubled or reordered\n"), "{text}");
        let requests_per_message = compared(1.0);
        let text = text_of(Lane { requests_per_message, ..alike });
        assert!(text.contains("\n  theory ") && !text.contains("to the last digit"), "{text}");
    }

    #[test]
    fn what_cannot_be_known_is_a_dash() {
        let nothing = Lane {
            ack_us: Latency::default(),
            bytes_per_message: BytesPerEvent::default(),
            row: Row {
                busy_share: Compared::default(),
                wait_us: Compared::default(),
                long_run_wait_us: None,
                most_waiting: 0,
            },
            unsent_predicted: None,
            ..lane(Transport::Websocket, 0, Messages::default())
        };
        let text = text(&report(vec![nothing]));
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("websocket 1")).collect();
        let dashes: Vec<usize> = rows.iter().map(|row| row.matches('–').count()).collect();
        assert_eq!(dashes, [4, 0, 7, 6], "{text}");
    }
}
