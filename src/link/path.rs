//! One direction of a connection's way: when what comes in now comes out.
//!
//! ```text
//! came   ├── the handshake, at first ──┤
//!                                      ├─ serialised ─┤  one segment after another, at the rate
//!                                                     ├──── one-way delay ────┤─ 0 to jitter ─┤  due
//! ```
//!
//! It is arithmetic on instants, and knows neither sockets nor clocks.

use std::time::{Duration, Instant};

/// The payload of a segment on Ethernet: 1,500 bytes less 20 for IP, 20 for TCP and 12 for its timestamps.
pub(super) const SEGMENT: usize = 1_448;

/// Bytes that may wait for their turn to be serialised: a router's buffer. Linux' own default queue of 1,000
/// packets holds six times as much, and home routers are found to hold between 64 and 256 KiB.
const ROUTER_BUFFER: u64 = 256 << 10;

/// What one direction of a link is asked to be.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Asked {
    /// How long everything takes, one way.
    pub(super) delay: Duration,
    /// How much longer it may take, drawn evenly for each chunk.
    pub(super) jitter: Duration,
    /// Bits a second of the stream, where it is limited.
    pub(super) bits_per_s: Option<u64>,
}

/// One direction of one connection.
#[derive(Debug)]
pub(super) struct Path {
    asked: Asked,
    established: Instant,
    /// All that came has been serialised by then; at first, when the connection is established.
    free: Instant,
    /// Nothing comes out before what came out last.
    last: Instant,
    random: fastrand::Rng,
}

impl Path {
    /// One on which nothing sets out before `established`.
    pub(super) fn new(asked: Asked, established: Instant, random: fastrand::Rng) -> Self {
        Self { asked, established, free: established, last: established, random }
    }

    /// Bytes that travel as one.
    pub(super) fn grain(&self) -> usize {
        if self.asked.bits_per_s.is_some() { SEGMENT } else { usize::MAX }
    }

    /// From now on it is like this. What was not serialised by now is to be asked for again: it has not left.
    pub(super) fn change(&mut self, asked: Asked, now: Instant, last: Option<Instant>) {
        self.asked = asked;
        self.free = self.free.min(now).max(self.established);
        self.last = last.unwrap_or(self.established);
    }

    /// By when all that came so far has left.
    pub(super) fn free(&self) -> Instant {
        self.free
    }

    /// When so many bytes come out that came in at an instant.
    pub(super) fn due(&mut self, came: Instant, bytes: usize) -> Instant {
        self.free = self.free.max(came) + self.serialised_in(bytes as u64);
        let jitter = self.asked.jitter.mul_f64(self.random.f64());
        self.last = self.last.max(self.free + self.asked.delay + jitter);
        self.last
    }

    /// From when on there is room for more: before that, who sends has to wait, and nothing is dropped.
    pub(super) fn has_room_at(&self) -> Option<Instant> {
        self.asked.bits_per_s?;
        self.free.checked_sub(self.serialised_in(ROUTER_BUFFER))
    }

    fn serialised_in(&self, bytes: u64) -> Duration {
        let Some(bits_per_s) = self.asked.bits_per_s else { return Duration::ZERO };
        let ns = u128::from(bytes) * 8 * 1_000_000_000 / u128::from(bits_per_s);
        Duration::from_nanos(ns as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn path(asked: Asked, established: Instant) -> Path {
        Path::new(asked, established, fastrand::Rng::with_seed(7))
    }

    #[test]
    fn what_comes_in_comes_out_after_the_delay_but_first_bytes_wait_for_the_handshake() {
        let begun = Instant::now();
        let mut path = path(Asked { delay: MS(25), ..Asked::default() }, begun + MS(50));
        assert_eq!(path.due(begun, 70), begun + MS(75), "a request that was sent at once");
        assert_eq!(path.due(begun + MS(49), 70), begun + MS(75));
        assert_eq!(path.due(begun + MS(51), 70), begun + MS(76));
        assert_eq!(path.due(begun + MS(1_000), 0), begun + MS(1_025), "and its end just so");
    }

    #[test]
    fn jitter_is_drawn_evenly_and_order_holds() {
        let begun = Instant::now();
        let asked = Asked { delay: MS(10), jitter: MS(20), ..Asked::default() };
        let mut apart = path(asked, begun);
        let late: Vec<f64> = (0..2_000)
            .map(|n| (apart.due(begun + MS(100 * n), 1) - (begun + MS(100 * n))).as_secs_f64() * 1e3)
            .collect();
        let mean = late.iter().sum::<f64>() / late.len() as f64;
        assert!(late.iter().all(|late| (10.0..30.0).contains(late)), "outside 10 to 30 ms");
        // Of 2,000 even draws over 20 ms, the mean is within 5 standard errors of 0.13 ms.
        assert!((mean - 20.0).abs() < 0.65, "a mean of {mean} ms where 20 are meant");

        let mut close = path(asked, begun);
        let dues: Vec<Instant> = (0..500).map(|n| close.due(begun + MS(n), 1)).collect();
        assert!(dues.is_sorted(), "something overtook");
    }

    #[test]
    fn a_rate_holds_over_any_time_and_a_rest_saves_nothing_up() {
        let begun = Instant::now();
        for bits_per_s in [1_000, 768_000, 1_000_000, 100_000_000, 1_000_000_000] {
            let mut path = path(Asked { bits_per_s: Some(bits_per_s), ..Asked::default() }, begun);
            let segments = 1_000;
            let due = (0..segments).map(|_| path.due(begun, SEGMENT)).last().unwrap();
            let meant = (segments * SEGMENT) as f64 * 8.0 / bits_per_s as f64;
            let taken = (due - begun).as_secs_f64();
            assert!((taken / meant - 1.0).abs() < 1e-3, "{bits_per_s} bits/s: {taken} s, not {meant} s");
            // Long after: the next segment takes its own time again.
            let later = due + Duration::from_secs(60);
            let one = (path.due(later, SEGMENT) - later).as_secs_f64();
            assert!((one / meant * segments as f64 - 1.0).abs() < 1e-3);
        }
    }

    #[test]
    fn a_full_buffer_has_room_again_when_its_excess_was_serialised() {
        let begun = Instant::now();
        let mut path = path(Asked { delay: MS(100), bits_per_s: Some(1_048_576), ..Asked::default() }, begun);
        assert!(path.has_room_at() < Some(begun));
        path.due(begun, ROUTER_BUFFER as usize);
        assert_eq!(path.has_room_at(), Some(begun), "just full");
        path.due(begun, 128 << 10);
        assert_eq!(path.has_room_at(), Some(begun + MS(1_000)), "128 KiB too much, at 128 KiB a second");
    }
}
