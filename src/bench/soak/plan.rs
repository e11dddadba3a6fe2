//! Who comes, and how they leave.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::source::Rate;
use crate::transport::Transport;

/// How a client vanishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// It closes its socket: a FIN, and no farewell of HTTP or WebSocket.
    Close,
    /// It resets its connection.
    Reset,
    /// It stays, and neither reads nor answers any more, as one whose network is gone.
    Silence,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Close, Self::Reset, Self::Silence];

    /// A way to leave. Who falls silent costs the server a connection for a minute or two, so that one visit in twenty
    /// makes a crowd of hundreds.
    pub(super) fn draw(ways: &[Self], random: &mut fastrand::Rng) -> Self {
        const SILENT: f64 = 0.05;
        let others: Vec<Self> = ways.iter().copied().filter(|way| *way != Self::Silence).collect();
        let is_silent = ways.contains(&Self::Silence) && random.f64() < SILENT;
        match random.choice(others) {
            Some(other) if !is_silent => other,
            _ => Self::Silence,
        }
    }
}

/// Who comes, and for how long.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which transports, all at once.
    pub transports: Vec<Transport>,
    /// Clients of each that are there at a time.
    pub clients: usize,
    /// How long they come and go.
    pub duration: Duration,
    /// Events a second.
    pub rate: Rate,
    /// How they leave.
    pub ways: Vec<Way>,
}

impl Plan {
    /// How long the server may take to notice that everybody has left. Who is silent: a poll that waits for its next
    /// request is closed after 75 s, a held one is answered after 25 s and then waits so, a stream that is not read
    /// after 30 s without progress, once its buffers are full, a WebSocket 10 s after a ping that comes every 25 s;
    /// and as much again as a margin. Who has closed or reset: at once.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(if self.ways.contains(&Way::Silence) { 200 } else { 10 })
    }

    /// What the server is started with. It remembers so little that its log has its full size when the first figures
    /// are read; and its send buffers are so small that who does not read is noticed.
    pub(super) fn server(&self) -> Vec<String> {
        let rate = self.rate.per_s().to_string();
        let arguments = ["--source", "poisson", "--rate", &rate, "--retain", "50", "--send-buffer", "16k"];
        arguments.map(str::to_owned).to_vec()
    }
}
