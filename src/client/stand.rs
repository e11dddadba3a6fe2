//! Where a subscriber stands.

use super::ended::Ended;
use crate::event::{EventId, Gap, Position};

/// No id is longer that is asked for: in a query each of its bytes may take three, and a request's line is sure to be
/// read up to 8,000 (RFC 9112, section 3).
const LONGEST_ID: usize = 2 << 10;

/// Where a subscriber stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stand {
    /// Nobody has told it yet.
    Asking(Position),
    /// After this event.
    After(EventId),
    /// After an event of a server that spells its ids in its own way.
    Foreign(String),
}

impl From<Position> for Stand {
    fn from(asked: Position) -> Self {
        match asked {
            Position::After(id) => Self::After(id),
            asked => Self::Asking(asked),
        }
    }
}

impl Stand {
    /// # Errors
    /// Where no request could carry such an id back.
    pub(super) fn foreign(id: &str) -> Result<Self, Ended> {
        match id.len() {
            ..=LONGEST_ID => Ok(Self::Foreign(id.to_owned())),
            length => Err(Ended::unreadable(
                "event id",
                format!("it has {length} bytes, and {LONGEST_ID} at most can be asked for again"),
            )),
        }
    }

    /// What to ask for.
    pub(super) fn id(&self) -> Option<String> {
        match self {
            Self::Asking(Position::Latest) => None,
            Self::Asking(Position::Earliest) => Some("earliest".to_owned()),
            Self::Asking(Position::After(id)) | Self::After(id) => Some(id.to_string()),
            Self::Foreign(id) => Some(id.clone()),
        }
    }

    /// Whether an event came before.
    pub(super) fn is_past(&self, id: EventId) -> bool {
        matches!(self, Self::After(last) if last.epoch == id.epoch && id.sequence <= last.sequence)
    }

    /// What is missing before a gap: one begins where this subscriber stands.
    pub(super) fn hole_before_gap(&self, gap: &Gap) -> Option<Gap> {
        match self {
            Self::After(last) if !self.is_past(gap.after) => Some(Gap::new(*last, gap.after.next())),
            _ => None,
        }
    }

    /// Whether a gap is one that this subscriber has left behind: it neither begins here nor leads on.
    pub(super) fn has_left(&self, gap: &Gap) -> bool {
        let begins_here = matches!(self, Self::After(last) if *last == gap.after);
        !begins_here && self.is_past(gap.after) && self.is_past(gap.position())
    }

    /// What is missing before an event, where there is a position at all.
    pub(super) fn hole_before(&self, id: EventId) -> Option<Gap> {
        match self {
            Self::After(last) if id.previous() != *last => Some(Gap::new(*last, id)),
            _ => None,
        }
    }
}
