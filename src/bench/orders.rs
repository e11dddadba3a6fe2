//! How a bench drives the server it started: an order a line on its stdin, an answer a line on its stdout.
//!
//! ```text
//! {"play":{"kind":"poisson","rate":"10/s",…}}    "playing"
//! "count"                                        {"seen":{"newest":"8f3k2a-11","is_over":false}}
//! "look"                                         {"seen":{"newest":"8f3k2a-12","is_over":false}}
//! "stop"                                         {"stopped":{"newest":"8f3k2a-97","played":{…}}}
//! ```

use serde::{Deserialize, Serialize};

use crate::event::EventId;
use crate::source::{Played, Source};

/// What the server is to do.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Order {
    /// Publish this.
    Play(Source),
    /// From here on it counts: tell how far it is, and forget how late the publisher was so far.
    Count,
    /// Tell how far it is.
    Look,
    /// Stop publishing.
    Stop,
}

/// What the server did.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Done {
    /// It publishes.
    Playing,
    /// It is so far.
    Seen {
        /// The newest event.
        newest: EventId,
        /// Whether the source has come to its end.
        is_over: bool,
    },
    /// It publishes no more.
    Stopped {
        /// The newest event of all.
        newest: EventId,
        /// What was published.
        played: Option<Played>,
    },
    /// It cannot do that.
    Refused(String),
}
