//! A server, and the cells that are played on it at once: one feed, several conditions under which it is read.

use std::time::Duration;

use anyhow::{Context, anyhow};
use fastrand::Rng;
use futures_util::future::try_join_all;

use super::calibrate::{Calibration, calibrate};
use super::experiment::Desk;
use super::plan::Plan;
use super::round::{self, Round};
use super::route::Route;
use super::stage::Stage;
use crate::client::{Options, Timekeeper};
use crate::link::Engine;
use crate::source::Source;
use crate::transport::Transport;

/// Between two questions after the time: ten a second keep no server busy, and tell every 3 s how its clock runs.
const PAUSE: Duration = Duration::from_millis(100);

/// Lanes of one cell that run at once, in all their rounds.
pub(super) struct Set {
    pub(super) plan: Plan,
    pub(super) route: Route,
    pub(super) has_control: bool,
    pub(super) transports: Vec<Transport>,
    pub(super) calibration: Calibration,
    pub(super) rounds: Vec<Round>,
}

impl Set {
    /// How many lanes run, the control row among them.
    pub(super) fn lanes(&self) -> usize {
        self.transports.len() + usize::from(self.has_control)
    }
}

pub(super) struct Scene {
    pub(super) stage: Stage,
    pub(super) keeper: Timekeeper,
    pub(super) sets: Vec<Set>,
}

impl Scene {
    /// Starts a server for these plans, which publish alike, or finds the one that they name; opens the way
    /// of each and measures it.
    pub(super) async fn open(
        plans: &[&Plan],
        transports: &[Transport],
        wants_control: bool,
        engine: &Engine,
    ) -> anyhow::Result<Self> {
        let (stage, keeper) = start(plans[0]).await?;
        let measured = plans.iter().map(async |plan| {
            let route = Route::open(&plan.link, plan.proxy.as_ref(), stage.target(), engine).await?;
            let calibration = Box::pin(calibrate(&route, plan, transports)).await;
            let calibration =
                calibration.with_context(|| format!("cannot measure with link `{}`", plan.link))?;
            anyhow::Ok(Set {
                plan: (*plan).clone(),
                route,
                has_control: wants_control && calibration.round_trip_us.is_some(),
                transports: transports.to_vec(),
                calibration,
                rounds: Vec::new(),
            })
        });
        // Where microseconds count, one after another: on a link they are lost among its milliseconds.
        let (mut sets, mut far) = (Vec::new(), Vec::new());
        for (place, (plan, measuring)) in plans.iter().zip(measured).enumerate() {
            match plan.link.is_none() {
                true => sets.push((place, measuring.await?)),
                false => far.push(async move { anyhow::Ok((place, measuring.await?)) }),
            }
        }
        sets.extend(try_join_all(far).await?);
        sets.sort_by_key(|(place, _)| *place);
        let sets = sets.into_iter().map(|(_, set)| set).collect();
        Ok(Self { stage, keeper, sets })
    }

    /// Goes on with a set that was begun on another server.
    pub(super) async fn resume(mut set: Set, engine: &Engine) -> anyhow::Result<Self> {
        let (stage, keeper) = start(&set.plan).await?;
        set.route = Route::open(&set.plan.link, set.plan.proxy.as_ref(), stage.target(), engine).await?;
        Ok(Self { stage, keeper, sets: vec![set] })
    }

    /// Plays one more round.
    ///
    /// A round plays the same events to all its lanes, and each round others: what is peculiar to one
    /// schedule is part of what varies from trial to trial.
    pub(super) async fn play(&mut self, desk: &Desk<'_>, rng: &mut Rng) -> anyhow::Result<()> {
        let first = &self.sets[0];
        let seed = first.plan.source.seed.wrapping_add(first.rounds.len() as u64);
        let source = Source { seed, ..first.plan.source.clone() };
        let rounds = round::run(&mut self.stage, &self.sets, source, &self.keeper, desk, rng).await?;
        for (set, round) in self.sets.iter_mut().zip(rounds) {
            set.rounds.push(round);
        }
        Ok(())
    }
}

/// A server, and who knows its clock.
async fn start(plan: &Plan) -> anyhow::Result<(Stage, Timekeeper)> {
    let stage = Stage::set(plan).await?;
    let target = stage.target();
    let options = Options { proxy: plan.proxy.clone(), ..plan.options(target.clone(), 1.0) };
    let asked = Timekeeper::ask(&options, PAUSE).await;
    let keeper = asked.map_err(|ended| anyhow!("cannot ask `{target}` for the time: {ended}"))?;
    Ok((stage, keeper))
}
