//! The JSON array that `poll` and `longpoll` share, at both ends.
//!
//! ```text
//! HTTP/1.1 200 OK                                     HTTP/1.1 204 No Content
//! content-type: application/json                      last-event-id: 8f3k2a-1041
//! last-event-id: 8f3k2a-1043                          cache-control: no-store
//! cache-control: no-store
//!
//! [{"id":"8f3k2a-1042",…},{"id":"8f3k2a-1043",…}]
//! ```
//!
//! The elements are the payload, byte for byte; the brackets and the commas are the envelope.

use bytes::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::value::RawValue;

use super::answer::{Refusal, Reply};
use super::ask::Ask;
use super::backlog::Backlog;
use crate::client::{Ended, News, Reader, Received};
use crate::event::{EventId, LAST_EVENT_ID, Message};
use crate::feed::{Envelope, Limit, Piece, Subscription};

/// An answer ends with the event that fills it to so many bytes.
const FULL_BYTES: usize = 1 << 20;

/// An answer ends at so many events, unless the client asks for another `limit`.
const FULL_EVENTS: u64 = 1_000;

/// Where the answer ends, if there is more.
///
/// # Errors
/// 400 where `limit` is out of range.
pub(super) fn limit(ask: &Ask<'_>) -> Result<Limit, Refusal> {
    let events = ask.number("limit", 1..=10_000, FULL_EVENTS)? as usize;
    Ok(Limit { events, bytes: FULL_BYTES })
}

/// An event as an element: the comma comes first, so that every slice of a run is a list.
static ELEMENTS: Envelope = Envelope {
    write: |event, out| {
        out.push(b',');
        out.extend_from_slice(event.json());
    },
};

/// What a reader is answered: all that stands after its place, up to a limit.
pub(crate) struct Batch {
    /// Where it stood.
    pub(crate) before: EventId,
    /// Where it stands now.
    pub(crate) position: EventId,
    /// The array; empty where nothing is new.
    pub(crate) array: Backlog,
}

/// Reads what a reader is to be answered.
pub(crate) fn read(subscription: &mut Subscription, limit: Limit) -> Batch {
    let before = subscription.position();
    let array = array(subscription, limit);
    Batch { before, position: subscription.position(), array }
}

impl Batch {
    /// The answer to a reader who stands at `position` and gets nothing.
    pub(crate) fn nothing_new(position: EventId) -> Self {
        Self { before: position, position, array: Backlog::default() }
    }
}

impl From<Batch> for Reply {
    fn from(batch: Batch) -> Self {
        let is_empty = batch.array.is_empty();
        let mut reply = Response::new(batch.array);
        match is_empty {
            true => *reply.status_mut() = StatusCode::NO_CONTENT,
            false => {
                reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            }
        }
        reply.headers_mut().insert(LAST_EVENT_ID, position_header(batch.position));
        reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        reply
    }
}

/// A position as the value of a header.
pub(super) fn position_header(position: EventId) -> HeaderValue {
    HeaderValue::try_from(position.to_string()).expect("an event id is ASCII")
}

/// What is new, between brackets; nothing where nothing is.
pub(super) fn array(subscription: &mut Subscription, limit: Limit) -> Backlog {
    let mut array = Backlog::default();
    subscription.read_wrapped(limit, &ELEMENTS, |piece| {
        let list = match piece {
            Piece::Gap(gap) => [b",", &gap.json()[..]].concat().into(),
            Piece::Run(events) => events,
        };
        match array.is_empty() {
            true => array.extend([Bytes::from_static(b"["), list.slice(1..)]),
            false => array.push(list),
        }
    });
    if !array.is_empty() {
        array.push(Bytes::from_static(b"]"));
    }
    array
}

/// Takes the messages apart. Each keeps the bytes it came in.
///
/// # Errors
/// Where the text is no JSON array of messages.
pub fn messages(array: &Bytes) -> Result<Vec<Message>, serde_json::Error> {
    let elements: Vec<&RawValue> = serde_json::from_slice(array)?;
    elements.into_iter().map(|json| Message::from_json(array.slice_ref(json.get().as_bytes()))).collect()
}

/// What an answer brought.
#[derive(Clone, Copy)]
pub(crate) struct Brought {
    /// It was cut short: there is more.
    pub(crate) is_cut: bool,
    /// It led on. One who asks at once after another that did not, asks for ever.
    pub(crate) is_news: bool,
}

/// The client's side: hands on what an answer brought.
///
/// # Errors
/// Where the server said no, or what it sent is no batch.
pub(crate) fn take<F>(reader: &mut Reader<F>, answer: &Received) -> Result<Brought, Ended>
where
    F: FnMut(News) + Send,
{
    let messages = match answer.status {
        StatusCode::NO_CONTENT => Vec::new(),
        StatusCode::OK => {
            let kind = answer.header(CONTENT_TYPE.as_str());
            messages(&answer.body).map_err(|wrong| Ended::unlike("batch", "application/json", kind, wrong))?
        }
        _ => return Err(Ended::refused(answer)),
    };
    let is_cut = messages.len() as u64 >= FULL_EVENTS || answer.body.len() >= FULL_BYTES;
    reader.connected();
    let is_news = reader.took(messages);
    reader.stands_at(answer.header(LAST_EVENT_ID).unwrap_or_default())?;
    Ok(Brought { is_cut, is_news })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Buf;

    use super::*;
    use crate::event::Position;
    use crate::feed::{Feed, Retain};

    fn feed() -> Feed {
        Feed::new(Retain::of(3, 1 << 20))
    }

    fn subscribe(feed: &Feed) -> Subscription {
        feed.subscribe("demo", Position::Earliest, Arc::default()).unwrap()
    }

    const ALL: Limit = Limit { events: 1_000, bytes: FULL_BYTES };

    #[test]
    fn an_array_is_the_payloads_between_brackets_and_reads_back() {
        let feed = feed();
        let (mut reader, mut other) = (subscribe(&feed), subscribe(&feed));
        (0..5).for_each(|n| assert!(feed.publish("demo", n, "1").is_ok()));
        let batch = other.read(ALL);
        let mut array = array(&mut reader, ALL);
        let bytes = array.copy_to_bytes(array.remaining());
        let payloads: Vec<_> = batch.messages().map(|message| message.json()).collect();
        let texts: Vec<_> = payloads.iter().map(|json| std::str::from_utf8(json).unwrap()).collect();
        assert_eq!(bytes, format!("[{}]", texts.join(",")));
        assert_eq!(messages(&bytes).unwrap(), batch.messages().collect::<Vec<_>>());
        assert_eq!(batch.len(), 4, "a gap, and three events");
    }

    #[test]
    fn nothing_new_is_a_204_without_a_body() {
        let feed = feed();
        let reply = Reply::from(read(&mut subscribe(&feed), ALL));
        assert_eq!(reply.status(), 204);
        assert_eq!(reply.headers()["last-event-id"], feed.newest("demo").to_string());
        assert_eq!(reply.headers()["cache-control"], "no-store");
        assert_eq!(reply.headers().len(), 2);
    }

    #[test]
    fn what_is_no_batch_is_an_error() {
        for wrong in ["", "{}", "[1]", "[{}]", "[{\"id\":\"x\"}]", "nonsense"] {
            assert!(messages(&Bytes::from(wrong)).is_err(), "`{wrong}` was taken for a batch");
        }
    }
}
