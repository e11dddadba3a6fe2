//! What all the tries cost.

use std::sync::{Arc, Mutex};

use crate::wire::{Counts, Ledger};

/// What a reader spent, over all transports that it tried. Clones tell the same.
#[derive(Clone, Debug, Default)]
pub struct Spent(Arc<Mutex<Books>>);

#[derive(Debug, Default)]
struct Books {
    open: Vec<Arc<Ledger>>,
    /// Of those in which nobody books any more.
    closed: Counts,
}

impl Spent {
    /// What there is by now.
    pub fn counts(&self) -> Counts {
        let books = self.0.lock().expect("no holder of this lock panics");
        books.open.iter().fold(books.closed, |sum, ledger| sum + ledger.counts())
    }

    /// A ledger for one try more.
    pub(super) fn ledger(&self) -> Arc<Ledger> {
        let mut books = self.0.lock().expect("no holder of this lock panics");
        let Books { open, closed } = &mut *books;
        open.retain(|ledger| {
            let is_open = Arc::strong_count(ledger) > 1;
            if !is_open {
                *closed = *closed + ledger.counts();
            }
            is_open
        });
        let ledger = Arc::new(Ledger::default());
        open.push(ledger.clone());
        ledger
    }
}
