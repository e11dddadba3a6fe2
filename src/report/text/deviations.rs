//! Where theory and measurement part: shown, never hidden. It is either a bug or a discovery.

use super::super::format::{bytes, duration, number, percent};
use crate::bench::result::{Compared, Lane, Run};
use crate::transport::Transport;

/// A figure with an interval: of what, and how it is printed.
struct Figure<'a> {
    /// What tells its run from the others.
    run: &'a str,
    lane: Transport,
    name: &'static str,
    compared: &'a Compared,
    print: fn(Option<f64>) -> String,
}

impl Figure<'_> {
    /// What prints alike is alike: theory's 10⁻⁹⁹ empty answers are none.
    fn is_off(&self) -> bool {
        let Compared { measured, predicted, .. } = self.compared;
        self.compared.is_off() && (self.print)(*measured) != (self.print)(*predicted)
    }
}

/// Every figure whose interval does not hold what theory says; nothing where there is no interval.
pub(super) fn deviations(runs: &[Run], names: &[String]) -> String {
    let lanes = runs.iter().zip(names).flat_map(|(run, name)| run.lanes.iter().map(move |lane| (lane, name)));
    let figures: Vec<Figure<'_>> = lanes.flat_map(|(lane, name)| figures(lane, name)).collect();
    let known = figures.iter().filter(|figure| figure.compared.deviation().is_some()).count();
    if known == 0 {
        return String::new();
    }
    let off: Vec<&Figure<'_>> = figures.iter().filter(|figure| figure.is_off()).collect();
    if off.is_empty() {
        return format!("\nthe 95% intervals of all {known} figures hold what theory says\n");
    }
    let of_one_run = off.chunk_by(|one, other| one.run == other.run);
    let lines: String = of_one_run.map(lines).collect();
    let count = off.len();
    format!(
        "\n* theory lies outside the 95% interval (in brackets), off in its half widths,\n  \
         for {count} of {known} figures:\n{lines}"
    )
}

/// Streams ask once and wrap every event alike: what has no noise has no interval to speak of.
fn figures<'a>(lane: &'a Lane, run: &'a str) -> impl Iterator<Item = Figure<'a>> {
    let latency = &lane.latency_us;
    let asks = matches!(lane.transport, Transport::Poll | Transport::Longpoll);
    let latencies =
        [("mean", &latency.mean), ("p50", &latency.p50), ("p95", &latency.p95), ("p99", &latency.p99)];
    let latencies = latencies.map(|(name, compared)| (name, compared, duration as fn(_) -> _));
    let costs: [(_, _, fn(_) -> _); 3] = [
        ("requests", &lane.requests_per_event, number),
        ("empty", &lane.empty_share, percent),
        ("bytes", &lane.bytes_per_event.total, bytes),
    ];
    let figures = latencies.into_iter().chain(costs.into_iter().filter(move |_| asks));
    figures.map(|(name, compared, print)| Figure { run, lane: lane.transport, name, compared, print })
}

/// Figures of one run, under its name where there are several.
fn lines(figures: &[&Figure<'_>]) -> String {
    let run = figures.first().map_or("", |figure| figure.run);
    let heading = if run.is_empty() { String::new() } else { format!("  {run}\n") };
    figures.iter().fold(heading, |text, figure| text + &line(figure))
}

fn line(figure: &Figure<'_>) -> String {
    let Figure { lane, name, compared, print, .. } = figure;
    let [measured, low, high, theory] =
        [compared.measured, compared.low, compared.high, compared.predicted].map(print);
    let off = compared.deviation().unwrap_or_default();
    format!("  {lane} {name} {measured} ({low}–{high}), theory {theory}, off by {off:+.1}\n")
}
