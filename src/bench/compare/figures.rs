//! What is compared of a lane, and how.

use fastrand::Rng;
use serde::Serialize;

use super::Difference;
use super::verdict::Verdict;
use crate::bench::result::{Compared, Control, Lane, Latency, TrialFigures};
use crate::bench::statistics::{ENOUGH_ROUNDS, difference, median};
use crate::transport::Transport;

/// A figure of a lane: less is better, of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// The mean latency.
    MeanUs,
    /// The median latency.
    P50Us,
    /// One latency in twenty is above.
    P95Us,
    /// One latency in a hundred is above.
    P99Us,
    /// Of poll and longpoll.
    RequestsPerEvent,
    /// Of poll and longpoll: all layers, both ways.
    BytesPerEvent,
    /// Of sse and websocket: what they put around an event.
    EnvelopeBytesPerEvent,
    /// Events that were lost, doubled or out of order.
    EventsAmiss,
}

const LATENCIES: [Figure; 4] = [Figure::MeanUs, Figure::P50Us, Figure::P95Us, Figure::P99Us];

impl Figure {
    /// Without its unit.
    pub fn name(self) -> &'static str {
        match self {
            Self::MeanUs => "mean",
            Self::P50Us => "p50",
            Self::P95Us => "p95",
            Self::P99Us => "p99",
            Self::RequestsPerEvent => "requests",
            Self::BytesPerEvent => "bytes",
            Self::EnvelopeBytesPerEvent => "envelope",
            Self::EventsAmiss => "amiss",
        }
    }

    /// Whether it is a time, in microseconds.
    pub fn is_time(self) -> bool {
        LATENCIES.contains(&self)
    }

    /// Of one round.
    fn of(self, trial: &TrialFigures) -> Option<f64> {
        match self {
            Self::MeanUs => trial.latency_us.mean,
            Self::P50Us => trial.latency_us.p50,
            Self::P95Us => trial.latency_us.p95,
            Self::P99Us => trial.latency_us.p99,
            Self::RequestsPerEvent => trial.requests_per_event,
            Self::BytesPerEvent => trial.bytes_per_event,
            Self::EnvelopeBytesPerEvent => trial.envelope_bytes_per_event,
            Self::EventsAmiss => None,
        }
    }

    fn needs_events(self, latency: &Latency) -> Option<u64> {
        let needs = |figure: &Compared| figure.needs_events;
        match self {
            Self::MeanUs => needs(&latency.mean),
            Self::P50Us => needs(&latency.p50),
            Self::P95Us => needs(&latency.p95),
            Self::P99Us => needs(&latency.p99),
            _ => None,
        }
    }
}

/// What the rounds of one side say.
struct Rounds<'a> {
    trials: &'a [TrialFigures],
    latency: &'a Latency,
}

pub(super) fn of_lane(a: &Lane, b: &Lane, rng: &mut Rng) -> Vec<Difference> {
    let costs: &[Figure] = match a.transport {
        Transport::Poll | Transport::Longpoll => &[Figure::RequestsPerEvent, Figure::BytesPerEvent],
        Transport::Sse | Transport::Websocket => &[Figure::EnvelopeBytesPerEvent],
    };
    let [of_a, of_b] = [a, b].map(|lane| Rounds { trials: &lane.trials, latency: &lane.latency_us });
    let figures = LATENCIES.iter().chain(costs);
    let mut differences: Vec<_> = figures.map(|figure| of_figure(*figure, &of_a, &of_b, rng)).collect();
    differences.push(amiss(a, b));
    differences
}

pub(super) fn of_control(a: &Control, b: &Control, rng: &mut Rng) -> Vec<Difference> {
    let [a, b] = [a, b].map(|row| Rounds { trials: &row.trials, latency: &row.latency_us });
    LATENCIES.iter().map(|figure| of_figure(*figure, &a, &b, rng)).collect()
}

fn of_figure(figure: Figure, a: &Rounds<'_>, b: &Rounds<'_>, rng: &mut Rng) -> Difference {
    let [of_a, of_b] =
        [a, b].map(|side| side.trials.iter().filter_map(|trial| figure.of(trial)).collect::<Vec<f64>>());
    if figure == Figure::EnvelopeBytesPerEvent && is_constant(&of_a) && is_constant(&of_b) {
        return exact(figure, of_a[0], of_b[0]);
    }
    let found = difference(&of_a, &of_b, rng);
    let needs_events = figure.needs_events(a.latency).max(figure.needs_events(b.latency));
    Difference {
        figure,
        a: median(of_a),
        b: median(of_b),
        difference: found.map(|found| found.measured),
        low: found.map(|found| found.low),
        high: found.map(|found| found.high),
        p: found.map(|found| found.p),
        p_holm: None,
        verdict: Verdict::Unknown,
        needs_rounds: (found.is_none() && needs_events.is_none()).then_some(ENOUGH_ROUNDS),
        needs_events,
    }
}

/// Frame headers are the same around every event of a size. What `sse` writes is not: it repeats the id, which
/// grows a digit now and then. Two rounds show which it is.
fn is_constant(rounds: &[f64]) -> bool {
    rounds.len() > 1 && rounds.iter().all(|value| is_same(*value, rounds[0]))
}

/// A sum of whole bytes over a number of events, in another order.
fn is_same(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() < 1e-9 * a.abs().max(b.abs())
}

fn exact(figure: Figure, a: f64, b: f64) -> Difference {
    let unequal = if a < b { Verdict::Worse } else { Verdict::Better };
    let verdict = if is_same(a, b) { Verdict::Equal } else { unequal };
    Difference {
        figure,
        a: Some(a),
        b: Some(b),
        difference: Some(b - a),
        low: None,
        high: None,
        p: None,
        p_holm: None,
        verdict,
        needs_rounds: None,
        needs_events: None,
    }
}

/// Whether events go amiss is yes or no. How many do is chance, which one count a side says nothing about. Of a
/// lane that gave up, all do.
fn amiss(a: &Lane, b: &Lane) -> Difference {
    let [of_a, of_b] = [a, b].map(|lane| match lane.failure {
        Some(_) => f64::INFINITY,
        None => (lane.events.lost + lane.events.duplicated + lane.events.reordered) as f64,
    });
    let found = exact(Figure::EventsAmiss, of_a, of_b);
    let counted = |count: Option<f64>| count.filter(|count| count.is_finite());
    let (a, b, difference) = (counted(found.a), counted(found.b), counted(found.difference));
    let both = of_a > 0.0 && of_b > 0.0 && of_a.is_finite() == of_b.is_finite();
    let verdict = if both { Verdict::Alike } else { found.verdict };
    Difference { a, b, difference, verdict, ..found }
}
