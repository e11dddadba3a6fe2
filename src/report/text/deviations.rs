//! Where theory and measurement part: shown, never hidden. It is either a bug or a discovery.

use super::super::format::{bytes, duration, number, percent};
use crate::bench::result::{Compared, Lane, Run};
use crate::transport::Transport;

/// A figure with an interval: of what, and how it is printed.
struct Figure<'a> {
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
pub(super) fn deviations(run: &Run) -> String {
    let figures: Vec<Figure<'_>> = run.lanes.iter().flat_map(figures).collect();
    if figures.iter().all(|figure| figure.compared.deviation().is_none()) {
        return String::new();
    }
    let off: String = figures.iter().filter(|figure| figure.is_off()).map(line).collect();
    match off.is_empty() {
        true => "\nevery 95% interval holds what theory says\n".to_owned(),
        false => {
            format!("\n* theory lies outside the 95% interval (in brackets), off in its half widths:\n{off}")
        }
    }
}

/// Streams ask once and wrap every event alike: what has no noise has no interval to speak of.
fn figures(lane: &Lane) -> impl Iterator<Item = Figure<'_>> {
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
    figures.map(|(name, compared, print)| Figure { lane: lane.transport, name, compared, print })
}

fn line(figure: &Figure<'_>) -> String {
    let Figure { lane, name, compared, print } = figure;
    let [measured, low, high, theory] =
        [compared.measured, compared.low, compared.high, compared.predicted].map(print);
    let off = compared.deviation().unwrap_or_default();
    format!("  {lane} {name} {measured} ({low}–{high}), theory {theory}, off by {off:+.1}\n")
}
