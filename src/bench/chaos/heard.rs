//! What one client was told, in the order in which it came: kept small, because a minute of 500 events a second for
//! 800 clients is 24 million of them, four bytes each here.

use super::check::MOST;
use crate::client::harmless;
use crate::event::{EventId, Gap};

/// What one client was told.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// After which it asked to begin.
    pub from: EventId,
    /// In the order in which it came.
    pub said: Vec<Said>,
    /// The first things that were neither events nor gaps.
    pub strange: Vec<String>,
    /// Why it does not come back any more, if it does not.
    pub gave_up: Option<String>,
}

/// A part of what a client was told.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// Events with successive ids.
    Run {
        /// The id of the first.
        first: EventId,
        /// What each carries.
        numbers: Vec<Carried>,
    },
    /// Events are missing.
    Gap {
        /// Which.
        gap: Gap,
        /// When it was told, in monotonic microseconds.
        at_us: u64,
    },
}

/// The number of the message that an event carries; [`STRANGE`](Self::STRANGE) where it is not, byte for byte, what
/// was published under that number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Carried(pub u32);

impl Carried {
    /// Data that nobody published here, or not on this topic.
    pub const STRANGE: Self = Self(u32::MAX);
}

impl Heard {
    /// Nothing yet.
    pub fn since(from: EventId) -> Self {
        Self { from, said: Vec::new(), strange: Vec::new(), gave_up: None }
    }

    /// An event came.
    pub fn event(&mut self, id: EventId, carried: Carried) {
        match self.said.last_mut() {
            Some(Said::Run { first, numbers }) if follows(*first, numbers.len(), id) => numbers.push(carried),
            _ => self.said.push(Said::Run { first: id, numbers: vec![carried] }),
        }
    }

    /// A gap came.
    pub fn gap(&mut self, gap: Gap, at_us: u64) {
        self.said.push(Said::Gap { gap, at_us });
    }

    /// Something came that is neither.
    pub fn strange(&mut self, words: &[u8]) {
        if self.strange.len() < MOST {
            self.strange.push(harmless(&String::from_utf8_lossy(words)));
        }
    }

    /// Where the client stands.
    pub fn position(&self) -> EventId {
        match self.said.last() {
            None => self.from,
            Some(Said::Gap { gap, .. }) => gap.position(),
            Some(Said::Run { first, numbers }) => EventId { sequence: last(*first, numbers.len()), ..*first },
        }
    }
}

fn last(first: EventId, count: usize) -> u64 {
    first.sequence + count as u64 - 1
}

fn follows(first: EventId, count: usize, id: EventId) -> bool {
    id.epoch == first.epoch && id.sequence == last(first, count) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn successive_events_are_one_run_and_the_position_is_that_of_the_last_thing_said() {
        let id = |text: &str| text.parse::<EventId>().unwrap();
        let mut heard = Heard::since(id("8f3k2a-4"));
        assert_eq!(heard.position(), id("8f3k2a-4"));
        (5..=7).for_each(|n| heard.event(EventId { sequence: n, ..heard.from }, Carried(n as u32)));
        assert_eq!((heard.said.len(), heard.position()), (1, id("8f3k2a-7")));
        heard.event(id("8f3k2a-9"), Carried(9));
        heard.event(id("0zz7q1-10"), Carried(10));
        heard.gap(Gap::new(id("0zz7q1-10"), id("0zz7q1-20")), 1);
        assert_eq!((heard.said.len(), heard.position()), (4, id("0zz7q1-19")));
    }
}
