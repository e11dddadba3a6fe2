//! What to measure.

use std::time::Duration;

use crate::bench::cores::Cores;
use crate::client::{Headers, Target};
use crate::transport::Transport;

/// What to measure, and how long.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which transports, one after another.
    pub transports: Vec<Transport>,
    /// Connections of each.
    pub connections: usize,
    /// How long their traffic is counted.
    pub window: Duration,
    /// How often to do it all.
    pub rounds: usize,
    /// How often to poll. Memory is read between two polls.
    pub poll_interval: Duration,
    /// How long a long poll is held; the server's default where none is named.
    pub hold: Option<Duration>,
    /// Whose request heads to send.
    pub headers: Headers,
    /// A server that is running already; one of our own for each transport where none is named.
    pub url: Option<Target>,
    /// Whether a server of our own is asked over TLS.
    pub tls: bool,
    /// The process of that server, where it runs on this machine.
    pub process: Option<u32>,
    /// The CPU of the server, and that of its clients.
    pub cores: Option<Cores>,
}

impl Plan {
    /// Whether all of it is over TLS.
    pub fn is_secured(&self) -> bool {
        self.url.as_ref().map_or(self.tls, Target::is_secured)
    }

    /// How long a long poll is held.
    pub fn hold(&self) -> Duration {
        self.hold.unwrap_or(crate::bench::Plan::DEFAULT_HOLD)
    }
}
