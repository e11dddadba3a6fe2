//! A topic: its log, and the bell that rings when something was appended.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use super::TopicState;
use super::batch::{Batch, Limit, Piece};
use super::bell::Bell;
use super::held::Held;
use super::log::{Log, Read, Retain};
use super::run::Envelope;
use super::slow::Slow;
use crate::event::{Epoch, EventId, Position};

pub(super) struct Topic {
    name: String,
    epoch: Epoch,
    log: Mutex<Log>,
    /// The sequence of the newest event: to look whether something is new needs no lock.
    newest: AtomicU64,
    bell: Bell,
    readers: AtomicUsize,
}

impl Topic {
    pub(super) fn new(name: &str, epoch: Epoch, retain: Retain, slow: Slow, held: Held) -> Self {
        Self {
            name: name.to_owned(),
            epoch,
            log: Mutex::new(Log::new(epoch, retain, slow, held)),
            newest: AtomicU64::new(0),
            bell: Bell::default(),
            readers: AtomicUsize::new(0),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn publish(&self, sent_us: u64, data: &str) -> EventId {
        let id = {
            let mut log = self.log();
            let id = log.append(&self.name, sent_us, data);
            self.newest.store(id.sequence, Ordering::SeqCst);
            id
        };
        self.bell.ring();
        id
    }

    pub(super) fn newest(&self) -> EventId {
        EventId { epoch: self.epoch, sequence: self.newest.load(Ordering::SeqCst) }
    }

    pub(super) fn position(&self, asked: Position) -> EventId {
        self.log().position(asked)
    }

    pub(super) fn read(&self, after: EventId, limit: Limit) -> Batch {
        self.log().read(after, limit)
    }

    pub(super) fn read_wrapped(
        &self,
        after: EventId,
        limit: Limit,
        envelope: &'static Envelope,
        out: impl FnMut(Piece),
    ) -> Read {
        self.log().read_wrapped(after, limit, envelope, out)
    }

    /// Bytes of what it retains; `None` where that is the newest event, which stays.
    pub(super) fn bytes(&self) -> Option<usize> {
        let (events, bytes) = self.log().retained();
        (events > 1).then_some(bytes)
    }

    /// Forgets the oldest events, down to so many bytes.
    pub(super) fn trim(&self, bytes: usize) {
        self.log().trim(bytes);
    }

    /// Whether a reader there has fallen off the log, and is not to go on.
    pub(super) fn is_too_slow(&self, after: EventId) -> bool {
        self.log().is_too_slow(after)
    }

    /// Rings after each event.
    pub(super) fn bell(&self) -> &Bell {
        &self.bell
    }

    pub(super) fn readers(&self) -> &AtomicUsize {
        &self.readers
    }

    pub(super) fn state(&self) -> TopicState {
        let log = self.log();
        let (retained, retained_bytes) = log.retained();
        TopicState {
            name: self.name.clone(),
            subscribers: self.readers.load(Ordering::Relaxed),
            newest: log.newest(),
            retained,
            retained_bytes,
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().expect("no holder of this lock panics")
    }
}
