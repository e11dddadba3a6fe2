//! One stream: a request, and its answer.

use std::sync::atomic::Ordering::Relaxed;
use std::task::Waker;

use super::fields::Meaning;
use super::way::Block;
use crate::wire::exchange::Extent;
use crate::wire::ledger::Account;

pub(super) struct Stream {
    pub(super) account: Account,
    /// How much of the answer is known to come, once there is a head.
    pub(super) answer: Option<Extent>,
    /// What it carries are frames of a WebSocket.
    pub(super) is_websocket: bool,
    /// Who has said all, up and down.
    pub(super) is_over: [bool; 2],
    /// What of the answer's DATA its client has read, as far as it says so.
    pub(super) read: u64,
    /// For more of that.
    pub(super) waits: Option<Waker>,
}

impl Stream {
    /// Begins with a request.
    pub(super) fn new(account: Account, is_websocket: bool) -> Self {
        Self { account, answer: None, is_websocket, is_over: [false; 2], read: 0, waits: None }
    }

    /// Books the head of the answer, or of one that only says that another is coming.
    pub(super) fn answered(&mut self, block: Block, meaning: &Meaning) {
        for ledger in self.account.ledgers() {
            ledger.down.http.fetch_add(block.weight, Relaxed);
            ledger.empty_answers.fetch_add(u64::from(meaning.status == 204), Relaxed);
        }
        let extent = match (block.frame.ends_stream(), meaning.has_length) {
            (true, _) => Extent::Over,
            (false, true) => Extent::More,
            (false, false) => Extent::Endless,
        };
        let is_interim = (100..200).contains(&meaning.status);
        if let Some(exchange) = self.account.exchange() {
            exchange.head(block.weight as usize, &meaning.fields.text());
            if !is_interim {
                exchange.has_head(meaning.status, extent);
            }
        }
        self.answer = (!is_interim).then_some(extent);
    }
}
