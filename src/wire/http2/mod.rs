//! The books of a connection of HTTP/2: many requests at a time, each on a stream, all on one socket.
//!
//! ```text
//! up    PRI * HTTP/2.0␍␊␍␊SM␍␊␍␊ │ SETTINGS │ HEADERS 1 │ HEADERS 3 │ WINDOW_UPDATE 0
//! down  SETTINGS │ HEADERS 3 │ DATA 3 │ HEADERS 1 │ DATA 1 │ DATA 1 │ PING
//!
//! http  all but DATA: heads compressed, and what keeps the connection going
//! body  DATA, its nine bytes of frame included: they stand around a payload as a chunk's size line does
//! ```
//!
//! Each frame is booked to the request of its stream. What belongs to none, or to one that is over, goes to the latest
//! request, and what came before the first to the first. Of DATA only the length is looked at.

mod book;
mod fields;
mod frame;
mod heard;
mod share;
mod stream;
#[cfg(test)]
mod tests;
mod way;

use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use book::Book;
pub use fields::Fields;
pub use frame::Frame;
pub(crate) use frame::PREFACE;
pub(crate) use heard::Heard;

use super::Tap;
use super::conversation::Direction;
use super::ledger::{Account, Books};

/// `PRI * HTTP/2.0` and the empty line: what of the preface looks like a head of HTTP/1.1.
pub(super) const PRI: usize = PREFACE.len() - b"SM\r\n\r\n".len();

/// The books of one connection, also for who cannot reach its wire.
#[derive(Clone)]
pub(crate) struct Streams(Arc<Mutex<Book>>);

impl Streams {
    /// Begins behind `PRI * HTTP/2.0` and its empty line.
    pub(super) fn new(books: Books) -> Self {
        Self(Arc::new(Mutex::new(Book::new(books))))
    }

    pub(super) fn saw(&self, direction: Direction, mut bytes: &[u8], tap: Option<&Tap>) {
        let mut book = self.book();
        while !bytes.is_empty() {
            bytes = book.step(direction, bytes, tap);
        }
    }

    /// The request on this stream waits until there is something to say.
    pub(crate) fn holds(&self, stream: u32) {
        self.book().holds(stream);
    }

    /// How much more may be sent on this stream, which was given so much before, until the client says that it has
    /// read some; wakes its task when there is more. See [`Share`](share::Share).
    pub(crate) fn poll_share(&self, cx: &mut Context<'_>, stream: u32, given: u64) -> Poll<u64> {
        self.book().poll_share(cx, stream, given)
    }

    /// Hands out the account of the latest request: a record of TLS may hold frames of many.
    pub(super) fn with_latest(&self, book: impl FnOnce(&Account)) {
        self.book().with_latest(book);
    }

    /// What the client has sent so far.
    pub(crate) fn heard(&self) -> Heard {
        self.book().heard()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().expect("no holder of this lock panics")
    }
}
