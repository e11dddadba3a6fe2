//! Places in a log: an [`EventId`] names one, a [`Position`] asks for one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_in_its_one_spelling_only() {
        for text in ["8f3k2a-1042", "000000-0", "zzzzzz-18446744073709551615"] {
            assert_eq!(text.parse::<EventId>().unwrap().to_string(), text);
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
}
