//! What to run.

use std::time::Duration;

use crate::bench::cores::Cores;
use crate::bench::route::Route;
use crate::client::{Headers, Options, Proxy, Target};
use crate::feed::Retain;
use crate::link::Link;
use crate::source::Source;
use crate::transport::Transport;

/// What to run, and how long.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which transports.
    pub transports: Vec<Transport>,
    /// The network between the two ends.
    pub link: Link,
    /// Connections of a client that POSTs on several, the one that it listens on included; 2 at least.
    pub connections: usize,
    /// What each lane publishes; its duration is that of the plan.
    pub source: Source,
    /// How long the window is that counts.
    pub duration: Duration,
    /// What comes before the window.
    pub warmup: Duration,
    /// How often to run it all.
    pub rounds: usize,
    /// How often to poll.
    pub poll_interval: Duration,
    /// How long a long poll is held; the server's default where none is named.
    pub hold: Option<Duration>,
    /// Whose request heads to send.
    pub headers: Headers,
    /// Whom to ask for a tunnel to the server.
    pub proxy: Option<Proxy>,
    /// A server that is running already; one of our own where none is named.
    pub url: Option<Target>,
    /// Where the server runs, and where everybody else does; wherever the system likes where none are named.
    pub cores: Option<Cores>,
}

/// How a lane listens, and how it publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) transport: Transport,
    /// Connections for POSTs; none where the client speaks on the connection that it listens on.
    pub(super) posting: usize,
}

impl Way {
    /// All of a client's, the one that it listens on included.
    pub(super) fn connections(self) -> usize {
        1 + self.posting
    }

    /// Whether it publishes frames on the connection it listens on.
    pub(super) fn speaks(self) -> bool {
        self.posting == 0
    }
}

/// The topic of calibrations; each lane has one of its own, with as long a name.
pub(super) const REHEARSAL: &str = "talk-00";

impl Plan {
    /// Messages that can be kept account of: a gigabyte, at about a hundred bytes each.
    pub const MOST_MESSAGES: f64 = 1e7;

    /// How many messages there will be about, those of all lanes and rounds.
    pub fn messages(&self) -> f64 {
        let of_a_lane = self.source.rate.per_s() * (self.warmup + self.duration).as_secs_f64();
        of_a_lane * self.ways().len() as f64 * self.rounds as f64
    }

    /// How long a long poll is held.
    pub fn hold(&self) -> Duration {
        self.hold.unwrap_or(crate::bench::Plan::DEFAULT_HOLD)
    }

    /// The lanes: who cannot speak where it listens POSTs, on one connection and on several.
    pub(super) fn ways(&self) -> Vec<Way> {
        let several = self.connections - 1;
        let of = |transport: &Transport| match transport {
            Transport::Websocket => vec![0],
            Transport::Poll | Transport::Longpoll | Transport::Sse if several > 1 => vec![1, several],
            Transport::Poll | Transport::Longpoll | Transport::Sse => vec![1],
        };
        let all = self.transports.iter().flat_map(|transport| {
            of(transport).into_iter().map(|posting| Way { transport: *transport, posting })
        });
        all.collect()
    }

    /// What a client chooses; `phase` is where its first poll falls in the interval.
    pub(super) fn options(&self, route: &Route, topic: &str, phase: f64) -> Options {
        route.lead(Options {
            topic: Some(topic.to_owned()),
            headers: self.headers.clone(),
            poll_interval: self.poll_interval,
            poll_phase: phase,
            hold: self.hold,
            ..Options::new(route.target().clone())
        })
    }

    /// What a server of our own must remember, so that no lane falls off its memory by design: what is published
    /// between two polls, twice over, and five seconds for a machine that is busy.
    pub(super) fn retain(&self) -> Retain {
        let waits = self.poll_interval.as_secs_f64() * 2.0 + 5.0;
        let published = self.source.rate.per_s() * waits;
        let events = (published.ceil() as usize).max(10_000);
        Retain::of(events, events * (self.source.size.max(1024) + 256))
    }
}
