//! From a plan to a report: rounds are played, their trials put together, theory set beside them.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::anyhow;
use fastrand::Rng;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::calibrate::{Calibration, calibrate};
use super::cores::cpus;
use super::plan::{Mode, Plan};
use super::result::{Environment, Report, SCHEMA_VERSION};
use super::round::{self, Round, Settings};
use super::stage::Stage;
use super::summary::summarize;
use crate::client::{Offset, Target};
use crate::source::{Script, Source};
use crate::transport::Transport;

/// How long a server may take to tell the time.
const PATIENCE: Duration = Duration::from_secs(10);

/// Is told what is being done.
pub type Progress<'a> = &'a (dyn Fn(&str) + Sync);

/// Lanes that ran at once, in all their rounds, of which there is one at least.
pub(super) struct Set {
    pub(super) has_control: bool,
    pub(super) transports: Vec<Transport>,
    pub(super) calibration: Calibration,
    pub(super) target: Target,
    pub(super) rounds: Vec<Round>,
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
    if !plan.only_listens() {
        // What cannot be played is refused before anything is measured.
        Script::open(&plan.source)?;
    }
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
    progress("starting");
    let (mut stage, offset) = open(plan).await?;
    progress("calibrating");
    let mut set = begin(plan, &stage, &plan.transports, true).await?;
    for number in 1..=plan.rounds {
        progress(&format!("round {number} of {}", plan.rounds));
        play(&mut stage, offset, &mut set, plan, interrupt, rng).await?;
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
            let name = lane.map_or("(tcp)", Transport::name);
            progress(&format!("{name}, round {number} of {}", plan.rounds));
            let (mut stage, offset) = open(plan).await?;
            let mut set = match sets.remove(&lane) {
                Some(set) => set,
                None => begin(plan, &stage, lane.as_slice(), lane.is_none()).await?,
            };
            play(&mut stage, offset, &mut set, plan, interrupt, rng).await?;
            sets.insert(lane, set);
        }
    }
    Ok(sets.into_values().collect())
}

/// A server, and what its clock is to ours.
async fn open(plan: &Plan) -> anyhow::Result<(Stage, Offset)> {
    let stage = Stage::set(plan).await?;
    let target = stage.target();
    let asked = timeout(PATIENCE, Offset::ask(&plan.options(target.clone(), 1.0))).await;
    let told = asked.map_err(|_| anyhow!("`{target}` did not tell the time within {PATIENCE:?}"))?;
    let offset = told.map_err(|ended| anyhow!("cannot ask `{target}` for the time: {ended}"))?;
    Ok((stage, offset))
}

async fn begin(
    plan: &Plan,
    stage: &Stage,
    transports: &[Transport],
    wants_control: bool,
) -> anyhow::Result<Set> {
    let calibration = calibrate(stage, plan, transports).await?;
    Ok(Set {
        has_control: wants_control && calibration.round_trip_us.is_some(),
        transports: transports.to_vec(),
        calibration,
        target: stage.target().clone(),
        rounds: Vec::new(),
    })
}

/// A round plays the same events to all its lanes, and each round others: what is peculiar to one schedule
/// is part of what varies from trial to trial.
async fn play(
    stage: &mut Stage,
    offset: Offset,
    set: &mut Set,
    plan: &Plan,
    interrupt: &CancellationToken,
    rng: &mut Rng,
) -> anyhow::Result<()> {
    let seed = plan.source.seed.wrapping_add(set.rounds.len() as u64);
    let settings = Settings {
        plan,
        source: Source { seed, ..plan.source.clone() },
        transports: &set.transports,
        has_control: set.has_control,
        offset,
        interrupt,
    };
    set.rounds.push(round::run(stage, &settings, rng).await?);
    Ok(())
}

pub(super) fn environment() -> Environment {
    Environment {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        build: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
        os: std::env::consts::OS.to_owned(),
        arch: std::env::consts::ARCH.to_owned(),
        cpus: cpus(),
    }
}
