//! The order to leave, for connections that are looked at a million times before it comes.
//!
//! To ask whether it has come is one load; a task leaves its waker once, when it comes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::task::Waker;

use slab::Slab;

#[derive(Default)]
pub(super) struct Drain {
    is_on: AtomicBool,
    guests: Mutex<Slab<Waker>>,
}

impl Drain {
    pub(super) fn is_on(&self) -> bool {
        self.is_on.load(Ordering::SeqCst)
    }

    /// Has everybody leave.
    pub(super) fn begin(&self) {
        self.is_on.store(true, Ordering::SeqCst);
        self.guests().iter().for_each(|(_, waker)| waker.wake_by_ref());
    }

    /// Wakes a task when the order comes, until it [`leave`](Self::leave)s with the number it is given here.
    pub(super) fn enter(&self, waker: &Waker) -> usize {
        self.guests().insert(waker.clone())
    }

    pub(super) fn leave(&self, guest: usize) {
        self.guests().remove(guest);
    }

    fn guests(&self) -> MutexGuard<'_, Slab<Waker>> {
        self.guests.lock().expect("no holder of this lock panics")
    }
}
