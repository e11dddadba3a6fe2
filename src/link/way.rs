//! One direction of one connection: what is under way.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;

use super::nagle::Nagle;
use super::path::Path;

/// Bytes that may be under way in one direction: what TCP's window lets be, with the largest receive buffer that
/// Linux makes by itself (`tcp_rmem`: 6 MiB, of which the window is at most two thirds).
const WINDOW: usize = 4 << 20;

/// What passes.
#[derive(Debug, PartialEq)]
pub(super) enum What {
    Bytes(Bytes),
    /// The sender has nothing more to say.
    End,
    /// The sender is gone.
    Reset,
}

#[derive(Debug)]
pub(super) struct Way {
    path: Path,
    nagle: Option<Nagle>,
    under_way: VecDeque<(Instant, What)>,
    bytes: usize,
}

impl Way {
    pub(super) fn new(path: Path, nagle: Option<Nagle>) -> Self {
        Self { path, nagle, under_way: VecDeque::new(), bytes: 0 }
    }

    /// The sender wrote something; `back` is the other direction.
    pub(super) fn write(&mut self, came: Instant, bytes: Bytes, back: &mut Self) {
        match &mut self.nagle {
            None => self.send(came, bytes, back),
            Some(nagle) => {
                nagle.write(came, &bytes);
                self.go_on(came, back);
            }
        }
    }

    /// Lets leave what was held back and may leave by now.
    pub(super) fn go_on(&mut self, now: Instant, back: &mut Self) {
        while let Some((at, bytes)) = self.nagle.as_mut().and_then(|nagle| nagle.take(now)) {
            self.send(at, bytes, back);
        }
    }

    /// The sender wrote its last, and what was held back goes before it.
    pub(super) fn close(&mut self, came: Instant, what: What, back: &mut Self) {
        let held = self.nagle.as_mut().map(Nagle::take_all).filter(|held| !held.is_empty());
        if let Some(held) = held {
            self.send(came, held, back);
        }
        self.under_way.push_back((self.path.due(came, 0), what));
    }

    /// Forgets all that is under way.
    pub(super) fn clear(&mut self) {
        self.under_way.clear();
        self.bytes = 0;
        self.nagle.as_mut().map(Nagle::take_all);
    }

    /// Takes what is due.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<(Instant, What)> {
        if self.under_way.front()?.0 > now {
            return None;
        }
        let passing = self.under_way.pop_front()?;
        if let What::Bytes(bytes) = &passing.1 {
            self.bytes -= bytes.len();
        }
        Some(passing)
    }

    /// When to look again.
    pub(super) fn next(&self) -> Option<Instant> {
        let due = self.under_way.front().map(|(due, _)| *due);
        let leaves = self.nagle.as_ref().and_then(Nagle::leaves_at);
        due.into_iter().chain(leaves).min()
    }

    /// Whether the sender may write, where so much that came out is not taken yet; if not, from when on it may,
    /// as far as that is known.
    pub(super) fn room(&self, now: Instant, not_taken: usize) -> Result<(), Option<Instant>> {
        let held = self.nagle.as_ref().map_or(0, Nagle::held);
        if self.bytes + held + not_taken >= WINDOW {
            return Err(None);
        }
        match self.path.has_room_at() {
            Some(at) if at > now => Err(Some(at)),
            _ => Ok(()),
        }
    }

    fn send(&mut self, at: Instant, mut bytes: Bytes, back: &mut Self) {
        while !bytes.is_empty() {
            let part = bytes.split_to(bytes.len().min(self.path.grain()));
            let due = self.path.due(at, part.len());
            if let Some(nagle) = &mut self.nagle {
                nagle.sent(at, due, part.len());
            }
            if let Some(nagle) = &mut back.nagle {
                nagle.heard(at, due);
            }
            self.bytes += part.len();
            self.under_way.push_back((due, What::Bytes(part)));
        }
    }
}
