//! What a token says: who bears it, until when, and what for.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize, Serializer};

/// The claims of a token (RFC 7519, section 4), under the names that they have in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claims {
    /// From when on it opens nothing: seconds since the UNIX epoch. Other makers of tokens may write a fraction.
    #[serde(rename = "exp", serialize_with = "whole")]
    pub expires_s: f64,
    /// Before when it opens nothing yet. It may be left out.
    #[serde(rename = "nbf", default, skip_serializing_if = "Option::is_none")]
    pub begins_s: Option<f64>,
    /// Who bears it.
    #[serde(rename = "sub")]
    pub subject: String,
    /// Topics that may be read: exact names, or with a `*` at the end all that begin so.
    #[serde(default)]
    pub subscribe: Vec<String>,
    /// Topics that may be published to, spelled likewise.
    #[serde(default)]
    pub publish: Vec<String>,
}

impl Claims {
    /// Whether it has expired by then (RFC 7519, section 4.1.4: "on or after").
    pub(super) fn has_expired(&self, now_s: f64) -> bool {
        now_s >= self.expires_s
    }

    /// Whether its bearer may read this topic.
    pub fn may_subscribe(&self, topic: &str) -> bool {
        self.subscribe.iter().any(|granted| covers(granted, topic))
    }

    /// Whether its bearer may publish to this topic.
    pub fn may_publish(&self, topic: &str) -> bool {
        self.publish.iter().any(|granted| covers(granted, topic))
    }
}

/// Whether what is granted covers a topic.
fn covers(granted: &str, topic: &str) -> bool {
    match granted.strip_suffix('*') {
        Some(beginning) => topic.starts_with(beginning),
        None => granted == topic,
    }
}

/// Not every library takes a fraction.
fn whole<S: Serializer>(seconds: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(*seconds as u64)
}

/// Seconds since the UNIX epoch, by the clock that tokens are written by: it may be set meanwhile.
pub fn now_s() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_at_the_end_covers_all_that_begins_so() {
        for (granted, topic, is_covered) in [
            ("demo", "demo", true),
            ("demo", "demo2", false),
            ("demo", "dem", false),
            ("demo", "Demo", false),
            ("room.*", "room.7", true),
            ("room.*", "room.", true),
            ("room.*", "room", false),
            ("room.*", "rooms.7", false),
            ("*", "anything", true),
            ("*", "control._a", true),
            ("**", "demo", false),
            ("d*o", "demo", false),
            ("", "demo", false),
        ] {
            assert_eq!(covers(granted, topic), is_covered, "`{granted}` and `{topic}`");
        }
    }

    #[test]
    fn it_is_good_until_the_instant_it_expires_at() {
        let claims: Claims = serde_json::from_str(r#"{"exp":100.5,"sub":"a"}"#).unwrap();
        assert!(!claims.has_expired(100.4) && claims.has_expired(100.5) && claims.has_expired(f64::MAX));
        assert!(serde_json::to_string(&claims).unwrap().starts_with(r#"{"exp":100,"sub":"a","#));
        assert!(!claims.may_subscribe("demo") && !claims.may_publish("demo"), "what is not granted is not");
    }
}
