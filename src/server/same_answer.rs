//! A thousand long polls that waited at one place get the same answer, head and all: it is made once.
//!
//! A page of another origin gets one of its own: its head names it.

use std::cell::RefCell;

use bytes::{Buf, Bytes};

use super::head;
use super::origin::Page;
use crate::event::EventId;
use crate::transport::Reply;
use crate::transport::backlog::Backlog;
use crate::transport::batch::Batch;

/// The last answer of a thread.
struct Last {
    before: EventId,
    position: EventId,
    /// A head bears the second it was made in.
    second: u64,
    answer: Bytes,
}

thread_local! {
    static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
}

/// What is longer is seldom asked for twice, and would cost more to copy than to write piece by piece.
const SHORT: usize = 64 << 10;

/// The answer to a request that was held, in one piece where it is short.
pub(super) fn of(batch: Batch, page: Option<&Page>) -> Backlog {
    match (page, batch.array.remaining()) {
        (None, 0..=SHORT) => shared(batch).into(),
        _ => {
            let mut reply = Reply::from(batch);
            page.into_iter().for_each(|page| page.let_read(reply.headers_mut()));
            head::and_body(reply)
        }
    }
}

fn shared(batch: Batch) -> Bytes {
    let Batch { before, position, .. } = batch;
    let second = head::second();
    LAST.with_borrow_mut(|last| {
        let is_same = |last: &&Last| (last.before, last.position, last.second) == (before, position, second);
        if let Some(last) = last.as_ref().filter(is_same) {
            return last.answer.clone();
        }
        let mut answer = head::and_body(Reply::from(batch));
        let answer = answer.copy_to_bytes(answer.remaining());
        *last = Some(Last { before, position, second, answer: answer.clone() });
        answer
    })
}
