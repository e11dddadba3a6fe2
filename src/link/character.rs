//! All that a link does, each item in one place.

use std::time::Duration;

use super::item::Item;
use super::path::Asked;

/// What a relay is to do.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Character {
    pub(super) up: Asked,
    pub(super) down: Asked,
    pub(super) nagle: bool,
    pub(super) buffer: Option<usize>,
    pub(super) upgrade: Option<Fate>,
    pub(super) idle: Option<Duration>,
    pub(super) cut: Option<Duration>,
    /// The chance a second.
    pub(super) reset: Option<f64>,
    pub(super) refuse: bool,
}

/// What becomes of a request to speak WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Refused,
    Stripped,
    Swallowed,
}

impl Character {
    pub(super) fn reads_http(&self) -> bool {
        self.buffer.is_some() || self.upgrade.is_some()
    }

    /// Whether both do the same to what they read.
    pub(super) fn reads_as(&self, other: &Self) -> bool {
        (self.buffer, self.upgrade) == (other.buffer, other.upgrade)
    }

    pub(super) fn round_trip(&self) -> Duration {
        self.up.delay + self.down.delay
    }

    /// Later items have the last word; of one SPEC, those for one way come after those for both.
    pub(super) fn take(&mut self, item: Item) {
        match item {
            Item::Rtt(span) => (self.up.delay, self.down.delay) = (span / 2, span - span / 2),
            Item::Up(span) => self.up.delay = span,
            Item::Down(span) => self.down.delay = span,
            Item::Jitter(span) => (self.up.jitter, self.down.jitter) = (span, span),
            Item::Rate(rate) => (self.up.bits_per_s, self.down.bits_per_s) = (Some(rate), Some(rate)),
            Item::RateUp(rate) => self.up.bits_per_s = Some(rate),
            Item::RateDown(rate) => self.down.bits_per_s = Some(rate),
            Item::Nagle => self.nagle = true,
            Item::Buffer(bytes) => self.buffer = Some(bytes),
            Item::NoUpgrade => self.upgrade = Some(Fate::Refused),
            Item::DropUpgrade => self.upgrade = Some(Fate::Stripped),
            Item::BlackholeUpgrade => self.upgrade = Some(Fate::Swallowed),
            Item::Idle(span) => self.idle = Some(span),
            Item::Cut(span) => self.cut = Some(span),
            Item::Reset(chance) => self.reset = Some(chance),
            Item::Refuse => self.refuse = true,
        }
    }
}
