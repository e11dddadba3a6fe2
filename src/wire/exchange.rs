//! One request and its answer, as they are told to who watches.
//!
//! ```text
//! up    GET /longpoll?… ⏎ ⏎                                                       Arrived
//!                              nothing is new yet                                 Held
//! down                            HTTP/1.1 200 OK ⏎ … ⏎ ⏎ │ [{"id":…}]            Answered, at its last byte
//!
//! up    GET /sse?… ⏎ ⏎                                                            Arrived
//! down               HTTP/1.1 200 OK ⏎ … ⏎ ⏎                                      Answered
//! down                                       data: … ⏎ ⏎      data: … ⏎ ⏎         Wrote, Wrote
//!                                                                           ✗     Closed
//! ```
//!
//! Most requests have no exchange: see [`Sheet`](super::Sheet).

use std::sync::{Mutex, MutexGuard};

use serde::Serialize;

use super::conversation::Direction;
use super::ledger::Bytes;

/// Of each thing that is told, so many bytes are shown: a browser's head fits, and two or three events.
pub(super) const SHOWN: usize = 1 << 10;

/// What may become of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// Its head has come.
    Arrived,
    /// It waits for something to say.
    Held,
    /// Something came up after its head: a body, or frames.
    Heard,
    /// Its answer is with the kernel to the last byte; where it has no end, the head of it.
    Answered,
    /// More of an answer without an end is with the kernel.
    Wrote,
    /// The connection ended before the answer did; what of it had left is told here.
    Closed,
}

/// One thing that has just happened.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// Which.
    pub what: What,
    /// The status of the answer, where it is `Answered`.
    pub status: Option<u16>,
    /// How many bytes it took; what TLS adds is told for no message alone.
    pub bytes: Bytes,
    /// The first of them.
    pub shown: &'a [u8],
}

/// Is told of each thing as it happens.
pub type Witness = Box<dyn Fn(Sight<'_>) + Send + Sync>;

/// A request that is watched.
pub struct Exchange {
    witness: Witness,
    answer: Mutex<Answer>,
}

enum Answer {
    /// It is put together, to be told in one piece.
    Coming(Coming),
    /// It was told up to here, and goes on until the connection ends.
    Endless,
    /// It was told.
    Over,
}

#[derive(Default)]
struct Coming {
    status: Option<u16>,
    bytes: Bytes,
    shown: Vec<u8>,
}

/// How much of an answer is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Nothing.
    Over,
    /// Something, up to an end that can be seen.
    More,
    /// All that comes until the connection ends.
    Endless,
}

impl Exchange {
    /// Tells `witness` of a request whose head is just coming.
    pub fn new(witness: Witness) -> Self {
        Self { witness, answer: Mutex::new(Answer::Coming(Coming::default())) }
    }

    /// Its head, of so many bytes. They are `shown` as they are, or, compressed, for what they stand.
    pub(super) fn arrived(&self, head: usize, shown: &[u8]) {
        self.tell(What::Arrived, Bytes { http: head as u64, ..Bytes::default() }, shown);
    }

    pub(super) fn held(&self) {
        self.tell(What::Held, Bytes::default(), &[]);
    }

    pub(super) fn heard(&self, body: &[u8]) {
        if !body.is_empty() {
            self.tell(What::Heard, Bytes { body: body.len() as u64, ..Bytes::default() }, body);
        }
    }

    /// Neither head nor body passed, but what keeps the connection going; with the answer, while that is coming.
    pub(super) fn passed(&self, direction: Direction, bytes: u64) {
        let bytes = Bytes { http: bytes, ..Bytes::default() };
        match (direction, &mut *self.answer()) {
            _ if bytes.http == 0 => {}
            (Direction::Up, _) => self.tell(What::Heard, bytes, &[]),
            (Direction::Down, Answer::Coming(coming)) => coming.bytes.http += bytes.http,
            (Direction::Down, _) => self.tell(What::Wrote, bytes, &[]),
        }
    }

    /// A part of the head of an answer was written, or of one that only says that another is coming; `shown` as above.
    pub(super) fn head(&self, part: usize, shown: &[u8]) {
        let mut answer = self.answer();
        if !matches!(*answer, Answer::Coming(_)) {
            // A server may say once more that it did not understand.
            *answer = Answer::Coming(Coming::default());
        }
        let Answer::Coming(coming) = &mut *answer else { unreachable!("it is coming by now") };
        coming.bytes.http += part as u64;
        coming.show(shown);
    }

    /// The head of the answer is written.
    pub(super) fn has_head(&self, status: u16, extent: Extent) {
        if let Answer::Coming(coming) = &mut *self.answer() {
            coming.status = Some(status);
        }
        self.goes_on(extent);
    }

    /// A part of the body of the answer was written.
    pub(super) fn body(&self, part: &[u8], extent: Extent) {
        match &mut *self.answer() {
            Answer::Coming(coming) => {
                coming.bytes.body += part.len() as u64;
                coming.show(part);
            }
            Answer::Endless | Answer::Over => return self.wrote(part.len(), part),
        }
        self.goes_on(extent);
    }

    /// So many bytes more of an answer without an end were written; `shown` is where they begin.
    pub(super) fn wrote(&self, bytes: usize, shown: &[u8]) {
        if bytes > 0 {
            self.tell(What::Wrote, Bytes { body: bytes as u64, ..Bytes::default() }, shown);
        }
    }

    fn goes_on(&self, extent: Extent) {
        let next = match extent {
            Extent::More => return,
            Extent::Endless => Answer::Endless,
            Extent::Over => Answer::Over,
        };
        if let Answer::Coming(Coming { status, bytes, shown }) = std::mem::replace(&mut *self.answer(), next)
        {
            (self.witness)(Sight { what: What::Answered, status, bytes, shown: &shown });
        }
    }

    fn tell(&self, what: What, bytes: Bytes, shown: &[u8]) {
        let shown = &shown[..shown.len().min(SHOWN)];
        (self.witness)(Sight { what, status: None, bytes, shown });
    }

    fn answer(&self) -> MutexGuard<'_, Answer> {
        self.answer.lock().expect("no holder of this lock panics")
    }
}

impl Coming {
    fn show(&mut self, part: &[u8]) {
        let room = SHOWN - self.shown.len();
        self.shown.extend_from_slice(&part[..part.len().min(room)]);
    }
}

impl Exchange {
    /// Nothing more comes of it.
    pub(super) fn end(&self) {
        let answer = std::mem::replace(&mut *self.answer(), Answer::Over);
        match answer {
            Answer::Coming(Coming { bytes, shown, .. }) => self.tell(What::Closed, bytes, &shown),
            Answer::Endless => self.tell(What::Closed, Bytes::default(), &[]),
            Answer::Over => {}
        }
    }
}

impl Drop for Exchange {
    /// The last who had to do with it is the connection.
    fn drop(&mut self) {
        self.end();
    }
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Exchange")
    }
}

#[cfg(test)]
mod tests;
