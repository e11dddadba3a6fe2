//! The log of one topic: what is retained, and what a reader at a given position gets.

use std::collections::VecDeque;

use super::batch::{Batch, Limit, Piece};
use super::held::Held;
use super::run::{Envelope, Runs, Taken};
use super::slow::Slow;
use crate::event::{Epoch, Event, EventId, Gap, Position};

/// How much is remembered. The oldest events go first; the newest of a topic always stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retain {
    /// Events of a topic, at most.
    pub events: usize,
    /// Bytes of their JSON, at most. Envelopes that readers asked for come on top: about as much again for
    /// each of them.
    pub bytes: usize,
    /// Bytes of all topics together, at most; the topic that holds the most forgets first.
    pub total: usize,
}

impl Retain {
    /// So much of each topic, and of all together as much as four that are full.
    pub const fn of(events: usize, bytes: usize) -> Self {
        Self { events, bytes, total: bytes.saturating_mul(4) }
    }
}

impl Default for Retain {
    /// 10,000 events; 64 MiB, room for a thousand events of the largest size that may be published; 256 MiB together.
    fn default() -> Self {
        Self::of(10_000, 64 << 20)
    }
}

/// An append-only log with a bounded memory.
pub(super) struct Log {
    epoch: Epoch,
    retain: Retain,
    slow: Slow,
    events: VecDeque<Event>,
    held: Held,
    /// The sequence of the newest event, 0 before the first.
    newest: u64,
    /// By envelope: what readers asked for so far.
    runs: Vec<Runs>,
}

/// What a reader at some position got.
#[derive(Clone, Copy, Debug)]
pub(super) struct Read {
    pub(super) gap: Option<Gap>,
    pub(super) taken: Taken,
    pub(super) position: EventId,
}

impl Log {
    pub(super) fn new(epoch: Epoch, retain: Retain, slow: Slow, held: Held) -> Self {
        Self { epoch, retain, slow, events: VecDeque::new(), held, newest: 0, runs: Vec::new() }
    }

    pub(super) fn append(&mut self, topic: &str, sent_us: u64, data: &str) -> EventId {
        self.newest += 1;
        let event = Event::new(self.newest(), topic, sent_us, data);
        self.held.take(event.json().len());
        self.events.push_back(event);
        self.trim(self.retain.bytes);
        self.newest()
    }

    /// Forgets the oldest events, down to so many bytes, and whatever is beyond what it remembers.
    pub(super) fn trim(&mut self, bytes: usize) {
        while self.events.len() > 1 && (self.events.len() > self.retain.events || self.held.bytes() > bytes) {
            let oldest = self.events.pop_front().expect("there are at least two");
            self.held.leave(oldest.json().len());
        }
        let first = self.first();
        self.runs.iter_mut().for_each(|runs| runs.trim(first));
    }

    /// The sequence of the oldest event that is retained.
    fn first(&self) -> u64 {
        self.newest + 1 - self.events.len() as u64
    }

    pub(super) fn newest(&self) -> EventId {
        EventId { epoch: self.epoch, sequence: self.newest }
    }

    /// The position from which all that is retained is still to come.
    fn earliest(&self) -> EventId {
        EventId { epoch: self.epoch, sequence: self.newest - self.events.len() as u64 }
    }

    pub(super) fn retained(&self) -> (usize, usize) {
        (self.events.len(), self.held.bytes())
    }

    /// The position that `asked` means now. An id is taken at its word; [`read`](Self::read) judges it.
    pub(super) fn position(&self, asked: Position) -> EventId {
        match asked {
            Position::Latest => self.newest(),
            Position::Earliest => self.earliest(),
            Position::After(id) => id,
        }
    }

    /// What stands after a position; a gap first where the position is not one of this log's memory.
    pub(super) fn read(&self, after: EventId, limit: Limit) -> Batch {
        let gap = self.next_to(after).map(|resumes| Gap::new(after, resumes));
        let from = gap.map_or(after, |gap| gap.position());
        let skip = (from.sequence - self.earliest().sequence) as usize;
        let mut bytes = 0;
        let fits = |event: &&Event| {
            let begun = bytes < limit.bytes;
            bytes += event.json().len();
            begun
        };
        let events = self.events.range(skip..).take(limit.events).take_while(fits).cloned();
        Batch { gap, events: events.collect() }
    }

    /// The same in an envelope: the gap, if any, then slices of what all readers share.
    pub(super) fn read_wrapped(
        &mut self,
        after: EventId,
        limit: Limit,
        envelope: &'static Envelope,
        mut out: impl FnMut(Piece),
    ) -> Read {
        let gap = self.next_to(after).map(|resumes| Gap::new(after, resumes));
        let from = gap.map_or(after, |gap| gap.position());
        gap.into_iter().for_each(|gap| out(Piece::Gap(gap)));
        if from.sequence == self.newest {
            return Read { gap, taken: Taken::default(), position: from };
        }
        let index = self.runs.iter().position(|runs| runs.is_of(envelope)).unwrap_or_else(|| {
            self.runs.push(Runs::new(envelope));
            self.runs.len() - 1
        });
        let (first, next) = (self.first(), from.sequence + 1);
        let taken =
            self.runs[index].take(&self.events, first, next, limit, &mut |slice| out(Piece::Run(slice)));
        Read { gap, taken, position: EventId { sequence: from.sequence + taken.events as u64, ..from } }
    }

    /// Whether what comes next there is not retained any more.
    fn has_forgotten(&self, after: EventId) -> bool {
        after.sequence < self.earliest().sequence
    }

    pub(super) fn is_too_slow(&self, after: EventId) -> bool {
        self.slow == Slow::Disconnect && after.epoch == self.epoch && self.has_forgotten(after)
    }

    /// Where a reader resumes whose next event is not here; `None` for one that can go on.
    fn next_to(&self, after: EventId) -> Option<EventId> {
        if after.epoch == self.epoch && self.has_forgotten(after) && self.slow == Slow::Latest {
            Some(self.newest())
        } else if after.epoch != self.epoch || self.has_forgotten(after) {
            Some(self.earliest().next())
        } else if after.sequence > self.newest {
            Some(self.newest().next())
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn log(retain: Retain) -> Log {
        Log::new(Epoch::from_number(1), retain, Slow::default(), Held::default())
    }

    fn at(sequence: u64) -> EventId {
        EventId { epoch: Epoch::from_number(1), sequence }
    }

    const ALL: Limit = Limit { events: usize::MAX, bytes: usize::MAX };

    #[test]
    fn a_position_of_another_epoch_gets_a_gap_and_all_that_is_retained() {
        let mut log = log(Retain::default());
        let stranger = EventId { epoch: Epoch::from_number(2), sequence: 7 };
        assert_eq!(log.read(stranger, ALL).gap, Some(Gap { after: stranger, resumes: at(1), missed: None }));
        log.append("demo", 1, "1");
        let batch = log.read(stranger, ALL);
        assert_eq!((batch.gap.unwrap().resumes, batch.events.len()), (at(1), 1));
    }

    #[test]
    fn a_position_beyond_the_newest_gets_a_gap_and_what_comes_next() {
        let mut log = log(Retain::default());
        log.append("demo", 1, "1");
        let batch = log.read(at(9), ALL);
        assert_eq!(batch.gap, Some(Gap { after: at(9), resumes: at(2), missed: None }));
        assert_eq!((batch.events.len(), batch.position()), (0, Some(at(1))));
        let farthest = Gap { after: at(u64::MAX), resumes: at(2), missed: None };
        assert_eq!(log.read(at(u64::MAX), ALL).gap, Some(farthest));
    }

    #[test]
    fn the_bytes_of_the_log_are_bounded_but_the_newest_event_stays() {
        let mut log = log(Retain::of(10, 1));
        for _ in 0..3 {
            log.append("demo", 1, "1");
        }
        assert_eq!(log.retained().0, 1);
        assert_eq!(log.read(at(0), ALL).gap.unwrap().missed, Some(2));
    }

    #[test]
    fn a_batch_ends_with_the_event_that_fills_it() {
        let mut log = log(Retain::default());
        for _ in 0..5 {
            log.append("demo", 1, "1");
        }
        let one = log.read(at(0), ALL).events[0].json().len();
        let count = |bytes| log.read(at(0), Limit { events: usize::MAX, bytes }).events.len();
        assert_eq!((count(1), count(one), count(one + 1), count(5 * one)), (1, 1, 2, 5));
    }

    proptest! {
        /// The log against a plain `Vec` that forgets nothing: whatever is read and announced as missing,
        /// in order, is what was published.
        #[test]
        fn reads_and_gaps_add_up_to_what_was_published(
            retain in 1usize..8,
            steps in prop::collection::vec((0usize..6, 1usize..5), 1..40),
            start in 0u64..4,
        ) {
            let mut log = log(Retain::of(retain, usize::MAX));
            let mut published: Vec<EventId> = Vec::new();
            let mut position = at(start.min(published.len() as u64));
            let mut told = position.sequence;
            for (publish, limit) in steps {
                for n in 0..publish {
                    published.push(log.append("demo", n as u64, "1"));
                }
                let batch = log.read(position, Limit { events: limit, bytes: usize::MAX });
                prop_assert!(batch.events.len() <= limit);
                if let Some(gap) = batch.gap {
                    prop_assert_eq!(gap.after, position);
                    prop_assert!(gap.missed.unwrap() > 0, "a gap where nothing was lost");
                    told += gap.missed.unwrap();
                    prop_assert!(published.len() - told as usize <= retain);
                }
                for event in &batch.events {
                    prop_assert_eq!(event.id(), published[told as usize]);
                    told += 1;
                }
                position = batch.position().unwrap_or(position);
                prop_assert_eq!(position.sequence, told);
                prop_assert!(log.retained().0 <= retain);
            }
            let rest = log.read(position, ALL);
            let missed = rest.gap.map_or(0, |gap| gap.missed.unwrap());
            prop_assert_eq!(told + missed + rest.events.len() as u64, published.len() as u64);
        }
    }
}
