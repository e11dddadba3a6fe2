//! What the rounds of a run add up to, with theory beside it.

use anyhow::anyhow;
use fastrand::Rng;

use super::experiment::Set;
use super::figures::{self, Lanes};
use super::heads::{self, Sampled};
use super::plan::Plan;
use super::predict::{self, Basis};
use super::quiet::quiet;
use super::result::{Input, Inputs, Run};
use super::round::Window;
use super::statistics::median;
use crate::source::Played;
use crate::theory::Heads;
use crate::transport::Transport;

pub(super) async fn of(plan: &Plan, sets: &[Set], rng: &mut Rng) -> anyhow::Result<Run> {
    let first = sets.first().ok_or_else(|| anyhow!("nothing was run"))?;
    let control = sets.iter().find(|set| set.has_control).unwrap_or(first);
    let mut lanes = Vec::new();
    let mut theory = None;
    for set in sets {
        let bases = bases(plan, set, control);
        let weighed = weigh(plan, set, &bases).await?;
        let of = Lanes { plan, set, bases: &bases, weighed: &weighed };
        lanes.extend(set.transports.iter().map(|transport| of.lane(*transport, rng)));
        theory.get_or_insert((bases, weighed));
    }
    lanes.sort_by_key(|lane| lane.transport);
    let (bases, weighed) = theory.expect("there is a first set");
    let basis = bases.first().ok_or_else(|| anyhow!("no round was played"))?;
    let heads = weighed.adjusted(&first.target, basis.payload.id_bytes);
    Ok(Run {
        theory: inputs(&bases, first, &heads),
        control: figures::control(control, rng),
        quiet: quiet(&basis.inputs, &weigh_quiet(plan, first).await?, &basis.payload),
        lanes,
        ..conditions(plan, sets, first)
    })
}

/// What was run; the figures are still to come.
fn conditions(plan: &Plan, sets: &[Set], first: &Set) -> Run {
    let windows = || sets.iter().flat_map(|set| &set.rounds).map(|round| &round.window);
    let seconds: f64 = windows().map(Window::seconds).sum();
    let events: u64 = windows().map(Window::events).sum();
    Run {
        link: "none".to_owned(),
        mode: plan.mode,
        rounds: sets.iter().map(|set| set.rounds.len()).max().unwrap_or(0),
        rate_per_s: if seconds > 0.0 { events as f64 / seconds } else { 0.0 },
        source: if plan.only_listens() { "listened".to_owned() } else { plan.source.kind.to_string() },
        played: (!plan.only_listens()).then(|| plan.source.clone()),
        clients: plan.clients,
        size_bytes: (!plan.only_listens() && !plan.is_trace()).then_some(plan.source.size),
        poll_interval_us: plan.poll_interval.as_micros() as u64,
        poll_mode: plan.poll_mode,
        hold_us: plan.hold().as_micros() as u64,
        linger_us: plan.linger.as_micros() as u64,
        headers: plan.headers.style,
        keep_alive: plan.keep_alive,
        warmup_us: if plan.is_trace() { 0 } else { plan.warmup.as_micros() as u64 },
        duration_us: (seconds * 1e6 / windows().count().max(1) as f64) as u64,
        clock: first.offset,
        publisher: latest(sets),
        theory: Inputs::default(),
        control: None,
        lanes: Vec::new(),
        quiet: Vec::new(),
    }
}

/// A basis for each round: its own rate, its own control row, or in isolated runs that of the same number.
fn bases(plan: &Plan, set: &Set, control: &Set) -> Vec<Basis> {
    let basis = |(number, round)| {
        let beside = control.rounds.get(number).or(control.rounds.last()).unwrap_or(round);
        let one_way = predict::one_way(beside, &control.calibration, control.offset);
        Basis::of(plan, round, &set.calibration, one_way, figures::wake_us(beside, control.offset))
    };
    set.rounds.iter().enumerate().map(basis).collect()
}

/// The heads of this run's requests and answers, as many events to an answer as theory expects.
async fn weigh(plan: &Plan, set: &Set, bases: &[Basis]) -> anyhow::Result<Sampled> {
    let middle = set.rounds.first().map_or(1, |round| (round.window.after + round.window.last) / 2);
    let answers =
        |transport| bases.first().map_or(1, |basis| predict::events_per_answer(transport, &basis.inputs));
    heads::sample(plan, middle, answers).await
}

async fn weigh_quiet(plan: &Plan, set: &Set) -> anyhow::Result<Vec<(Transport, Heads)>> {
    /// Ids of three digits, as after an hour and a half at one event a minute.
    const SEQUENCE: u64 = 100;
    let weighed = heads::sample(plan, SEQUENCE, |_| 1).await?;
    let mut heads = weighed.adjusted(&set.target, weighed.payload.id_bytes);
    heads.retain(|(transport, _)| plan.transports.contains(transport));
    Ok(heads)
}

/// The publisher in its worst round.
fn latest(sets: &[Set]) -> Option<Played> {
    let played = sets.iter().flat_map(|set| &set.rounds).filter_map(|round| round.played.clone());
    played.max_by_key(|played| played.lag_us.map_or(0, |lag| lag.p99))
}

fn inputs(bases: &[Basis], set: &Set, heads: &[(Transport, Heads)]) -> Inputs {
    let weights = |(transport, heads): &(Transport, Heads)| {
        (*transport, [heads.request, heads.empty_answer, heads.full_answer])
    };
    let over_rounds =
        |read: fn(&Basis) -> Option<f64>| Input::measured(median(bases.iter().filter_map(read).collect()));
    Inputs {
        rate_per_s: over_rounds(|basis| Some(basis.inputs.rate_per_s)),
        one_way_us: over_rounds(|basis| basis.inputs.one_way.typical_us()),
        round_trip_us: Input::measured(set.calibration.round_trip_us),
        gap_us: Input::measured(Some(set.calibration.gap_us)),
        fresh_us: Input::measured(Some(set.calibration.fresh_us)),
        wake_us: over_rounds(|basis| Some(basis.inputs.wake_us)),
        payload_bytes: over_rounds(|basis| (basis.payload.bytes > 0.0).then_some(basis.payload.bytes)),
        head_bytes: heads.iter().map(weights).collect(),
    }
}
