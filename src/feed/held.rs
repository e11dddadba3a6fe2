//! What is held of events, in bytes of their JSON: by one log, and by all of them together.
//!
//! ```text
//! demo    ████████████████▌ 64 MiB   ◀── holds the most: forgets first
//! orders  ███▏              12 MiB
//! chat    ▏                  0 MiB         together: no more than `total`
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The bytes of all logs of a feed.
#[derive(Clone, Debug, Default)]
pub(super) struct Together(Arc<AtomicUsize>);

impl Together {
    pub(super) fn bytes(&self) -> usize {
        self.0.load(Relaxed)
    }
}

/// The bytes of one log. They are held no longer once it is dropped.
#[derive(Debug, Default)]
pub(super) struct Held {
    bytes: usize,
    together: Together,
}

impl Held {
    pub(super) fn new(together: Together) -> Self {
        Self { bytes: 0, together }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn take(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.together.0.fetch_add(bytes, Relaxed);
    }

    pub(super) fn leave(&mut self, bytes: usize) {
        self.bytes -= bytes;
        self.together.0.fetch_sub(bytes, Relaxed);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.leave(self.bytes);
    }
}
