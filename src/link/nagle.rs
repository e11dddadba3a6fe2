//! Nagle's algorithm (RFC 896) against delayed acknowledgements (RFC 1122, section 4.2.3.2).
//!
//! ```text
//! sender    event ──────▶            event, event: held                 ▶ both, as one
//!                  one way                                 one way back
//! receiver                 ▌·········· 40 ms ···········▌ ──────▶ acknowledged
//! ```
//!
//! A write smaller than a segment waits while anything of its direction is unacknowledged. What the receiver says
//! itself takes the acknowledgement along; where it says nothing, that leaves 40 ms later. So push becomes long
//! polling with a gap of R + 40 ms between two answers.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use super::path::SEGMENT;

/// How long Linux delays an acknowledgement at least (`TCP_DELACK_MIN`).
const DELAYED: Duration = Duration::from_millis(40);

/// What one direction holds back.
#[derive(Debug)]
pub(super) struct Nagle {
    held: BytesMut,
    /// When the last of it came.
    came: Instant,
    unacknowledged: VecDeque<Flight>,
    /// How long an acknowledgement is under way.
    back: Duration,
}

/// What was sent and is not known to have arrived.
#[derive(Debug)]
struct Flight {
    arrives: Instant,
    is_full: bool,
    acknowledged_by: Instant,
    known: Instant,
}

impl Nagle {
    pub(super) fn new(begun: Instant, back: Duration) -> Self {
        Self { held: BytesMut::new(), came: begun, unacknowledged: VecDeque::new(), back }
    }

    /// The sender wrote something.
    pub(super) fn write(&mut self, came: Instant, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
        self.came = came;
    }

    /// Bytes that wait.
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    /// When what is held may leave, as far as is known; nothing where nothing is held.
    pub(super) fn leaves_at(&self) -> Option<Instant> {
        let known = self.unacknowledged.iter().map(|flight| flight.known).max();
        (!self.held.is_empty()).then(|| known.map_or(self.came, |known| known.max(self.came)))
    }

    /// Takes what leaves by now, and the instant at which it does: whole segments at once, the rest when all is
    /// acknowledged. To be told with [`sent`](Self::sent) when it arrives.
    pub(super) fn take(&mut self, now: Instant) -> Option<(Instant, Bytes)> {
        if self.held.len() >= SEGMENT {
            return Some((self.came, self.held.split_to(SEGMENT).freeze()));
        }
        let at = self.leaves_at().filter(|at| *at <= now)?;
        self.unacknowledged.clear();
        Some((at, self.held.split().freeze()))
    }

    /// Takes all that is held: the sender has closed, and there is nothing to wait for.
    pub(super) fn take_all(&mut self) -> Bytes {
        self.held.split().freeze()
    }

    /// What was taken arrives at this instant.
    pub(super) fn sent(&mut self, left: Instant, arrives: Instant, bytes: usize) {
        self.unacknowledged.retain(|flight| flight.known > left);
        let is_full = bytes >= SEGMENT;
        // Every second whole segment is acknowledged at once, and all before it.
        let is_second = |flight: &Flight| flight.is_full && flight.acknowledged_by > arrives;
        if is_full && self.unacknowledged.iter().any(is_second) {
            self.acknowledge(arrives, arrives, arrives + self.back);
            self.fly(arrives, is_full, arrives);
        } else {
            // One acknowledgement is for all that arrived before it left.
            let pending = self.unacknowledged.iter().map(|flight| flight.acknowledged_by).max();
            let by = pending.filter(|by| *by >= arrives).unwrap_or(arrives + DELAYED);
            self.fly(arrives, is_full, by);
        }
    }

    /// The receiver said something of its own, which leaves and arrives at these instants.
    pub(super) fn heard(&mut self, left: Instant, arrives: Instant) {
        self.acknowledge(left, left, arrives);
    }

    fn fly(&mut self, arrives: Instant, is_full: bool, acknowledged_by: Instant) {
        let known = acknowledged_by + self.back;
        self.unacknowledged.push_back(Flight { arrives, is_full, acknowledged_by, known });
    }

    /// All that arrived by an instant is acknowledged by something that leaves and is known at others.
    fn acknowledge(&mut self, arrived_by: Instant, leaves: Instant, known: Instant) {
        let waiting = |flight: &&mut Flight| flight.arrives <= arrived_by && flight.acknowledged_by > leaves;
        for flight in self.unacknowledged.iter_mut().filter(waiting) {
            flight.acknowledged_by = leaves;
            flight.known = known;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;
    /// One way.
    const D: Duration = Duration::from_millis(25);

    /// Lets all leave that may leave by `until`: when, and how many bytes.
    fn leave(nagle: &mut Nagle, begun: Instant, until: Instant) -> Vec<(u128, usize)> {
        let mut left = Vec::new();
        while let Some((at, bytes)) = nagle.take(until) {
            nagle.sent(at, at + D, bytes.len());
            left.push(((at - begun).as_millis(), bytes.len()));
        }
        left
    }

    #[test]
    fn small_writes_wait_for_a_round_trip_and_the_delay_of_the_acknowledgement() {
        let begun = Instant::now();
        let mut nagle = Nagle::new(begun, D);
        for at in [0, 10, 20, 89] {
            nagle.write(begun + MS(at), &[0; 100]);
            let left = leave(&mut nagle, begun, begun + MS(at));
            assert_eq!(left, if at == 0 { vec![(0, 100)] } else { vec![] }, "at {at} ms");
        }
        assert_eq!(nagle.leaves_at(), Some(begun + MS(90)), "25 there, 40 delayed, 25 back");
        assert_eq!(
            leave(&mut nagle, begun, begun + MS(95)),
            [(90, 300)],
            "as one, at the instant, however late"
        );
        nagle.write(begun + MS(500), &[0; 100]);
        assert_eq!(leave(&mut nagle, begun, begun + MS(500)), [(500, 100)], "all was acknowledged long ago");
    }

    #[test]
    fn what_flows_back_takes_the_acknowledgement_along() {
        let begun = Instant::now();
        let mut nagle = Nagle::new(begun, D);
        nagle.write(begun, &[0; 100]);
        assert_eq!(leave(&mut nagle, begun, begun), [(0, 100)]);
        nagle.write(begun + MS(1), &[0; 100]);
        nagle.heard(begun + MS(24), begun + MS(49));
        assert_eq!(nagle.leaves_at(), Some(begun + MS(90)), "it left before this had arrived");
        nagle.heard(begun + MS(30), begun + MS(55));
        assert_eq!(nagle.leaves_at(), Some(begun + MS(55)));
        nagle.heard(begun + MS(31), begun + MS(80));
        assert_eq!(leave(&mut nagle, begun, begun + MS(60)), [(55, 100)], "the first that told counts");
    }

    #[test]
    fn whole_segments_wait_for_nobody_and_every_second_is_acknowledged_at_once() {
        let begun = Instant::now();
        let mut nagle = Nagle::new(begun, D);
        nagle.write(begun, &[0; 2 * SEGMENT + 100]);
        assert_eq!(leave(&mut nagle, begun, begun), [(0, SEGMENT), (0, SEGMENT)]);
        assert_eq!(nagle.held(), 100);
        assert_eq!(nagle.leaves_at(), Some(begun + MS(50)), "a round trip: no acknowledgement was delayed");
        assert_eq!(leave(&mut nagle, begun, begun + MS(50)), [(50, 100)]);
        nagle.write(begun + MS(60), &[0; 100]);
        assert_eq!(nagle.take_all().len(), 100, "at the end nothing waits");
        assert_eq!(nagle.leaves_at(), None);
    }
}
