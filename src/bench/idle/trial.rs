//! One transport in one round: open, settle, wait, close, settle, and open once more.
//!
//! ```text
//! before │ opening │ settled: memory │ the window: traffic │ closing │ after │ a second crowd: memory again
//! ```

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::crowd::Crowd;
use super::host::{Host, Snapshot};
use super::kernel;
use super::request::Asking;
use super::result::{Direction, Flow};
use super::traffic::Traffic;
use crate::bench::Progress;
use crate::theory::{Beat, Habits, Heartbeats, Sent, beat};

/// What came of it, as far as it came.
pub(super) struct Trial {
    pub(super) opening: Duration,
    pub(super) lost: u64,
    pub(super) first_loss: Option<String>,
    pub(super) before: Snapshot,
    pub(super) open: Snapshot,
    pub(super) after: Option<Snapshot>,
    pub(super) again: Option<Snapshot>,
    /// Of the kernel's structure; `None` where the server's kernel is not ours.
    pub(super) socket_bytes: Option<u64>,
    pub(super) is_local: bool,
    pub(super) measured: Option<Flow>,
    pub(super) predicted: Option<Flow>,
    pub(super) long_run: Option<Flow>,
    /// Whether memory stood still whenever it was read.
    pub(super) settled: bool,
}

pub(super) struct Settings<'a> {
    pub(super) asking: Arc<Asking>,
    pub(super) host: &'a Host,
    pub(super) connections: usize,
    pub(super) window: Duration,
    pub(super) hold: Duration,
    pub(super) progress: Progress<'a>,
    pub(super) interrupt: &'a CancellationToken,
}

/// `None` where it was interrupted before a connection was idle.
pub(super) async fn run(settings: &Settings<'_>) -> anyhow::Result<Option<Trial>> {
    let Settings { host, connections, interrupt, .. } = settings;
    let until_interrupt = |work| interrupt.run_until_cancelled(work);
    let Some(begun) = until_interrupt(begin(settings)).await else { return Ok(None) };
    let (mut trial, mut crowd, others) = begun?;
    settings.watch(&mut trial, &mut crowd).await;
    settings.tell("closing");
    crowd.close().await;
    if interrupt.is_cancelled() {
        return Ok(Some(trial));
    }
    let (after, is_still) = host.left(|open| open <= others).await;
    trial.after = Some(after);
    settings.tell("opening again");
    let again = async {
        let crowd = Crowd::open(&settings.asking, *connections).await?;
        let (again, is_still) = host.settled(|open| open >= others + *connections as u64).await;
        crowd.close().await;
        anyhow::Ok((again, is_still))
    };
    if let Some(again) = interrupt.run_until_cancelled(again).await {
        let (again, was_still) = again?;
        trial.again = Some(again);
        trial.settled &= is_still && was_still;
    }
    Ok(Some(trial))
}

/// Opens a crowd. Gives it, what it cost, and how many connections the server had before.
async fn begin(settings: &Settings<'_>) -> anyhow::Result<(Trial, Crowd, u64)> {
    let Settings { asking, host, connections, .. } = settings;
    settings.tell("starting");
    let others = host.connections().await.unwrap_or(0);
    // The first connection of all makes a server allocate what it keeps for all that follow.
    Crowd::open(asking, 1).await?.close().await;
    let (before, was_still) = host.settled(|open| open <= others).await;
    settings.tell(&format!("opening {connections}"));
    let crowd = Crowd::open(asking, *connections).await?;
    settings.tell("settling");
    let (open, is_still) = host.settled(|open| open >= others + *connections as u64).await;
    let trial = Trial {
        opening: crowd.opening,
        lost: 0,
        first_loss: None,
        before,
        open,
        after: None,
        again: None,
        socket_bytes: host.is_local().then(|| kernel::socket_bytes(host.address)).flatten(),
        is_local: host.is_local(),
        measured: None,
        predicted: None,
        long_run: None,
        settled: was_still && is_still,
    };
    Ok((trial, crowd, others))
}

/// TCP and IP headers with timestamps, as Linux sends them: what theory takes where the kernel does not say.
const USUAL_HEADERS: u32 = 20 + 32;

impl Settings<'_> {
    fn tell(&self, what: &str) {
        (self.progress)(&format!("{}: {what}", self.asking.transport));
    }

    /// Counts what goes by in the window, and what should.
    async fn watch(&self, trial: &mut Trial, crowd: &mut Crowd) {
        self.tell("idle");
        let (from, before) = (Instant::now(), crowd.traffic());
        let _ = timeout(self.window, self.interrupt.cancelled()).await;
        let (to, after) = (Instant::now(), crowd.traffic());
        crowd.count_lost();
        (trial.lost, trial.first_loss) = (crowd.lost, crowd.first_loss.take());
        let seconds = (to - from).as_secs_f64();
        let flow = |(after, before): (Traffic, Traffic)| after.per_minute(&before, self.connections, seconds);
        trial.measured = after.zip(before).map(flow);
        let headers = after.map_or(USUAL_HEADERS, |after| after.header_bytes);
        let Some(beat) = self.beat(crowd) else { return };
        let us = |span: Duration| span.as_secs_f64() * 1e6;
        let each =
            crowd.clients().iter().map(|idle| beat.between(us(from - idle.since), us(to - idle.since)));
        let (down, up) =
            each.fold((Sent::default(), Sent::default()), |sum, of| (sum.0 + of.0, sum.1 + of.1));
        let share = 60.0 / seconds / self.connections as f64;
        trial.predicted = Some(flow_of((down * share, up * share), headers));
        trial.long_run = Some(flow_of(beat.in_the_long_run(60e6), headers));
    }

    /// What keeps these connections alive; `None` where that is somebody else's to say. What a poll and its
    /// answer weigh was seen on the first connection.
    fn beat(&self, crowd: &Crowd) -> Option<Beat> {
        let one = crowd.clients().first().filter(|_| self.asking.target.is_server())?;
        let habits = Habits {
            heartbeats: Heartbeats::default(),
            poll_interval_us: self.asking.poll_interval.as_secs_f64() * 1e6,
            hold_us: self.hold.as_secs_f64() * 1e6,
            request_bytes: one.request_bytes as f64,
            answer_bytes: one.answer_bytes as f64,
            tls: one.cipher,
        };
        Some(beat(self.asking.transport, &habits))
    }
}

/// Theory, in the words of a result.
fn flow_of((down, up): (Sent, Sent), header_bytes: u32) -> Flow {
    let direction = |sent: Sent| Direction::new(sent.bytes, sent.packets, header_bytes);
    Flow { down: direction(down), up: direction(up) }
}

impl Trial {
    /// What memory grew by from before the crowd to `then`, for each connection.
    pub(super) fn grown(&self, then: Option<Snapshot>, connections: usize) -> Option<f64> {
        let (then, before) = (then?.memory_bytes?, self.before.memory_bytes?);
        Some((then as f64 - before as f64) / connections as f64)
    }
}
