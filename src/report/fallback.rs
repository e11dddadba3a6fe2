//! What falling back takes, for a terminal: the first event in the first table, links that change in the second,
//! what was tried in vain and what was left below.

use std::fmt::Write as _;

use super::format::{chosen, counted, duration, number, rate};
use super::text::folded;
use crate::bench::fallback::result::{Events, FallbackReport, Figure, Lane, Leg, Reason};

/// The tables.
pub fn text(report: &FallbackReport) -> String {
    let mut text = conditions(report) + &fate(report);
    text += &first_events(report);
    text += &changes(report);
    text += &reasons(report);
    for warning in &report.warnings {
        text += &folded("warning: ", warning);
    }
    text
}

fn conditions(report: &FallbackReport) -> String {
    let source = &report.source;
    let mut facts = vec![
        format!("{}{} {}", source[..1].to_uppercase(), &source[1..], rate(report.rate_per_s)),
        format!("{} B", report.size_bytes),
        format!("poll {}", chosen(report.poll_interval_us)),
        counted(report.rounds, "round"),
    ];
    if report.pause_us > 0 {
        facts.push(format!("a pause of {}", chosen(report.pause_us)));
    }
    facts.push("HTTP/1.1, no TLS, bare heads".to_owned());
    if report.interrupted {
        facts.push("interrupted: this is what there was by then".to_owned());
    }
    folded("", &facts.join(" · "))
}

/// What became of the events: one line where all is well, one a lane where it is not.
fn fate(report: &FallbackReport) -> String {
    let all = |of: fn(&Lane) -> u64| report.lanes.iter().map(of).sum::<u64>();
    let (expected, switches) = (all(|lane| lane.events.expected), all(|lane| lane.switches as u64));
    let troubled: Vec<&Lane> = report.lanes.iter().filter(|lane| !lane.events.are_whole()).collect();
    if troubled.is_empty() {
        let sentence = format!(
            "all lanes: none of {} lost, doubled or reordered, across {switches} switch{}",
            counted(expected, "event"),
            if switches == 1 { "" } else { "es" },
        );
        return folded("", &sentence);
    }
    let told = |lane: &&Lane| {
        folded("", &format!("{}, {}: {}", lane.course, lane.strategy.name(), trouble(&lane.events)))
    };
    troubled.iter().map(told).collect()
}

fn trouble(events: &Events) -> String {
    let named = [
        (events.lost, "lost"),
        (events.missed, "announced missing"),
        (events.doubled, "doubled"),
        (events.reordered, "reordered"),
    ];
    let told: Vec<String> =
        named.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    format!("{} of {}", told.join(", "), events.expected)
}

fn first_events(report: &FallbackReport) -> String {
    let mut text = String::from(
        "\nthe first event            ─────── after ───────   ─ connections ─    bytes\n\
         link, strategy  over         measured    theory   needed   theory   both ways\n",
    );
    for lanes in report.lanes.chunk_by(|one, other| one.course == other.course) {
        text += &folded("", &lanes[0].course);
        lanes.iter().for_each(|lane| text += &first_row(lane));
    }
    text + "theory: made from what each reader's first poll took\n"
}

fn first_row(lane: &Lane) -> String {
    let over = lane.legs.first().map_or_else(|| "–".to_owned(), transport);
    let count = |figure: Option<f64>| figure.map_or_else(|| "–".to_owned(), |count| format!("{count:.0}"));
    format!(
        "  {:<13} {over:<12}{:>9} {:>9}   {:>6}   {:>6}   {:>9}\n",
        lane.strategy.name(),
        duration(lane.first_event_us.measured),
        duration(lane.first_event_us.predicted),
        count(lane.first_connections.measured),
        count(lane.first_connections.predicted),
        number(lane.first_bytes.measured),
    )
}

fn transport(leg: &Leg) -> String {
    leg.transport.map_or_else(|| "several".to_owned(), |transport| transport.to_string())
}

fn changes(report: &FallbackReport) -> String {
    let changing: Vec<&Lane> = report.lanes.iter().filter(|lane| lane.legs.len() > 1).collect();
    if changing.is_empty() {
        return String::new();
    }
    let mut text =
        format!("\n{:<34}{:>11}{:>12}   {}\n", "a link that changes", "read over", "after", "least to most");
    for lane in changing {
        writeln!(text, "{}", lane.strategy.name()).expect("a String takes all that is written to it");
        for (number, leg) in lane.legs.iter().enumerate() {
            let link = if number == 0 { leg.link.clone() } else { format!("then {}", leg.link) };
            let Figure { measured, least, most, .. } = leg.after_us;
            let range = format!("{} to {}", duration(least), duration(most));
            // A long one has a line of its own.
            let link = if link.chars().count() < 32 { link } else { format!("{link}\n  {:<32}", "") };
            text += &format!("  {link:<32}{:>11}{:>12}   {range}\n", transport(leg), duration(measured));
        }
    }
    text
}

/// What was tried in vain, and what was left.
fn reasons(report: &FallbackReport) -> String {
    let mut text = String::new();
    for lane in &report.lanes {
        let failed = lane.legs.iter().flat_map(|leg| &leg.failed).map(|reason| told("failed", reason));
        let left = lane.left.iter().map(|reason| told("left", reason));
        let all: Vec<String> = failed.chain(left).collect();
        if !all.is_empty() {
            let name = format!("{}, {}: ", lane.course, lane.strategy.name());
            text += &folded("", &(name + &all.join(" · ")));
        }
    }
    if text.is_empty() { text } else { "\nwhat did not work\n".to_owned() + &text }
}

fn told(what: &str, reason: &Reason) -> String {
    let Reason { transport, why, times } = reason;
    let times = if *times == 1 { String::new() } else { format!(", {times} times") };
    format!("{transport} {what}{times}: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::result::Environment;
    use crate::fallback::Strategy;
    use crate::transport::Transport;

    fn figure(measured: f64, predicted: Option<f64>) -> Figure {
        Figure { measured: Some(measured), predicted, least: Some(measured), most: Some(2.0 * measured) }
    }

    fn leg(link: &str, transport: Transport) -> Leg {
        let failed = vec![Reason { transport: Transport::Websocket, why: "403 Forbidden".into(), times: 3 }];
        let transport = Some(transport);
        let after_us = figure(312_000.0, None);
        Leg { link: link.into(), transport, predicted_transport: transport, after_us, failed }
    }

    fn report(events: Events) -> FallbackReport {
        let legs = vec![leg("none", Transport::Websocket), leg("rtt=50ms,no-upgrade", Transport::Sse)];
        let lane = Lane {
            course: "none then rtt=50ms,no-upgrade".into(),
            strategy: Strategy::Race,
            answer_us: figure(100.0, None),
            first_event_us: figure(312_000.0, Some(305_000.0)),
            first_connections: figure(3.0, Some(3.0)),
            first_bytes: figure(1_234.0, None),
            legs,
            switches: 4,
            left: vec![Reason { transport: Transport::Sse, why: "silent for 8.0 s".into(), times: 1 }],
            connections: figure(7.0, None),
            bytes: figure(9_000.0, None),
            events,
        };
        let environment = Environment {
            version: "0".into(),
            build: "release".into(),
            os: "linux".into(),
            arch: "x".into(),
            cpus: 2,
            cpu: None,
            kernel: None,
        };
        FallbackReport {
            schema_version: 1,
            lab: "fallback".into(),
            command: "wirelanes bench fallback".into(),
            seed: 7,
            environment,
            warnings: Vec::new(),
            interrupted: false,
            source: "poisson".into(),
            rate_per_s: 5.0,
            size_bytes: 100,
            pause_us: 12_000_000,
            rounds: 3,
            poll_interval_us: 1_000_000,
            lanes: vec![lane],
        }
    }

    #[test]
    fn every_figure_stands_beside_theory_and_every_line_fits() {
        let text = text(&report(Events { expected: 40, delivered: 40, ..Events::default() }));
        for words in [
            "none of 40 events lost, doubled or reordered, across 4 switches",
            "race          websocket      312 ms    305 ms        3        3",
            "  then rtt=50ms,no-upgrade                sse      312 ms   312 ms to 624 ms\n",
            "websocket failed, 3 times: 403 Forbidden",
            "sse left: silent for 8.0 s",
        ] {
            assert!(
                text.replace("\n  ", " ").contains(words) || text.contains(words),
                "no `{words}` in:\n{text}"
            );
        }
        text.lines().for_each(|line| assert!(line.chars().count() <= 80, "{line}"));
    }

    #[test]
    fn what_is_lost_is_told_first() {
        let text =
            text(&report(Events { expected: 40, delivered: 37, lost: 2, doubled: 1, ..Events::default() }));
        assert!(text.contains("none then rtt=50ms,no-upgrade, race: 2 lost, 1 doubled of 40\n"), "{text}");
    }
}
