//! What came of it: plain data with units in the names. `null` where a thing cannot be known.

use serde::{Deserialize, Serialize};

use super::plan::Way;
use crate::bench::result::Environment;
use crate::source::Rate;
use crate::transport::Transport;

/// Grows when a key is dropped or means something else; keys may be added without.
pub const SCHEMA_VERSION: u32 = 1;

/// All that `bench soak` found out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// The shape of this document.
    pub schema_version: u32,
    /// `soak`: which experiment this is.
    pub lab: String,
    /// What was typed.
    pub command: String,
    /// Where it ran.
    pub environment: Environment,
    /// What whoever quotes a figure must know.
    pub warnings: Vec<String>,
    /// Whether it was stopped before its time.
    pub interrupted: bool,
    /// Clients of each transport that were there at a time.
    pub clients: usize,
    /// How long they came and went.
    pub duration_us: u64,
    /// Events a second.
    pub rate: Rate,
    /// How they left.
    pub ways: Vec<Way>,
    /// The visits, by transport.
    pub lanes: Vec<Lane>,
    /// Why the first visit failed that did.
    pub first_failure: Option<String>,
    /// What the server held: at the start, through, and at the end.
    pub rows: Vec<Row>,
    /// From the last guest's leaving until the server had let go of all.
    pub returning_us: u64,
    /// What did not return, in words.
    pub left_behind: Vec<String>,
}

/// The visits on one transport.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Lane {
    /// Which.
    pub transport: Transport,
    /// Visits that came to their end.
    pub visits: u64,
    /// Of those, how many read anything.
    pub answered: u64,
    /// What all of them read.
    pub read_bytes: u64,
    /// Who closed.
    pub closed: u64,
    /// Who reset.
    pub reset: u64,
    /// Who fell silent.
    pub silent: u64,
    /// Visits that could not be made, or were cut off by the server.
    pub failed: u64,
}

/// What the server held at one moment; the connection that asks is left out.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Row {
    /// Since the first guest came.
    pub at_us: u64,
    /// Visits so far.
    pub visits: u64,
    /// Guests who are silent: the server may or may not have noticed.
    pub silent: usize,
    /// What the server held.
    #[serde(flatten)]
    pub held: Held,
}

/// What the server holds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// Open connections.
    pub connections: u64,
    /// Places in the feed.
    pub subscriptions: u64,
    /// Tasks of its runtimes.
    pub tasks: u64,
    /// File descriptors of its process.
    pub file_descriptors: Option<u64>,
    /// Memory that its allocator has given out: what a leak would add to.
    pub in_use_bytes: Option<u64>,
    /// The pages its allocator has for that, as far as they were touched: of its proportional set size, the anonymous
    /// part. After a crowd they stay, for the pieces that are in use between those that are free.
    pub pages_bytes: Option<u64>,
}

impl Report {
    /// Whether everything returned, and somebody had been there on every transport.
    pub fn holds(&self) -> bool {
        self.left_behind.is_empty() && self.unheard().next().is_none()
    }

    /// Transports on which nobody was answered, where there was time for that.
    pub fn unheard(&self) -> impl Iterator<Item = Transport> {
        let unheard = self.lanes.iter().filter(|lane| lane.answered == 0 && !self.interrupted);
        unheard.map(|lane| lane.transport)
    }

    /// Ways to leave that were asked for, and that nobody took.
    pub fn untried(&self) -> impl Iterator<Item = Way> {
        let took = |lane: &Lane, way| match way {
            Way::Close => lane.closed,
            Way::Reset => lane.reset,
            Way::Silence => lane.silent,
        };
        let ways = self.ways.iter().copied();
        ways.filter(move |way| self.lanes.iter().all(|lane| took(lane, *way) == 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::environment::environment;

    fn report(answered: u64, silent: u64) -> Report {
        let lane = |transport| Lane {
            transport,
            visits: 9,
            answered,
            read_bytes: 0,
            closed: 5,
            reset: 0,
            silent,
            failed: 0,
        };
        Report {
            schema_version: SCHEMA_VERSION,
            lab: "soak".to_owned(),
            command: String::new(),
            environment: environment(),
            warnings: Vec::new(),
            interrupted: false,
            clients: 1,
            duration_us: 1,
            rate: "1".parse().unwrap(),
            ways: vec![Way::Close, Way::Silence],
            lanes: Transport::ALL.map(lane).to_vec(),
            first_failure: None,
            rows: Vec::new(),
            returning_us: 0,
            left_behind: Vec::new(),
        }
    }

    #[test]
    fn nothing_returns_to_where_nobody_went() {
        assert!(report(9, 1).holds());
        assert!(!Report { left_behind: vec!["tasks".to_owned()], ..report(9, 1) }.holds());
        assert_eq!(report(0, 1).unheard().collect::<Vec<_>>(), Transport::ALL);
        assert!(!report(0, 1).holds());
        assert!(Report { interrupted: true, ..report(0, 1) }.holds(), "there was no time for it");
    }

    #[test]
    fn a_way_that_nobody_took_was_not_tried() {
        assert_eq!(report(9, 0).untried().collect::<Vec<_>>(), [Way::Silence]);
        assert_eq!(report(9, 1).untried().count(), 0);
    }
}
