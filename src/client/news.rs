//! What a subscriber is told.

use std::time::Duration;

use bytes::Bytes;

use crate::event::{Event, Gap};

/// What a subscriber is told. Instants are those of the socket's read, in monotonic microseconds.
#[derive(Clone, Debug)]
pub enum News {
    /// The server has answered; on this connection for the first time.
    Connected,
    /// The next event.
    Event {
        /// The event.
        event: Event,
        /// When the read that completed it returned.
        arrived_us: u64,
    },
    /// An event that came before. It is not handed on.
    Duplicate {
        /// The event.
        event: Event,
        /// When it came again.
        arrived_us: u64,
    },
    /// Events are missing, and the server says so.
    Gap {
        /// Which.
        gap: Gap,
        /// When it was told.
        arrived_us: u64,
    },
    /// Events are missing, and nobody said so.
    Hole(Gap),
    /// A message of another server's own kind.
    Foreign {
        /// Its `event:` field, or `binary`; empty where there is none.
        event: String,
        /// The last event id as of this message; empty where there is none.
        id: String,
        /// What it says.
        data: Bytes,
        /// When it came.
        arrived_us: u64,
    },
    /// The connection has ended.
    Disconnected {
        /// Why.
        why: String,
        /// How long until the next try.
        wait: Duration,
    },
}
