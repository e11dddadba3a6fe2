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
use http_body_util::Full;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::value::RawValue;

use super::answer::{Refusal, Reply};
use super::ask::Ask;
use super::backlog::Backlog;
use crate::client::{Ended, News, Reader, Received};
use crate::event::{EventId, LAST_EVENT_ID, Message};
use crate::feed::{Batch, Limit};

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

/// The answer that carries a batch to a reader who then stands at `position`.
pub(crate) fn answer(batch: &Batch, position: EventId) -> Reply {
    let mut reply = Response::new(Full::new(array(batch)));
    if batch.is_empty() {
        *reply.status_mut() = StatusCode::NO_CONTENT;
    } else {
        reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    reply.headers_mut().insert(LAST_EVENT_ID, position_header(position));
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

/// A position as the value of a header.
pub(super) fn position_header(position: EventId) -> HeaderValue {
    HeaderValue::try_from(position.to_string()).expect("an event id is ASCII")
}

pub(super) fn array(batch: &Batch) -> Backlog {
    let mut array = Backlog::default();
    for (index, message) in batch.messages().enumerate() {
        let before = if index == 0 { "[" } else { "," };
        array.push(Bytes::from_static(before.as_bytes()));
        array.push(message.json());
    }
    if !batch.is_empty() {
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

/// The client's side: hands on what an answer brought, and tells whether it was cut short.
///
/// # Errors
/// Where the server said no, or what it sent is no batch.
pub(super) fn take<F>(reader: &mut Reader<F>, answer: &Received) -> Result<bool, Ended>
where
    F: FnMut(News) + Send,
{
    let messages = match answer.status {
        StatusCode::NO_CONTENT => Vec::new(),
        StatusCode::OK => messages(&answer.body).map_err(|wrong| Ended::unreadable("batch", wrong))?,
        _ => return Err(Ended::refused(answer)),
    };
    let cut = messages.len() as u64 >= FULL_EVENTS || answer.body.len() >= FULL_BYTES;
    reader.connected();
    reader.took(messages);
    reader.stands_at(answer.header(LAST_EVENT_ID).unwrap_or_default());
    Ok(cut)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Epoch, Event, Gap};

    fn id(sequence: u64) -> EventId {
        EventId { epoch: Epoch::from_number(7), sequence }
    }

    #[test]
    fn an_array_is_the_payloads_between_brackets_and_reads_back() {
        let event = |sequence| Event::new(id(sequence), "demo", 5, "1");
        let batch = Batch { gap: Some(Gap::new(id(0), id(3))), events: vec![event(3), event(4)] };
        let mut array = array(&batch);
        let bytes = bytes::Buf::copy_to_bytes(&mut array, batch.payload_len() + "[,,]".len());
        assert_eq!(
            bytes,
            r#"[{"gap":{"after":"000007-0","resumes":"000007-3","missed":2}},{"id":"000007-3","topic":"demo","sent_us":5,"data":1},{"id":"000007-4","topic":"demo","sent_us":5,"data":1}]"#
        );
        assert_eq!(messages(&bytes).unwrap(), batch.messages().collect::<Vec<_>>());
    }

    #[test]
    fn nothing_new_is_a_204_without_a_body() {
        let reply = answer(&Batch::default(), id(9));
        assert_eq!(reply.status(), 204);
        assert_eq!(reply.headers()["last-event-id"], "000007-9");
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
