//! What each transport wraps around events, by itself: for the benches, which have no connection to look at.

use bytes::Buf;

use super::{Transport, backlog::Backlog, batch, sse, websocket};
use crate::feed::{Limit, Piece, Subscription};

/// The bytes that `transport` writes for what stands after a reader's place, behind the head of its answer.
pub fn wrapped(transport: Transport, reader: &mut Subscription, limit: Limit) -> impl Buf + use<> {
    let envelope = match transport {
        Transport::Poll | Transport::Longpoll => return batch::array(reader, limit),
        Transport::Sse => &sse::encode::CHUNKS,
        Transport::Websocket => &websocket::frames::FRAMES,
    };
    let mut backlog = Backlog::default();
    reader.read_wrapped(limit, envelope, |piece| match piece {
        Piece::Run(events) => backlog.push(events),
        Piece::Gap(gap) => unreachable!("a bench reads what is there, and {gap:?} is not"),
    });
    backlog
}
