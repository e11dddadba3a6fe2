//! What a relay did, held against what it was asked.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use hdrhistogram::Histogram;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::character::Character;
use crate::wire::Direction;

/// The longest lateness that is told apart, in microseconds: an hour.
const LONGEST_US: u64 = 3_600_000_000;

/// What a relay has done so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Achieved {
    /// Connections that were accepted.
    pub connections: u64,
    /// Of these, those that are open.
    pub open: u64,
    /// Bytes that went from clients to the server.
    pub bytes_up: u64,
    /// Bytes that went from the server to clients.
    pub bytes_down: u64,
    /// The one-way delay that is asked for, up, in microseconds: without jitter, rate and waiting. Where it was
    /// changed on the way, the last; each chunk is held against its own.
    pub asked_up_us: f64,
    /// The same, down.
    pub asked_down_us: f64,
    /// Chunks that were written, each when it was due or later.
    pub chunks: u64,
    /// Chunks that were due while their reader's socket was full: their lateness is the reader's, and not below.
    pub held_up: u64,
    /// How late the others were; `null` where there were none.
    pub late_us: Option<Lateness>,
}

/// From the instant at which a chunk was due, all that was asked for included, to the return of its write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lateness {
    /// The median, in microseconds.
    pub p50: u64,
    /// What one chunk in a hundred exceeded.
    pub p99: u64,
    /// The worst.
    pub max: u64,
}

/// Counts, while a relay runs.
pub(super) struct Tally {
    pub(super) connections: AtomicU64,
    pub(super) open: AtomicU64,
    bytes_up: AtomicU64,
    bytes_down: AtomicU64,
    held_up: AtomicU64,
    late_us: Mutex<Histogram<u64>>,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            connections: AtomicU64::new(0),
            open: AtomicU64::new(0),
            bytes_up: AtomicU64::new(0),
            bytes_down: AtomicU64::new(0),
            held_up: AtomicU64::new(0),
            late_us: Mutex::new(
                Histogram::new_with_bounds(1, LONGEST_US, 3).expect("1 to an hour is a range"),
            ),
        }
    }

    /// So many bytes were written.
    pub(super) fn moved(&self, direction: Direction, bytes: usize) {
        let sum = match direction {
            Direction::Up => &self.bytes_up,
            Direction::Down => &self.bytes_down,
        };
        sum.fetch_add(bytes as u64, Relaxed);
    }

    /// Chunks that were due at these instants have just been written.
    pub(super) fn wrote(&self, dues: &[Instant]) {
        if dues.is_empty() {
            return;
        }
        let now = Instant::now();
        let mut late_us = self.late_us();
        for due in dues {
            late_us.saturating_record(now.saturating_duration_since(*due).as_micros() as u64);
        }
    }

    /// So many chunks are due, and their reader does not take them.
    pub(super) fn held_up(&self, chunks: usize) {
        self.held_up.fetch_add(chunks as u64, Relaxed);
    }

    pub(super) fn achieved(&self, character: &Character) -> Achieved {
        let late_us = self.late_us();
        let held_up = self.held_up.load(Relaxed);
        let lateness = || Lateness {
            p50: late_us.value_at_quantile(0.5),
            p99: late_us.value_at_quantile(0.99),
            max: late_us.max(),
        };
        Achieved {
            connections: self.connections.load(Relaxed),
            open: self.open.load(Relaxed),
            bytes_up: self.bytes_up.load(Relaxed),
            bytes_down: self.bytes_down.load(Relaxed),
            asked_up_us: character.up.delay.as_nanos() as f64 / 1e3,
            asked_down_us: character.down.delay.as_nanos() as f64 / 1e3,
            chunks: late_us.len() + held_up,
            held_up,
            late_us: (!late_us.is_empty()).then(lateness),
        }
    }

    fn late_us(&self) -> MutexGuard<'_, Histogram<u64>> {
        self.late_us.lock().expect("nothing panics while it counts")
    }
}
