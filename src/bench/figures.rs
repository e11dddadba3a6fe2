//! The figures of each lane: the median over its trials, its interval, and theory's figure beside it.

use std::collections::BTreeMap;

use fastrand::Rng;

use super::experiment::Set;
use super::heads::Sampled;
use super::plan::{Mode, Plan};
use super::predict::{self, Basis, Prediction};
use super::result::{Bytes, BytesPerEvent, Compared, Control, Events, Lane, Latency, Layers};
use super::round::Round;
use super::statistics::{Sample, Statistic, figure, median, over_trials};
use super::trial::Trial;
use crate::client::Offset;
use crate::transport::Transport;

/// The lanes of a set, and what their predictions are made from.
pub(super) struct Lanes<'a> {
    pub(super) plan: &'a Plan,
    pub(super) set: &'a Set,
    /// One for each round.
    pub(super) bases: &'a [Basis],
    pub(super) weighed: &'a Sampled,
}

/// Memory a client is told from so many on: below, it drowns in what a server does besides.
const ENOUGH_CLIENTS: usize = 100;

impl Lanes<'_> {
    pub(super) fn lane(&self, transport: Transport, rng: &mut Rng) -> Lane {
        let trials = trials(self.set, Some(transport));
        let predicted = Predicted(self.bases.iter().map(|basis| self.predict(transport, basis)).collect());
        Lane {
            transport,
            events: events(&trials),
            latency_us: latency(&trials, fewest_events(self.set), &predicted, rng),
            requests_per_event: compared(
                over(&trials, |trial| trial.requests_per_event),
                predicted.middle(|theory| Some(theory.requests?.per_event)),
                rng,
            ),
            empty_share: compared(
                over(&trials, |trial| trial.empty_share),
                predicted.middle(|theory| theory.requests?.empty_share),
                rng,
            ),
            bytes_per_event: bytes(&trials, &predicted, rng),
            connections_opened: trials.iter().map(|trial| trial.connections_opened).max().unwrap_or(0),
            first_event_us: Compared {
                measured: self.set.calibration.first_event_us.get(&transport).copied(),
                predicted: self
                    .bases
                    .first()
                    .map(|basis| predict::first_event_us(&basis.inputs, &self.set.calibration)),
                ..Compared::default()
            },
            server_cpu_us_per_event: self.spent(|round, pairs| Some(round.spent.cpu_us? / pairs)),
            server_memory_bytes_per_client: self.spent(|round, _| {
                let grown = round.spent.memory_bytes.filter(|_| self.plan.clients >= ENOUGH_CLIENTS)?;
                Some(grown as f64 / self.plan.clients as f64)
            }),
            histogram: histogram(&trials),
        }
    }

    fn predict(&self, transport: Transport, basis: &Basis) -> Prediction {
        let heads = self.weighed.adjusted(&self.set.target, basis.payload.id_bytes);
        let heads = heads.into_iter().find(|(of, _)| *of == transport);
        basis.predict(transport, &heads.expect("every transport was weighed").1)
    }

    /// What a server of a lane's own spent, the median over rounds.
    fn spent(&self, figure: impl Fn(&Round, f64) -> Option<f64>) -> Option<f64> {
        if self.plan.mode == Mode::Together {
            return None;
        }
        let pairs = |round: &Round| round.window.events() as f64 * self.plan.clients as f64;
        let rounds = self.set.rounds.iter().filter(|round| pairs(round) > 0.0);
        median(rounds.filter_map(|round| figure(round, pairs(round))).collect())
    }
}

/// What theory says of each round.
struct Predicted(Vec<Prediction>);

impl Predicted {
    /// Measured figures are medians over rounds, so predicted ones are.
    fn middle(&self, figure: impl Fn(&Prediction) -> Option<f64>) -> Option<f64> {
        median(self.0.iter().filter_map(figure).collect())
    }

    fn quantile_us(&self, p: f64) -> Option<f64> {
        self.middle(|theory| theory.latency.as_ref()?.quantile_us(p))
    }
}

pub(super) fn control(set: &Set, rng: &mut Rng) -> Option<Control> {
    let trials = trials(set, None);
    trials.first()?;
    Some(Control {
        events: events(&trials),
        latency_us: latency(&trials, fewest_events(set), &Predicted(Vec::new()), rng),
        histogram: histogram(&trials),
    })
}

/// w, in microseconds: what a read of the control row brings beyond one event came while the server woke up,
/// λw of it.
pub(super) fn wake_us(round: &Round, offset: Offset) -> f64 {
    let control = round.lanes.iter().find(|lane| lane.transport.is_none());
    let Some(trial) = control.map(|lane| Trial::of(lane, &round.window, offset)) else { return 0.0 };
    let beyond_one = trial.events.delivered as f64 / trial.reads as f64 - 1.0;
    let between_us = round.window.seconds() * 1e6 / round.window.events() as f64;
    if beyond_one > 0.0 { beyond_one * between_us } else { 0.0 }
}

fn trials(set: &Set, transport: Option<Transport>) -> Vec<Trial> {
    let of = |round: &Round| {
        let lane = round.lanes.iter().find(|lane| lane.transport == transport)?;
        Some(Trial::of(lane, &round.window, set.offset))
    };
    set.rounds.iter().filter_map(of).collect()
}

fn fewest_events(set: &Set) -> u64 {
    set.rounds.iter().map(|round| round.window.events()).min().unwrap_or(0)
}

fn events(trials: &[Trial]) -> Events {
    trials.iter().map(|trial| trial.events).fold(Events::default(), Events::add)
}

fn over(trials: &[Trial], figure: impl Fn(&Trial) -> Option<f64>) -> Vec<f64> {
    trials.iter().filter_map(figure).collect()
}

fn latency(trials: &[Trial], events: u64, predicted: &Predicted, rng: &mut Rng) -> Latency {
    let samples: Vec<_> = trials.iter().map(|trial| &trial.sample).collect();
    let mut of = |statistic: Statistic, predicted: Option<f64>| {
        let figure = figure(&samples, statistic, events, rng);
        Compared {
            measured: figure.measured,
            predicted: predicted.filter(|_| figure.needs_events.is_none()),
            low: figure.low,
            high: figure.high,
            interval_over: figure.method,
            needs_events: figure.needs_events,
        }
    };
    let largest_of = median(samples.iter().map(|sample| sample.count() as f64).collect()).unwrap_or(0.0);
    Latency {
        mean: of(Statistic::Mean, predicted.middle(|theory| theory.latency.as_ref()?.mean_us())),
        p50: of(Statistic::Quantile(0.5), predicted.quantile_us(0.5)),
        p95: of(Statistic::Quantile(0.95), predicted.quantile_us(0.95)),
        p99: of(Statistic::Quantile(0.99), predicted.quantile_us(0.99)),
        // The largest of n is about the quantile n/(n + 1).
        max: of(Statistic::Max, predicted.quantile_us(largest_of / (largest_of + 1.0))),
        negative: samples.iter().copied().map(Sample::negatives).sum(),
    }
}

fn compared(figures: Vec<f64>, predicted: Option<f64>, rng: &mut Rng) -> Compared {
    let interval = over_trials(&figures, rng);
    Compared {
        measured: median(figures),
        predicted,
        low: interval.map(|interval| interval.low),
        high: interval.map(|interval| interval.high),
        interval_over: interval.map(|interval| interval.method),
        needs_events: None,
    }
}

fn bytes(trials: &[Trial], predicted: &Predicted, rng: &mut Rng) -> BytesPerEvent {
    let measured =
        |read: &dyn Fn(&Bytes) -> f64| median(over(trials, |trial| trial.bytes.as_ref().map(read)));
    let theory = |read: &dyn Fn(&Bytes) -> f64| predicted.middle(|theory| theory.bytes.as_ref().map(read));
    let total = |bytes: &Bytes| bytes.down.total() + bytes.up.total();
    let predicted_bytes = layers(&theory, |bytes| bytes.down).zip(layers(&theory, |bytes| bytes.up));
    BytesPerEvent {
        total: compared(over(trials, |trial| trial.bytes.as_ref().map(total)), theory(&total), rng),
        down: layers(&measured, |bytes| bytes.down),
        up: layers(&measured, |bytes| bytes.up),
        predicted: predicted_bytes.map(|(down, up)| Bytes { down, up }),
    }
}

/// Layer by layer, the middle of what `middle` reads.
fn layers(
    middle: &impl Fn(&dyn Fn(&Bytes) -> f64) -> Option<f64>,
    way: impl Fn(&Bytes) -> Layers,
) -> Option<Layers> {
    Some(Layers {
        payload: middle(&|bytes| way(bytes).payload)?,
        envelope: middle(&|bytes| way(bytes).envelope)?,
        http: middle(&|bytes| way(bytes).http)?,
        tls: middle(&|bytes| way(bytes).tls)?,
    })
}

fn histogram(trials: &[Trial]) -> Vec<(u64, u64)> {
    let mut sum: BTreeMap<u64, u64> = BTreeMap::new();
    for (bucket, count) in trials.iter().flat_map(|trial| &trial.histogram) {
        *sum.entry(*bucket).or_default() += count;
    }
    sum.into_iter().collect()
}
