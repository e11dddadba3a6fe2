//! Makes a client stop reading, and read on, when the test says so.

use std::sync::{Arc, Condvar, Mutex};

use wirelanes::wire::{Direction, Tap};

#[derive(Clone, Default)]
pub(super) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// Nothing more is read: the client's thread waits in the middle of its next read.
    pub(super) fn close(&self) {
        self.set(true);
    }

    pub(super) fn open(&self) {
        self.set(false);
    }

    fn set(&self, closed: bool) {
        let (is_closed, changed) = &*self.0;
        *is_closed.lock().unwrap() = closed;
        changed.notify_all();
    }

    /// To be hung into a client's [`Options`](wirelanes::client::Options).
    pub(super) fn tap(&self) -> Tap {
        let gate = self.clone();
        Arc::new(move |direction, _| {
            if direction == Direction::Down {
                let (is_closed, changed) = &*gate.0;
                drop(changed.wait_while(is_closed.lock().unwrap(), |closed| *closed).unwrap());
            }
        })
    }
}
