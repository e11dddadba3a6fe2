//! The thread that keeps time: it wakes each task at its instant.
//!
//! ```text
//!          parked              spins   due
//! ├──────────────────────────┤───────┤  wakes the task
//! ```
//!
//! Tokio's timers step in milliseconds and round up; a parked thread can be woken at a microsecond, though it
//! wakes late. It wakes, and never moves a byte: so a socket that is slow keeps nobody else waiting.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::future::poll_fn;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::{Poll, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};
use std::{hint, io};

use crate::clock::thread_cpu_us;

/// How long before an instant the thread is awake.
///
/// With the 50 µs taken off by which Linux lets a sleeper be late (`PR_SET_TIMERSLACK`), a parked thread was woken
/// late by 24 µs after 1 ms, at the median. What is left is spun: at 1,000 instants a second 1 to 3% of a core.
const SPIN: Duration = Duration::from_micros(30);

/// After a longer rest the cores sleep deeply, too: a thread was woken late by 40 µs after 25 ms and by 100 µs after
/// 50 ms, and so is the one that it wakes.
const LONG: Duration = Duration::from_millis(1);

/// So it gets up earlier then, and rouses the other: who is woken again within 0.2 ms, is on its feet.
const ROUSE: Duration = Duration::from_micros(200);

/// Hands instants to the thread. The thread ends with the last of these.
#[derive(Clone)]
pub(super) struct Timer(Arc<Handle>);

struct Handle {
    shared: Arc<Shared>,
    thread: Thread,
}

#[derive(Default)]
struct Shared {
    alarms: Mutex<BinaryHeap<Reverse<Alarm>>>,
    cpu_us: AtomicU64,
    /// Wakes the thread that moves bytes, for nothing.
    sleeper: Mutex<Option<Waker>>,
}

struct Alarm {
    at: Instant,
    waker: Waker,
}

impl Timer {
    /// Starts the thread.
    ///
    /// # Errors
    /// Where the system has no thread left.
    pub(super) fn start() -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let alive = Arc::downgrade(&shared);
        let thread = thread::Builder::new().name("link-time".to_owned()).spawn(move || keep(&alive))?;
        Ok(Self(Arc::new(Handle { shared, thread: thread.thread().clone() })))
    }

    /// Wakes a task at an instant, or at once where it has passed.
    pub(super) fn wake_at(&self, at: Instant, waker: Waker) {
        let mut alarms = self.0.shared.alarms();
        let is_next = alarms.peek().is_none_or(|Reverse(next)| at < next.at);
        alarms.push(Reverse(Alarm { at, waker }));
        drop(alarms);
        if is_next {
            self.0.thread.unpark();
        }
    }

    /// Keeps the thread that this is awaited on from being fast asleep when it is needed.
    pub(super) async fn rouses(self) {
        poll_fn(|cx| {
            *self.0.shared.sleeper() = Some(cx.waker().clone());
            Poll::<()>::Pending
        })
        .await;
    }

    /// CPU time of the thread, as of when it slept last; `None` where the platform does not say.
    pub(super) fn cpu_us(&self) -> Option<u64> {
        thread_cpu_us().map(|_| self.0.shared.cpu_us.load(Relaxed))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // It finds nobody, and ends: after this, for the last reference is dropped behind it.
        self.shared = Arc::default();
        self.thread.unpark();
    }
}

impl Shared {
    fn alarms(&self) -> MutexGuard<'_, BinaryHeap<Reverse<Alarm>>> {
        self.alarms.lock().expect("nothing panics while it is sorted")
    }

    /// Parks until shortly before an instant, or until it is told of an earlier one.
    fn rest(&self, park: impl FnOnce()) {
        self.cpu_us.store(thread_cpu_us().unwrap_or(0), Relaxed);
        park();
    }

    fn rouse(&self) {
        if let Some(waker) = &*self.sleeper() {
            waker.wake_by_ref();
        }
    }

    fn sleeper(&self) -> MutexGuard<'_, Option<Waker>> {
        self.sleeper.lock().expect("nothing panics while it is set")
    }

    /// Takes those whose instant has come, and says when the next one's does.
    fn take_due(&self, now: Instant, due: &mut Vec<Waker>) -> Option<Instant> {
        let mut alarms = self.alarms();
        while let Some(Reverse(next)) = alarms.peek() {
            if next.at > now {
                return Some(next.at);
            }
            due.extend(alarms.pop().map(|Reverse(alarm)| alarm.waker));
        }
        None
    }
}

/// What the thread does, while there is anybody to wake.
fn keep(shared: &Weak<Shared>) {
    be_punctual();
    let mut due = Vec::new();
    while let Some(shared) = shared.upgrade() {
        let next = shared.take_due(Instant::now(), &mut due);
        due.drain(..).for_each(Waker::wake);
        let Some(next) = next else {
            shared.rest(thread::park);
            continue;
        };
        match next.saturating_duration_since(Instant::now()) {
            left if left <= SPIN => spin(next),
            left if left < LONG => shared.rest(|| thread::park_timeout(left - SPIN)),
            left => {
                shared.rest(|| thread::park_timeout(left - ROUSE));
                // Unless it was told of an earlier one: then whoever told it is awake.
                if next.saturating_duration_since(Instant::now()) <= ROUSE {
                    shared.rouse();
                }
            }
        }
    }
}

fn spin(until: Instant) {
    while Instant::now() < until {
        hint::spin_loop();
    }
}

/// Asks to be woken when it is time, and not up to 50 µs later with others.
fn be_punctual() {
    #[cfg(target_os = "linux")]
    {
        let least = std::num::NonZeroU64::new(1);
        if let Err(refused) = rustix::thread::set_current_timer_slack(least) {
            tracing::info!("this thread may be woken 50 µs late: {refused}");
        }
    }
}

impl Ord for Alarm {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at.cmp(&other.at)
    }
}

impl PartialOrd for Alarm {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Alarm {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Alarm {}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};
    use std::task::Wake;

    use super::*;

    /// Notes when it is woken.
    struct Note(u64, Sender<(u64, Instant)>);

    impl Wake for Note {
        fn wake(self: Arc<Self>) {
            self.1.send((self.0, Instant::now())).unwrap();
        }
    }

    #[test]
    fn nobody_is_woken_early_and_all_are_in_order() {
        let timer = Timer::start().unwrap();
        let begun = Instant::now();
        let (noted, notes) = channel();
        // Later ones are set first, so that each is earlier than what the thread sleeps for.
        for ms in [40, 20, 5, 1, 0] {
            let waker = Arc::new(Note(ms, noted.clone())).into();
            timer.wake_at(begun + Duration::from_millis(ms), waker);
        }
        for ms in [0, 1, 5, 20, 40] {
            let (woken, at) = notes.recv_timeout(Duration::from_secs(10)).unwrap();
            assert_eq!(woken, ms);
            assert!(at >= begun + Duration::from_millis(ms), "{:?} is early for {ms} ms", at - begun);
        }
    }

    #[test]
    fn the_thread_ends_with_the_last_who_could_set_an_alarm() {
        let timer = Timer::start().unwrap();
        let shared = Arc::downgrade(&timer.0.shared);
        let other = timer.clone();
        other.wake_at(Instant::now() + Duration::from_secs(3_600), Waker::noop().clone());
        drop((timer, other));
        let begun = Instant::now();
        while shared.strong_count() > 0 {
            assert!(begun.elapsed() < Duration::from_secs(10), "it still keeps time for nobody");
            thread::yield_now();
        }
    }
}
