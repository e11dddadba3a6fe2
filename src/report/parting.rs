//! Where theory and measurement part, in a whole result: how often, and each place in a sentence.

use super::format::{bytes, duration, number, percent, three_digits};
use crate::bench::result::{Compared, Lane, Latency, Run};
use crate::transport::Transport;

/// A figure with an interval: of what, and how it is printed.
struct Figure<'a> {
    lane: Transport,
    name: &'static str,
    compared: &'a Compared,
    print: fn(Option<f64>) -> String,
}

/// Whether theory lies outside the interval, and looks so: what prints alike is alike, and theory's 10⁻⁹⁹
/// empty answers are none.
pub(super) fn is_off(figure: &Compared, print: fn(Option<f64>) -> String) -> bool {
    figure.is_off() && print(figure.measured) != print(figure.predicted)
}

/// Streams ask once and wrap every event alike: what has no noise has no interval to speak of.
pub(super) fn has_noisy_costs(transport: Transport) -> bool {
    matches!(transport, Transport::Poll | Transport::Longpoll)
}

/// What of a whole result parts from theory.
pub(super) struct Parting {
    /// Figures with an interval.
    pub(super) figures: usize,
    pub(super) runs: Vec<OfRun>,
}

/// What of one run does.
pub(super) struct OfRun {
    /// What tells it from the others; empty where there is but one.
    pub(super) name: String,
    /// A sentence for each figure whose interval does not hold what theory says.
    pub(super) off: Vec<String>,
    /// A sentence for each transport whose first event did not come when theory says.
    pub(super) first: Vec<String>,
}

impl Parting {
    pub(super) fn of(runs: &[Run], names: &[String]) -> Self {
        let figures: Vec<Vec<Figure<'_>>> = runs.iter().map(with_interval).collect();
        let of_run = |((figures, run), name): ((&Vec<Figure<'_>>, &Run), &String)| {
            let off = figures.iter().filter(|figure| is_off(figure.compared, figure.print));
            OfRun { name: name.clone(), off: off.map(sentence).collect(), first: first_events(run) }
        };
        Self {
            figures: figures.iter().map(Vec::len).sum(),
            runs: figures.iter().zip(runs).zip(names).map(of_run).collect(),
        }
    }

    /// How many figures are off.
    pub(super) fn off(&self) -> usize {
        self.runs.iter().map(|run| run.off.len()).sum()
    }

    /// Each of them, with its run.
    pub(super) fn sentences(&self) -> impl Iterator<Item = String> {
        self.runs.iter().flat_map(|run| {
            let name = if run.name.is_empty() { String::new() } else { format!("{}: ", run.name) };
            run.off.iter().chain(&run.first).map(move |sentence| format!("{name}{sentence}"))
        })
    }

    /// How many of how many.
    pub(super) fn summary(&self) -> String {
        match (self.figures, self.off()) {
            (0, _) => "No figure has an interval: there were too few events to resample.".to_owned(),
            (_, 0) => "Every 95% interval holds what theory says.".to_owned(),
            (figures, off) => format!(
                "Theory lies outside the 95% interval of {off} of {figures} figures (*). Off by: in half widths \
                 of the interval."
            ),
        }
    }
}

/// A first event is two round trips and what both ends spend: a quarter is half of one. On a loopback what they spend is
/// most of all, and other work for each transport; there a part as small as the clients' own lateness tells nothing, nor
/// one by which bare echoes on the same machine differ among themselves.
fn allowed_us(run: &Run, predicted_us: f64) -> f64 {
    let spread = |latency: &Latency| Some(latency.p95.measured? - latency.p50.measured?);
    let spread_us = run.control.as_ref().and_then(|control| spread(&control.latency_us));
    let of_own = run.own.lateness_p99_us.into_iter().chain(spread_us);
    of_own.fold(predicted_us / 4.0, f64::max)
}

fn first_events(run: &Run) -> Vec<String> {
    let of = |lane: &Lane| {
        let first = &lane.first_event_us;
        let late_us = first.measured? - first.predicted?;
        let is_off = first.is_off() && late_us.abs() > allowed_us(run, first.predicted?);
        // Some of them may be quick, where both writes meet in the proxy: the median is told all the same.
        let is_held_back = is_held_back(lane, run, late_us);
        (is_off || is_held_back).then(|| {
            let [measured, theory] = [first.measured, first.predicted].map(duration);
            let interval = first.low.zip(first.high);
            let interval =
                interval.map(|(low, high)| format!(" ({}–{})", duration(Some(low)), duration(Some(high))));
            let (interval, why) = (interval.unwrap_or_default(), if is_held_back { HELD_BACK } else { "" });
            format!("{} first event {measured}{interval}, theory {theory}{why}", lane.transport)
        })
    };
    run.lanes.iter().filter_map(of).collect()
}

/// The least by which Linux delays an acknowledgement that nothing else carries is 40 ms; a machine may be quicker by a
/// part of what theory reckons.
const DELAYED_ACK_US: f64 = 30_000.0;

const HELD_BACK: &str = ": as through a proxy that does not set TCP_NODELAY, which keeps a second write, the event, until \
                         the first, the answer's head, is acknowledged";

/// The answers of polls are one write.
fn is_held_back(lane: &Lane, run: &Run, late_us: f64) -> bool {
    run.proxy.is_some()
        && late_us > DELAYED_ACK_US
        && matches!(lane.transport, Transport::Sse | Transport::Websocket)
}

fn with_interval(run: &Run) -> Vec<Figure<'_>> {
    let figures = run.lanes.iter().flat_map(figures);
    figures.filter(|figure| figure.compared.deviation().is_some()).collect()
}

fn figures(lane: &Lane) -> impl Iterator<Item = Figure<'_>> {
    let latency = &lane.latency_us;
    let latencies =
        [("mean", &latency.mean), ("p50", &latency.p50), ("p95", &latency.p95), ("p99", &latency.p99)];
    let latencies = latencies.map(|(name, compared)| (name, compared, duration as fn(_) -> _));
    let costs: [(_, _, fn(_) -> _); 3] = [
        ("requests", &lane.requests_per_event, number),
        ("empty", &lane.empty_share, percent),
        ("bytes", &lane.bytes_per_event.total, bytes),
    ];
    let costs = costs.into_iter().filter(|_| has_noisy_costs(lane.transport));
    let figures = latencies.into_iter().chain(costs);
    figures.map(|(name, compared, print)| Figure { lane: lane.transport, name, compared, print })
}

fn sentence(figure: &Figure<'_>) -> String {
    let Figure { lane, name, compared, print } = figure;
    let [measured, low, high, theory] =
        [compared.measured, compared.low, compared.high, compared.predicted].map(print);
    let off = compared.deviation().unwrap_or_default();
    let sign = if off < 0.0 { '-' } else { '+' };
    let off = if off.abs() < 99.95 { format!("{:.1}", off.abs()) } else { three_digits(off.abs()) };
    format!("{lane} {name} {measured} ({low}–{high}), theory {theory}, off by {sign}{off}")
}
