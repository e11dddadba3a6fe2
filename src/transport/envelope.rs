//! What each transport wraps around events, by itself: for the benches, which have no connection to look at.

use bytes::{Buf, Bytes};

use super::backlog::Backlog;
use super::{Transport, batch, sse, websocket};
use crate::event::Event;
use crate::feed::Batch;

/// The bytes that `transport` writes for the events of a batch, behind the head of its answer.
pub fn encode(transport: Transport, news: &Batch) -> impl Buf + use<> {
    match transport {
        Transport::Poll | Transport::Longpoll => batch::array(news),
        Transport::Sse => each(news, sse::encode::event),
        Transport::Websocket => each(news, websocket::frames::event),
    }
}

fn each(news: &Batch, encode: fn(&Event) -> Bytes) -> Backlog {
    let mut backlog = Backlog::default();
    backlog.extend(news.events.iter().map(encode));
    backlog
}
