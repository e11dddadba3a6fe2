//! The feed: an append-only log per topic with a bounded memory, and readers who each hold a place in it.
//!
//! A reader is a position with two verbs:
//!
//! - [`Subscription::read`]: what is new; never waits
//! - [`Subscription::next`]: waits until something is new
//!
//! Push, replay, resume and slow readers are one code path: *what stands after this position?* There is no
//! queue per subscriber, so nothing overflows. A reader that fell behind the log's memory is told so, with
//! the number of events it missed: see [`Gap`](crate::event::Gap).
//!
//! All logs together are bounded as well: whoever may publish to a thousand topics cannot fill the machine's memory.
//! See `held`.
//!
//! In reading order: `log` (what is remembered, and what a reader gets), `batch` (how much at a time), `slow` (what
//! becomes of who falls behind), `topic` (a log with a bell), `subscription` (a reader). What makes it cheap for many
//! readers is beside it: `run`, events encoded once and in one piece for all of them, and `bell` with its `crier`, who
//! tells a thousand of them without waking one.

mod batch;
mod bell;
mod crier;
mod held;
mod log;
mod run;
mod slow;
mod subscription;
mod topic;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

pub use batch::{Batch, Limit, Piece};
pub(crate) use bell::Ring;
use held::{Held, Together};
pub use log::Retain;
pub use run::Envelope;
pub use slow::Slow;
pub use subscription::{Subscription, Tally};
use topic::Topic;

use crate::clock::Clock;
use crate::event::{Epoch, EventId, Position};

/// Topics that hold events, at most: the log of a topic stays in memory for as long as the process runs. And beside
/// them as many that are only read.
pub const MAX_TOPICS: usize = 1_000;

/// A topic that forgets because all hold too much forgets at least this part of all.
const PARTS: usize = 64;

/// By their names.
type Topics = HashMap<String, Arc<Topic>>;

/// All topics of one server. Cheap to clone: clones are the same feed.
#[derive(Clone)]
pub struct Feed(Arc<Shared>);

struct Shared {
    clock: Clock,
    retain: Retain,
    slow: Slow,
    /// Random for each process, and with the topic's name the source of its epoch.
    random: RandomState,
    topics: RwLock<Topics>,
    together: Together,
    published: AtomicU64,
    /// Topics that were forgotten with what they held.
    forgotten: AtomicU64,
}

/// Why a topic cannot be begun. Who only reads takes no room from those who publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// Every topic that may hold events does so already.
    #[error("all {MAX_TOPICS} topics are in use; publish to one of them")]
    OfEvents,
    /// As many are read that hold none yet.
    #[error("{MAX_TOPICS} topics are read already that nobody has published to; read one that has events")]
    OfReaders,
}

impl Feed {
    /// A feed without events.
    pub fn new(retain: Retain) -> Self {
        Self::with(retain, Slow::default())
    }

    /// A feed without events, and what becomes of those who do not keep up.
    pub fn with(retain: Retain, slow: Slow) -> Self {
        Self::at(Clock::start(), retain, slow)
    }

    /// Another feed, with topics of its own and the same clock.
    pub fn beside(&self, retain: Retain) -> Self {
        Self::at(self.clock(), retain, Slow::default())
    }

    fn at(clock: Clock, retain: Retain, slow: Slow) -> Self {
        Self(Arc::new(Shared {
            clock,
            retain,
            slow,
            random: RandomState::new(),
            topics: RwLock::default(),
            together: Together::default(),
            published: AtomicU64::new(0),
            forgotten: AtomicU64::new(0),
        }))
    }

    /// Appends an event and wakes whoever waits for it.
    ///
    /// `sent_us` is when it was scheduled, in microseconds since the UNIX epoch; `data` is compact JSON.
    ///
    /// # Errors
    /// [`Full::OfEvents`] where this would be one topic too many.
    pub fn publish(&self, topic: &str, sent_us: u64, data: &str) -> Result<EventId, Full> {
        let id = self.topic_to_publish(topic)?.publish(sent_us, data);
        self.0.published.fetch_add(1, Ordering::Relaxed);
        self.trim();
        Ok(id)
    }

    /// Has the topic that holds the most forget, as long as all hold too much together: a part at once, so that
    /// not every event looks for that topic anew.
    fn trim(&self) {
        let total = self.0.retain.total;
        while self.0.together.bytes() > total {
            let topics = self.0.topics.read().expect("no holder of this lock panics");
            let sizes = topics.values().filter_map(|topic| Some((topic.bytes()?, topic)));
            let Some((bytes, fullest)) = sizes.max_by_key(|(bytes, _)| *bytes) else { return };
            let beyond = self.0.together.bytes().saturating_sub(total);
            fullest.trim(bytes.saturating_sub(beyond + total / PARTS));
        }
    }

    /// A place in a topic's log. What is read through it is counted in `tally`.
    ///
    /// # Errors
    /// [`Full::OfReaders`] where this would be one topic too many.
    pub fn subscribe(&self, topic: &str, from: Position, tally: Arc<Tally>) -> Result<Subscription, Full> {
        let topic = self.topic_to_read(topic)?;
        Ok(Subscription::new(self.clone(), topic, from, tally))
    }

    /// The id of a topic's newest event; `epoch-0` where it has none.
    pub fn newest(&self, topic: &str) -> EventId {
        let topics = self.0.topics.read().expect("no holder of this lock panics");
        topics.get(topic).map_or(EventId { epoch: self.epoch(topic), sequence: 0 }, |topic| topic.newest())
    }

    /// The clock of this feed's `sent_us`.
    pub fn clock(&self) -> Clock {
        self.0.clock
    }

    /// How many events were published since the start, over all topics.
    pub fn published(&self) -> u64 {
        self.0.published.load(Ordering::Relaxed)
    }

    /// For each topic: its name, how many read it, the id of its newest event, events retained, and their bytes.
    pub fn topics(&self) -> Vec<TopicState> {
        let topics = self.0.topics.read().expect("no holder of this lock panics");
        let mut states: Vec<_> = topics.values().map(|topic| topic.state()).collect();
        states.sort_by(|a, b| a.name.cmp(&b.name));
        states
    }

    /// Forgets a topic and all that it holds. Who reads it still reads it to its end; who comes later finds
    /// another life of it, and no position of this one is taken for one of that.
    pub fn forget(&self, topic: &str) {
        let mut topics = self.0.topics.write().expect("no holder of this lock panics");
        if topics.remove(topic).is_some() {
            self.0.forgotten.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn closes_the_slow(&self) -> bool {
        self.0.slow == Slow::Disconnect
    }

    fn epoch(&self, topic: &str) -> Epoch {
        let forgotten = self.0.forgotten.load(Ordering::Relaxed);
        Epoch::from_number(self.0.random.hash_one((topic, forgotten)))
    }

    /// A topic that holds events, or one more that may. (Of some that begin at one instant, all may be the last.)
    fn topic_to_publish(&self, name: &str) -> Result<Arc<Topic>, Full> {
        let holds_events = |topic: &Arc<Topic>| topic.newest().sequence > 0;
        if let Some(topic) = self.known(name).filter(holds_events) {
            return Ok(topic);
        }
        let mut topics = self.0.topics.write().expect("no holder of this lock panics");
        let is_full =
            |topics: &Topics| topics.values().filter(|topic| holds_events(topic)).count() >= MAX_TOPICS;
        match topics.len() >= MAX_TOPICS && is_full(&topics) {
            true => Err(Full::OfEvents),
            false => Ok(self.begun(&mut topics, name)),
        }
    }

    /// A topic that is there, or one more that nothing was published to.
    fn topic_to_read(&self, name: &str) -> Result<Arc<Topic>, Full> {
        if let Some(topic) = self.known(name) {
            return Ok(topic);
        }
        let mut topics = self.0.topics.write().expect("no holder of this lock panics");
        let is_empty = |topic: &Arc<Topic>| topic.newest().sequence == 0;
        if topics.len() >= MAX_TOPICS {
            // Two that left a topic at one instant each saw the other, and neither tidied it up.
            topics.retain(|_, topic| !is_empty(topic) || Arc::strong_count(topic) > 1);
        }
        let is_full = |topics: &Topics| topics.values().filter(|topic| is_empty(topic)).count() >= MAX_TOPICS;
        match topics.len() >= MAX_TOPICS && is_full(&topics) && !topics.contains_key(name) {
            true => Err(Full::OfReaders),
            false => Ok(self.begun(&mut topics, name)),
        }
    }

    fn known(&self, name: &str) -> Option<Arc<Topic>> {
        self.0.topics.read().expect("no holder of this lock panics").get(name).cloned()
    }

    fn begun(&self, topics: &mut Topics, name: &str) -> Arc<Topic> {
        let held = || Held::new(self.0.together.clone());
        let begin = || Arc::new(Topic::new(name, self.epoch(name), self.0.retain, self.0.slow, held()));
        topics.entry(name.to_owned()).or_insert_with(begin).clone()
    }

    /// Forgets a topic that nobody reads and to which nothing was ever published: its epoch would be the same again.
    fn tidy(&self, topic: &Arc<Topic>) {
        /// The map's own, and the one in the caller's hand.
        const NOBODY_ELSE: usize = 2;
        if topic.newest().sequence > 0 {
            return;
        }
        let mut topics = self.0.topics.write().expect("no holder of this lock panics");
        let is_kept = topics.get(topic.name()).is_some_and(|kept| Arc::ptr_eq(kept, topic));
        if is_kept && Arc::strong_count(topic) <= NOBODY_ELSE && topic.newest().sequence == 0 {
            topics.remove(topic.name());
        }
    }
}

/// What a topic holds now.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TopicState {
    /// Its name.
    pub name: String,
    /// How many subscriptions it has.
    pub subscribers: usize,
    /// The id of its newest event; `epoch-0` before the first.
    pub newest: EventId,
    /// How many events it retains.
    pub retained: usize,
    /// The payload bytes of those events.
    pub retained_bytes: usize,
}

#[cfg(test)]
mod tests;
