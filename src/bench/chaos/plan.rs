//! What to do to whom.

use std::time::Duration;

use crate::client::Http;
use crate::link::Link;
use crate::source::Rate;
use crate::transport::Transport;

/// From when a connection is reset until its client has been answered on the next one: an event stream is told to come
/// back after 3 s at most, and on all others a client does so after 1 s at most, for who stands at the newest event has
/// just been answered. The rest is for connecting and asking, two round trips of 500 ms.
const BACK: Duration = Duration::from_secs(4);

/// What to do, and for how long.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which transports, all at once.
    pub transports: Vec<Transport>,
    /// Clients on each.
    pub clients: usize,
    /// Which HTTP they speak.
    pub http: Http,
    /// How long to publish.
    pub duration: Duration,
    /// Events a second, at Poisson instants.
    pub rate: Rate,
    /// Bytes of each event's data.
    pub size: usize,
    /// What lies between clients and server.
    pub link: Link,
    /// How often to drain the server and start it again.
    pub restarts: usize,
    /// How many events the server remembers.
    pub memory: usize,
    /// How often to poll.
    pub poll_interval: Duration,
    /// How long a long poll is held; the server's default where none is named.
    pub hold: Option<Duration>,
    /// Draws the instants of events, and of resets on the link.
    pub seed: u64,
}

impl Plan {
    /// What a server remembers where nothing is said: two seconds of events. A client of SSE comes back after 1 to 3 s,
    /// so about half of them come too late for some, and have to be told.
    pub fn usual_memory(rate: Rate) -> usize {
        (rate.per_s() * 2.0).ceil().max(1.0) as usize
    }

    /// How long one life of the server lasts.
    pub(super) fn life(&self) -> Duration {
        self.duration / (self.restarts as u32 + 1)
    }

    /// How long clients that stand at the newest event listen on: an event that still comes has come before, or was
    /// never published. In this time a client that is reset at its beginning comes back, one that polls does so once
    /// more even if it was reset the first time, and a long poll is held to its end, which it never is while there is
    /// news.
    pub fn listening_on(&self) -> Duration {
        let answered = |transport: &Transport| match transport {
            Transport::Poll => 2 * self.poll_interval,
            Transport::Longpoll => self.hold.unwrap_or(crate::bench::Plan::DEFAULT_HOLD),
            Transport::Sse | Transport::Websocket => Duration::ZERO,
        };
        BACK + self.transports.iter().map(answered).max().unwrap_or_default()
    }

    /// What the server is started with.
    pub(super) fn server(&self) -> Vec<String> {
        // Its memory is to be counted in events: that of bytes must not be the smaller one. An event is its data and
        // less than 200 bytes around it.
        let bytes = self.memory * (self.size + 200);
        ["--source", "quiet", "--retain", &self.memory.to_string(), "--retain-bytes", &bytes.to_string()]
            .map(str::to_owned)
            .to_vec()
    }
}
