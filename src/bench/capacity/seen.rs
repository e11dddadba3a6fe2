//! Which events one reader has seen: what is lost, doubled or out of order.
//!
//! Events are published over [`LANES`] connections, number n over connection n mod [`LANES`]. A server may take
//! its connections in any order, and keeps the order of each: so it is held to that of each, and the order
//! between them is nobody's promise.

use std::ops::Range;

/// Connections that publish.
pub const LANES: usize = 4;

/// What one reader has seen of the events from a first to a last one.
#[derive(Clone, Debug)]
pub struct Seen {
    lanes: [Lane; LANES],
    /// Events that came, each counted once.
    pub delivered: u64,
    /// Events that came again.
    pub doubled: u64,
    /// Events that came after a later one.
    pub reordered: u64,
}

/// The events of one connection, numbered by themselves.
#[derive(Clone, Debug, Default)]
struct Lane {
    /// The event after the highest that came.
    next: u64,
    /// What was skipped below, ascending: usually nothing.
    holes: Vec<Range<u64>>,
}

enum Fate {
    New,
    Late,
    Again,
}

/// The number that an event has on its connection, or the next one there has.
fn turn(lane: usize, sequence: u64) -> u64 {
    (sequence + (LANES - 1 - lane) as u64) / LANES as u64
}

impl Seen {
    /// Nothing yet of what begins with this one.
    pub fn since(first: u64) -> Self {
        let lanes = std::array::from_fn(|lane| Lane { next: turn(lane, first), holes: Vec::new() });
        Self { lanes, delivered: 0, doubled: 0, reordered: 0 }
    }

    /// Notes an event. Tells whether it came for the first time.
    pub fn note(&mut self, sequence: u64) -> bool {
        let (lane, turn) = (sequence as usize % LANES, sequence / LANES as u64);
        match self.lanes[lane].note(turn) {
            Fate::New => self.delivered += 1,
            Fate::Late => {
                self.delivered += 1;
                self.reordered += 1;
            }
            Fate::Again => {
                self.doubled += 1;
                return false;
            }
        }
        true
    }

    /// How many did not come of those that were accepted: on each connection, those before `accepted`.
    pub fn lost(&self, accepted: &[u64; LANES]) -> u64 {
        self.lanes.iter().zip(accepted).map(|(lane, accepted)| lane.missing_before(*accepted)).sum()
    }
}

/// On each connection, how many events it carries of those before this one.
pub fn turns(sequence: u64) -> [u64; LANES] {
    std::array::from_fn(|lane| turn(lane, sequence))
}

impl Lane {
    fn note(&mut self, turn: u64) -> Fate {
        if turn >= self.next {
            if turn > self.next {
                self.holes.push(self.next..turn);
            }
            self.next = turn + 1;
            return Fate::New;
        }
        match self.holes.iter().position(|hole| hole.contains(&turn)) {
            None => Fate::Again,
            Some(at) => {
                let hole = self.holes[at].clone();
                let rest = [hole.start..turn, turn + 1..hole.end].into_iter().filter(|rest| !rest.is_empty());
                self.holes.splice(at..=at, rest);
                Fate::Late
            }
        }
    }

    fn missing_before(&self, end: u64) -> u64 {
        let below = |range: &Range<u64>| range.end.min(end).saturating_sub(range.start);
        self.holes.iter().map(below).sum::<u64>() + end.saturating_sub(self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What became of twelve events from number 2 on, of which all were accepted.
    fn fate(sequences: impl IntoIterator<Item = u64>) -> (u64, u64, u64, u64) {
        let mut seen = Seen::since(2);
        for sequence in sequences {
            seen.note(sequence);
        }
        (seen.delivered, seen.lost(&turns(14)), seen.doubled, seen.reordered)
    }

    #[test]
    fn every_event_has_one_fate() {
        assert_eq!(fate(2..14), (12, 0, 0, 0));
        assert_eq!(fate([]), (0, 12, 0, 0));
        assert_eq!(fate((2..14).filter(|n| *n != 7)), (11, 1, 0, 0));
        assert_eq!(fate((2..14).chain([7, 13])), (12, 0, 2, 0));
        assert_eq!(fate((2..14).filter(|n| *n != 3).chain([3])), (12, 0, 0, 1));
        assert_eq!(fate((2..14).filter(|n| *n != 3).chain([3, 3])), (12, 0, 1, 1));
    }

    #[test]
    fn the_order_between_two_connections_is_nobodys_promise() {
        assert_eq!(fate([3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12]), (12, 0, 0, 0));
        assert_eq!(fate([2, 3, 4, 5, 10, 7, 8, 9, 6, 11, 12, 13]), (12, 0, 0, 1));
    }

    #[test]
    fn what_was_never_accepted_is_not_lost() {
        let mut seen = Seen::since(2);
        assert!((2..10).all(|sequence| seen.note(sequence)));
        assert_eq!((seen.lost(&turns(10)), seen.lost(&turns(11)), seen.lost(&turns(6))), (0, 1, 0));
    }

    proptest! {
        #[test]
        fn the_counts_are_those_of_a_set(sequences in prop::collection::vec(5u64..60, 0..100)) {
            let mut seen = Seen::since(5);
            let mut set = std::collections::BTreeSet::new();
            for sequence in sequences {
                prop_assert_eq!(seen.note(sequence), set.insert(sequence));
            }
            prop_assert_eq!(seen.delivered, set.len() as u64);
            prop_assert_eq!(seen.lost(&turns(60)), 55 - set.len() as u64);
        }
    }
}
