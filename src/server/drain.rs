//! The order to leave, for connections that are looked at a million times before it comes.
//!
//! To ask whether it has come is one load; who sleeps leaves a waker once.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;

use slab::Slab;

#[derive(Default)]
pub(super) struct Drain {
    is_on: AtomicBool,
    asleep: Mutex<Slab<Waker>>,
}

impl Drain {
    pub(super) fn is_on(&self) -> bool {
        self.is_on.load(Ordering::SeqCst)
    }

    /// Has everybody leave.
    pub(super) fn begin(&self) {
        self.is_on.store(true, Ordering::SeqCst);
        let asleep = self.asleep.lock().expect("no holder of this lock panics");
        asleep.iter().for_each(|(_, waker)| waker.wake_by_ref());
    }

    /// Wakes this task when the order comes, as long as what is returned lives. The waker must be the one that
    /// the task always has.
    pub(super) fn guest(&self, waker: &Waker) -> Guest<'_> {
        let number = self.asleep.lock().expect("no holder of this lock panics").insert(waker.clone());
        if self.is_on() {
            waker.wake_by_ref();
        }
        Guest { drain: self, number }
    }
}

pub(super) struct Guest<'a> {
    drain: &'a Drain,
    number: usize,
}

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        self.drain.asleep.lock().expect("no holder of this lock panics").remove(self.number);
    }
}
