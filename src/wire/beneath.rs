//! What a layer between a wire and its socket adds: TLS.
//!
//! ```text
//! Wire       GET /poll HTTP/1.1 ⏎ … ⏎ ⏎                         heads and bodies
//! TLS        17 03 03 00 4d │ (the same, encrypted) │ tag       tells what it added
//! socket
//! ```
//!
//! TLS tells here as soon as it is sure; the wire, which knows whose connection it is, takes it from here and books it.
//! Behind the last head of a connection that does not change any more, and TLS has it booked without being asked.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, OnceLock};

use super::End;
use super::ledger::{Account, Ledger};

/// Bytes that were added and are not booked yet.
#[derive(Debug, Default)]
pub struct Beneath {
    read: Added,
    written: Added,
    /// Of all that is still to come, at a server's end.
    rest: OnceLock<Account>,
    /// Whose the last was that was booked by a wire, and at which end.
    last: Mutex<Option<(End, Account)>>,
}

/// One way.
#[derive(Debug, Default)]
pub struct Added {
    handshake: AtomicU64,
    tls: AtomicU64,
}

impl Added {
    /// So many bytes more came before the first that the wire sees.
    pub fn handshake(&self, bytes: u64) {
        self.handshake.fetch_add(bytes, Relaxed);
    }

    /// So many bytes more are around what the wire sees, or between.
    pub fn tls(&self, bytes: u64) {
        self.tls.fetch_add(bytes, Relaxed);
    }
}

impl Beneath {
    /// What was added to what came from the socket.
    pub fn read(&self) -> &Added {
        &self.read
    }

    /// What was added to what the socket was given.
    pub fn written(&self) -> &Added {
        &self.written
    }

    /// Has all that is told booked, where it is known for good whose it is.
    pub fn settle(&self) {
        if let Some(account) = self.rest.get() {
            self.add(End::Server, account);
        }
    }

    /// Has the goodbye booked, with which the connection ends: to whom it spoke for last, for its wire is gone.
    pub fn leave(&self) {
        self.settle();
        if let Some((end, account)) = self.last().take() {
            self.add(end, &account);
        }
    }

    /// All that is still to come belongs to this account, at a server's end.
    pub(super) fn rests_with(&self, account: Option<Account>) {
        if let Some(account) = account {
            self.rest.get_or_init(|| account);
        }
    }

    /// Books all that is not booked yet.
    pub(super) fn book(&self, end: End, account: &Account) {
        if self.add(end, account) {
            *self.last() = Some((end, account.clone()));
        }
    }

    fn last(&self) -> MutexGuard<'_, Option<(End, Account)>> {
        self.last.lock().expect("no holder of this lock panics")
    }

    /// The same; whether there was anything.
    fn add(&self, end: End, account: &Account) -> bool {
        let (up, down) = match end {
            End::Client => (&self.written, &self.read),
            End::Server => (&self.read, &self.written),
        };
        let take = |added: &Added| [added.handshake.swap(0, Relaxed), added.tls.swap(0, Relaxed)];
        let (up, down) = (take(up), take(down));
        let add = |ledger: &Ledger| {
            for (layers, [handshake, tls]) in [(&ledger.up, up), (&ledger.down, down)] {
                layers.handshake.fetch_add(handshake, Relaxed);
                layers.tls.fetch_add(tls, Relaxed);
            }
        };
        let is_any = up != [0, 0] || down != [0, 0];
        if is_any {
            account.ledgers().for_each(add);
        }
        is_any
    }
}
