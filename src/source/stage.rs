//! The player's thread: waits for each instant, publishes, counts.
//!
//! Each event is published with the instant at which it was *scheduled*: a late publisher shows as latency,
//! and in its own lag, and never hides. A slow reader cannot slow the schedule down.
//!
//! ```text
//!         parked               spins    due
//! ├──────────────────────────┤───────┤  publish
//!                             200 µs
//! ```
//!
//! Tokio's timers step in milliseconds and round up; a parked thread can wait for a microsecond, but wakes late.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use super::Script;
use super::played::{Played, Tally};
use super::stdin::Line;
use crate::clock::{Clock, thread_cpu_us};

/// How long before an event its thread is awake, in microseconds.
///
/// Linux wakes a parked thread late: measured by 80 µs after 1 ms and by 175 µs (p99: 225 µs) after 50 ms.
/// What is left is spun: 0.1 ms of CPU an event, 14% of a core at 1,000/s, four fifths at 10,000/s. It does
/// not yield while it spins: where all cores are busy, that gives its own away for 2 to 4 ms.
const SPIN_US: u64 = 200;

/// From its making to offset 0, in microseconds: time for the thread to begin, which takes about 0.1 ms.
const LEAD_US: u64 = 1_000;

/// How many events are published between two readings of the thread's CPU clock: a system call, so about
/// 0.3 µs, which is not paid a million times a second.
const EVENTS_PER_CPU_READING: u64 = 64;

/// What the player's thread and its owner share.
pub(super) struct Stage {
    clock: Clock,
    start_us: u64,
    stopped: AtomicBool,
    tally: Mutex<Tally>,
}

impl Stage {
    pub(super) fn new(clock: Clock) -> Self {
        let start_us = clock.now_us() + LEAD_US;
        Self { clock, start_us, stopped: AtomicBool::new(false), tally: Mutex::new(Tally::new()) }
    }

    /// The instant of offset 0.
    pub(super) fn start_us(&self) -> u64 {
        self.start_us
    }

    /// What has been published so far.
    pub(super) fn played(&self) -> Played {
        self.tally().played()
    }

    /// Leaves out of its lag all that has been published so far.
    pub(super) fn forget_lag(&self) {
        self.tally().forget_lag();
    }

    /// Leaves out of its lag all that is due before this instant.
    pub(super) fn forget_lag_before(&self, at_us: u64) {
        self.tally().forget_lag_before(at_us);
    }

    /// Lets the thread end, once it is woken.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Publishes a script to its end, each event at its instant.
    pub(super) fn play(&self, mut script: Script, mut publish: impl FnMut(u64, &str)) {
        while let Some((offset_us, data)) = script.next_event() {
            let due_us = self.instant(offset_us);
            if !self.wait_until(due_us) {
                return;
            }
            self.publish(due_us, data, &mut publish);
        }
        self.wait_until(self.instant(script.end_us()));
    }

    /// Publishes lines as they come, until there are no more or it is time to end.
    pub(super) fn relay(&self, lines: &Receiver<Line>, end_us: f64, mut publish: impl FnMut(u64, &str)) {
        let end_us = self.instant(end_us);
        while !self.is_stopped() && self.clock.now_us() < end_us {
            match lines.try_recv() {
                Ok(line) => self.publish(line.read_us, &line.data, &mut publish),
                Err(TryRecvError::Empty) => self.park(end_us.saturating_sub(self.clock.now_us())),
                Err(TryRecvError::Disconnected) => return,
            }
        }
    }

    /// The instant of an offset; far beyond all calendars for one that is infinite.
    fn instant(&self, offset_us: f64) -> u64 {
        self.start_us.saturating_add(offset_us.round() as u64)
    }

    /// Waits for an instant, or not at all where it has passed: all that is due is published at once.
    /// False where the player was stopped.
    fn wait_until(&self, due_us: u64) -> bool {
        while !self.is_stopped() {
            match due_us.saturating_sub(self.clock.now_us()) {
                0 => return true,
                1..=SPIN_US => std::hint::spin_loop(),
                left_us => self.park(left_us - SPIN_US),
            }
        }
        false
    }

    /// Sleeps for some microseconds, or until it is stopped or a line comes.
    fn park(&self, longest_us: u64) {
        self.read_cpu();
        thread::park_timeout(Duration::from_micros(longest_us));
    }

    fn publish(&self, due_us: u64, data: &str, publish: &mut impl FnMut(u64, &str)) {
        let lag_us = self.clock.now_us().saturating_sub(due_us);
        publish(due_us, data);
        let events = self.tally().add(due_us, lag_us);
        if events.is_multiple_of(EVENTS_PER_CPU_READING) {
            self.read_cpu();
        }
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Called on the player's thread only: it reads the clock of the thread that calls it.
    pub(super) fn read_cpu(&self) {
        self.tally().cpu_us = thread_cpu_us();
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().expect("nothing panics while it counts")
    }
}
