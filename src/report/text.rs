//! A result for a terminal, 80 columns wide: every measured figure has what theory says of it beside or below.

mod deviations;
mod grid;
mod shapes;
mod tables;
#[cfg(test)]
pub(super) mod tests;

use std::fmt::Write as _;

use super::conditions::{labels, tls, troubled};
use super::format::{bytes, chosen, counted, duration, number, percent, rate};
use super::thresholds::thresholds;
use crate::bench::Mode;
use crate::bench::result::{HeaderStyle, Http, Lane, PollMode, Report, Run, ServerClock};

use crate::source::SourceKind;
use crate::transport::Transport;

/// More runs than this are shown as one table of them all.
const MOST_IN_FULL: usize = 3;

/// The whole report.
pub fn text(report: &Report) -> String {
    let (runs, names) = (&report.runs, labels(&report.runs));
    let mut text = runs.first().map_or(String::new(), |run| conditions(run, report));
    text += &fates(runs, &names);
    text += "latency = age of the event on arrival, not how long a request took\n";
    text += &runs.first().map_or(String::new(), |run| clock(&run.clock));
    let is_grid = runs.len() > MOST_IN_FULL;
    if is_grid {
        text += &grid::grid(runs, &names);
    }
    for (run, name) in runs.iter().zip(&names).filter(|_| !is_grid) {
        text += &heading(run, name);
        text += &tables::latencies(run);
        text += &tables::costs(run);
        text += &shapes::shapes(run);
    }
    text += &deviations::deviations(runs, &names);
    text += &runs.first().map_or(String::new(), quiet);
    text += &own(runs);
    text += &thresholds(report);
    for warning in &report.warnings {
        text += &folded("warning: ", warning);
    }
    text
}

/// What the measuring itself took, in the run in which it was woken the latest.
fn own(runs: &[Run]) -> String {
    let of = |run: &Run| Some((run.own.lateness_p99_us?, run.own));
    let worst = runs.iter().filter_map(of).max_by(|(a, _), (b, _)| a.total_cmp(b));
    worst.map_or(String::new(), |(_, own)| {
        let [p50, p99] = [own.lateness_p50_us, own.lateness_p99_us].map(duration);
        let cpu = percent(own.cpu_share);
        format!("\nthe clients: woken {p50} late at p50, {p99} at p99; {cpu} of their CPUs used\n")
    })
}

/// What tells a run from the others, and how true its link was.
fn heading(run: &Run, name: &str) -> String {
    let rule = match name {
        "" => String::new(),
        name => format!("\n── {name} {}\n", "─".repeat(76_usize.saturating_sub(name.chars().count()))),
    };
    let late = run.relay.as_ref().and_then(|relay| relay.late_us);
    let late = late.map(|late| {
        let [p50, p99] = [late.p50, late.p99].map(|us| duration(Some(us as f64)));
        format!("what passed the link left it late by {p50} at p50, {p99} at p99\n")
    });
    rule + &late.unwrap_or_default()
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

/// What is the same in all runs.
fn conditions(run: &Run, report: &Report) -> String {
    let is_same = |read: fn(&Run) -> String| report.runs.iter().all(|other| read(other) == read(run));
    let mut facts = Vec::new();
    if is_same(events) {
        facts.push(events(run));
    }
    if is_same(source) {
        facts.push(source(run));
    }
    facts.extend(run.size_bytes.map(|size| format!("{size} B")));
    if is_same(|run| chosen(run.poll_interval_us)) {
        facts.push(format!("poll {}", chosen(run.poll_interval_us)));
    }
    if run.poll_mode == PollMode::FixedDelay {
        facts.push("after each answer".to_owned());
    }
    if run.clients > 1 && is_same(|run| run.clients.to_string()) {
        facts.push(format!("{} clients a lane", run.clients));
    }
    if run.rounds > 1 {
        facts.push(format!("{} rounds", run.rounds));
    }
    if run.mode == Mode::Isolated {
        facts.push("one lane after another".to_owned());
    }
    if run.link != "none" && is_same(|run| run.link.clone()) {
        facts.push(format!("link {}", run.link));
    }
    facts.extend(run.proxy.iter().map(|proxy| format!("through the proxy {proxy}")));
    let keep_alive = if run.keep_alive { "" } else { ", no keep-alive" };
    let http = match is_same(|run| run.http.to_string()) {
        true => run.http.to_string(),
        false => format!("{} and {}", Http::One, Http::Two),
    };
    facts.push(format!("{http}{keep_alive}, {}, {} heads", tls(run.tls), heads(run.headers)));
    if report.interrupted {
        facts.push("interrupted: this is what there was by then".to_owned());
    }
    folded("", &facts.join(" · "))
}

fn events(run: &Run) -> String {
    let expected = run.lanes.iter().map(|lane| lane.events.expected).max().unwrap_or(0);
    counted(expected / run.clients.max(1) as u64, "event")
}

/// What the latencies lean on, where the two ends read two clocks.
fn clock(clock: &ServerClock) -> String {
    if clock.within_us == 0 {
        return String::new();
    }
    let [ahead, within] =
        [clock.ahead_us.unsigned_abs(), clock.within_us].map(|us| duration(Some(us as f64)));
    let way = if clock.ahead_us < 0 { "behind" } else { "ahead of" };
    let ServerClock { drift_ppm, drift_within_ppm, exchanges, .. } = clock;
    let fact = format!(
        "clocks: the server's is {ahead} {way} ours, known within ±{within}, and gains {drift_ppm:.1} \
         ±{drift_within_ppm:.1} ppm on it; {exchanges} exchanges"
    );
    folded("", &fact)
}

fn source(run: &Run) -> String {
    match &run.played {
        Some(source) if run.size_bytes.is_some() => {
            let name = source.kind.to_string();
            let capital = name[..1].to_uppercase() + &name[1..];
            if source.kind == SourceKind::Quiet {
                return capital;
            }
            let asked = format!("{capital} {}", rate(source.rate.per_s()));
            match run.asked_in_vain() {
                None => asked,
                Some(_) => format!("{asked} asked for · {} played", rate(run.rate_per_s)),
            }
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
fn fates(runs: &[Run], names: &[String]) -> String {
    let lanes =
        || runs.iter().zip(names).flat_map(|(run, name)| run.lanes.iter().map(move |lane| (lane, name)));
    let is_whole = |lane: &Lane| lane.events.are_accounted_for() && lane.events.missed == 0;
    let refused = lanes().filter_map(|(lane, name)| Some(refused(lane, name, lane.failure.as_ref()?)));
    let troubled = lanes().filter(|(lane, _)| !is_whole(lane)).map(|(lane, name)| fate(lane, name));
    let text: String = refused.chain(troubled).collect();
    if !text.is_empty() {
        return text;
    }
    match lanes().all(|(lane, _)| lane.events.expected == 0) {
        true => "all lanes: no events, so none to lose\n".to_owned(),
        false => "all lanes: none lost, doubled or reordered\n".to_owned(),
    }
}

/// `websocket`, or in a sweep `websocket, rtt=50ms`.
fn full_name(lane: &Lane, run: &str) -> String {
    if run.is_empty() { lane.transport.to_string() } else { format!("{}, {run}", lane.transport) }
}

fn refused(lane: &Lane, run: &str, why: &str) -> String {
    folded("", &format!("{}: {}", full_name(lane, run), troubled(lane, why)))
}

fn fate(lane: &Lane, run: &str) -> String {
    let events = &lane.events;
    let text = format!(
        "{}: {} lost, {} doubled, {} reordered, {} announced missing in {} gaps, of {}",
        full_name(lane, run),
        events.lost,
        events.duplicated,
        events.reordered,
        events.missed,
        events.gaps,
        events.expected
    );
    folded("", &text)
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
