//! One direction of one connection: what is under way.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;

use super::nagle::Nagle;
use super::path::{Asked, Path};

/// Bytes that may be under way in one direction: what TCP's window lets be, with the largest receive buffer that
/// Linux makes by itself (`tcp_rmem`: 6 MiB, of which the window is at most two thirds).
const WINDOW: usize = 4 << 20;

/// What passes.
#[derive(Debug, PartialEq)]
pub(super) enum What {
    Bytes(Bytes),
    /// The sender has nothing more to say.
    End,
    /// The sender is gone.
    Reset,
}

/// Something on its way: when it is serialised, when it comes out.
#[derive(Debug)]
struct Passing {
    leaves: Instant,
    due: Instant,
    what: What,
}

impl What {
    fn bytes(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::End | Self::Reset => 0,
        }
    }
}

#[derive(Debug)]
pub(super) struct Way {
    path: Path,
    nagle: Option<Nagle>,
    under_way: VecDeque<Passing>,
    bytes: usize,
}

impl Way {
    pub(super) fn new(path: Path, nagle: Option<Nagle>) -> Self {
        Self { path, nagle, under_way: VecDeque::new(), bytes: 0 }
    }

    /// From now on it is like this. What has left arrives as it would have; what waits to be serialised leaves at
    /// the new rate, and what was held back leaves behind it.
    pub(super) fn change(&mut self, now: Instant, asked: Asked, nagle: Option<Nagle>, back: &mut Self) {
        let left = self.under_way.partition_point(|passing| passing.leaves <= now);
        let waiting = self.under_way.split_off(left);
        self.path.change(asked, now, self.under_way.back().map(|passing| passing.due));
        for Passing { what, .. } in waiting {
            self.set_out(now, what);
        }
        if let Some(mut before) = std::mem::replace(&mut self.nagle, nagle) {
            self.send(now, before.take_all(), back);
        }
    }

    /// The sender wrote something; `back` is the other direction.
    pub(super) fn write(&mut self, came: Instant, bytes: Bytes, back: &mut Self) {
        match &mut self.nagle {
            None => self.send(came, bytes, back),
            Some(nagle) => {
                nagle.write(came, &bytes);
                self.go_on(came, back);
            }
        }
    }

    /// Lets leave what was held back and may leave by now.
    pub(super) fn go_on(&mut self, now: Instant, back: &mut Self) {
        while let Some((at, bytes)) = self.nagle.as_mut().and_then(|nagle| nagle.take(now)) {
            self.send(at, bytes, back);
        }
    }

    /// The sender wrote its last, and what was held back goes before it.
    pub(super) fn close(&mut self, came: Instant, what: What, back: &mut Self) {
        let held = self.nagle.as_mut().map(Nagle::take_all).filter(|held| !held.is_empty());
        if let Some(held) = held {
            self.send(came, held, back);
        }
        self.set_out(came, what);
    }

    /// Forgets all that is under way.
    pub(super) fn clear(&mut self) {
        self.under_way.clear();
        self.bytes = 0;
        self.nagle.as_mut().map(Nagle::take_all);
    }

    /// Takes what is due.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<(Instant, What)> {
        if self.under_way.front()?.due > now {
            return None;
        }
        let Passing { due, what, .. } = self.under_way.pop_front()?;
        self.bytes -= what.bytes();
        Some((due, what))
    }

    /// When to look again.
    pub(super) fn next(&self) -> Option<Instant> {
        let due = self.under_way.front().map(|passing| passing.due);
        let leaves = self.nagle.as_ref().and_then(Nagle::leaves_at);
        due.into_iter().chain(leaves).min()
    }

    /// Whether the sender may write, where so much that came out is not taken yet; if not, from when on it may,
    /// as far as that is known.
    pub(super) fn room(&self, now: Instant, not_taken: usize) -> Result<(), Option<Instant>> {
        let held = self.nagle.as_ref().map_or(0, Nagle::held);
        if self.bytes + held + not_taken >= WINDOW {
            return Err(None);
        }
        match self.path.has_room_at() {
            Some(at) if at > now => Err(Some(at)),
            _ => Ok(()),
        }
    }

    fn send(&mut self, at: Instant, mut bytes: Bytes, back: &mut Self) {
        while !bytes.is_empty() {
            let part = bytes.split_to(bytes.len().min(self.path.grain()));
            let length = part.len();
            self.bytes += length;
            let due = self.set_out(at, What::Bytes(part));
            if let Some(nagle) = &mut self.nagle {
                nagle.sent(at, due, length);
            }
            if let Some(nagle) = &mut back.nagle {
                nagle.heard(at, due);
            }
        }
    }

    /// When it comes out.
    fn set_out(&mut self, at: Instant, what: What) -> Instant {
        let due = self.path.due(at, what.bytes());
        self.under_way.push_back(Passing { leaves: self.path.free(), due, what });
        due
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::path::SEGMENT;
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;
    const LONG: Duration = Duration::from_secs(3_600);

    fn way(asked: Asked, begun: Instant) -> Way {
        Way::new(Path::new(asked, begun, fastrand::Rng::with_seed(7)), None)
    }

    fn delay(ms: u64) -> Asked {
        Asked { delay: MS(ms), ..Asked::default() }
    }

    /// All that comes out: when, in milliseconds, and how it begins.
    fn all(way: &mut Way, begun: Instant) -> Vec<(u128, Option<u8>)> {
        let out = std::iter::from_fn(|| way.take_due(begun + LONG));
        out.map(|(due, what)| match what {
            What::Bytes(bytes) => ((due - begun).as_millis(), Some(bytes[0])),
            What::End | What::Reset => ((due - begun).as_millis(), None),
        })
        .collect()
    }

    #[test]
    fn what_has_left_arrives_as_it_would_have_and_a_shorter_way_does_not_overtake_it() {
        let begun = Instant::now();
        let (mut way, mut back) = (way(delay(100), begun), self::way(delay(100), begun));
        way.write(begun, Bytes::from_static(b"1"), &mut back);
        way.change(begun + MS(10), delay(20), None, &mut back);
        way.write(begun + MS(11), Bytes::from_static(b"2"), &mut back);
        way.write(begun + MS(95), Bytes::from_static(b"3"), &mut back);
        way.change(begun + MS(96), delay(300), None, &mut back);
        way.write(begun + MS(97), Bytes::from_static(b"4"), &mut back);
        way.close(begun + MS(98), What::End, &mut back);
        let came = [(100, Some(b'1')), (100, Some(b'2')), (115, Some(b'3')), (397, Some(b'4')), (398, None)];
        assert_eq!(all(&mut way, begun), came);
    }

    #[test]
    fn a_queue_that_was_to_take_an_hour_drains_at_the_new_rate_in_order_and_whole() {
        let begun = Instant::now();
        let slow = Asked { bits_per_s: Some(1_000), ..delay(100) };
        let (mut way, mut back) = (way(slow, begun), self::way(slow, begun));
        let bytes: Vec<u8> = (0..100 * SEGMENT).map(|index| (index / SEGMENT) as u8).collect();
        way.write(begun, bytes.into(), &mut back);
        way.close(begun, What::End, &mut back);
        assert!(way.room(begun, 0).is_ok(), "100 segments fit");
        // A segment takes 11.584 s: by then one has left, and arrives 100 ms later, for it had that way to go.
        let fast = Asked { bits_per_s: Some(11_584_000), ..delay(10) };
        way.change(begun + MS(11_590), fast, None, &mut back);
        let came = all(&mut way, begun);
        assert_eq!(came[0], (11_684, Some(0)), "it had left");
        assert_eq!(came.len(), 101);
        assert!(came.is_sorted_by_key(|(due, _)| *due), "{came:?}");
        assert!(came[..100].iter().map(|(_, byte)| *byte).eq((0..100).map(Some)), "{came:?}");
        // 99 segments at one a millisecond: the last is serialised at 11,689 ms, and 10 ms under way.
        assert_eq!((came[99].0, came[100].0), (11_699, 11_699));
        assert_eq!(way.bytes, 0);
    }

    #[test]
    fn the_handshake_takes_as_long_as_when_it_began() {
        let begun = Instant::now();
        let (mut way, mut back) = (way(delay(25), begun + MS(50)), self::way(delay(25), begun + MS(50)));
        way.write(begun, Bytes::from_static(b"1"), &mut back);
        way.change(begun + MS(10), delay(5), None, &mut back);
        assert_eq!(all(&mut way, begun), [(55, Some(b'1'))], "the request had not left yet");
    }

    #[test]
    fn what_nagle_held_back_leaves_when_it_is_taken_away_and_waits_where_it_comes() {
        let begun = Instant::now();
        let nagle = || Some(Nagle::new(begun, MS(25)));
        let path = || Path::new(delay(25), begun, fastrand::Rng::with_seed(7));
        let (mut way, mut back) = (Way::new(path(), nagle()), Way::new(path(), nagle()));
        way.write(begun, Bytes::from_static(b"1"), &mut back);
        way.write(begun + MS(1), Bytes::from_static(b"2"), &mut back);
        way.change(begun + MS(2), delay(25), None, &mut back);
        assert_eq!(all(&mut way, begun), [(25, Some(b'1')), (27, Some(b'2'))]);
        way.change(begun + MS(100), delay(25), nagle(), &mut back);
        way.write(begun + MS(101), Bytes::from_static(b"3"), &mut back);
        way.write(begun + MS(102), Bytes::from_static(b"4"), &mut back);
        assert_eq!(all(&mut way, begun), [(126, Some(b'3'))]);
        way.go_on(begun + LONG, &mut back);
        assert_eq!(
            all(&mut way, begun),
            [(216, Some(b'4'))],
            "101 + 25 there, 40 delayed, 25 back, 25 there"
        );
    }
}
