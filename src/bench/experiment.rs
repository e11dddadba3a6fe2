//! From a plan to a report: rounds are played, together or one lane after another.

use std::collections::BTreeMap;

use anyhow::anyhow;
use fastrand::Rng;
use tokio_util::sync::CancellationToken;

use super::calibrate::{Calibration, calibrate};
use super::plan::{Mode, Plan};
use super::result::{Environment, Report, SCHEMA_VERSION};
use super::round::{self, Round, Settings};
use super::stage::Stage;
use super::summary;
use crate::client::{Offset, Target};
use crate::transport::Transport;

/// Is told what is being done.
pub type Progress<'a> = &'a (dyn Fn(&str) + Sync);

/// Lanes that ran at once, in all their rounds.
pub(super) struct Set {
    pub(super) has_control: bool,
    pub(super) transports: Vec<Transport>,
    pub(super) calibration: Calibration,
    pub(super) offset: Offset,
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
    let mut rng = Rng::with_seed(plan.seed);
    let sets = match plan.mode {
        Mode::Together => vec![together(plan, progress, interrupt, &mut rng).await?],
        Mode::Isolated => isolated(plan, progress, interrupt, &mut rng).await?,
    };
    progress("adding up");
    let run = summary::of(plan, &sets, &mut rng).await?;
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
    let Set { transports, has_control, offset, .. } = set;
    let settings = Settings { plan, transports, has_control: *has_control, offset: *offset, interrupt };
    set.rounds.push(round::run(stage, &settings, rng).await?);
    Ok(())
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
