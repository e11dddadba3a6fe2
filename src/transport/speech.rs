//! What distinguishes one kind of endless answer from another: what it says, and how it hears.

use bytes::Bytes;
use tokio::time::Instant;

use super::backlog::Backlog;
use crate::event::Gap;
use crate::feed::{Envelope, Subscription};

/// One kind of endless answer. A [pump](super::pump) does the rest, for all of them.
pub(crate) trait Speech {
    /// The name of the transport.
    fn name(&self) -> &'static str;

    /// How events are wrapped.
    fn envelope(&self) -> &'static Envelope;

    /// How a gap is told.
    fn gap(&self, gap: &Gap) -> Bytes;

    /// News has been handed on; it is `now`.
    fn told(&mut self, _now: Instant) {}

    /// The client said something. What it is to be told goes to `say`.
    fn hear(&mut self, bytes: &[u8], subscription: &Subscription, say: &mut Backlog) -> Next;

    /// When there is something to do whatever happens.
    fn due(&self) -> Option<Instant> {
        None
    }

    /// That time has come. `is_stalled`: the client has not taken all that it was sent.
    fn on_due(&mut self, _is_stalled: bool, _say: &mut Backlog) -> Next {
        Next::GoOn
    }

    /// The client does not keep up, and such a one is not kept.
    fn too_slow(&mut self, say: &mut Backlog) -> Next;

    /// The server goes away.
    fn farewell(&mut self, say: &mut Backlog) -> Next;

    /// The right to listen has ended: the token has expired.
    fn expired(&mut self, say: &mut Backlog) -> Next;
}

/// How it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// As before.
    GoOn,
    /// Write what waits, and leave.
    Leave,
    /// Write what waits, and give the client a moment to say goodbye, too. What it still sends is read and
    /// dropped: to close a socket with unread bytes resets it, and the reset would overtake the reason.
    Close,
}
