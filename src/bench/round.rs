//! One run of some lanes on the same events.
//!
//! ```text
//! lanes connect │ warm-up │        the window that counts        │ drain
//!               ▲ play    ▲ after sequence `after`        stop ▲  until the last event is everywhere
//! ```

use std::time::Duration;

use anyhow::bail;
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
use crate::event::EventId;
use crate::source::{Played, Source};
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
    /// Of the server that served this round: each server has a clock of its own.
    pub(super) offset: Offset,
}

pub(super) struct Settings<'a> {
    pub(super) plan: &'a Plan,
    pub(super) source: Source,
    pub(super) transports: &'a [Transport],
    pub(super) has_control: bool,
    pub(super) offset: Offset,
    /// Ends the window early.
    pub(super) interrupt: &'a CancellationToken,
}

/// An end of the window: what there was by then.
struct Mark {
    newest: EventId,
    at_us: u64,
    readings: Vec<Reading>,
    cpu_us: Option<f64>,
}

pub(super) async fn run(stage: &mut Stage, settings: &Settings<'_>, rng: &mut Rng) -> anyhow::Result<Round> {
    let plan = settings.plan;
    let memory_before = stage.child().and_then(Child::memory_bytes);
    let lanes = connect(stage, settings, rng).await?;
    // All of a trace counts: its window begins before it does.
    let mut begun = begin(stage, &lanes, settings.offset).await?;
    let began = begun.newest;
    stage.play(settings.source.clone()).await?;
    if !plan.is_trace() {
        wait(plan.warmup, settings.interrupt).await;
        begun = begin(stage, &lanes, settings.offset).await?;
    }
    tokio::select! {
        () = wait(plan.duration.unwrap_or(Duration::MAX), settings.interrupt) => {}
        ended = stage.end(), if plan.is_trace() => ended?,
    }
    let (ended, played) = end(stage, &lanes, settings.offset).await?;
    let grown = |before| Some(stage.child()?.memory_bytes()?.saturating_sub(before));
    let spent = Spent {
        cpu_us: ended.cpu_us.zip(begun.cpu_us).map(|(after, before)| after - before),
        memory_bytes: memory_before.and_then(grown),
    };
    let window = Window::between(&begun, &ended)?;
    drain(&lanes, window, plan, settings.offset).await;
    if let Some(why) = lanes.iter().find_map(Lane::failure) {
        bail!(why);
    }
    let lanes = lanes.iter().zip(begun.readings.into_iter().zip(ended.readings));
    let lanes = lanes.map(|(lane, (start, end))| LaneRound {
        transport: lane.transport,
        clients: lane.diaries.iter().map(|diary| diary.entries().clone()).collect(),
        start,
        end,
    });
    Ok(Round { began, window, lanes: lanes.collect(), played, spent, offset: settings.offset })
}

impl Window {
    fn between(begun: &Mark, ended: &Mark) -> anyhow::Result<Self> {
        if begun.newest.epoch != ended.newest.epoch {
            bail!("the server began anew in the middle of the run: its events cannot be counted");
        }
        Ok(Self {
            after: begun.newest.sequence,
            last: ended.newest.sequence,
            start_us: begun.at_us,
            end_us: ended.at_us,
        })
    }
}

async fn begin(stage: &mut Stage, lanes: &[Lane], offset: Offset) -> anyhow::Result<Mark> {
    let newest = stage.newest().await?;
    let (at_us, cpu_us) = (now_us(offset), stage.child().and_then(Child::cpu_us));
    Ok(Mark { newest, at_us, readings: readings(lanes).await, cpu_us })
}

async fn end(stage: &mut Stage, lanes: &[Lane], offset: Offset) -> anyhow::Result<(Mark, Option<Played>)> {
    let (newest, played) = stage.stop().await?;
    let (at_us, cpu_us) = (now_us(offset), stage.child().and_then(Child::cpu_us));
    Ok((Mark { newest, at_us, readings: readings(lanes).await, cpu_us }, played))
}

/// Now, by the server's clock.
fn now_us(offset: Offset) -> u64 {
    monotonic_us().saturating_add_signed(offset.us)
}

/// What the lanes have, read while none of them is in the middle of an answer, if that can be: its bytes are
/// counted before its events are.
async fn readings(lanes: &[Lane]) -> Vec<Reading> {
    const TRIES: usize = 20;
    let read = || lanes.iter().map(Lane::reading).collect::<Vec<_>>();
    let mut last = read();
    for _ in 0..TRIES {
        sleep(Duration::from_millis(1)).await;
        let next = read();
        let is_quiet = next == last;
        last = next;
        if is_quiet {
            break;
        }
    }
    last
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
async fn drain(lanes: &[Lane], window: Window, plan: &Plan, offset: Offset) {
    const MOMENT: Duration = Duration::from_millis(500);
    let bound = plan.poll_interval + plan.hold() + 3 * worst_latency(lanes, offset) + MOMENT;
    let is_done = || {
        lanes.iter().all(|lane| lane.has_seen(window.last))
            || lanes.iter().any(|lane| lane.failure().is_some())
    };
    let begun = Instant::now();
    while window.events() > 0 && !is_done() && begun.elapsed() < bound {
        sleep(Duration::from_millis(2)).await;
    }
}

fn worst_latency(lanes: &[Lane], offset: Offset) -> Duration {
    let worst_us = lanes.iter().flat_map(|lane| &lane.diaries).filter_map(|diary| {
        let entries = diary.entries();
        let ages = entries.arrivals.iter().map(|arrival| offset.age_us(arrival.sent_us, arrival.arrived_us));
        ages.max()
    });
    Duration::from_micros(worst_us.max().unwrap_or(0).max(0) as u64)
}
