//! The order to leave, for connections that are looked at a million times before it comes.
//!
//! ```text
//!  the order                    one after another                    nobody waits any more     at the latest
//!  │ no new connections         │ long polls answered, streams ended │ idle ones are closed    │
//!  0 ───────────────────────────────────────────── spread ─────────────────────────────── within ──▶
//! ```
//!
//! Who waits for news draws a place in the order of leaving, so that a crowd does not come back at one instant.
//! Who rests between two requests stays for as long as others leave, and may ask how it goes; when all that are
//! left rest, that is the last call.
//!
//! To ask whether the order has come is one load; a task leaves its waker once, when it comes.

use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::task::{Context, Waker};
use std::time::Duration;

use slab::Slab;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::transport::pump::FAREWELL;

/// A handful is no crowd: ten that come back in a second are no load for anybody, and a server that serves a few
/// pages is not to keep its operator waiting.
const LONGEST_STEP: Duration = Duration::from_millis(100);

#[derive(Default)]
pub(super) struct Drain {
    /// Once the order has come.
    queue: OnceLock<Queue>,
    is_last_call: AtomicBool,
    here: Mutex<Connections>,
}

/// The order in which those leave that wait for news.
struct Queue {
    begun: Instant,
    over: Instant,
    step: Duration,
    spread: Duration,
    next: AtomicU32,
}

/// The connections that are here, and the streams of those that speak HTTP/2.
#[derive(Default)]
struct Connections {
    wakers: Slab<Waker>,
    /// Of these, those that rest. Counted once the order has come.
    resting: usize,
}

impl Drain {
    /// Has everybody leave `within` this time. `waiting` is how many of them wait for news.
    pub(super) fn begin(&self, waiting: u64, within: Duration) {
        let begun = Instant::now();
        // Who leaves last still has time for its half of a goodbye.
        let spread = within.saturating_sub(FAREWELL).max(within / 2);
        let each = spread / u32::try_from(waiting).unwrap_or(u32::MAX).max(1);
        let step = each.min(LONGEST_STEP);
        let queue = Queue { begun, over: begun + within, step, spread, next: AtomicU32::new(0) };
        if self.queue.set(queue).is_ok() {
            self.here().wake();
        }
    }

    pub(super) fn is_on(&self) -> bool {
        self.queue.get().is_some()
    }

    /// Whether nobody is left but those that rest.
    pub(super) fn is_last_call(&self) -> bool {
        self.is_last_call.load(Ordering::Acquire)
    }

    /// When it is the turn of the next that waits; nothing where nobody is to leave. Each leaves at another instant.
    pub(super) fn turn(&self) -> Option<Instant> {
        let Queue { begun, step, spread, next, .. } = self.queue.get()?;
        Some(*begun + step.saturating_mul(next.fetch_add(1, Ordering::Relaxed)).min(*spread))
    }

    /// How long until it is over; nothing where nobody is to leave.
    pub(super) fn left(&self) -> Option<Duration> {
        self.queue.get().map(|queue| queue.over.saturating_duration_since(Instant::now()))
    }

    fn here(&self) -> MutexGuard<'_, Connections> {
        self.here.lock().expect("no holder of this lock panics")
    }

    /// Calls those that rest, where nobody else is left.
    fn look_round(&self, here: &Connections) {
        if self.is_on()
            && here.resting == here.wakers.len()
            && !self.is_last_call.swap(true, Ordering::Release)
        {
            here.wake();
        }
    }
}

impl Connections {
    fn wake(&self) {
        self.wakers.iter().for_each(|(_, waker)| waker.wake_by_ref());
    }
}

/// One connection among those that a drain tells to leave.
#[derive(Default)]
pub(super) struct Stay {
    /// Its place among the wakers, counted from 1; none before it has [entered](Self::enter).
    number: Option<NonZeroU32>,
    is_resting: bool,
    /// Its turn to leave.
    turn: Option<Pin<Box<Sleep>>>,
}

impl Stay {
    /// Has the task woken when the order comes.
    pub(super) fn enter(&mut self, drain: &Drain, waker: &Waker) {
        if self.number.is_none() {
            let place = drain.here().wakers.insert(waker.clone());
            self.number = u32::try_from(place + 1).ok().and_then(NonZeroU32::new);
        }
    }

    /// Whether it is its turn to leave, for one that waits for news. Before it is, the task is woken when it will be.
    pub(super) fn poll_turn(&mut self, drain: &Drain, cx: &mut Context<'_>) -> bool {
        if self.turn.is_none() {
            let Some(turn) = drain.turn() else { return false };
            self.turn = Some(Box::pin(sleep_until(turn)));
        }
        let is_over = |turn: &mut Pin<Box<Sleep>>| {
            turn.deadline() <= Instant::now() || turn.as_mut().poll(cx).is_ready()
        };
        self.turn.as_mut().is_some_and(is_over)
    }

    /// Says whether it rests between two requests: once all that are left rest, that is the last call.
    pub(super) fn rests(&mut self, drain: &Drain, is_resting: bool) {
        if !drain.is_on() || self.is_resting == is_resting {
            return;
        }
        let mut here = drain.here();
        self.is_resting = is_resting;
        match is_resting {
            true => here.resting += 1,
            false => here.resting -= 1,
        }
        drain.look_round(&here);
    }

    /// It has left.
    pub(super) fn leave(&mut self, drain: &Drain) {
        let Some(number) = self.number.take() else { return };
        let mut here = drain.here();
        here.wakers.remove(number.get() as usize - 1);
        here.resting -= usize::from(self.is_resting);
        drain.look_round(&here);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    fn begun(waiting: u64, within: Duration) -> Drain {
        let drain = Drain::default();
        drain.begin(waiting, within);
        drain
    }

    /// When each of so many has its turn, from the order on.
    fn turns(drain: &Drain, count: usize) -> Vec<Duration> {
        let now = Instant::now();
        (0..count).map(|_| drain.turn().unwrap() - now).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_leaves_one_after_another_and_the_last_has_time_for_a_goodbye() {
        for (waiting, within, step, last) in [
            (90, S(10), Duration::from_millis(100), Duration::from_millis(8_900)),
            (900, S(10), Duration::from_millis(10), Duration::from_millis(8_990)),
            (100, S(2), Duration::from_millis(10), Duration::from_millis(990)),
            (10, S(1), Duration::from_millis(50), Duration::from_millis(450)),
            (100, S(0), S(0), S(0)),
        ] {
            let drain = begun(waiting, within);
            let turns = turns(&drain, waiting as usize);
            assert!(turns.windows(2).all(|two| two[1] - two[0] == step), "{waiting} within {within:?}");
            assert_eq!(*turns.last().unwrap(), last, "{waiting} within {within:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_handful_does_not_take_the_whole_time_and_who_came_late_does_not_outstay_it() {
        assert_eq!(
            turns(&begun(3, S(10)), 3),
            [S(0), Duration::from_millis(100), Duration::from_millis(200)]
        );
        assert_eq!(turns(&begun(100, S(10)), 1_000)[999], S(9));
        let drain = begun(1, S(10));
        tokio::time::advance(S(7)).await;
        assert_eq!(drain.left(), Some(S(3)));
        tokio::time::advance(S(7)).await;
        assert_eq!(drain.left(), Some(S(0)));
        assert!(Drain::default().turn().is_none(), "nobody is to leave");
    }

    #[test]
    fn the_last_call_comes_when_all_that_are_left_rest() {
        let drain = Drain::default();
        let mut stays: [Stay; 3] = Default::default();
        stays.iter_mut().for_each(|stay| stay.enter(&drain, Waker::noop()));
        stays[0].rests(&drain, true);
        drain.begin(1, Duration::from_secs(10));
        let [idle, asking, reading] = &mut stays;
        idle.rests(&drain, true);
        asking.rests(&drain, true);
        asking.rests(&drain, false);
        reading.leave(&drain);
        assert!(!drain.is_last_call(), "one is being answered");
        asking.rests(&drain, true);
        assert!(drain.is_last_call());
        stays.iter_mut().for_each(|stay| stay.leave(&drain));
        let here = drain.here();
        assert_eq!((here.wakers.len(), here.resting), (0, 0));
    }
}
