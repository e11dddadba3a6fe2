//! All lanes at once, on one feed.

use std::time::Duration;

use anyhow::bail;
use futures_util::future::try_join_all;
use tokio::time::sleep;

use super::lane::{Lane, Lived};
use super::plan::Plan;
use crate::bench::child::Child;
use crate::bench::orders::{Done, Order};
use crate::event::EventId;
use crate::fallback::Strategy;
use crate::link::Engine;
use crate::source::Source;

/// After the pause, the feed goes on for so long: everybody has something to miss.
const AFTER_THE_PAUSE: Duration = Duration::from_secs(2);

/// What the lanes of a round lived through, course by course, and on each strategy by strategy.
pub(super) struct Round {
    pub(super) from: EventId,
    pub(super) last: EventId,
    pub(super) lanes: Vec<(usize, Strategy, Lived)>,
}

pub(super) async fn run(
    plan: &Plan,
    source: &Source,
    server: &mut Child,
    engine: &Engine,
) -> anyhow::Result<Round> {
    play(server, source).await?;
    let from = first_event(server).await?;
    let (host, port) = server.target().address();
    let address = (host.parse::<std::net::IpAddr>()?, port).into();
    let ways = plan.courses.iter().enumerate();
    let ways = ways.flat_map(|way| plan.strategies.iter().map(move |strategy| (way, *strategy)));
    let mut lanes = Vec::new();
    for ((number, course), strategy) in ways {
        lanes.push((number, Lane::begin(course, strategy, plan, (engine, address), from)?));
    }
    try_join_all(lanes.iter_mut().map(|(_, lane)| lane.go(plan.stay))).await?;
    if !plan.pause().is_zero() {
        stop(server).await?;
        sleep(plan.pause()).await;
        play(server, &Source { seed: source.seed.wrapping_add(1), ..source.clone() }).await?;
        sleep(AFTER_THE_PAUSE).await;
    }
    let last = stop(server).await?;
    try_join_all(lanes.iter_mut().map(|(_, lane)| lane.reach(last))).await?;
    let lanes = lanes.into_iter().map(|(number, lane)| (number, lane.strategy, lane.end())).collect();
    Ok(Round { from, last, lanes })
}

async fn play(server: &mut Child, source: &Source) -> anyhow::Result<()> {
    match server.order(&Order::Play(source.clone())).await? {
        Done::Playing => Ok(()),
        other => bail!("the server answered {other:?}"),
    }
}

async fn stop(server: &mut Child) -> anyhow::Result<EventId> {
    match server.order(&Order::Stop).await? {
        Done::Stopped { newest, .. } => Ok(newest),
        other => bail!("the server answered {other:?}"),
    }
}

/// Waits until there is an event that can wait for somebody.
async fn first_event(server: &mut Child) -> anyhow::Result<EventId> {
    loop {
        match server.order(&Order::Look).await? {
            Done::Seen { newest, .. } if newest.sequence > 0 => return Ok(newest),
            Done::Seen { .. } => sleep(Duration::from_millis(20)).await,
            other => bail!("the server answered {other:?}"),
        }
    }
}
