//! What a reader gets at a time: a gap where events are missing, then events; and how much of it.
//!
//! ```text
//! gap 40 … 43 │ 44  45  46  47 │ 48 …
//! └──────── one batch ─────────┘ the next one: there was room for four events, or so many bytes
//! ```

use bytes::Bytes;

use crate::event::{Event, EventId, Gap, Message};

/// Where a batch ends, if there is more to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Events, at most.
    pub events: usize,
    /// The batch ends with the event that fills it to so many bytes of JSON.
    pub bytes: usize,
}

impl Limit {
    /// What one reader holds in its hand at a time: 256 events, each its own slice at worst, which is what one
    /// vectored write takes here, or 64 KiB.
    pub(super) const HANDFUL: Self = Self { events: 256, bytes: 64 << 10 };
}

impl Default for Limit {
    fn default() -> Self {
        Self::HANDFUL
    }
}

/// What stands after a position.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Comes first, where events are missing.
    pub gap: Option<Gap>,
    /// Then these, in order and without a hole.
    pub events: Vec<Event>,
}

impl Batch {
    /// Nothing new.
    pub fn is_empty(&self) -> bool {
        self.gap.is_none() && self.events.is_empty()
    }

    /// How many messages it has, the gap among them.
    pub fn len(&self) -> usize {
        usize::from(self.gap.is_some()) + self.events.len()
    }

    /// The gap, if any, then the events.
    pub fn messages(&self) -> impl Iterator<Item = Message> {
        let gap = self.gap.map(Message::Gap);
        gap.into_iter().chain(self.events.iter().cloned().map(Message::Event))
    }

    /// The bytes of JSON that every transport carries for it.
    pub fn payload_len(&self) -> usize {
        let events: usize = self.events.iter().map(|event| event.json().len()).sum();
        events + self.gap.map_or(0, |gap| gap.json().len())
    }

    /// Where a reader stands after it; nothing where there is nothing to read.
    pub fn position(&self) -> Option<EventId> {
        let last = self.events.last().map(Event::id);
        last.or(self.gap.map(|gap| gap.position()))
    }
}

/// A part of what a reader gets in an envelope.
pub enum Piece {
    /// Events are missing here.
    Gap(Gap),
    /// Events, one behind the other.
    Run(Bytes),
}
