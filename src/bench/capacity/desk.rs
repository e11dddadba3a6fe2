//! What the readers of a thread share: a buffer that whoever can read reads into, the histogram, and what each
//! has seen. A read is taken apart where it lies; nothing is copied but its tail.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};

use hdrhistogram::Histogram;

use super::crowd::Listening;
use super::frames::Finding;
use super::histogram;
use super::seen::Seen;

/// What one read may bring: a thousand events of the usual size. More would fall out of the cache.
const BUFFER: usize = 256 << 10;

/// How far the readers are, for other threads to see.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) connected: AtomicU64,
    /// Readers whose connection ended.
    pub(super) cut: AtomicU64,
    /// Why the first of them did.
    pub(super) failure: Mutex<Option<String>>,
    /// Only what was due after this instant is ours; 0 before there is one.
    pub(super) origin_us: AtomicU64,
    /// Deliveries of this step, those before the window included.
    pub(super) arrived: AtomicU64,
    /// Deliveries that count.
    pub(super) counted: AtomicU64,
    /// CPU time of the thread.
    pub(super) cpu_us: AtomicU64,
}

/// What the readers of a thread share.
pub(super) struct Shared {
    desk: Mutex<Desk>,
    first: u64,
    pub(super) progress: Arc<Progress>,
}

/// Where what was read is taken apart.
pub(super) struct Desk {
    pub(super) buffer: Vec<u8>,
    pub(super) finding: Finding,
    pub(super) latency_us: Histogram<u64>,
    /// What each reader has seen.
    pub(super) seen: Vec<Seen>,
}

impl Shared {
    pub(super) fn new(listening: &Listening, progress: Arc<Progress>) -> Self {
        let desk = Desk {
            buffer: vec![0; BUFFER],
            finding: Finding::default(),
            latency_us: histogram(),
            seen: (0..listening.clients).map(|_| Seen::since(listening.first)).collect(),
        };
        Self { desk: Mutex::new(desk), first: listening.first, progress }
    }

    /// The desk, with room for a read behind so many bytes that were read before. All readers are on one
    /// thread: nobody ever waits for it.
    pub(super) fn desk(&self, held: usize) -> MutexGuard<'_, Desk> {
        let mut desk = self.desk.lock().expect("no holder of this lock panics");
        // A message that does not fit is given twice the room, so that it is not copied more than a few times.
        if held * 2 > desk.buffer.len() {
            let length = desk.buffer.len() * 2;
            desk.buffer.resize(length, 0);
        }
        desk
    }

    /// Notes what a read brought to a reader.
    pub(super) fn note(&self, desk: &mut Desk, reader: usize, arrived_us: u64) {
        let origin_us = self.progress.origin_us.load(Relaxed);
        let Desk { finding, latency_us, seen, .. } = desk;
        let seen = &mut seen[reader];
        let (mut arrived, mut counted) = (0, 0);
        for mark in finding.found.drain(..).filter(|mark| mark.due_us >= origin_us) {
            arrived += 1;
            if mark.sequence >= self.first && seen.note(mark.sequence) {
                counted += 1;
                latency_us.saturating_record(arrived_us.saturating_sub(mark.due_us));
            }
        }
        self.progress.arrived.fetch_add(arrived, Relaxed);
        self.progress.counted.fetch_add(counted, Relaxed);
    }
}
