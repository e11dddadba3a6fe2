//! One client's desk: its control topic, who reads it, and what waits to be published there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use tokio::time::Instant;

use super::mark::{Batch, Mark};
use crate::event::Position;
use crate::feed::{Feed, Full, Subscription, Tally};
use crate::transport::ask::CONTROL;
use crate::wire::Counts;

/// Marks in one event, at most: what four lanes make of 600 events a second. With the bytes that are shown, that
/// is 700 kB at worst.
const MOST_MARKS: usize = 500;

pub(super) struct Desk {
    topic: String,
    /// Keeps the topic, and its positions good, from one poll to the next.
    place: Subscription,
    /// Counts those who read now.
    tally: Arc<Tally>,
    asked: Instant,
    /// Since it was first found without a reader.
    unread: Option<Instant>,
    waiting: Batch,
    /// The ledgers as they were told last.
    told: BTreeMap<&'static str, Counts>,
}

impl Desk {
    pub(super) fn open(feed: &Feed, name: &str) -> Result<Self, Full> {
        let topic = format!("{CONTROL}{name}");
        let place = feed.subscribe(&topic, Position::Latest, Arc::default())?;
        Ok(Self {
            topic,
            place,
            tally: Arc::default(),
            asked: Instant::now(),
            unread: None,
            waiting: Batch::default(),
            told: BTreeMap::new(),
        })
    }

    /// Forgets the topic.
    pub(super) fn close(&self, feed: &Feed) {
        feed.forget(self.place.topic());
    }

    /// A place in its topic, for one more reader.
    pub(super) fn read(&mut self, feed: &Feed, from: Position) -> Result<Subscription, Full> {
        (self.asked, self.unread) = (Instant::now(), None);
        feed.subscribe(&self.topic, from, self.tally.clone())
    }

    /// When it was read last, or began to be.
    pub(super) fn asked(&self) -> Instant {
        self.asked
    }

    pub(super) fn is_read(&self) -> bool {
        self.tally.subscribers.load(Relaxed) > 0
    }

    /// Since when nobody is known to read it.
    pub(super) fn unread(&mut self, now: Instant) -> Option<Instant> {
        self.unread = match self.is_read() {
            true => None,
            false => self.unread.or(Some(now)),
        };
        self.unread
    }

    /// Puts a mark to those that wait. Whether it is the first.
    pub(super) fn put(&mut self, mark: impl FnOnce() -> Mark) -> bool {
        let Batch { marks, unshown } = &mut self.waiting;
        match marks.len() < MOST_MARKS {
            true => marks.push(mark()),
            false => *unshown += 1,
        }
        marks.len() == 1 && *unshown == 0
    }

    /// Takes the marks that wait, if there are any.
    pub(super) fn take(&mut self) -> Option<Batch> {
        (!self.waiting.marks.is_empty()).then(|| std::mem::take(&mut self.waiting))
    }

    /// Those ledgers that are not as they were told last. Now they are.
    pub(super) fn changed(&mut self, ledgers: Vec<(&'static str, Counts)>) -> BTreeMap<&'static str, Counts> {
        let is_news = |(lane, counts): &(_, _)| self.told.get(lane) != Some(counts);
        let changed: BTreeMap<_, _> = ledgers.into_iter().filter(is_news).collect();
        self.told.extend(&changed);
        changed
    }

    /// Publishes a message.
    pub(super) fn tell(&self, feed: &Feed, message: &str) {
        let published = feed.publish(&self.topic, feed.clock().now_us(), message);
        published.expect("the topic of an open desk is there");
    }
}
