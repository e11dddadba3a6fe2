//! A reader: a position in a topic's log, and two verbs.

use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use super::Feed;
use super::batch::{Batch, Limit, Piece};
use super::bell::{Place, Ring};
use super::run::Envelope;
use super::topic::Topic;
use crate::event::{EventId, Position};

/// A place in a topic's log.
pub struct Subscription {
    feed: Feed,
    topic: Arc<Topic>,
    /// Where it listens for what is new; none before it waited once.
    place: Option<Place>,
    position: EventId,
    tally: Arc<Tally>,
}

impl Subscription {
    pub(super) fn new(feed: Feed, topic: Arc<Topic>, from: Position, tally: Arc<Tally>) -> Self {
        let position = topic.position(from);
        tally.subscribers.fetch_add(1, Ordering::Relaxed);
        topic.readers().fetch_add(1, Ordering::Relaxed);
        Self { feed, topic, place: None, position, tally }
    }

    /// The feed it reads from.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// The topic it reads.
    pub fn topic(&self) -> &str {
        self.topic.name()
    }

    /// The id of the last event that was read, or the place where it began.
    pub fn position(&self) -> EventId {
        self.position
    }

    /// What is new; never waits.
    pub fn read(&mut self, limit: Limit) -> Batch {
        let batch = self.topic.read(self.position, limit);
        self.position = batch.position().unwrap_or(self.position);
        self.tally.count(batch.events.len(), batch.payload_len(), batch.gap.is_some());
        batch
    }

    /// What is new, in an envelope, in as few pieces as it has; never waits. Whether there was anything.
    pub(crate) fn read_wrapped(
        &mut self,
        limit: Limit,
        envelope: &'static Envelope,
        out: impl FnMut(Piece),
    ) -> bool {
        if !self.has_news() {
            return false;
        }
        let read = self.topic.read_wrapped(self.position, limit, envelope, out);
        self.position = read.position;
        let payload = read.taken.payload + read.gap.map_or(0, |gap| gap.json().len());
        self.tally.count(read.taken.events, payload, read.gap.is_some());
        true
    }

    /// Waits until something is new, and reads it. Nothing is lost where the wait is given up.
    pub async fn next(&mut self, limit: Limit) -> Batch {
        self.ready().await;
        self.read(limit)
    }

    /// Whether something is new.
    pub fn has_news(&self) -> bool {
        self.topic.newest() != self.position
    }

    /// Whether it has fallen off the log, and is not to go on: what [`Slow::Disconnect`] asks for.
    ///
    /// [`Slow::Disconnect`]: super::Slow::Disconnect
    pub fn is_too_slow(&self) -> bool {
        self.feed.closes_the_slow() && self.topic.is_too_slow(self.position)
    }

    /// Waits until something is new, and leaves it unread.
    pub async fn ready(&mut self) {
        poll_fn(|cx| self.poll_ready(cx)).await;
    }

    pub(crate) fn poll_ready(&mut self, cx: &Context<'_>) -> Poll<()> {
        if self.has_news() {
            return Poll::Ready(());
        }
        self.place().wait(cx.waker());
        // Look again: what was appended in between rang for those who listened already.
        match self.has_news() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    /// Has `seat` told of everything new from now on.
    pub(crate) fn sit(&mut self, seat: Weak<dyn Ring>) {
        self.place().sit(seat);
    }

    fn place(&mut self) -> &Place {
        self.place.get_or_insert_with(|| self.topic.bell().place())
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.tally.subscribers.fetch_sub(1, Ordering::Relaxed);
        self.topic.readers().fetch_sub(1, Ordering::Relaxed);
        self.feed.tidy(&self.topic);
    }
}

/// Counts what subscriptions handed out; shared by all subscriptions of one kind.
#[derive(Debug, Default)]
pub struct Tally {
    /// Subscriptions alive now.
    pub subscribers: AtomicU64,
    /// Events read.
    pub events: AtomicU64,
    /// Bytes of their JSON.
    pub payload_bytes: AtomicU64,
    /// Gaps told.
    pub gaps: AtomicU64,
}

impl Tally {
    fn count(&self, events: usize, payload: usize, has_gap: bool) {
        self.events.fetch_add(events as u64, Ordering::Relaxed);
        self.payload_bytes.fetch_add(payload as u64, Ordering::Relaxed);
        if has_gap {
            self.gaps.fetch_add(1, Ordering::Relaxed);
        }
    }
}
