//! What a reader is told, and how it is read back.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Event, EventId, Gap};

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
