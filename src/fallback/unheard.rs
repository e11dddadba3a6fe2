//! Words that were said and not heard yet: when there are so many, the speaker has to wait.
//!
//! Whoever is told may take its time: a terminal that is held, a pipe that nobody reads. A reader that tells it
//! directly does not read on meanwhile, and TCP holds the server back. A reader in a task of its own would read on, and
//! keep all that comes.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll};

use futures_util::future::poll_fn;
use futures_util::task::AtomicWaker;

use crate::clock::monotonic_us;

/// Of the largest events, 4 MB; and what one turn of a reader brings, which is what its sockets hold, at most.
const MOST: usize = 64;

/// How many words of one speaker wait to be heard.
#[derive(Default)]
pub(super) struct Unheard {
    count: AtomicUsize,
    speaker: AtomicWaker,
    released_us: AtomicU64,
}

/// One of these words; dropped when it was heard.
pub(super) struct Unspent(Arc<Unheard>);

impl Unheard {
    /// Counts one more.
    pub(super) fn one(self: &Arc<Self>) -> Unspent {
        self.count.fetch_add(1, SeqCst);
        Unspent(self.clone())
    }

    /// Lets a speaker go on only while it is heard.
    pub(super) async fn hold<F: Future>(&self, speaking: F) -> F::Output {
        let mut speaking = pin!(speaking);
        poll_fn(|cx| match self.is_full(cx) {
            true => Poll::Pending,
            false => speaking.as_mut().poll(cx),
        })
        .await
    }

    /// When a speaker that was held could go on, by our monotonic clock: that it said nothing before was not its fault.
    pub(super) fn released_us(&self) -> u64 {
        self.released_us.load(SeqCst)
    }

    fn is_full(&self, cx: &Context<'_>) -> bool {
        if self.count.load(SeqCst) < MOST {
            return false;
        }
        self.speaker.register(cx.waker());
        // It may have been heard in between.
        self.count.load(SeqCst) >= MOST
    }
}

impl Drop for Unspent {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, SeqCst) == MOST {
            self.0.released_us.store(monotonic_us(), SeqCst);
            self.0.speaker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::unbounded_channel;
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn who_is_not_heard_says_no_more_and_goes_on_when_it_is() {
        let (mouth, mut ears) = unbounded_channel();
        let unheard = Arc::<Unheard>::default();
        let speaker = unheard.clone();
        let task = tokio::spawn(async move {
            let speaking = async {
                for word in 0..10 * MOST {
                    mouth.send((word, speaker.one())).unwrap();
                    yield_now().await;
                }
            };
            speaker.hold(speaking).await;
        });
        for _ in 0..20 * MOST {
            yield_now().await;
        }
        assert_eq!((ears.len(), unheard.released_us()), (MOST, 0), "it says no more than that unheard");
        for word in 0..10 * MOST {
            let (said, unspent) = ears.recv().await.unwrap();
            assert_eq!(said, word);
            assert!(ears.len() <= MOST, "{} wait", ears.len());
            drop(unspent);
        }
        task.await.unwrap();
        assert!(unheard.released_us() > 0);
    }
}
