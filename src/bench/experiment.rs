//! From plans to a report: rounds are played, their trials put together, theory set beside them.

use std::collections::BTreeMap;

use fastrand::Rng;
use futures_util::future::try_join_all;
use tokio_util::sync::CancellationToken;

use super::environment::{environment, now};
use super::files::Crowd;
use super::grid::{Row, groups};
use super::plan::{Mode, Plan};
use super::result::{Report, SCHEMA_VERSION};
use super::scene::{Scene, Set};
use super::summary::summarize;
use super::warnings;
use crate::link::Engine;
use crate::source::Script;
use crate::transport::Transport;

/// Is told what is being done.
pub type Progress<'a> = &'a (dyn Fn(&str) + Sync);

/// What an experiment needs besides its plans.
pub(super) struct Desk<'a> {
    progress: Progress<'a>,
    /// Ends windows early.
    pub(super) interrupt: &'a CancellationToken,
    /// Moves what passes the links.
    pub(super) engine: Engine,
}

/// Runs the cells of a sweep: one plan each, of the same mode, transports and rounds.
///
/// # Errors
/// Where this machine allows too few file descriptors, a server cannot be started or reached, or refuses.
///
/// # Panics
/// Where there is no plan.
pub async fn run(
    plans: &[Plan],
    command: String,
    progress: Progress<'_>,
    interrupt: &CancellationToken,
) -> anyhow::Result<Report> {
    let first = &plans[0];
    if !first.only_listens() {
        // What cannot be played is refused before anything is measured.
        Script::open(&first.source)?;
    }
    check_files(plans)?;
    let mut rng = Rng::with_seed(first.seed);
    let desk = Desk { progress, interrupt, engine: Engine::start()? };
    let cells = match first.mode {
        Mode::Together => together(plans, &desk, &mut rng).await?,
        Mode::Isolated => isolated(plans, &desk, &mut rng).await?,
    };
    let unmet = unmet(first, &cells, &mut rng);
    progress("adding up");
    let mut runs = Vec::new();
    for (plan, sets) in plans.iter().zip(&cells) {
        // An interrupt may have come before a cell's first turn.
        if !sets.is_empty() {
            runs.push(summarize(plan, sets, &mut rng).await?);
        }
    }
    Ok(Report {
        schema_version: SCHEMA_VERSION,
        command,
        seed: first.seed,
        ended_at: Some(now()),
        environment: environment(),
        warnings: warnings::of_all(&runs).into_iter().chain(unmet).collect(),
        interrupted: interrupt.is_cancelled(),
        runs,
        thresholds: Vec::new(),
    })
}

/// What is played at once is open at once, and all of it in this process: clients, control rows, links.
fn check_files(plans: &[Plan]) -> anyhow::Result<()> {
    let crowd = |plan: &Plan, lanes| Crowd::here(plan.clients, lanes, !plan.link.is_none());
    match plans[0].mode {
        Mode::Isolated => plans.iter().try_for_each(|plan| crowd(plan, 1).fits_here()),
        Mode::Together => groups(plans).into_iter().try_for_each(|rows| {
            let playing = rows.iter().flatten().map(|index| &plans[*index]);
            Crowd::all(playing.map(|plan| crowd(plan, plan.transports.len() + 1))).fits_here()
        }),
    }
}

/// All lanes of a cell at once, and as many cells as are no burden to each other.
async fn together(plans: &[Plan], desk: &Desk<'_>, rng: &mut Rng) -> anyhow::Result<Vec<Vec<Set>>> {
    (desk.progress)("starting and calibrating");
    let groups = groups(plans);
    let mut open = Vec::new();
    for group in &groups {
        let mut scenes = Vec::new();
        for row in group {
            let plans: Vec<&Plan> = row.iter().map(|index| &plans[*index]).collect();
            scenes.push(Scene::open(&plans, &plans[0].transports, true, &desk.engine).await?);
        }
        open.push(scenes);
    }
    play_rounds(&mut open, &plans[0], desk, rng).await?;
    let mut cells: Vec<Vec<Set>> = plans.iter().map(|_| Vec::new()).collect();
    let rows = groups.into_iter().flatten();
    for (row, scene) in rows.zip(open.into_iter().flatten()) {
        for (index, set) in Row::into_iter(row).zip(scene.sets) {
            if !set.rounds.is_empty() {
                cells[index].push(set);
            }
        }
    }
    Ok(cells)
}

/// The scenes of a group at once, group after group in an order of chance, round after round.
async fn play_rounds(
    groups: &mut [Vec<Scene>],
    plan: &Plan,
    desk: &Desk<'_>,
    rng: &mut Rng,
) -> anyhow::Result<()> {
    let most = plan.until.as_ref().map_or(plan.rounds, |(_, most)| *most);
    for number in 1..=most {
        let mut order: Vec<usize> = (0..groups.len()).collect();
        rng.shuffle(&mut order);
        for (turn, group) in order.into_iter().enumerate() {
            let part = if groups.len() > 1 {
                format!(", part {} of {}", turn + 1, groups.len())
            } else {
                String::new()
            };
            (desk.progress)(&format!("round {number} of {most}{part}"));
            let playing = groups[group].iter_mut().map(|scene| {
                let mut rng = rng.fork();
                async move { scene.play(desk, &mut rng).await }
            });
            unless_interrupted(desk, try_join_all(playing).await)?;
            if desk.interrupt.is_cancelled() {
                return Ok(());
            }
        }
        if number >= plan.rounds && is_narrow(groups, plan, rng) {
            return Ok(());
        }
    }
    Ok(())
}

fn is_narrow(groups: &[Vec<Scene>], plan: &Plan, rng: &mut Rng) -> bool {
    let sets = groups.iter().flatten().flat_map(|scene| &scene.sets);
    let Some((until, _)) = &plan.until else { return false };
    until.widest(sets, rng).is_some_and(|widest| until.is_met(widest))
}

/// Where the rounds ended before the figure was known.
fn unmet(plan: &Plan, cells: &[Vec<Set>], rng: &mut Rng) -> Option<String> {
    let (until, most) = plan.until?;
    let widest = until.widest(cells.iter().flatten(), rng)?;
    let reached = if widest.is_finite() { format!("±{:.2}%", widest * 100.0) } else { "unknown".to_owned() };
    (!until.is_met(widest)).then(|| {
        format!(
            "`{until}` was not reached in {most} rounds: the widest lane is at {reached}; see `--max-rounds`"
        )
    })
}

/// What an interrupt kept from being played is no failure: the rounds before it count.
fn unless_interrupted<T>(desk: &Desk<'_>, played: anyhow::Result<T>) -> anyhow::Result<()> {
    match played {
        Err(_) if desk.interrupt.is_cancelled() => Ok(()),
        other => other.map(drop),
    }
}

/// Each lane has a server of its own, new in each round, and they take turns in an order of chance; so has
/// the control row, whose own work would else be counted as theirs.
async fn isolated(plans: &[Plan], desk: &Desk<'_>, rng: &mut Rng) -> anyhow::Result<Vec<Vec<Set>>> {
    let mut sets: BTreeMap<(usize, Option<Transport>), Set> = BTreeMap::new();
    for number in 1..=plans[0].rounds {
        for (index, lane) in turns(plans, rng) {
            if desk.interrupt.is_cancelled() {
                break;
            }
            let plan = &plans[index];
            let name = lane.map_or("(tcp)", Transport::name);
            (desk.progress)(&format!("{name}, round {number} of {}", plan.rounds));
            let mut scene = match sets.remove(&(index, lane)) {
                Some(set) => Scene::resume(set, &desk.engine).await?,
                None => Scene::open(&[plan], lane.as_slice(), lane.is_none(), &desk.engine).await?,
            };
            unless_interrupted(desk, scene.play(desk, rng).await)?;
            sets.extend(scene.sets.into_iter().map(|set| ((index, lane), set)));
        }
    }
    let mut cells: Vec<Vec<Set>> = plans.iter().map(|_| Vec::new()).collect();
    for ((index, _), set) in sets.into_iter().filter(|(_, set)| !set.rounds.is_empty()) {
        cells[index].push(set);
    }
    Ok(cells)
}

/// Every lane of every cell, shuffled.
fn turns(plans: &[Plan], rng: &mut Rng) -> Vec<(usize, Option<Transport>)> {
    let lanes = |plan: &Plan| plan.transports.clone().into_iter().map(Some).chain([None]);
    let cells = plans.iter().enumerate();
    let mut turns: Vec<_> =
        cells.flat_map(|(index, plan)| lanes(plan).map(move |lane| (index, lane))).collect();
    rng.shuffle(&mut turns);
    turns
}
