//! What is said where events are missing.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::EventId;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Message;

    fn id(text: &str) -> EventId {
        text.parse().unwrap()
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
}
