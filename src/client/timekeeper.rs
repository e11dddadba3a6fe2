//! Keeps asking a server for the time, as long as somebody needs to know it.
//!
//! ```text
//! 32 questions │ one now and then, the best of each 32 kept │ 32 questions
//! before       │ during                                     │ after
//! ```
//!
//! On the same boot of the same machine both ends read one monotonic clock: the first answer tells the offset
//! exactly, and nothing more is asked. Unless its stamps say otherwise: a container may have a clock of its own
//! (`time_namespaces(7)`), and its kernel's boot.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::drifting::Drifting;
use super::ended::Ended;
use super::exchange::{Asker, EXCHANGES, Exchange};
use super::options::Options;
use crate::clock::{boot_id, monotonic_us};

/// Up to so many estimates are remembered: two days of them, 2 MB.
const REMEMBERED: usize = 1 << 16;

/// What a clock did so long ago says nothing of what it does now, in microseconds.
const RECENT_US: u64 = 60_000_000;

/// Knows a server's clock.
pub struct Timekeeper {
    /// Where both ends read the same.
    known: Option<Drifting>,
    /// The best of each 32 exchanges, in order of time: one at least, where the clock is not known.
    estimates: Arc<Mutex<Vec<Exchange>>>,
    again: mpsc::Sender<oneshot::Sender<Result<(), Ended>>>,
    _asking: JoinSet<()>,
}

impl Timekeeper {
    /// Asks for the first time, and goes on in the background until this is dropped, with this pause between two
    /// questions, give or take a half: in no step with a feed.
    ///
    /// # Errors
    /// Where the server cannot be reached or does not tell the time.
    pub async fn ask(options: &Options, pause: Duration) -> Result<Self, Ended> {
        let mut asker = Asker::new(options.clone());
        let (first, time) = asker.ask().await?;
        let is_ours =
            time.boot_id.is_some() && time.boot_id == boot_id() && first.allows(time.monotonic_offset_us);
        let known = is_ours.then(|| Drifting::known(time.monotonic_offset_us));
        let (again, wanted) = mpsc::channel(1);
        let (estimates, mut background) = (Arc::default(), JoinSet::new());
        if known.is_none() {
            let mut asking =
                Asking { asker, pause, boot_id: time.boot_id, estimates: Arc::clone(&estimates) };
            asking.estimate(Some(first)).await?;
            background.spawn(asking.go_on(wanted));
        }
        Ok(Self { known, estimates, again, _asking: background })
    }

    /// The clock as it is known by now.
    pub fn lately(&self) -> Drifting {
        self.since(monotonic_us().saturating_sub(RECENT_US))
    }

    /// Asks once more, and gives the clock from an instant of ours until now.
    ///
    /// # Errors
    /// Where the server does not tell the time any more.
    pub async fn until_now(&self, since_us: u64) -> Result<Drifting, Ended> {
        if self.known.is_none() {
            let (tell, told) = oneshot::channel();
            self.again.send(tell).await.expect("it asks for as long as this lives");
            told.await.expect("it answers whoever asks")?;
        }
        Ok(self.since(since_us))
    }

    /// Through the last estimate before this instant, and all that follow.
    fn since(&self, since_us: u64) -> Drifting {
        let estimates = self.estimates.lock().expect("no holder of this lock panics");
        let later = estimates.partition_point(|one| one.after_us <= since_us);
        self.known.unwrap_or_else(|| Drifting::through(&estimates[later.saturating_sub(1)..]))
    }
}

/// Asks in the background.
struct Asking {
    asker: Asker,
    pause: Duration,
    /// Of whom was asked first.
    boot_id: Option<String>,
    estimates: Arc<Mutex<Vec<Exchange>>>,
}

impl Asking {
    async fn go_on(mut self, mut wanted: mpsc::Receiver<oneshot::Sender<Result<(), Ended>>>) {
        let (mut best, mut asked) = (None, 0);
        loop {
            match timeout(self.pause.mul_f64(0.5 + fastrand::f64()), wanted.recv()).await {
                Ok(None) => return,
                Ok(Some(tell)) => {
                    let told = self.estimate(None).await;
                    (best, asked) = (None, 0);
                    let _ = tell.send(told);
                }
                // A server that is away for a moment is asked again.
                Err(_) => {
                    if let Ok(exchange) = self.exchange().await {
                        (best, asked) = (better(best, exchange), asked + 1);
                    }
                    if asked == EXCHANGES {
                        best.take().into_iter().for_each(|best| self.keep(best));
                        asked = 0;
                    }
                }
            }
        }
    }

    /// Asks as often as it takes, without a pause.
    async fn estimate(&mut self, first: Option<Exchange>) -> Result<(), Ended> {
        let mut best = first;
        for _ in best.iter().count()..EXCHANGES {
            best = better(best, self.exchange().await?);
        }
        best.into_iter().for_each(|best| self.keep(best));
        Ok(())
    }

    async fn exchange(&mut self) -> Result<Exchange, Ended> {
        let (exchange, time) = self.asker.ask().await?;
        match time.boot_id == self.boot_id {
            true => Ok(exchange),
            false => {
                Err(Ended::unreadable("time", "it is that of another machine than before: name one of them"))
            }
        }
    }

    fn keep(&self, best: Exchange) {
        let mut estimates = self.estimates.lock().expect("no holder of this lock panics");
        if estimates.len() == REMEMBERED {
            estimates.remove(0);
        }
        estimates.push(best);
    }
}

fn better(best: Option<Exchange>, other: Exchange) -> Option<Exchange> {
    Some(best.map_or(other, |best| best.better_of(other)))
}
