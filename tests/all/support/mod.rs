//! A server in this process, and a client that speaks in bytes.
//!
//! Tests are written with the ids of the protocol's own examples: `8f3k2a` stands for the epoch of the topic
//! `demo`, on the way to the server and on the way back.

mod peer;
mod running;
mod time;

use std::time::Duration;

pub(crate) use peer::{Answer, Peer};
pub(crate) use running::Running;
pub(crate) use time::{StoppedTime, settle, stop_time};

/// Nothing here takes so long, unless it is stuck: five times what the longest took on two CPUs with twenty at work.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
