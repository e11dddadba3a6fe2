//! Where a subscriber stands.

use crate::event::{EventId, Gap, Position};

/// Where a subscriber stands.
#[derive(Clone, Debug)]
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
