//! From a plan to a report: rounds are played, their trials put together, theory set beside them.

use std::collections::BTreeMap;

use anyhow::anyhow;
use fastrand::Rng;
use tokio_util::sync::CancellationToken;

use super::calibrate::{Calibration, calibrate};
use super::heads;
use super::plan::{Mode, Plan};
use super::predict::{self, Basis, Prediction, over};
use super::quiet::quiet;
use super::result::{
    Bytes, BytesPerEvent, Compared, Control, Environment, Events, Input, Inputs, Lane, Latency, Layers,
    Report, Run, SCHEMA_VERSION,
};
use super::round::{self, Round, Settings};
use super::stage::Stage;
use super::statistics::{Statistic, figure, median, over_trials};
use super::trial::Trial;
use crate::client::{Offset, Target};
use crate::source::Played;
use crate::theory::Heads;
use crate::transport::Transport;

/// Is told what is being done.
pub type Progress<'a> = &'a (dyn Fn(&str) + Sync);

/// Lanes that ran at once, in all their rounds.
struct Set {
    has_control: bool,
    transports: Vec<Transport>,
    calibration: Calibration,
    offset: Offset,
    target: Target,
    rounds: Vec<Round>,
}

/// Runs a plan.
///
/// # Errors
/// Where a server cannot be started or reached, or refuses.
pub async fn run(
    plan: &Plan,
    command: String,
    progress: Progress<'_>,
    interrupt: &CancellationToken,
) -> anyhow::Result<Report> {
    let mut rng = Rng::with_seed(plan.seed);
    let sets = match plan.mode {
        Mode::Together => vec![together(plan, progress, interrupt, &mut rng).await?],
        Mode::Isolated => isolated(plan, progress, interrupt, &mut rng).await?,
    };
    progress("adding up");
    let run = summarize(plan, &sets, &mut rng).await?;
    Ok(Report {
        schema_version: SCHEMA_VERSION,
        command,
        seed: plan.seed,
        environment: environment(),
        warnings: super::warnings::of(&run),
        interrupted: interrupt.is_cancelled(),
        runs: vec![run],
    })
}

async fn together(
    plan: &Plan,
    progress: Progress<'_>,
    interrupt: &CancellationToken,
    rng: &mut Rng,
) -> anyhow::Result<Set> {
    let (mut stage, mut set) = begin(plan, plan.transports.clone(), true, progress).await?;
    for number in 1..=plan.rounds {
        progress(&format!("round {number} of {}", plan.rounds));
        play(&mut stage, &mut set, plan, interrupt, rng).await?;
        if interrupt.is_cancelled() {
            break;
        }
    }
    Ok(set)
}

/// Each lane has a server of its own, new in each round, and they take turns in an order of chance; so has
/// the control row, whose own work would else be counted as theirs.
async fn isolated(
    plan: &Plan,
    progress: Progress<'_>,
    interrupt: &CancellationToken,
    rng: &mut Rng,
) -> anyhow::Result<Vec<Set>> {
    let mut sets: BTreeMap<Option<Transport>, Set> = BTreeMap::new();
    for number in 1..=plan.rounds {
        let mut order: Vec<Option<Transport>> = plan.transports.iter().copied().map(Some).collect();
        order.push(None);
        rng.shuffle(&mut order);
        for lane in order {
            if interrupt.is_cancelled() {
                break;
            }
            let (mut stage, fresh) =
                begin(plan, lane.into_iter().collect(), lane.is_none(), progress).await?;
            let set = sets.entry(lane).or_insert(fresh);
            let name = lane.map_or("(tcp)", Transport::name);
            progress(&format!("{name}, round {number} of {}", plan.rounds));
            play(&mut stage, set, plan, interrupt, rng).await?;
        }
    }
    Ok(sets.into_values().collect())
}

async fn begin(
    plan: &Plan,
    transports: Vec<Transport>,
    has_control: bool,
    progress: Progress<'_>,
) -> anyhow::Result<(Stage, Set)> {
    progress("starting");
    let stage = Stage::set(plan).await?;
    let options = plan.options(stage.target().clone(), 1.0);
    let target = stage.target().clone();
    let offset = Offset::ask(&options).await.map_err(|ended| anyhow!("cannot ask `{target}`: {ended}"))?;
    progress("calibrating");
    let calibrated = Plan { transports: transports.clone(), ..plan.clone() };
    let calibration = calibrate(&stage, &calibrated).await?;
    let has_control = has_control && calibration.round_trip_us.is_some();
    Ok((stage, Set { has_control, transports, calibration, offset, target, rounds: Vec::new() }))
}

async fn play(
    stage: &mut Stage,
    set: &mut Set,
    plan: &Plan,
    interrupt: &CancellationToken,
    rng: &mut Rng,
) -> anyhow::Result<()> {
    let has_control = set.calibration.round_trip_us.is_some();
    let settings = Settings { plan, transports: &set.transports, has_control, offset: set.offset, interrupt };
    set.rounds.push(round::run(stage, &settings, rng).await?);
    Ok(())
}

async fn summarize(plan: &Plan, sets: &[Set], rng: &mut Rng) -> anyhow::Result<Run> {
    let first = sets.first().ok_or_else(|| anyhow!("nothing was run"))?;
    let control_set = sets.iter().find(|set| set.has_control).unwrap_or(first);
    let one_way = predict::one_way(&control_set.rounds, &control_set.calibration, control_set.offset);
    let wake_us = wake_us(&trials(control_set, None), control_set);
    let mut lanes = Vec::new();
    let mut theory = None;
    for set in sets {
        let basis = Basis::of(plan, &set.rounds, &set.calibration, one_way.clone(), wake_us);
        let heads = weigh(plan, set, &basis).await?;
        for transport in &set.transports {
            lanes.push(lane(plan, set, *transport, &basis, &heads, rng));
        }
        theory.get_or_insert((basis, heads));
    }
    lanes.sort_by_key(|lane| lane.transport);
    let (basis, heads) = theory.expect("there is a first set");
    let windows: Vec<&round::Window> =
        sets.iter().flat_map(|set| &set.rounds).map(|round| &round.window).collect();
    let mean_us = windows.iter().map(|window| window.end_us - window.start_us).sum::<u64>()
        / windows.len().max(1) as u64;
    Ok(Run {
        link: "none".to_owned(),
        mode: plan.mode,
        rounds: sets.iter().map(|set| set.rounds.len()).max().unwrap_or(0),
        rate_per_s: basis.inputs.rate_per_s,
        source: if plan.only_listens() { "listened".to_owned() } else { plan.source.kind.to_string() },
        played: (!plan.only_listens()).then(|| plan.source.clone()),
        clients: plan.clients,
        size_bytes: (!plan.only_listens() && !plan.is_trace()).then_some(plan.source.size),
        payload_bytes: (basis.payload.bytes > 0.0).then_some(basis.payload.bytes),
        poll_interval_us: plan.poll_interval.as_micros() as u64,
        poll_mode: plan.poll_mode,
        hold_us: plan.hold().as_micros() as u64,
        linger_us: plan.linger.as_micros() as u64,
        headers: plan.headers.style,
        keep_alive: plan.keep_alive,
        warmup_us: if plan.is_trace() { 0 } else { plan.warmup.as_micros() as u64 },
        duration_us: mean_us,
        clock: first.offset,
        publisher: latest(sets),
        theory: inputs(&basis, &first.calibration, &heads),
        control: control(control_set, rng),
        quiet: quiet(&basis.inputs, &weigh_quiet(plan, first).await?, &basis.payload),
        lanes,
    })
}

/// The heads of this run's requests and answers, as many events to an answer as theory expects.
async fn weigh(plan: &Plan, set: &Set, basis: &Basis) -> anyhow::Result<Vec<(Transport, Heads)>> {
    let middle = set.rounds.first().map_or(1, |round| (round.window.after + round.window.last) / 2);
    let weighed =
        heads::sample(plan, middle, |transport| predict::events_per_answer(transport, &basis.inputs)).await?;
    Ok(weighed.adjusted(&set.target, basis.payload.id_bytes))
}

async fn weigh_quiet(plan: &Plan, set: &Set) -> anyhow::Result<Vec<(Transport, Heads)>> {
    let weighed = heads::sample(plan, 100, |_| 1).await?;
    let mut heads = weighed.adjusted(&set.target, weighed.payload.id_bytes);
    heads.retain(|(transport, _)| plan.transports.contains(transport));
    Ok(heads)
}

fn lane(
    plan: &Plan,
    set: &Set,
    transport: Transport,
    basis: &Basis,
    heads: &[(Transport, Heads)],
    rng: &mut Rng,
) -> Lane {
    let trials = trials(set, Some(transport));
    let trials: Vec<&Trial> = trials.iter().collect();
    let heads = heads.iter().find(|(of, _)| *of == transport).map(|(_, heads)| heads);
    let prediction = basis.predict(transport, heads.expect("every transport was weighed"));
    let requests = prediction.requests;
    Lane {
        transport,
        events: trials.iter().map(|trial| trial.events).fold(Events::default(), Events::add),
        latency_us: latency(&trials, fewest_events(set), Some(&prediction), rng),
        requests_per_event: compared(
            over(&trials, |trial| trial.requests_per_event),
            requests.map(|requests| requests.per_event),
            rng,
        ),
        empty_share: compared(
            over(&trials, |trial| trial.empty_share),
            requests.and_then(|requests| requests.empty_share),
            rng,
        ),
        bytes_per_event: bytes(&trials, &prediction, rng),
        connections_opened: trials.iter().map(|trial| trial.connections_opened).max().unwrap_or(0),
        first_event_us: Compared {
            measured: set.calibration.first_event_us.get(&transport).copied(),
            predicted: Some(predict::first_event_us(&basis.inputs, &set.calibration)),
            ..Compared::default()
        },
        server_cpu_us_per_event: spent(plan, set, |round, pairs| Some(round.spent.cpu_us? / pairs)),
        server_memory_bytes_per_client: spent(plan, set, |round, _| {
            const ENOUGH_CLIENTS: usize = 100;
            let grown = round.spent.memory_bytes.filter(|_| plan.clients >= ENOUGH_CLIENTS)?;
            Some(grown as f64 / plan.clients as f64)
        }),
        histogram: histogram(&trials),
    }
}

fn trials(set: &Set, transport: Option<Transport>) -> Vec<Trial> {
    let of = |round: &Round| {
        let lane = round.lanes.iter().find(|lane| lane.transport == transport)?;
        Some(Trial::of(lane, &round.window, set.offset))
    };
    set.rounds.iter().filter_map(of).collect()
}

/// w: what a read of the control row brings beyond one event came while the server woke up, λw of it.
fn wake_us(control: &[Trial], set: &Set) -> f64 {
    let sum = |count: fn(&Trial) -> u64| control.iter().map(count).sum::<u64>() as f64;
    let (events, reads) = (sum(|trial| trial.events.delivered), sum(|trial| trial.reads));
    let seconds: f64 = set.rounds.iter().map(|round| round.window.seconds()).sum();
    let published: u64 = set.rounds.iter().map(|round| round.window.events()).sum();
    let beyond_one = events / reads - 1.0;
    if beyond_one > 0.0 { beyond_one * seconds * 1e6 / published as f64 } else { 0.0 }
}

fn fewest_events(set: &Set) -> u64 {
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

fn control(set: &Set, rng: &mut Rng) -> Option<Control> {
    let trials = trials(set, None);
    let trials: Vec<&Trial> = trials.iter().collect();
    trials.first()?;
    Some(Control {
        events: trials.iter().map(|trial| trial.events).fold(Events::default(), Events::add),
        latency_us: latency(&trials, fewest_events(set), None, rng),
        histogram: histogram(&trials),
    })
}

fn latency(trials: &[&Trial], events: u64, prediction: Option<&Prediction>, rng: &mut Rng) -> Latency {
    let samples: Vec<_> = trials.iter().map(|trial| &trial.sample).collect();
    let theory = prediction.and_then(|prediction| prediction.latency.as_ref());
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
    let largest_of = samples.iter().map(|sample| sample.count()).max().unwrap_or(0) as f64;
    let quantile = |p| theory.and_then(|theory| theory.quantile_us(p));
    Latency {
        mean: of(Statistic::Mean, theory.and_then(crate::theory::Latency::mean_us)),
        p50: of(Statistic::Quantile(0.5), quantile(0.5)),
        p95: of(Statistic::Quantile(0.95), quantile(0.95)),
        p99: of(Statistic::Quantile(0.99), quantile(0.99)),
        max: of(Statistic::Max, prediction.and_then(|prediction| prediction.max_us(largest_of))),
        negative: samples.iter().map(|sample| sample.negatives()).sum(),
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
        total: compared(totals, prediction.bytes.as_ref().map(total), rng),
        down: layers(|bytes| bytes.down),
        up: layers(|bytes| bytes.up),
        predicted: prediction.bytes,
    }
}

fn histogram(trials: &[&Trial]) -> Vec<(u64, u64)> {
    let mut sum: BTreeMap<u64, u64> = BTreeMap::new();
    for (bucket, count) in trials.iter().flat_map(|trial| &trial.histogram) {
        *sum.entry(*bucket).or_default() += count;
    }
    sum.into_iter().collect()
}

fn latest(sets: &[Set]) -> Option<Played> {
    let played = sets.iter().flat_map(|set| &set.rounds).filter_map(|round| round.played.clone());
    played.max_by_key(|played| played.lag_us.map_or(0, |lag| lag.p99))
}

fn inputs(basis: &Basis, calibration: &Calibration, heads: &[(Transport, Heads)]) -> Inputs {
    let weights = |(transport, heads): &(Transport, Heads)| {
        (*transport, [heads.request, heads.empty_answer, heads.full_answer])
    };
    Inputs {
        rate_per_s: Input::measured(Some(basis.inputs.rate_per_s)),
        one_way_us: Input::measured(basis.inputs.one_way.typical_us()),
        round_trip_us: Input::measured(calibration.round_trip_us),
        gap_us: Input::measured(Some(calibration.gap_us)),
        fresh_us: Input::measured(Some(calibration.fresh_us)),
        wake_us: Input::measured(Some(basis.inputs.wake_us)),
        payload_bytes: Input::measured(Some(basis.payload.bytes)),
        head_bytes: heads.iter().map(weights).collect(),
    }
}

fn environment() -> Environment {
    Environment {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        build: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
        os: std::env::consts::OS.to_owned(),
        arch: std::env::consts::ARCH.to_owned(),
        cpus: std::thread::available_parallelism().map_or(1, usize::from),
    }
}
