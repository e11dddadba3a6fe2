//! What travels: an [`Event`], its [`EventId`], and the [`Gap`] that is announced where events are missing.
//!
//! ```text
//! {"id":"8f3k2a-1042","topic":"demo","sent_us":1763751234567890,"data":{"any":"json"}}
//! {"gap":{"after":"8f3k2a-10","resumes":"8f3k2a-57","missed":46}}
//! ```
//!
//! These bytes are the same on every transport: they are *the payload*. What a transport wraps around them
//! is its *envelope*, made once for each event and shared by all who read it.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// One life of a topic's log: six characters `[0-9a-z]`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Epoch([u8; 6]);

impl Epoch {
    /// The epoch that stands for `number`: its last six digits in base 36.
    pub fn from_number(mut number: u64) -> Self {
        let mut letters = [b'0'; 6];
        for letter in letters.iter_mut().rev() {
            *letter = b"0123456789abcdefghijklmnopqrstuvwxyz"[(number % 36) as usize];
            number /= 36;
        }
        Self(letters)
    }

    /// The six characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("an epoch is ASCII")
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The place of an event in its topic's log: `epoch-sequence`, opaque to clients.
///
/// The sequence counts from 1 without holes; `epoch-0` is the valid position before the first event.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventId {
    /// The life of the log that this id belongs to.
    pub epoch: Epoch,
    /// Counts from 1; 0 stands before the first event.
    pub sequence: u64,
}

impl EventId {
    /// The id before this one. Before `epoch-0` there is none: it stays.
    pub fn previous(self) -> Self {
        Self { sequence: self.sequence.saturating_sub(1), ..self }
    }

    /// The id after this one.
    pub fn next(self) -> Self {
        Self { sequence: self.sequence.saturating_add(1), ..self }
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.sequence)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is no [`EventId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event id is six characters `0-9a-z`, a hyphen and a number, like `8f3k2a-1042`")]
pub struct NotAnEventId;

impl FromStr for EventId {
    type Err = NotAnEventId;

    /// Takes only what [`Display`](fmt::Display) prints: one spelling for each id.
    fn from_str(text: &str) -> Result<Self, NotAnEventId> {
        let (epoch, digits) = text.split_once('-').ok_or(NotAnEventId)?;
        let epoch: [u8; 6] = epoch.as_bytes().try_into().map_err(|_| NotAnEventId)?;
        let lower = |letter: &u8| letter.is_ascii_digit() || letter.is_ascii_lowercase();
        let canonical = digits == "0" || !digits.starts_with('0');
        if !epoch.iter().all(lower) || !digits.bytes().all(|d| d.is_ascii_digit()) || !canonical {
            return Err(NotAnEventId);
        }
        Ok(Self { epoch: Epoch(epoch), sequence: digits.parse().map_err(|_| NotAnEventId)? })
    }
}

impl Serialize for EventId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The header that carries a position, both ways (HTML standard, section 9.2.4).
pub(crate) const LAST_EVENT_ID: &str = "last-event-id";

/// Where a reader asks to begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Position {
    /// From now on: only what is published later.
    #[default]
    Latest,
    /// With the oldest event that is retained.
    Earliest,
    /// With the event after this one.
    After(EventId),
}

/// Why a text is no [`Position`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("ask for an event id such as `8f3k2a-1042`, or `earliest`, or nothing for what comes from now on")]
pub struct NotAPosition;

impl FromStr for Position {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        match text {
            "" => Ok(Self::Latest),
            "earliest" => Ok(Self::Earliest),
            id => id.parse().map(Self::After).map_err(|_| NotAPosition),
        }
    }
}

/// The envelopes that are made once for an event and shared by all its readers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Envelope {
    Sse,
    WebSocket,
}

/// One published thing: an id, an instant, and any JSON.
///
/// Cheap to clone: all clones share one encoding of each kind.
#[derive(Clone)]
pub struct Event(Arc<Inner>);

struct Inner {
    id: EventId,
    sent_us: u64,
    json: Bytes,
    /// Where in `json` the value of `data` stands.
    data: Range<usize>,
    envelopes: [OnceLock<Bytes>; 2],
}

impl Event {
    /// Encodes an event. `data` is compact JSON, see [`compact`].
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

    fn from_parts(id: EventId, sent_us: u64, data: Range<usize>, json: Bytes) -> Self {
        Self(Arc::new(Inner { id, sent_us, json, data, envelopes: [const { OnceLock::new() }; 2] }))
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

    /// This event in a transport's envelope: encoded by the first who asks, shared by the rest.
    pub(crate) fn enveloped(&self, kind: Envelope, encode: impl FnOnce(&Self) -> Bytes) -> Bytes {
        self.0.envelopes[kind as usize].get_or_init(|| encode(self)).clone()
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

/// An announced hole: what stood between two ids is no longer to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The last position the reader had.
    pub after: EventId,
    /// The next event the reader can get; where none is retained, the next that will be published.
    pub resumes: EventId,
    /// How many events were lost; `None` where the two ids cannot be compared.
    pub missed: Option<u64>,
}

impl Gap {
    /// The gap between two positions of one log, or across two logs.
    pub fn new(after: EventId, resumes: EventId) -> Self {
        let missed = match after.epoch == resumes.epoch {
            true => resumes.sequence.checked_sub(after.sequence).and_then(|apart| apart.checked_sub(1)),
            false => None,
        };
        Self { after, resumes, missed }
    }

    /// `{"gap":{…}}`
    pub fn json(&self) -> Bytes {
        let missed = self.missed.map_or("null".to_owned(), |missed| missed.to_string());
        let Self { after, resumes, .. } = self;
        format!(r#"{{"gap":{{"after":"{after}","resumes":"{resumes}","missed":{missed}}}}}"#).into()
    }

    /// Where a reader stands once it has been told of this gap.
    pub fn position(&self) -> EventId {
        self.resumes.previous()
    }

    /// Whether the log began anew: the server was restarted.
    pub fn is_new_epoch(&self) -> bool {
        self.after.epoch != self.resumes.epoch
    }
}

/// What a reader is told: an event, or that events are missing.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// The next event.
    Event(Event),
    /// Events are missing here.
    Gap(Gap),
}

impl Message {
    /// The bytes that every transport carries.
    pub fn json(&self) -> Bytes {
        match self {
            Self::Event(event) => event.json().clone(),
            Self::Gap(gap) => gap.json(),
        }
    }

    /// Where a reader stands once it has this message.
    pub fn position(&self) -> EventId {
        match self {
            Self::Event(event) => event.id(),
            Self::Gap(gap) => gap.position(),
        }
    }

    /// Reads what [`json`](Self::json) wrote. The bytes are kept as they came.
    ///
    /// # Errors
    /// Where the text is not JSON, or is neither an event nor a gap.
    pub fn from_json(json: Bytes) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Either<'a> {
            gap: Option<Gap>,
            id: Option<EventId>,
            sent_us: Option<u64>,
            #[serde(borrow)]
            data: Option<&'a RawValue>,
        }
        let read: Either<'_> = serde_json::from_slice(&json)?;
        if let Some(gap) = read.gap {
            return Ok(Self::Gap(gap));
        }
        let (Some(id), Some(sent_us), Some(data)) = (read.id, read.sent_us, read.data) else {
            return Err(serde::de::Error::custom("neither an event nor a gap"));
        };
        let start = data.get().as_ptr() as usize - json.as_ptr() as usize;
        let data = start..start + data.get().len();
        Ok(Self::Event(Event::from_parts(id, sent_us, data, json)))
    }
}

/// Rewrites JSON without the white space between its tokens; key order and spelling of numbers stay.
///
/// # Errors
/// Where the text is not one JSON value in UTF-8.
pub fn compact(json: &[u8]) -> Result<String, serde_json::Error> {
    let json: &RawValue = serde_json::from_slice(json)?;
    let (mut in_string, mut escaped) = (false, false);
    let keep = |letter: &char| {
        if in_string {
            (in_string, escaped) = (escaped || *letter != '"', !escaped && *letter == '\\');
            return true;
        }
        in_string = *letter == '"';
        !matches!(letter, ' ' | '\t' | '\n' | '\r')
    };
    Ok(json.get().chars().filter(keep).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> EventId {
        text.parse().unwrap()
    }

    #[test]
    fn an_id_is_read_in_its_one_spelling_only() {
        for text in ["8f3k2a-1042", "000000-0", "zzzzzz-18446744073709551615"] {
            assert_eq!(id(text).to_string(), text);
        }
        for text in [
            "",
            "8f3k2a",
            "8f3k2a-",
            "8F3k2a-1",
            "8f3k2-1",
            "8f3k2ab-1",
            "8f3k2a-01",
            "8f3k2a-+1",
            "8f3k2a--1",
            "8f3k2a-18446744073709551616",
        ] {
            assert_eq!(text.parse::<EventId>(), Err(NotAnEventId), "`{text}` was taken for an id");
        }
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

    #[test]
    fn a_gap_counts_what_is_missing_and_says_null_across_epochs() {
        let gap = Gap::new(id("8f3k2a-10"), id("8f3k2a-57"));
        assert_eq!(gap.json(), r#"{"gap":{"after":"8f3k2a-10","resumes":"8f3k2a-57","missed":46}}"#);
        assert_eq!(gap.position(), id("8f3k2a-56"));
        let across = Gap::new(id("8f3k2a-10"), id("111111-1"));
        assert_eq!(across.json(), r#"{"gap":{"after":"8f3k2a-10","resumes":"111111-1","missed":null}}"#);
        assert_eq!(Message::from_json(gap.json()).unwrap(), Message::Gap(gap));
    }

    #[test]
    fn data_is_rewritten_compact_and_keeps_its_spelling() {
        let compacted = compact(
            b" { \"b\" : 1.50 ,\r\n\t\"a\" : [ 1e400 , \"x \\\" y \\\\\" , 12345678901234567890123 ] } ",
        )
        .unwrap();
        assert_eq!(compacted, r#"{"b":1.50,"a":[1e400,"x \" y \\",12345678901234567890123]}"#);
        for wrong in [&b"{\"a\":1"[..], b"", b"1 2", b"\xff", b"{'a':1}"] {
            assert!(compact(wrong).is_err(), "{wrong:?} was taken for JSON");
        }
    }

    #[test]
    fn an_envelope_is_made_once_and_shared() {
        let event = Event::new(id("8f3k2a-1"), "demo", 1, "1");
        let first = event.enveloped(Envelope::Sse, |_| Bytes::from_static(b"first"));
        let second = event.clone().enveloped(Envelope::Sse, |_| panic!("encoded twice"));
        assert_eq!(first.as_ptr(), second.as_ptr());
    }
}
