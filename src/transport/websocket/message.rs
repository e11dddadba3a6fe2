//! What a client may say, and what it is answered.
//!
//! ```text
//! {"publish":{"any":"json"},"ref":"7"}                    to the connection's topic
//! {"publish":1,"ref":"8","topic":"other"}                 to another
//! {"publish":1,"ref":"9","key":"…"}                       where publishing takes the operator's key
//!
//! {"ack":{"ref":"7","id":"8f3k2a-1043"}}
//! {"error":{"ref":"8","message":"…"}}                     the request could not be carried out
//! {"error":{"message":"…"}}                               that was no request
//! ```

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::event::EventId;

/// A client's request to publish.
#[derive(Deserialize)]
pub(super) struct Publish<'a> {
    #[serde(borrow)]
    publish: Present<'a>,
    /// The client's name for this request; comes back in the answer, spelled as it was.
    #[serde(borrow, rename = "ref")]
    pub(super) reference: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) topic: Option<Cow<'a, str>>,
    /// The operator's.
    #[serde(borrow)]
    pub(super) key: Option<Cow<'a, str>>,
}

/// Any JSON, `null` too: an `Option` would take that for absence.
#[derive(Deserialize)]
#[serde(transparent)]
struct Present<'a>(#[serde(borrow)] &'a RawValue);

impl<'a> Publish<'a> {
    /// Reads a client's message.
    ///
    /// # Errors
    /// What to tell a client whose message is no request.
    pub(super) fn read(text: &'a str) -> Result<Self, String> {
        let remedy = |wrong: &dyn std::fmt::Display| {
            format!(r#"not a request: {wrong}; say {{"publish":<any json>,"ref":"<your name for it>"}}"#)
        };
        // serde would take an array for a struct's fields in order.
        if !text.trim_start().starts_with('{') {
            return Err(remedy(&"it is no JSON object"));
        }
        serde_json::from_str(text).map_err(|wrong| remedy(&wrong))
    }

    /// The JSON to publish, as it came.
    pub(super) fn json(&self) -> &'a str {
        self.publish.0.get()
    }
}

/// What a client is answered.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Answer<'a> {
    Ack {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a RawValue>,
        id: EventId,
    },
    Error {
        #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<&'a RawValue>,
        message: String,
    },
}

impl Answer<'_> {
    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).expect("strings and ids are JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_keeps_the_spelling_of_what_it_carries() {
        let read = Publish::read(r#" {"ref":"7", "publish": {"a": 1.50}, "topic":"other"} "#).ok().unwrap();
        assert_eq!((read.json(), read.reference.unwrap().get()), (r#"{"a": 1.50}"#, r#""7""#));
        assert_eq!(read.topic.as_deref(), Some("other"));
        assert_eq!(Publish::read(r#"{"publish":null}"#).ok().unwrap().json(), "null");
    }

    #[test]
    fn what_is_no_request_is_answered_with_the_remedy() {
        for text in ["", "hello", "{}", "[1]", r#"[1,"7","demo"]"#, r#"{"ref":"7"}"#] {
            let message =
                Publish::read(text).err().unwrap_or_else(|| panic!("`{text}` was taken for a request"));
            assert!(message.contains(r#"{"publish":"#), "no remedy in `{message}`");
        }
    }

    #[test]
    fn answers_are_spelled_as_the_protocol_says() {
        let reference = serde_json::value::to_raw_value("7").unwrap();
        let id = "8f3k2a-1043".parse().unwrap();
        assert_eq!(
            Answer::Ack { reference: Some(&reference), id }.json(),
            r#"{"ack":{"ref":"7","id":"8f3k2a-1043"}}"#
        );
        let error = Answer::Error { reference: None, message: "no".into() };
        assert_eq!(error.json(), r#"{"error":{"message":"no"}}"#);
    }
}
