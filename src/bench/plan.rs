//! What to run.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cores::Cores;
use super::until::Until;
use crate::client::{Headers, Http, Options, PollMode, Proxy, Target};
use crate::link::Link;
use crate::source::{Source, SourceKind};
use crate::transport::Transport;

/// Whether the lanes of a round run at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// All at once, on the same events.
    #[default]
    Together,
    /// One after another, on the same schedule, each with a server of its own; adds what a server spends.
    Isolated,
}

/// One cell of a sweep: what to run under which conditions, and how long.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which lanes.
    pub transports: Vec<Transport>,
    /// The network between the two ends.
    pub link: Link,
    /// Which HTTP the clients speak.
    pub http: Http,
    /// Whether a server of our own speaks TLS.
    pub tls: bool,
    /// Clients a lane.
    pub clients: usize,
    /// What is published; nothing by us where somebody else does.
    pub source: Source,
    /// How long the window is that counts; a trace without one runs to its end.
    pub duration: Option<Duration>,
    /// What comes before the window.
    pub warmup: Duration,
    /// How often to run it all, at the least.
    pub rounds: usize,
    /// Until when to go on, up to so many rounds.
    pub until: Option<(Until, usize)>,
    /// At once, or one after another.
    pub mode: Mode,
    /// What all that is random is drawn from.
    pub seed: u64,
    /// How often to poll.
    pub poll_interval: Duration,
    /// What the poll interval is counted from.
    pub poll_mode: PollMode,
    /// How long a long poll is held; the server's default where none is named.
    pub hold: Option<Duration>,
    /// How long a long poll waits for more after the first event.
    pub linger: Duration,
    /// Whose request heads to send.
    pub headers: Headers,
    /// Whether a connection serves more than one request.
    pub keep_alive: bool,
    /// Whom to ask for a tunnel to the server.
    pub proxy: Option<Proxy>,
    /// A server that is running already; one of our own where none is named.
    pub url: Option<Target>,
    /// Whether we publish to that server.
    pub publish: bool,
    /// Which topic; the server's default where none is named.
    pub topic: Option<String>,
    /// Where the server runs, and where everybody else does; wherever the system likes where none are named.
    pub cores: Option<Cores>,
    /// Whether the result holds every arrival.
    pub raw: bool,
}

impl Plan {
    /// Where the server is asked for nothing, it holds so long.
    pub const DEFAULT_HOLD: Duration = Duration::from_secs(25);

    /// How long a long poll is held.
    pub fn hold(&self) -> Duration {
        self.hold.unwrap_or(Self::DEFAULT_HOLD)
    }

    /// Whether somebody else publishes.
    pub fn only_listens(&self) -> bool {
        self.url.is_some() && !self.publish
    }

    /// Whether what is published is a recording: it has no warm-up, and an end of its own.
    pub fn is_trace(&self) -> bool {
        matches!(self.source.kind, SourceKind::Trace(_)) && !self.only_listens()
    }

    /// What a client of a lane chooses; `phase` is where its first poll falls in the interval.
    pub(super) fn options(&self, target: Target, phase: f64) -> Options {
        Options {
            http: self.http,
            topic: self.topic.clone(),
            headers: self.headers.clone(),
            poll_interval: self.poll_interval,
            poll_mode: self.poll_mode,
            poll_phase: phase,
            hold: self.hold,
            linger: self.linger,
            keep_alive: self.keep_alive,
            ..Options::new(target)
        }
    }

    /// Events that a server of our own must remember, so that no lane falls off its memory by design: what
    /// is published between two polls, twice over, and five seconds for a machine that is busy.
    pub(super) fn retain(&self) -> usize {
        let waits = self.poll_interval.as_secs_f64() * 2.0 + 5.0;
        let published = self.source.rate.per_s() * waits;
        (published.ceil() as usize).max(10_000)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// All lanes at 10/s, ten seconds, on a server of our own.
    pub(in crate::bench) fn plan() -> Plan {
        Plan {
            transports: Transport::ALL.to_vec(),
            link: Link::default(),
            http: Http::One,
            tls: false,
            clients: 1,
            source: Source::default(),
            duration: Some(Duration::from_secs(10)),
            warmup: Duration::from_secs(1),
            rounds: 1,
            until: None,
            mode: Mode::Together,
            seed: 7,
            poll_interval: Duration::from_secs(1),
            poll_mode: PollMode::default(),
            hold: None,
            linger: Duration::ZERO,
            headers: Headers::default(),
            keep_alive: true,
            proxy: None,
            url: None,
            publish: false,
            topic: None,
            cores: None,
            raw: false,
        }
    }
}
