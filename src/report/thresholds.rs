//! Whether a result held what it had to, a line for each threshold and run.

use super::conditions::labels;
use super::format::{bytes, duration, number, percent};
use super::text::folded;
use crate::bench::result::{Held, Outcome, Report};

/// All of them; nothing where there were none.
pub(super) fn thresholds(report: &Report) -> String {
    if report.thresholds.is_empty() {
        return String::new();
    }
    let lines: String = report.thresholds.iter().map(|outcome| line(outcome, report)).collect();
    let is_narrow =
        report.thresholds.iter().any(|outcome| held(outcome).is_some_and(|(_, held)| is_within(held)));
    let narrow = if is_narrow { "narrowly: the limit lies within the 95% interval\n" } else { "" };
    format!("\nthresholds:\n{lines}{narrow}")
}

/// Those that failed.
pub fn failures(report: &Report) -> String {
    report.thresholds.iter().filter(|outcome| !outcome.holds).map(|outcome| line(outcome, report)).collect()
}

fn line(outcome: &Outcome, report: &Report) -> String {
    let found = held(outcome);
    let verdict = if outcome.holds { "ok    " } else { "FAILED" };
    let narrowly = if found.is_some_and(|(_, held)| is_within(held)) { ", narrowly" } else { "" };
    let run =
        outcome.run.and_then(|at| labels(&report.runs).into_iter().nth(at)).filter(|name| !name.is_empty());
    let run = run.map_or(String::new(), |name| format!(" [{name}]"));
    let figure = match (&outcome.why, found) {
        (Some(why), _) => why.clone(),
        (None, found) => found.map_or(String::new(), |(key, held)| measured(key, held)),
    };
    folded("  ", &format!("{verdict} {}{run}: {figure}{narrowly}", outcome.threshold))
}

fn held(outcome: &Outcome) -> Option<(&str, &Held)> {
    outcome.figure.iter().map(|(key, held)| (key.as_str(), held)).next()
}

/// `12.1 ms (10.0 ms–13.4 ms)`
fn measured(key: &str, held: &Held) -> String {
    let print = match key {
        _ if key.ends_with("_us") => duration,
        "bytes_per_event" => bytes,
        "empty_share" => percent,
        "lost" => |count: Option<f64>| count.unwrap_or_default().to_string(),
        _ => number,
    };
    let interval = held.low.zip(held.high);
    let interval = interval.map(|(low, high)| format!(" ({}–{})", print(Some(low)), print(Some(high))));
    print(held.measured) + &interval.unwrap_or_default()
}

/// Whether another run might as well say otherwise.
fn is_within(held: &Held) -> bool {
    held.low.zip(held.high).is_some_and(|(low, high)| low <= held.limit && held.limit <= high)
}
