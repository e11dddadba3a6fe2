//! A request that is held: the same answer as to any other, once there is something to say, or the hold time is
//! over: `timeout(hold, next())`.

use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

use super::batch::{self, Batch};
use super::patience::Patience;
use crate::event::EventId;
use crate::feed::{Limit, Subscription};

/// A held request.
pub(crate) struct Held {
    subscription: Subscription,
    limit: Limit,
    hold: Duration,
    linger: Duration,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    New,
    Waiting(Instant),
    Lingering,
}

impl Held {
    /// Holds up to `hold` for news, and then up to `linger`, never beyond the hold, for what may come with it.
    pub(crate) fn new(subscription: Subscription, limit: Limit, hold: Duration, linger: Duration) -> Self {
        Self { subscription, limit, hold, linger, stage: Stage::New }
    }

    /// Whether it has to wait: nothing is new yet, and the hold time is not zero.
    pub(crate) fn waits(&self) -> bool {
        !self.hold.is_zero() && !self.subscription.has_news()
    }

    /// Is not held beyond this instant: the right to ask ends then.
    pub(crate) fn ends_by(&mut self, until: Instant) {
        self.hold = self.hold.min(until.saturating_duration_since(Instant::now()));
    }

    /// Where the asker stands.
    pub(crate) fn position(&self) -> EventId {
        self.subscription.position()
    }

    /// Waits for the answer. `patience` keeps the time, and is used for nothing else meanwhile.
    pub(crate) fn poll_answer(&mut self, cx: &mut Context<'_>, patience: &mut Patience) -> Poll<Batch> {
        loop {
            match self.stage {
                // Tokio's timers round up to a millisecond: a hold or a linger of zero makes no timer.
                Stage::New if !self.waits() => break,
                Stage::New => {
                    let over = Instant::now() + self.hold;
                    patience.lasts_until(over);
                    self.stage = Stage::Waiting(over);
                }
                Stage::Waiting(_) | Stage::Lingering if patience.poll(cx).is_ready() => break,
                Stage::Lingering => return Poll::Pending,
                Stage::Waiting(over) => match self.subscription.poll_ready(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(()) if self.linger.is_zero() => break,
                    Poll::Ready(()) => {
                        patience.lasts_until(over.min(Instant::now() + self.linger));
                        self.stage = Stage::Lingering;
                    }
                },
            }
        }
        // Something new or nothing, lingered or cut short: what now stands in the log is the answer.
        Poll::Ready(batch::read(&mut self.subscription, self.limit))
    }
}
