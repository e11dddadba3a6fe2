//! A result: plain data with units in the names. `null` where a thing cannot be known, or the sample cannot
//! support it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::plan::Mode;
use crate::client::Drifting;
use crate::clock::Clock;
use crate::source::{Played, Source};
use crate::transport::Transport;

mod figure;
mod lane;

pub use super::threshold::{Held, Outcome};
pub use crate::client::{HeaderStyle, Http, PollMode};
pub use crate::link::Achieved;
pub use figure::{Bytes, BytesPerEvent, Compared, Handshake, Latency, Layers, TcpIp};
pub use lane::{Control, Events, Lane, QuantilePoint, RawTrial, TrialFigures, TrialLatency};

/// Grows when a key is dropped or means something else; keys may be added without.
pub const SCHEMA_VERSION: u32 = 1;

/// All that a `bench` found out.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The shape of this document.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    pub schema_version: u32,
    /// What was typed.
    pub command: String,
    /// What all that is random was drawn from.
    pub seed: u64,
    /// When it was over, by the clock of the machine it ran on: `2026-11-21T22:05:20Z`.
    #[serde(default)]
    pub ended_at: Option<String>,
    /// Where it ran.
    pub environment: Environment,
    /// What whoever quotes these figures must know.
    pub warnings: Vec<String>,
    /// Whether it was stopped before its time.
    pub interrupted: bool,
    /// One for each set of conditions.
    pub runs: Vec<Run>,
    /// What came of each threshold, in each run that it means.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thresholds: Vec<Outcome>,
}

/// Where it ran.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Environment {
    /// Of this program.
    pub version: String,
    /// `release` or `debug`.
    pub build: String,
    /// `linux`, `macos`, `windows`.
    pub os: String,
    /// `x86_64`, `aarch64`.
    pub arch: String,
    /// Logical processors.
    pub cpus: usize,
    /// What the processors call themselves, where the system tells.
    #[serde(default)]
    pub cpu: Option<String>,
    /// The version of the system's kernel, where the system tells.
    #[serde(default)]
    pub kernel: Option<String>,
}

/// One set of conditions, and what each lane made of it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// The network between the two ends: `none` is the loopback or whatever the URL goes over.
    pub link: String,
    /// What the relay that played this network did; `null` where there was none.
    pub relay: Option<Achieved>,
    /// Whether the lanes ran at once.
    pub mode: Mode,
    /// Rounds played.
    pub rounds: usize,
    /// λ as it was played: events a second in the windows.
    pub rate_per_s: f64,
    /// What was published; `listened` where others did.
    pub source: String,
    /// The source in full, where it was ours: in the first round. Each next one has the next seed.
    pub played: Option<Source>,
    /// Clients a lane.
    pub clients: usize,
    /// Bytes of each event's data, where they were ours to choose.
    pub size_bytes: Option<usize>,
    /// Mean bytes of an event's JSON, as it was delivered.
    pub payload_bytes: Option<f64>,
    /// T.
    pub poll_interval_us: u64,
    /// What T is counted from.
    pub poll_mode: PollMode,
    /// H.
    pub hold_us: u64,
    /// How long a long poll waited for more.
    pub linger_us: u64,
    /// Which HTTP was spoken.
    #[serde(default)]
    pub http: Http,
    /// Whether the connections were encrypted.
    #[serde(default)]
    pub tls: bool,
    /// Whose heads were sent.
    pub headers: HeaderStyle,
    /// Whether connections served more than one request.
    pub keep_alive: bool,
    /// `host:port` of the proxy that was asked for a tunnel by each connection.
    #[serde(default)]
    pub proxy: Option<String>,
    /// What came before the window, and was not counted.
    pub warmup_us: u64,
    /// The windows that counted, on average.
    pub duration_us: u64,
    /// The server's clock against ours, in the round in which it was known the least.
    pub clock: ServerClock,
    /// How late the publisher was, in its worst round.
    pub publisher: Option<Played>,
    /// What measuring took.
    #[serde(default)]
    pub own: Own,
    /// What the predictions were made from.
    pub theory: Inputs,
    /// The same bytes over a bare socket.
    pub control: Option<Control>,
    /// One for each transport that was asked for.
    pub lanes: Vec<Lane>,
    /// What theory says of the same lanes where there is one event a minute.
    pub quiet: Vec<Quiet>,
}

/// The measuring program itself: the median of its rounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Own {
    /// From an instant to the run of a task that it woke: a part of every latency. The median.
    pub lateness_p50_us: Option<f64>,
    /// One in a hundred was later.
    pub lateness_p99_us: Option<f64>,
    /// Of the CPUs that the clients may use, how much they did use, 0 to 1.
    pub cpu_share: Option<f64>,
}

/// The server's clock minus our monotonic clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServerClock {
    /// In the middle of the round.
    pub us: i64,
    /// What it was ahead of our wall clock.
    #[serde(default)]
    pub ahead_us: i64,
    /// It is off by no more than this at any instant of the round, and so is each latency: half a round trip,
    /// which may all have been in one direction. 0 where both ends read one clock.
    pub within_us: u64,
    /// What it gains on ours.
    #[serde(default)]
    pub drift_ppm: f64,
    /// The drift is off by no more than this.
    #[serde(default)]
    pub drift_within_ppm: f64,
    /// How often the server was asked for the time.
    #[serde(default)]
    pub exchanges: u64,
}

impl ServerClock {
    pub(super) fn of(offset: &Drifting) -> Self {
        let us = offset.middle_us().round() as i64;
        Self {
            us,
            ahead_us: us - Clock::start().monotonic_offset_us(),
            within_us: offset.within_us().ceil() as u64,
            drift_ppm: offset.drift_ppm(),
            drift_within_ppm: offset.drift_within_ppm(),
            exchanges: offset.exchanges() as u64,
        }
    }
}

/// What predictions were made from, and how each was come by: `measured` or `given`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Inputs {
    /// λ.
    pub rate_per_s: Input,
    /// d: the median of the control row.
    pub one_way_us: Input,
    /// R: an echo on a bare socket.
    pub round_trip_us: Input,
    /// G: from one answer with an event to the next, where there was nothing to wait for.
    pub gap_us: Input,
    /// 2R + s on a connection of its own: from `connect()` to the answer of `GET /health`.
    pub fresh_us: Input,
    /// w: from what the reads of the control row brought beyond one event.
    pub wake_us: Input,
    /// p.
    pub payload_bytes: Input,
    /// Bytes of the heads, by transport: request, empty answer, full answer.
    pub head_bytes: BTreeMap<Transport, [f64; 3]>,
    /// How often a stream was written to, an event: the reads of the control row, in which several events may be.
    #[serde(default)]
    pub writes_per_event: Input,
}

/// A number, and how it was come by.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Input {
    /// The number.
    pub value: Option<f64>,
    /// `measured` or `given`.
    pub measured: bool,
}

impl Input {
    /// A number that was measured, or could not be.
    pub(super) fn measured(value: Option<f64>) -> Self {
        Self { value, measured: true }
    }
}

/// What theory says of a quiet feed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Quiet {
    /// Of which transport.
    pub transport: Transport,
    /// λ.
    pub rate_per_s: f64,
    /// Requests for each event.
    pub requests_per_event: f64,
    /// The share of answers that bring nothing.
    pub empty_share: Option<f64>,
    /// Bytes for each event, both ways, all layers, the connection's own heads not included.
    pub bytes_per_event: f64,
}
