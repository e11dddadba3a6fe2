//! A reader: a position in a topic's log, and two verbs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use super::Feed;
use super::log::{Batch, Limit};
use super::topic::Topic;
use crate::event::{EventId, Position};

/// A place in a topic's log.
pub struct Subscription {
    feed: Feed,
    topic: Arc<Topic>,
    bell: watch::Receiver<()>,
    position: EventId,
    tally: Arc<Tally>,
}

impl Subscription {
    pub(super) fn new(feed: Feed, topic: Arc<Topic>, from: Position, tally: Arc<Tally>) -> Self {
        let bell = topic.bell();
        let position = topic.position(from);
        tally.subscribers.fetch_add(1, Ordering::Relaxed);
        Self { feed, topic, bell, position, tally }
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
        self.tally.count(&batch);
        batch
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

    /// Waits until something is new, and leaves it unread.
    pub async fn ready(&mut self) {
        loop {
            // Hear the bell first, then look: what is appended in between rings it again.
            self.bell.mark_unchanged();
            if self.has_news() {
                return;
            }
            self.bell.changed().await.expect("this subscription holds its topic");
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.tally.subscribers.fetch_sub(1, Ordering::Relaxed);
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
    fn count(&self, batch: &Batch) {
        if batch.is_empty() {
            return;
        }
        self.events.fetch_add(batch.events.len() as u64, Ordering::Relaxed);
        self.payload_bytes.fetch_add(batch.payload_len() as u64, Ordering::Relaxed);
        self.gaps.fetch_add(u64::from(batch.gap.is_some()), Ordering::Relaxed);
    }
}
