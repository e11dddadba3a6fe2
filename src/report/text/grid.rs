//! A sweep as one table: a block for each cell, a row for each lane.

use std::fmt::Write as _;

use super::super::format::{bytes, duration, number};
use crate::bench::result::{Compared, Lane, Run};

type Print = fn(Option<f64>) -> String;

pub(super) fn grid(runs: &[Run], names: &[String]) -> String {
    let mut text = format!(
        "\n{:<10}{:>8} {:>7}  {:>8} {:>7}  {:>8} {:>6}  {:>7} {:>6}\n",
        "", "mean", "theory", "p95", "theory", "requests", "theory", "bytes", "theory"
    );
    for (run, name) in runs.iter().zip(names) {
        writeln!(text, "{name}").expect("a String takes all that is written to it");
        for lane in &run.lanes {
            text += &row(lane);
        }
    }
    text + "requests and bytes: an event, bytes both ways with all heads\n"
}

fn row(lane: &Lane) -> String {
    let latency = &lane.latency_us;
    let text = format!(
        "{:<10}{} {} {} {}",
        lane.transport.name(),
        pair(&latency.mean, duration, 8, 7),
        pair(&latency.p95, duration, 8, 7),
        pair(&lane.requests_per_event, number, 8, 6),
        pair(&lane.bytes_per_event.total, bytes, 7, 6),
    );
    text.trim_end().to_owned() + "\n"
}

/// Measured, theory, and a star where the interval does not hold it.
fn pair(figure: &Compared, print: Print, width: usize, theory_width: usize) -> String {
    let is_off = figure.is_off() && print(figure.measured) != print(figure.predicted);
    let mark = if is_off { "*" } else { " " };
    let theory = figure.predicted.map_or(String::new(), |predicted| print(Some(predicted)));
    format!("{:>width$} {theory:>theory_width$}{mark}", print(figure.measured))
}
