//! What travels: an [`Event`], its [`EventId`], and the [`Gap`] that is announced where events are missing.
//!
//! ```text
//! {"id":"8f3k2a-1042","topic":"demo","sent_us":1763751234567890,"data":{"any":"json"}}
//! {"gap":{"after":"8f3k2a-10","resumes":"8f3k2a-57","missed":46}}
//! ```
//!
//! These bytes are the same on every transport: they are *the payload*. What a transport wraps around them
//! is its *envelope*, made once for each event and shared by all who read it.

mod compact;
mod gap;
mod id;
mod message;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

pub use compact::compact;
pub use gap::Gap;
pub(crate) use id::LAST_EVENT_ID;
pub use id::{Epoch, EventId, NotAPosition, NotAnEventId, Position};
pub use message::Message;

/// One published thing: an id, an instant, and any JSON.
///
/// Cheap to clone: all clones share one encoding.
#[derive(Clone)]
pub struct Event(Arc<Inner>);

struct Inner {
    id: EventId,
    sent_us: u64,
    json: Bytes,
    /// Where in `json` the value of `data` stands.
    data: Range<usize>,
}

impl Event {
    /// Encodes an event. `data` is compact JSON, see [`compact()`].
    pub fn new(id: EventId, topic: &str, sent_us: u64, data: &str) -> Self {
        use fmt::Write;
        let mut json = String::with_capacity(data.len() + topic.len() + 80);
        write!(json, r#"{{"id":"{id}","topic":"{topic}","sent_us":{sent_us},"data":"#)
            .expect("a String takes all that is written to it");
        let start = json.len();
        json.push_str(data);
        json.push('}');
        Self::from_parts(id, sent_us, start..start + data.len(), json.into())
    }

    pub(in crate::event) fn from_parts(id: EventId, sent_us: u64, data: Range<usize>, json: Bytes) -> Self {
        Self(Arc::new(Inner { id, sent_us, json, data }))
    }

    /// Its place in the log.
    pub fn id(&self) -> EventId {
        self.0.id
    }

    /// When it was scheduled to be published, in microseconds since the UNIX epoch.
    pub fn sent_us(&self) -> u64 {
        self.0.sent_us
    }

    /// The payload: this event's JSON, the same bytes on every transport.
    pub fn json(&self) -> &Bytes {
        &self.0.json
    }

    /// The JSON text of `data`.
    pub fn data(&self) -> &str {
        std::str::from_utf8(&self.0.json[self.0.data.clone()]).expect("JSON is UTF-8")
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0.json))
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.0.json == other.0.json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> EventId {
        text.parse().unwrap()
    }

    #[test]
    fn an_event_reads_back_as_it_was_written() {
        let event = Event::new(id("8f3k2a-1042"), "demo", 1763751234567890, r#"{"any":"json"}"#);
        assert_eq!(
            event.json(),
            r#"{"id":"8f3k2a-1042","topic":"demo","sent_us":1763751234567890,"data":{"any":"json"}}"#
        );
        let Message::Event(read) = Message::from_json(event.json().clone()).unwrap() else {
            panic!("an event was read as a gap");
        };
        assert_eq!((read.id(), read.sent_us(), read.data()), (event.id(), event.sent_us(), event.data()));
    }
}
