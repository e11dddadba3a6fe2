//! A result for a terminal, 80 columns wide: every measured figure has what theory says of it beside or below.

mod deviations;
mod shapes;
mod tables;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use super::format::{bytes, chosen, number, percent, rate};
use crate::bench::Mode;
use crate::bench::result::{HeaderStyle, Lane, PollMode, Report, Run};

use crate::source::SourceKind;
use crate::transport::Transport;

/// The whole report.
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    for run in &report.runs {
        text += &conditions(run, report.interrupted);
        text += &tables::latencies(run);
        text += &tables::costs(run);
        text += &shapes::shapes(run);
        text += &deviations::deviations(run);
        text += &quiet(run);
    }
    for warning in &report.warnings {
        text += &folded("warning: ", warning);
    }
    text
}

/// Breaks a sentence into lines of 80 columns.
pub(super) fn folded(first: &str, sentence: &str) -> String {
    let (mut lines, mut line) = (String::new(), first.to_owned());
    for word in sentence.split(' ') {
        if line.chars().count() + word.chars().count() > 80 {
            lines += line.trim_end();
            lines.push('\n');
            line = "  ".to_owned();
        }
        line += word;
        line.push(' ');
    }
    lines + line.trim_end() + "\n"
}

fn conditions(run: &Run, interrupted: bool) -> String {
    let events = run.lanes.first().map_or(0, |lane| lane.events.expected / run.clients.max(1) as u64);
    let mut facts = vec![format!("{events} events"), source(run)];
    facts.extend(run.size_bytes.map(|size| format!("{size} B")));
    facts.push(format!("poll {}", chosen(run.poll_interval_us)));
    if run.poll_mode == PollMode::FixedDelay {
        facts.push("after each answer".to_owned());
    }
    if run.clients > 1 {
        facts.push(format!("{} clients a lane", run.clients));
    }
    if run.rounds > 1 {
        facts.push(format!("{} rounds", run.rounds));
    }
    if run.mode == Mode::Isolated {
        facts.push("one lane after another".to_owned());
    }
    let keep_alive = if run.keep_alive { "" } else { ", no keep-alive" };
    facts.push(format!("HTTP/1.1{keep_alive}, no TLS, {} heads", heads(run.headers)));
    if interrupted {
        facts.push("interrupted: this is what there was by then".to_owned());
    }
    let mut text = folded("", &facts.join(" · "));
    text += &fate(run);
    text += "latency = age of the event on arrival, not how long a request took\n";
    text
}

fn source(run: &Run) -> String {
    match &run.played {
        Some(source) if run.size_bytes.is_some() => {
            let name = source.kind.to_string();
            let capital = name[..1].to_uppercase() + &name[1..];
            if source.kind == SourceKind::Quiet {
                return capital;
            }
            format!("{capital} {}", rate(source.rate.per_s()))
        }
        Some(source) if source.speed != 1.0 => format!("{} at {}×", run.source, source.speed),
        _ => run.source.clone(),
    }
}

pub(super) fn heads(style: HeaderStyle) -> &'static str {
    match style {
        HeaderStyle::Bare => "bare",
        HeaderStyle::Curl => "curl's",
        HeaderStyle::Chrome => "Chrome's",
    }
}

/// What became of the events: one line where all is well, one a lane where it is not.
fn fate(run: &Run) -> String {
    let is_whole = |lane: &&Lane| lane.events.are_accounted_for() && lane.events.missed == 0;
    let troubled: Vec<&Lane> = run.lanes.iter().filter(|lane| !is_whole(lane)).collect();
    if run.lanes.iter().all(|lane| lane.events.expected == 0) {
        return "all lanes: no events, so none to lose\n".to_owned();
    }
    if troubled.is_empty() {
        return "all lanes: none lost, doubled or reordered\n".to_owned();
    }
    let tell = |lane: &&Lane| {
        let events = &lane.events;
        format!(
            "{}: {} lost, {} doubled, {} reordered, {} announced missing in {} gaps, of {}\n",
            lane.transport,
            events.lost,
            events.duplicated,
            events.reordered,
            events.missed,
            events.gaps,
            events.expected
        )
    };
    troubled.iter().map(tell).collect()
}

fn quiet(run: &Run) -> String {
    if run.quiet.is_empty() {
        return String::new();
    }
    let mut text = String::from("\ntheory for a quiet feed, 1 event a minute, on the same connections:\n");
    for lane in &run.quiet {
        let requests = match lane.transport {
            Transport::Poll | Transport::Longpoll => format!(
                "{} requests an event, {} empty,",
                number(Some(lane.requests_per_event)),
                percent(lane.empty_share)
            ),
            Transport::Sse | Transport::Websocket => "no request,".to_owned(),
        };
        writeln!(
            text,
            "  {:<9} {requests:<35} {:>8} bytes an event",
            lane.transport.name(),
            bytes(Some(lane.bytes_per_event))
        )
        .expect("a String takes all that is written to it");
    }
    text
}
