//! What came of it: plain data with units in the names. `null` where a thing cannot be known.

use serde::{Deserialize, Serialize};

use crate::bench::result::Environment;
use crate::client::Http;
use crate::event::EventId;
use crate::link::Link;
use crate::source::Rate;
use crate::transport::Transport;

/// Grows when a key is dropped or means something else; keys may be added without.
pub const SCHEMA_VERSION: u32 = 1;

/// All that `bench chaos` found out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// The shape of this document.
    pub schema_version: u32,
    /// `chaos`: which experiment this is.
    pub lab: String,
    /// What was typed.
    pub command: String,
    /// Where it ran.
    pub environment: Environment,
    /// What whoever quotes a figure must know.
    pub warnings: Vec<String>,
    /// Whether it was stopped before its time.
    pub interrupted: bool,
    /// Drew the instants of events, and of resets.
    pub seed: u64,
    /// What lay between clients and server.
    pub link: Link,
    /// Clients on each transport.
    pub clients: usize,
    /// Which HTTP they spoke.
    pub http: Http,
    /// How long was published.
    pub duration_us: u64,
    /// Events a second that were asked for.
    pub rate: Rate,
    /// Events that the server remembered.
    pub memory_events: usize,
    /// From one poll to the next.
    pub poll_interval_us: u64,
    /// What became of the messages.
    pub published: Published,
    /// The server, from each start to the next.
    pub lives: Vec<Life>,
    /// From the end of publishing until the last client had all that was to be had.
    pub catching_up_us: u64,
    /// One for each transport.
    pub lanes: Vec<Lane>,
    /// Breaches in all.
    pub breaches: u64,
    /// The first of them.
    pub first_breaches: Vec<Named>,
}

/// What became of the messages.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Published {
    /// That were due.
    pub due: u64,
    /// That were acknowledged with an id.
    pub acknowledged: u64,
    /// Whose answer was lost: published or not.
    pub unclear: u64,
    /// That had not been taken when publishing was over: never sent, or refused each time.
    pub unsent: u64,
    /// How often the server said not now, and was asked again.
    pub tried_again: u64,
}

/// One life of the server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Life {
    /// The newest event that was acknowledged in it.
    pub newest: EventId,
    /// From SIGTERM to the end of the process; `null` for the last life.
    pub drain_us: Option<u64>,
    /// `null` for the last life, and for one that had to be killed.
    pub exit_code: Option<i32>,
    /// From the end of this process until the next one listened; `null` for the last life.
    pub away_us: Option<u64>,
}

/// The clients of one transport, all together.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Lane {
    /// Which.
    pub transport: Transport,
    /// How many.
    pub clients: usize,
    /// Connections that they opened.
    pub connections: u64,
    /// Events that came.
    pub events: u64,
    /// Gaps within one life of the log.
    pub gaps: u64,
    /// Events that these announced as missing.
    pub missed: u64,
    /// Gaps from one life of the log to another.
    pub new_lives: u64,
    /// Events that were gone with them: of a life that was over, or forgotten.
    pub gone: u64,
    /// What must not have happened.
    pub breaches: u64,
}

/// A breach, and towards whom.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Named {
    /// `sse 17`, or `publisher`.
    pub to: String,
    /// What must not have happened.
    pub what: String,
}

impl Life {
    /// Whether it left as it should: by itself, and saying so.
    pub fn left_well(&self) -> bool {
        self.drain_us.is_none() || self.exit_code == Some(0)
    }
}

impl Report {
    /// Whether all that must not happen did not.
    pub fn holds(&self) -> bool {
        self.breaches == 0 && self.lives.iter().all(Life::left_well)
    }
}
