//! What a reader is told that reads over whatever works.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::client::News;
use crate::event::EventId;
use crate::transport::Transport;
use crate::wire::Counts;

/// What showed that a transport works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    /// An event came.
    Event,
    /// It was told that events are missing.
    Gap,
    /// There was nothing to come, and a heartbeat or an empty answer did.
    Life,
}

/// What a reader is told that reads over whatever works.
#[derive(Clone, Debug)]
pub enum Told {
    /// Of the feed: each event once and in order, whichever transport brought it.
    News(News),
    /// Where the feed stands, and how long a first answer took: all patience is made from that.
    Stands {
        /// The newest event.
        newest: EventId,
        /// From `connect()` to its answer.
        took: Duration,
    },
    /// A transport is begun.
    Tries(Transport),
    /// It does not work.
    Failed {
        /// Which.
        transport: Transport,
        /// Why.
        why: String,
        /// After how long that was known.
        after: Duration,
    },
    /// From now on it is read over this one.
    Chose {
        /// Which.
        transport: Transport,
        /// What showed that it works.
        proof: Proof,
        /// How long the search took; beside one that worked, how long this one took.
        after: Duration,
        /// What was spent until then, on all that was tried.
        spent: Counts,
        /// The one that it was read over until now, where that worked still.
        instead_of: Option<Transport>,
    },
    /// The one that it was read over is left.
    Left {
        /// Which.
        transport: Transport,
        /// Why.
        why: String,
    },
}
