//! One run of some lanes on the same events, under one or several conditions at once.
//!
//! ```text
//! lanes connect │ warm-up │        the window that counts        │ drain
//!               ▲ play    ▲ after sequence `after`        stop ▲  until the last event is everywhere
//! ```

mod mark;

use std::time::Duration;

use anyhow::{anyhow, bail};
use fastrand::Rng;
use futures_util::future::join_all;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::child::Child;
use super::diary::{Entries, Reading};
use super::experiment::Desk;
use super::lane::Lane;
use super::own;
use super::result::Own;
use super::scene::Set;
use super::stage::Stage;
use crate::client::{Drifting, Timekeeper};
use crate::clock::monotonic_us;
use crate::event::EventId;
use crate::source::{Played, Source};
use crate::transport::Transport;
use crate::wire::Segments;
use mark::{LaneMark, Mark, begin, end};

/// Which events count: those after one id up to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// The sequence before the first that counts.
    pub(super) after: u64,
    /// The sequence of the last that counts.
    pub(super) last: u64,
    /// When it began, by the server's clock.
    pub(super) start_us: u64,
    /// When it ended.
    pub(super) end_us: u64,
}

impl Window {
    /// How many events it holds.
    pub(super) fn events(&self) -> u64 {
        self.last.saturating_sub(self.after)
    }

    pub(super) fn contains(&self, sequence: u64) -> bool {
        sequence > self.after && sequence <= self.last
    }

    pub(super) fn contains_any_of(&self, sequences: std::ops::Range<u64>) -> bool {
        sequences.start <= self.last && sequences.end > self.after + 1
    }

    pub(super) fn seconds(&self) -> f64 {
        (self.end_us - self.start_us) as f64 / 1e6
    }
}

/// What a lane lived through.
pub(super) struct LaneRound {
    /// `None` is the control row.
    pub(super) transport: Option<Transport>,
    pub(super) clients: Vec<Entries>,
    /// What it had when the window began.
    pub(super) start: Reading,
    /// What it had when the window ended.
    pub(super) end: Reading,
    /// What the kernel counted in the window; `None` where the platform does not say.
    pub(super) segments: Option<Segments>,
    /// Why one of its clients gave up, if one did.
    pub(super) failure: Option<String>,
}

impl LaneRound {
    /// Whether it was refused before it began.
    pub(super) fn never_ran(&self) -> bool {
        self.failure.is_some() && !self.clients.iter().any(|client| client.is_connected)
    }
}

/// What a server of our own spent in the window.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spent {
    pub(super) cpu_us: Option<f64>,
    /// What its memory grew by, from before the lanes connected to the end of the window.
    pub(super) memory_bytes: Option<u64>,
}

pub(super) struct Round {
    /// Where the feed stood when the lanes had connected.
    pub(super) began: EventId,
    pub(super) window: Window,
    pub(super) lanes: Vec<LaneRound>,
    pub(super) played: Option<Played>,
    pub(super) spent: Spent,
    /// What measuring it took.
    pub(super) own: Own,
    /// Of the server that served this round: each server has a clock of its own.
    pub(super) offset: Drifting,
}

/// A lane that plays in a round, and for which set.
struct Part<'a> {
    set: &'a Set,
    lane: Lane,
}

/// Plays `source` to all lanes of all sets; gives each set its round.
pub(super) async fn run(
    stage: &mut Stage,
    sets: &[Set],
    source: Source,
    keeper: &Timekeeper,
    desk: &Desk<'_>,
    rng: &mut Rng,
) -> anyhow::Result<Vec<Round>> {
    let (plan, interrupt) = (&sets[0].plan, desk.interrupt);
    let starts_us = monotonic_us();
    let memory_before = stage.child().and_then(Child::memory_bytes);
    let Some(parts) = interrupt.run_until_cancelled(connect(sets, rng)).await else {
        bail!("interrupted before all lanes had connected")
    };
    let parts = parts?;
    // All of a trace counts: its window begins before it does.
    let mut begun = begin(stage, &parts).await?;
    let began = begun.newest;
    stage.play(source).await?;
    if !plan.is_trace() {
        wait(plan.warmup, interrupt).await;
        begun = begin(stage, &parts).await?;
    }
    let watch = own::Watch::begin(&desk.engine)?;
    tokio::select! {
        () = wait(plan.duration.unwrap_or(Duration::MAX), interrupt) => {}
        ended = stage.end(), if plan.is_trace() => ended?,
    }
    let own = watch.end(&desk.engine);
    let (ended, played) = end(stage, &parts).await?;
    let grown = |before| Some(stage.child()?.memory_bytes()?.saturating_sub(before));
    let spent = Spent {
        cpu_us: ended.cpu_us.zip(begun.cpu_us).map(|(after, before)| after - before),
        memory_bytes: memory_before.and_then(grown),
    };
    let by_now = keeper.lately();
    drain(&parts, Window::between(&begun, &ended, &by_now)?, &by_now).await;
    // All ages are told at the end, when the clock is known before, during and after.
    let told = keeper.until_now(starts_us).await;
    let offset = told.map_err(|ended| anyhow!("cannot ask for the time again: {ended}"))?;
    let window = Window::between(&begun, &ended, &offset)?;
    let mut lanes = parts.iter().zip(begun.lanes.iter().zip(&ended.lanes)).map(Part::round);
    let round = |set: &Set| Round {
        began,
        window,
        lanes: lanes.by_ref().take(set.lanes()).collect(),
        played: played.clone(),
        spent,
        own,
        offset,
    };
    Ok(sets.iter().map(round).collect())
}

impl Part<'_> {
    /// What the lane lived through between two marks.
    fn round((part, (begun, ended)): (&Self, (&LaneMark, &LaneMark))) -> LaneRound {
        LaneRound {
            transport: part.lane.transport,
            clients: part.lane.diaries.iter().map(|diary| diary.entries().clone()).collect(),
            start: begun.reading,
            end: ended.reading,
            segments: ended.segments.zip(begun.segments).map(|(after, before)| after - before),
            failure: part.lane.failure(),
        }
    }

    /// Why its lane gave up, if it did, with the lane's name.
    fn failure(&self) -> Option<String> {
        Some(format!("{}: {}", self.lane.name(), self.lane.failure()?))
    }

    /// Whether there is nothing more to wait for.
    fn is_done(&self, window: Window) -> bool {
        self.lane.has_seen(window.last) || self.lane.failure().is_some()
    }

    /// At most a poll interval, a hold and three times the worst latency seen, and a moment for a machine
    /// that is busy.
    fn longest_drain(&self, offset: &Drifting) -> Duration {
        const MOMENT: Duration = Duration::from_millis(500);
        let plan = &self.set.plan;
        plan.poll_interval + plan.hold() + 3 * worst_latency(&self.lane, offset) + MOMENT
    }
}

impl Window {
    fn between(begun: &Mark, ended: &Mark, offset: &Drifting) -> anyhow::Result<Self> {
        if begun.newest.epoch != ended.newest.epoch {
            bail!("the server began anew in the middle of the run: its events cannot be counted");
        }
        Ok(Self {
            after: begun.newest.sequence,
            last: ended.newest.sequence,
            start_us: offset.far_us(begun.at_us),
            end_us: offset.far_us(ended.at_us),
        })
    }
}

/// All lanes of all sets, in their order, connected or refused.
async fn connect<'a>(sets: &'a [Set], rng: &mut Rng) -> anyhow::Result<Vec<Part<'a>>> {
    let mut parts = Vec::new();
    for set in sets {
        let client = |phase| set.route.lead(set.plan.options(set.route.target().clone(), phase));
        let clients = 0..set.plan.clients;
        if set.has_control {
            let lane = Lane::start_control(clients.clone().map(|_| client(0.0)));
            parts.push(Part { set, lane });
        }
        for transport in &set.transports {
            let lane = Lane::start(*transport, clients.clone().map(|_| client(rng.f64())));
            parts.push(Part { set, lane });
        }
    }
    join_all(parts.iter().map(|part| part.lane.connected())).await;
    let asked = parts.iter().filter(|part| part.lane.transport.is_some());
    let failures: Vec<Option<String>> = asked.map(Part::failure).collect();
    // Where none of the lanes that were asked for can be measured, there is nothing to go on for.
    match failures.into_iter().collect::<Option<Vec<_>>>() {
        Some(all) if !all.is_empty() => bail!(all.join("; ")),
        _ => Ok(parts),
    }
}

async fn wait(span: Duration, interrupt: &CancellationToken) {
    // Too far away for a timer is as good as never.
    let _ = timeout(span.min(Duration::from_secs(86_400 * 365)), interrupt.cancelled()).await;
}

/// Waits until the last event is everywhere, as long as is reasonable.
async fn drain(parts: &[Part<'_>], window: Window, offset: &Drifting) {
    let bound = parts.iter().map(|part| part.longest_drain(offset)).max().unwrap_or_default();
    let begun = Instant::now();
    let is_done = || parts.iter().all(|part| part.is_done(window));
    while window.events() > 0 && !is_done() && begun.elapsed() < bound {
        sleep(Duration::from_millis(2)).await;
    }
}

fn worst_latency(lane: &Lane, offset: &Drifting) -> Duration {
    let worst_us = lane.diaries.iter().filter_map(|diary| {
        let entries = diary.entries();
        let ages = entries.arrivals.iter().map(|arrival| offset.age_us(arrival.sent_us, arrival.arrived_us));
        ages.max()
    });
    Duration::from_micros(worst_us.max().unwrap_or(0).max(0) as u64)
}
