//! What a capacity test found, 80 columns wide: a line for each step as it ends, and at last what held.

use std::fmt::Write as _;

use super::format::{chosen, duration, number, three_digits};
use super::text::folded;
use crate::bench::capacity::News;
use crate::bench::capacity::result::{Axis, Peak, Report, Step, Verdict};

/// One JSON document.
pub fn json(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(report).expect("numbers and strings are JSON");
    text.push('\n');
    text
}

/// All of it, as it was printed.
pub fn text(report: &Report) -> String {
    let mut text = conditions(report);
    for lane in &report.lanes {
        for (index, round) in lane.rounds.iter().enumerate() {
            text += &news(&News::Search(lane.transport, index + 1, lane.rounds.len()));
            round.steps.iter().for_each(|step| text += &row(step));
        }
    }
    text + &peaks(report)
}

/// Under which conditions it runs, and what its columns are.
pub fn conditions(report: &Report) -> String {
    let cores = report.cores.map(|[server, client]| format!("server on CPU {server}, clients on {client}"));
    let server = report.url.as_ref().map_or("a fresh server each step".to_owned(), |url| format!("at {url}"));
    let facts = [
        Some(format!("{} B", report.size_bytes)),
        Some(report.source.clone()),
        Some(format!("must hold: {}, nothing lost, doubled or reordered", report.slo)),
        Some(format!("{} a step after {}", chosen(report.duration_us), chosen(report.warmup_us))),
        Some(format!("poll {}", chosen(report.poll_interval_us))),
        Some(server),
        cores,
    ];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    folded("", &facts.join(" · "))
        + "latency = age of the event on arrival; server CPU includes taking the events in\n\n\
           events        deliveries/s   latency           lost/   server CPU\n\
           \x20  a s clients wanted reached    p50     p99 dbl/ord  cores  del./s  verdict\n"
}

/// What is to be said as it happens.
pub fn news(news: &News<'_>) -> String {
    match news {
        News::Search(transport, _, 1) => format!("{transport}\n"),
        News::Search(transport, number, of) => format!("{transport}, round {number} of {of}\n"),
        News::Step(step) => row(step),
    }
}

fn row(step: &Step) -> String {
    let events = &step.events;
    let wrong = [events.lost, events.doubled, events.reordered].map(count).join("/");
    let line = format!(
        "{:>6} {:>7} {:>6} {:>7} {:>7} {:>7} {wrong:>7} {:>6} {:>7}  {}",
        count(step.rate_per_s),
        step.clients,
        three_digits(step.wanted_deliveries_per_s),
        three_digits(step.deliveries_per_s),
        latency(step.latency_us.p50),
        latency(step.latency_us.p99),
        step.server_cpu_share.map_or_else(|| "–".to_owned(), |share| format!("{share:.2}")),
        number(step.deliveries_per_server_cpu_s),
        verdict(step),
    );
    line + "\n" + &step.cut.as_ref().map_or(String::new(), |why| cut(step, why))
}

fn cut(step: &Step, why: &str) -> String {
    folded(
        "  ",
        &format!("{} of {} clients were cut off, the first by: {why}", step.readers_cut, step.clients),
    )
}

fn latency(us: Option<u64>) -> String {
    duration(us.map(|us| us as f64))
}

/// A whole number: as it is while it is short.
fn count(number: u64) -> String {
    match number {
        0..100_000 => number.to_string(),
        number => three_digits(number as f64),
    }
}

/// What to make of a step, in a word or two.
fn verdict(step: &Step) -> String {
    let events = &step.events;
    match step.verdict {
        Verdict::Lost if events.lost > 0 => format!("lost {}", count(events.lost)),
        Verdict::Lost if events.doubled > 0 => format!("doubled {}", count(events.doubled)),
        Verdict::Lost => format!("reordered {}", count(events.reordered)),
        Verdict::Refused => format!("{} untaken", count(events.due - events.accepted)),
        Verdict::Late => "too late".to_owned(),
        other => word(other).to_owned(),
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Late => "too late",
        Verdict::Lost => "losses",
        Verdict::Refused => "events untaken",
        Verdict::ClientBound => "client-bound",
        Verdict::PublisherBound => "publisher-bound",
    }
}

/// What held: a line for each transport.
pub fn peaks(report: &Report) -> String {
    let what = if report.axis == Axis::None { "one step" } else { "most that held" };
    let mut text = format!("\n{what:<14} deliveries/s  events/s clients      p99  del. a CPU s  above it\n");
    for lane in &report.lanes {
        let name = lane.transport.name();
        let row = lane
            .peak
            .as_ref()
            .map_or_else(|| "           –  nothing held".to_owned(), |peak| found(peak, report.axis));
        writeln!(text, "{name:<14} {row}").expect("a String takes all that is written to it");
    }
    if report.lanes.iter().any(|lane| lane.rounds.len() > 1) {
        text += "each the middle one of its rounds\n";
    }
    if report.lanes.iter().filter_map(|lane| lane.peak.as_ref()).any(|peak| peak.at_least) {
        text += "≥: the server may carry more; it was not the limit, or nothing above was tried\n";
    }
    if report.interrupted {
        text += "interrupted: this is what there was by then\n";
    }
    report.warnings.iter().for_each(|warning| text += &folded("warning: ", warning));
    text
}

fn found(peak: &Peak, axis: Axis) -> String {
    let step = &peak.step;
    let at_least = if peak.at_least { "≥ " } else { "" };
    let limit = match peak.limit {
        Verdict::Ok if axis == Axis::None => "–",
        Verdict::Ok => "not tried",
        limit => word(limit),
    };
    format!(
        "{:>12} {:>9} {:>7} {:>8} {:>13}  {limit}",
        format!("{at_least}{}", three_digits(step.deliveries_per_s)),
        count(step.rate_per_s),
        step.clients,
        latency(step.latency_us.p99),
        number(step.deliveries_per_server_cpu_s),
    )
}
