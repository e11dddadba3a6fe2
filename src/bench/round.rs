//! One run of some lanes on the same events.
//!
//! ```text
//! lanes connect │ warm-up │        the window that counts        │ drain
//!               ▲ play    ▲ after sequence `after`        stop ▲  until the last event is everywhere
//! ```

use std::time::Duration;

use fastrand::Rng;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::child::Child;
use super::diary::{Entries, Reading};
use super::lane::Lane;
use super::plan::Plan;
use super::stage::Stage;
use crate::client::Offset;
use crate::clock::monotonic_us;
use crate::source::Played;
use crate::transport::Transport;

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
}

/// What a server of our own spent in the window.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spent {
    pub(super) cpu_us: Option<f64>,
    /// What its memory grew by, from before the lanes connected to the end of the window.
    pub(super) memory_bytes: Option<u64>,
}

pub(super) struct Round {
    pub(super) window: Window,
    pub(super) lanes: Vec<LaneRound>,
    pub(super) played: Option<Played>,
    pub(super) spent: Spent,
}

pub(super) struct Settings<'a> {
    pub(super) plan: &'a Plan,
    pub(super) transports: &'a [Transport],
    pub(super) has_control: bool,
    pub(super) offset: Offset,
    /// Ends the window early.
    pub(super) interrupt: &'a CancellationToken,
}

pub(super) async fn run(stage: &mut Stage, settings: &Settings<'_>, rng: &mut Rng) -> anyhow::Result<Round> {
    let plan = settings.plan;
    let memory_before = stage.child().and_then(Child::memory_bytes);
    let lanes = connect(stage, settings, rng).await?;
    let now_us = || (monotonic_us() as i64 + settings.offset.us) as u64;
    let begin = async |stage: &mut Stage| -> anyhow::Result<u64> {
        Ok(stage.newest().await?.unwrap_or_else(|| lanes.iter().map(Lane::newest).max().unwrap_or(0)))
    };
    let mut after = begin(stage).await?;
    stage.play(plan).await?;
    if !plan.is_trace() {
        wait(plan.warmup, settings.interrupt).await;
        after = begin(stage).await?;
    }
    let starts: Vec<Reading> = lanes.iter().map(Lane::reading).collect();
    let (start_us, cpu_before) = (now_us(), stage.child().and_then(Child::cpu_us));

    tokio::select! {
        () = wait(plan.duration.unwrap_or(Duration::MAX), settings.interrupt) => {}
        ended = stage.end(), if plan.is_trace() => ended?,
    }
    let (last, played) = stage.stop().await?;
    let last = last.unwrap_or_else(|| lanes.iter().map(Lane::newest).max().unwrap_or(after));
    let window = Window { after, last, start_us, end_us: now_us() };
    let ends: Vec<Reading> = lanes.iter().map(Lane::reading).collect();
    let difference = |after: Option<f64>, before: Option<f64>| Some(after? - before?);
    let spent = Spent {
        cpu_us: difference(stage.child().and_then(Child::cpu_us), cpu_before),
        memory_bytes: memory_before
            .and_then(|before| Some(stage.child()?.memory_bytes()?.saturating_sub(before))),
    };
    drain(&lanes, window, plan).await;
    if let Some(why) = lanes.iter().find_map(Lane::failure) {
        anyhow::bail!(why);
    }
    let lanes = lanes.iter().zip(starts.into_iter().zip(ends)).map(|(lane, (start, end))| LaneRound {
        transport: lane.transport,
        clients: lane.diaries.iter().map(|diary| diary.entries().clone()).collect(),
        start,
        end,
    });
    Ok(Round { window, lanes: lanes.collect(), played, spent })
}

async fn connect(stage: &Stage, settings: &Settings<'_>, rng: &mut Rng) -> anyhow::Result<Vec<Lane>> {
    let (plan, target) = (settings.plan, stage.target());
    let mut lanes = Vec::new();
    if settings.has_control {
        lanes.push(Lane::start_control((0..plan.clients).map(|_| plan.options(target.clone(), 0.0))));
    }
    for transport in settings.transports {
        let clients = (0..plan.clients).map(|_| plan.options(target.clone(), rng.f64()));
        lanes.push(Lane::start(*transport, clients));
    }
    for lane in &lanes {
        lane.connected().await?;
    }
    Ok(lanes)
}

async fn wait(span: Duration, interrupt: &CancellationToken) {
    // Too far away for a timer is as good as never.
    let _ = timeout(span.min(Duration::from_secs(86_400 * 365)), interrupt.cancelled()).await;
}

/// Waits until the last event is everywhere: at most a poll interval, a hold and three times the worst
/// latency seen, and a moment for a machine that is busy.
async fn drain(lanes: &[Lane], window: Window, plan: &Plan) {
    if window.events() == 0 {
        return;
    }
    const MOMENT: Duration = Duration::from_millis(500);
    let begun = Instant::now();
    loop {
        let left = lanes.iter().filter(|lane| !lane.has_seen(window.last)).count();
        let bound = plan.poll_interval + plan.hold() + 3 * worst_wait(lanes) + MOMENT;
        if left == 0 || begun.elapsed() > bound {
            return;
        }
        sleep(Duration::from_millis(2)).await;
    }
}

/// The longest that any event of late took, on the sender's and the receiver's own clocks taken as one: far
/// enough for a bound.
fn worst_wait(lanes: &[Lane]) -> Duration {
    let waits = lanes.iter().flat_map(|lane| &lane.diaries).filter_map(|diary| {
        let entries = diary.entries();
        let stamps =
            entries.arrivals.windows(2).map(|two| two[1].arrived_us.saturating_sub(two[0].arrived_us));
        stamps.max()
    });
    Duration::from_micros(waits.max().unwrap_or(0)).min(Duration::from_secs(20))
}
