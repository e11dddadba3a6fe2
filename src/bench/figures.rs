//! The figures of a lane: the median over its trials, an interval, and what theory says.

use std::collections::BTreeMap;

use fastrand::Rng;

use super::curve::curve;
use super::plan::{Mode, Plan};
use super::predict::{self, Basis, Prediction, over};
use super::result::{
    Bytes, BytesPerEvent, Compared, Control, Events, Handshake, Lane, Latency, Layers, RawTrial, TcpIp,
    TrialFigures, TrialLatency,
};
use super::round::{LaneRound, Round};
use super::scene::Set;
use super::statistics::{Interval, Sample, Statistic, figure, median, over_blocks, over_trials};
use super::trial::{Costs, Trial};
use crate::theory::Heads;
use crate::transport::Transport;

/// One lane, over all its rounds.
pub(super) fn lane(
    plan: &Plan,
    set: &Set,
    transport: Transport,
    bases: &[Basis],
    heads: &[(Transport, Heads)],
    rng: &mut Rng,
) -> Lane {
    let trials = trials(set, Some(transport));
    let trials: Vec<&Trial> = trials.iter().collect();
    let heads = heads.iter().find(|(of, _)| *of == transport).map(|(_, heads)| heads);
    let heads = heads.expect("every transport was weighed");
    let prediction = Prediction::middle(bases.iter().map(|basis| basis.predict(transport, heads)).collect());
    let requests = prediction.requests;
    let first_events = set.calibration.first_events_us.get(&transport).map_or(&[][..], Vec::as_slice);
    let first_predicted =
        bases.first().map(|basis| predict::first_event_us(transport, &basis.inputs, &set.calibration));
    Lane {
        transport,
        failure: failure(set, transport),
        events: trials.iter().map(|trial| trial.events).fold(Events::default(), Events::add),
        latency_us: latency(&trials, fewest_events(set), Some(&prediction), rng),
        requests_per_event: cost(
            &over(&trials, |trial| trial.requests_per_event),
            &trials,
            |costs| &costs.requests,
            requests.map(|requests| requests.per_event),
            rng,
        ),
        empty_share: compared(
            &over(&trials, |trial| trial.empty_share),
            requests.and_then(|requests| requests.empty_share),
            rng,
        ),
        bytes_per_event: bytes(&trials, &prediction, rng),
        tcp_ip_per_event: tcp_ip(&trials),
        connections_opened: trials.iter().map(|trial| trial.connections_opened).max().unwrap_or(0),
        handshake_bytes: handshake(&trials),
        first_event_us: compared(first_events, first_predicted, rng),
        server_cpu_us_per_event: spent(plan, set, |round, pairs| Some(round.spent.cpu_us? / pairs)),
        server_memory_bytes_per_client: spent(plan, set, |round, _| {
            const ENOUGH_CLIENTS: usize = 100;
            let grown = round.spent.memory_bytes.filter(|_| plan.clients >= ENOUGH_CLIENTS)?;
            Some(grown as f64 / plan.clients as f64)
        }),
        histogram: histogram(&trials),
        curve: curve(&trials, fewest_events(set), Some(&prediction)),
        trials: trials.iter().map(|trial| of_one(trial)).collect(),
        raw: raw(plan, set, Some(transport)),
    }
}

/// A lane's trials, one a round; `None` is the control row.
pub(super) fn trials(set: &Set, transport: Option<Transport>) -> Vec<Trial> {
    in_each_round(set, transport, Trial::of)
}

fn raw(plan: &Plan, set: &Set, transport: Option<Transport>) -> Option<Vec<RawTrial>> {
    plan.raw.then(|| in_each_round(set, transport, RawTrial::of))
}

fn in_each_round<T>(set: &Set, transport: Option<Transport>, of: impl Fn(&LaneRound, &Round) -> T) -> Vec<T> {
    let lane = |round: &Round| {
        let lane = round.lanes.iter().find(|lane| lane.transport == transport)?;
        (!lane.never_ran()).then(|| of(lane, round))
    };
    set.rounds.iter().filter_map(lane).collect()
}

/// Why a lane gave up, in the first round in which it did.
pub(super) fn failure(set: &Set, transport: Transport) -> Option<String> {
    let lanes = set.rounds.iter().flat_map(|round| &round.lanes);
    lanes.filter(|lane| lane.transport == Some(transport)).find_map(|lane| lane.failure.clone())
}

pub(super) fn fewest_events(set: &Set) -> u64 {
    set.rounds.iter().map(|round| round.window.events()).min().unwrap_or(0)
}

/// What a server of a lane's own spent, the median over rounds.
fn spent(plan: &Plan, set: &Set, figure: impl Fn(&Round, f64) -> Option<f64>) -> Option<f64> {
    if plan.mode == Mode::Together {
        return None;
    }
    let pairs = |round: &Round| round.window.events() as f64 * plan.clients as f64;
    let rounds = set.rounds.iter().filter(|round| pairs(round) > 0.0);
    median(rounds.filter_map(|round| figure(round, pairs(round))).collect())
}

/// The control row, where there was one.
pub(super) fn control(plan: &Plan, set: &Set, rng: &mut Rng) -> Option<Control> {
    let trials = trials(set, None);
    let trials: Vec<&Trial> = trials.iter().collect();
    trials.first()?;
    Some(Control {
        events: trials.iter().map(|trial| trial.events).fold(Events::default(), Events::add),
        latency_us: latency(&trials, fewest_events(set), None, rng),
        histogram: histogram(&trials),
        curve: curve(&trials, fewest_events(set), None),
        trials: trials.iter().map(|trial| of_one(trial)).collect(),
        raw: raw(plan, set, None),
    })
}

/// What one trial says by itself: a figure that its own events do not support is none.
fn of_one(trial: &Trial) -> TrialFigures {
    let events = trial.events.expected / trial.clients.max(1) as u64;
    let latency =
        |statistic: Statistic| statistic.of(&trial.sample).filter(|_| events >= statistic.events_needed());
    let bytes = trial.bytes.as_ref();
    TrialFigures {
        events: trial.events.delivered,
        latency_us: TrialLatency {
            mean: latency(Statistic::Mean),
            p50: latency(Statistic::Quantile(0.5)),
            p95: latency(Statistic::Quantile(0.95)),
            p99: latency(Statistic::Quantile(0.99)),
            max: latency(Statistic::Max),
        },
        requests_per_event: trial.requests_per_event,
        empty_share: trial.empty_share,
        bytes_per_event: bytes.map(|bytes| bytes.down.total() + bytes.up.total()),
        envelope_bytes_per_event: bytes.map(|bytes| bytes.down.envelope + bytes.up.envelope),
    }
}

fn latency(trials: &[&Trial], events: u64, prediction: Option<&Prediction>, rng: &mut Rng) -> Latency {
    let samples: Vec<_> = trials.iter().map(|trial| &trial.sample).collect();
    let largest_of = samples.iter().map(|sample| sample.count()).max().unwrap_or(0) as f64;
    let predicted = |statistic| match statistic {
        Statistic::Mean => prediction?.mean_us(),
        Statistic::Quantile(p) => prediction?.quantile_us(p),
        Statistic::Max => prediction?.max_us(largest_of),
    };
    latency_of(&samples, events, predicted, rng)
}

/// The figures of trials of so many distinct events, beside what is predicted of each.
pub(super) fn latency_of(
    samples: &[&Sample],
    events: u64,
    predicted: impl Fn(Statistic) -> Option<f64>,
    rng: &mut Rng,
) -> Latency {
    let mut of = |statistic: Statistic| {
        let figure = figure(samples, statistic, events, rng);
        Compared {
            measured: figure.measured,
            predicted: predicted(statistic).filter(|_| figure.needs_events.is_none()),
            low: figure.low,
            high: figure.high,
            interval_over: figure.method,
            needs_events: figure.needs_events,
        }
    };
    Latency {
        mean: of(Statistic::Mean),
        p50: of(Statistic::Quantile(0.5)),
        p95: of(Statistic::Quantile(0.95)),
        p99: of(Statistic::Quantile(0.99)),
        max: of(Statistic::Max),
        negative: samples.iter().map(|sample| sample.negatives()).sum(),
    }
}

/// A figure of what is counted: with an interval over trials where there are five or more.
pub(super) fn compared(figures: &[f64], predicted: Option<f64>, rng: &mut Rng) -> Compared {
    let interval = over_trials(figures, rng);
    with_interval(median(figures.to_vec()), predicted, interval)
}

/// The same of what answers cost: of fewer trials the interval is that of blocks within each.
fn cost(
    figures: &[f64],
    trials: &[&Trial],
    of: fn(&Costs) -> &Sample,
    predicted: Option<f64>,
    rng: &mut Rng,
) -> Compared {
    let measured = median(figures.to_vec());
    let interval = over_trials(figures, rng).or_else(|| within(measured?, &costs(trials), of, rng));
    with_interval(measured, predicted, interval)
}

fn with_interval(measured: Option<f64>, predicted: Option<f64>, interval: Option<Interval>) -> Compared {
    Compared {
        measured,
        predicted,
        low: interval.map(|interval| interval.low),
        high: interval.map(|interval| interval.high),
        interval_over: interval.map(|interval| interval.method),
        needs_events: None,
    }
}

/// Of lanes that ask: a stream asks once and wraps every event alike, which has no noise to speak of.
fn costs<'a>(trials: &[&'a Trial]) -> Vec<&'a Costs> {
    let asking = trials.iter().filter(|trial| trial.empty_share.is_some());
    asking.map(|trial| &trial.costs).collect()
}

/// The interval of the mean cost, around what was counted between the ends of the window.
///
/// There an answer may be under way: it counts whole or not at all, which is one request more or less, whatever
/// the blocks say.
fn within(measured: f64, costs: &[&Costs], of: fn(&Costs) -> &Sample, rng: &mut Rng) -> Option<Interval> {
    let samples: Vec<&Sample> = costs.iter().map(|costs| of(costs)).collect();
    let interval = over_blocks(&samples, Statistic::Mean, rng)?;
    let mean = median(samples.iter().filter_map(|sample| sample.mean_us()).collect())?;
    let one_request = measured / median(costs.iter().map(|costs| costs.requests_a_client).collect())?;
    let beyond = |half: f64| half.hypot(one_request);
    let (low, high) = (measured - beyond(mean - interval.low), measured + beyond(interval.high - mean));
    Some(Interval { low, high, ..interval })
}

fn bytes(trials: &[&Trial], prediction: &Prediction, rng: &mut Rng) -> BytesPerEvent {
    let layers = |way: fn(&Bytes) -> Layers| {
        let layer = |read: fn(&Layers) -> f64| {
            median(over(trials, |trial| trial.bytes.as_ref().map(|bytes| read(&way(bytes)))))
        };
        Some(Layers {
            payload: layer(|layers| layers.payload)?,
            envelope: layer(|layers| layers.envelope)?,
            http: layer(|layers| layers.http)?,
            tls: layer(|layers| layers.tls)?,
        })
    };
    let total = |bytes: &Bytes| bytes.down.total() + bytes.up.total();
    let totals = over(trials, |trial| trial.bytes.as_ref().map(total));
    BytesPerEvent {
        total: cost(&totals, trials, |costs| &costs.bytes, prediction.bytes.as_ref().map(total), rng),
        down: layers(|bytes| bytes.down),
        up: layers(|bytes| bytes.up),
        predicted: prediction.bytes,
    }
}

/// Of each connection, those of all rounds together.
fn handshake(trials: &[&Trial]) -> Option<Handshake> {
    let sum = |read: fn(&Trial) -> u64| trials.iter().map(|trial| read(trial)).sum::<u64>() as f64;
    let (connections, down) = (sum(|trial| trial.connections_opened), sum(|trial| trial.handshake.down));
    let up = sum(|trial| trial.handshake.up);
    (down > 0.0).then(|| Handshake { down: down / connections, up: up / connections })
}

fn tcp_ip(trials: &[&Trial]) -> Option<TcpIp> {
    let middle = |read: fn(&TcpIp) -> f64| median(over(trials, |trial| trial.tcp_ip.as_ref().map(read)));
    Some(TcpIp {
        segments_down: middle(|of| of.segments_down)?,
        segments_up: middle(|of| of.segments_up)?,
        header_bytes_down: middle(|of| of.header_bytes_down)?,
        header_bytes_up: middle(|of| of.header_bytes_up)?,
        retransmitted_bytes_up: middle(|of| of.retransmitted_bytes_up)?,
    })
}

fn histogram(trials: &[&Trial]) -> Vec<(u64, u64)> {
    let mut sum: BTreeMap<u64, u64> = BTreeMap::new();
    for (bucket, count) in trials.iter().flat_map(|trial| &trial.histogram) {
        *sum.entry(*bucket).or_default() += count;
    }
    sum.into_iter().collect()
}
