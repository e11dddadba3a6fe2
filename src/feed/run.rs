//! Runs: events in a transport's envelope, one behind the other in one piece of memory.
//!
//! ```text
//! log        41   42   43   44   45   46
//! runs      [··········] [··]  [·······]        encoded by the first who asked, shared by all
//! reader at 42:   [····] [··]  [·······]        three slices, nothing copied
//! ```
//!
//! A run holds what was new when its first reader came. So a reader that keeps up gets one slice for each event,
//! and one that is behind gets few slices for many, whatever its position.

use std::collections::VecDeque;

use bytes::Bytes;

use super::batch::Limit;
use crate::event::Event;

/// How a transport wraps an event. Each is a `static`: its address is its name.
pub struct Envelope {
    /// Appends an event as it goes over the wire.
    pub write: fn(&Event, &mut Vec<u8>),
}

/// What one reader got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) events: usize,
    /// Bytes of their JSON.
    pub(super) payload: usize,
}

/// All runs of one envelope, in order, and without overlap.
pub(super) struct Runs {
    envelope: &'static Envelope,
    runs: VecDeque<Run>,
}

struct Run {
    first: u64,
    bytes: Bytes,
    /// For each of its events: where it ends in `bytes`, and the payload up to there.
    ends: Box<[End]>,
}

#[derive(Clone, Copy, Default)]
struct End {
    at: u32,
    payload: u32,
}

impl Runs {
    pub(super) fn new(envelope: &'static Envelope) -> Self {
        Self { envelope, runs: VecDeque::new() }
    }

    pub(super) fn is_of(&self, envelope: &'static Envelope) -> bool {
        std::ptr::eq(self.envelope, envelope)
    }

    /// Forgets runs that hold nothing from `earliest` on.
    pub(super) fn trim(&mut self, earliest: u64) {
        while self.runs.front().is_some_and(|run| run.end() <= earliest) {
            self.runs.pop_front();
        }
    }

    /// Hands out the events from `from` on. `events` are those that the log retains, the first of them has the
    /// sequence `earliest`.
    pub(super) fn take(
        &mut self,
        events: &VecDeque<Event>,
        earliest: u64,
        from: u64,
        limit: Limit,
        out: &mut impl FnMut(Bytes),
    ) -> Taken {
        let end = earliest + events.len() as u64;
        let mut taken = Taken::default();
        let mut at = self.runs.partition_point(|run| run.end() <= from);
        while from + (taken.events as u64) < end && taken.events < limit.events && taken.payload < limit.bytes
        {
            let next = from + taken.events as u64;
            if self.runs.get(at).is_none_or(|run| run.first > next) {
                let until = self.runs.get(at).map_or(end, |run| run.first);
                let (first, last) = ((next - earliest) as usize, (until - earliest) as usize);
                self.runs.insert(at, Run::of(self.envelope, next, events.range(first..last)));
            }
            let left = Limit { events: limit.events - taken.events, bytes: limit.bytes - taken.payload };
            let (slice, more) = self.runs[at].slice(next, left);
            out(slice);
            taken = Taken { events: taken.events + more.events, payload: taken.payload + more.payload };
            at += 1;
        }
        taken
    }
}

impl Run {
    /// As many events as one reader holds in its hand at a time; the last is the one that fills it.
    fn of<'a>(envelope: &Envelope, first: u64, events: impl Iterator<Item = &'a Event>) -> Self {
        let (mut bytes, mut ends, mut payload) = (Vec::new(), Vec::new(), 0);
        for event in events.take(Limit::HANDFUL.events) {
            (envelope.write)(event, &mut bytes);
            payload += event.json().len();
            ends.push(End { at: bytes.len() as u32, payload: payload as u32 });
            if payload >= Limit::HANDFUL.bytes {
                break;
            }
        }
        bytes.shrink_to_fit();
        Self { first, bytes: bytes.into(), ends: ends.into() }
    }

    /// The sequence after its last event's.
    fn end(&self) -> u64 {
        self.first + self.ends.len() as u64
    }

    /// The events from `from` on, up to a limit.
    fn slice(&self, from: u64, limit: Limit) -> (Bytes, Taken) {
        let skipped = (from - self.first) as usize;
        let before = if skipped == 0 { End::default() } else { self.ends[skipped - 1] };
        let rest = &self.ends[skipped..];
        let filled = rest.partition_point(|end| ((end.payload - before.payload) as usize) < limit.bytes);
        let events = (filled + 1).min(rest.len()).min(limit.events);
        let end = rest[events - 1];
        let payload = (end.payload - before.payload) as usize;
        (self.bytes.slice(before.at as usize..end.at as usize), Taken { events, payload })
    }
}
