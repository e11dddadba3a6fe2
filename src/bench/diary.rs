//! What one client lived through: every arrival, the duplicates too, before anything is dropped.

use std::sync::{Arc, Mutex, MutexGuard};

use crate::client::News;
use crate::event::Event;
use crate::wire::{Counts, Ledger};

/// One event, as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    pub(super) sequence: u64,
    /// When it was scheduled, by the server's clock.
    pub(super) sent_us: u64,
    /// When the read that completed it returned, by our monotonic clock.
    pub(super) arrived_us: u64,
    /// Bytes of its JSON.
    pub(super) payload: u32,
    /// Bytes of its id.
    pub(super) id: u32,
    /// What its client had spent by then.
    pub(super) spent: Spent,
}

/// What a client had asked, and what had passed its sockets, by some instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spent {
    pub(super) requests: u64,
    /// Both ways, all layers.
    pub(super) bytes: u64,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Entries {
    pub(super) is_connected: bool,
    /// What had passed its sockets when it was connected for the first time.
    pub(super) connecting: Counts,
    pub(super) arrivals: Vec<Arrival>,
    /// The highest sequence so far.
    pub(super) newest: u64,
    /// Bytes of JSON so far.
    pub(super) payload: u64,
    /// Gaps announced: the first sequence that is missing, and the next that is there.
    pub(super) gaps: Vec<(u64, u64)>,
    pub(super) disconnects: u64,
    /// Why this client gave up, if it did.
    pub(super) failure: Option<String>,
}

/// A client's diary and ledger. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Diary {
    pub(super) ledger: Arc<Ledger>,
    entries: Arc<Mutex<Entries>>,
}

/// What a client had by some instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) counts: Counts,
    pub(super) payload: u64,
    pub(super) arrivals: u64,
}

impl Diary {
    pub(super) fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().expect("no holder of this lock panics")
    }

    pub(super) fn note(&self, news: News) {
        let mut entries = self.entries();
        match news {
            News::Connected => {
                if !std::mem::replace(&mut entries.is_connected, true) {
                    entries.connecting = self.ledger.counts();
                }
            }
            News::Event { event, arrived_us } | News::Duplicate { event, arrived_us } => {
                entries.arrived(&event, arrived_us, self.spent());
            }
            News::Gap { gap, .. } => {
                entries.gaps.push((gap.after.sequence + 1, gap.resumes.sequence));
            }
            News::Disconnected { .. } => entries.disconnects += 1,
            // The hole shows when what arrived is held against what was published.
            News::Hole(_) | News::Foreign { .. } => {}
        }
    }

    fn spent(&self) -> Spent {
        let counts = self.ledger.counts();
        Spent { requests: counts.requests, bytes: counts.up.total() + counts.down.total() }
    }

    pub(super) fn reading(&self) -> Reading {
        let entries = self.entries();
        Reading {
            counts: self.ledger.counts(),
            payload: entries.payload,
            arrivals: entries.arrivals.len() as u64,
        }
    }
}

impl Entries {
    pub(super) fn arrived(&mut self, event: &Event, arrived_us: u64, spent: Spent) {
        let id = event.id();
        self.newest = self.newest.max(id.sequence);
        self.payload += event.json().len() as u64;
        self.arrivals.push(Arrival {
            sequence: id.sequence,
            sent_us: event.sent_us(),
            arrived_us,
            payload: event.json().len() as u32,
            id: id.to_string().len() as u32,
            spent,
        });
    }
}
