//! A topic: its log, and the bell that rings when something was appended.

use std::sync::{Mutex, MutexGuard};

use tokio::sync::watch;

use super::TopicState;
use super::log::{Batch, Limit, Log, Retain};
use crate::event::{Epoch, EventId, Position};

pub(crate) struct Topic {
    name: String,
    log: Mutex<Log>,
    /// Carries nothing: whoever is woken looks into the log.
    bell: watch::Sender<()>,
}

impl Topic {
    pub(crate) fn new(name: &str, epoch: Epoch, retain: Retain) -> Self {
        Self { name: name.to_owned(), log: Mutex::new(Log::new(epoch, retain)), bell: watch::Sender::new(()) }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn publish(&self, sent_us: u64, data: &str) -> EventId {
        let id = self.log().append(&self.name, sent_us, data);
        self.bell.send_replace(());
        id
    }

    pub(crate) fn newest(&self) -> EventId {
        self.log().newest()
    }

    pub(crate) fn position(&self, asked: Position) -> EventId {
        self.log().position(asked)
    }

    pub(crate) fn read(&self, after: EventId, limit: Limit) -> Batch {
        self.log().read(after, limit)
    }

    /// A bell that rings for all that is appended after this call.
    pub(crate) fn bell(&self) -> watch::Receiver<()> {
        self.bell.subscribe()
    }

    pub(crate) fn state(&self) -> TopicState {
        let log = self.log();
        let (retained, retained_bytes) = log.retained();
        TopicState {
            name: self.name.clone(),
            subscribers: self.bell.receiver_count(),
            newest: log.newest(),
            retained,
            retained_bytes,
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().expect("no holder of this lock panics")
    }
}
