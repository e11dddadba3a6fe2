//! What a subscriber chooses.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;

use super::headers::Headers;
use super::http::Http;
use super::proxy::Proxy;
use super::target::Target;
use crate::event::Position;
use crate::wire::{Census, Tap};

/// What the poll interval is counted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum PollMode {
    /// At every multiple of the interval, whatever the answers take: T′ = T.
    #[default]
    FixedRate,
    /// The interval after the last answer: T′ = T + G.
    FixedDelay,
}

/// Is shown each socket as it is connected.
pub type OnConnect = Arc<dyn Fn(&TcpStream) + Send + Sync>;

/// What a subscriber chooses; the same for all transports, though not every one looks at all of it.
#[derive(Clone)]
pub struct Options {
    /// Whom to ask.
    pub target: Target,
    /// Where to connect, where that is not the target itself: a relay in front of it.
    pub via: Option<SocketAddr>,
    /// Whom to ask for a tunnel to the target; a relay, where there is one, is in front of it.
    pub proxy: Option<Proxy>,
    /// Which HTTP to speak.
    pub http: Http,
    /// Which topic; the server's default where none is named.
    pub topic: Option<String>,
    /// The name under which the server keeps a ledger.
    pub client: Option<String>,
    /// Where to begin.
    pub from: Position,
    /// What a request's head is made of.
    pub headers: Headers,
    /// How often to poll.
    pub poll_interval: Duration,
    /// When the next poll follows.
    pub poll_mode: PollMode,
    /// When, within the first interval, the first regular poll falls: 0 to 1.
    pub poll_phase: f64,
    /// How long a long poll may be held; the server's default where none is named.
    pub hold: Option<Duration>,
    /// How long a long poll waits for more after the first event.
    pub linger: Duration,
    /// How often a stream is to give a sign of life; the server's default where none is named.
    pub heartbeat: Option<Duration>,
    /// Whether a connection serves more than one request.
    pub keep_alive: bool,
    /// What to say first on a WebSocket, for servers that expect it.
    pub send: Option<String>,
    /// The size of the socket's receive buffer, in bytes; the system's default where none is named.
    pub receive_buffer: Option<u32>,
    /// Is shown all that passes.
    pub tap: Option<Tap>,
    /// Counts the segments of all connections.
    pub census: Option<Arc<Census>>,
    /// Is shown each socket as it is connected.
    pub on_connect: Option<OnConnect>,
}

impl Options {
    /// From now on, on the default topic, with the defaults of the protocol.
    pub fn new(target: Target) -> Self {
        Self {
            target,
            via: None,
            proxy: None,
            http: Http::default(),
            topic: None,
            client: None,
            from: Position::Latest,
            headers: Headers::default(),
            poll_interval: Duration::from_secs(1),
            poll_mode: PollMode::default(),
            poll_phase: 1.0,
            hold: None,
            linger: Duration::ZERO,
            heartbeat: None,
            keep_alive: true,
            send: None,
            receive_buffer: None,
            tap: None,
            census: None,
            on_connect: None,
        }
    }

    /// The query parameters of a long poll.
    pub(crate) fn hold_parameters(&self) -> Vec<(&'static str, String)> {
        let hold = self.hold.map(|hold| ("hold", hold.as_secs().to_string()));
        let linger = (!self.linger.is_zero()).then(|| ("linger", self.linger.as_millis().to_string()));
        hold.into_iter().chain(linger).collect()
    }

    /// The query parameters of a stream.
    pub(crate) fn heartbeat_parameters(&self) -> Vec<(&'static str, String)> {
        self.heartbeat.map(|heartbeat| ("heartbeat", heartbeat.as_secs().to_string())).into_iter().collect()
    }
}
