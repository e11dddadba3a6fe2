//! One lane of a run: what became of its events, how old they were, and what they cost.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::figure::{BytesPerEvent, Compared, Handshake, Latency, TcpIp};
use crate::transport::Transport;

/// A bare socket.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Control {
    /// Its events.
    pub events: Events,
    /// Its latencies.
    pub latency_us: Latency,
    /// Buckets of its latencies, as those of a lane.
    pub histogram: Vec<(u64, u64)>,
    /// Its latencies at quantiles from small to large, as those of a lane.
    #[serde(default)]
    pub curve: Vec<QuantilePoint>,
    /// What each round had, as those of a lane.
    #[serde(default)]
    pub trials: Vec<TrialFigures>,
    /// Every arrival in each round, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Vec<RawTrial>>,
}

/// One transport.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Lane {
    /// Which.
    pub transport: Transport,
    /// Why it gave up, where it did: refused, or nobody answered.
    pub failure: Option<String>,
    /// What became of the events.
    pub events: Events,
    /// How old events were on arrival.
    pub latency_us: Latency,
    /// Requests for each event and client.
    pub requests_per_event: Compared,
    /// The share of answers that brought nothing; of poll and longpoll only.
    pub empty_share: Compared,
    /// Bytes for each event and client.
    pub bytes_per_event: BytesPerEvent,
    /// What TCP and IP add below: of the window, so without what opens a stream. `null` where the platform
    /// does not say.
    pub tcp_ip_per_event: Option<TcpIp>,
    /// Connections opened, all clients together, the most of any round.
    pub connections_opened: u64,
    /// What TLS took before the first request of each connection, both ways; `null` without TLS. It is no part of
    /// what an event costs above.
    #[serde(default)]
    pub handshake_bytes: Option<Handshake>,
    /// From `connect()` to the arrival of an event that was waiting.
    pub first_event_us: Compared,
    /// The server's CPU time for each event and client; of isolated runs.
    pub server_cpu_us_per_event: Option<f64>,
    /// What the server's memory grew by for each client; of isolated runs with 100 clients or more.
    pub server_memory_bytes_per_client: Option<f64>,
    /// Latencies by power of 2^(1/4) µs: the bucket's number, and how many fell into it.
    pub histogram: Vec<(u64, u64)>,
    /// Latencies at quantiles from small to large, as far as the events of each trial support them.
    #[serde(default)]
    pub curve: Vec<QuantilePoint>,
    /// What each round had, in the order in which they were played.
    #[serde(default)]
    pub trials: Vec<TrialFigures>,
    /// Every arrival in each round, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Vec<RawTrial>>,
}

/// Every event of the window as it first arrived, client by client, in order of arrival: the nth number of
/// each list is of the nth arrival. About 25 bytes of JSON each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RawTrial {
    /// Whose it is, counted from 0.
    pub client: Vec<u64>,
    /// The number of the event in the feed.
    pub sequence: Vec<u64>,
    /// When it was scheduled, counted from the beginning of the window.
    pub scheduled_us: Vec<i64>,
    /// How old it was on arrival.
    pub latency_us: Vec<i64>,
}

/// One point of a quantile curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuantilePoint {
    /// The share of events that are no older on arrival, from 0 to 1.
    pub quantile: f64,
    /// The median over trials of the trial's quantile.
    pub measured_us: f64,
    /// What it should be.
    pub predicted_us: Option<f64>,
}

/// One lane in one round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrialFigures {
    /// Events that arrived, each counted once for each client.
    pub events: u64,
    /// How old they were on arrival.
    pub latency_us: TrialLatency,
    /// Requests for each event and client.
    pub requests_per_event: Option<f64>,
    /// The share of answers that brought nothing; of poll and longpoll only.
    pub empty_share: Option<f64>,
    /// Bytes for each event and client, both ways, all layers.
    pub bytes_per_event: Option<f64>,
    /// What of them the transport put around the events, both ways: heartbeats, too.
    pub envelope_bytes_per_event: Option<f64>,
}

/// How old the events of one trial were on arrival; `null` where they are too few to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrialLatency {
    /// The mean.
    pub mean: Option<f64>,
    /// The median.
    pub p50: Option<f64>,
    /// One in twenty is above.
    pub p95: Option<f64>,
    /// One in a hundred is above.
    pub p99: Option<f64>,
    /// The largest.
    pub max: Option<f64>,
}

/// What became of the events: pairs of an event and a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Events {
    /// Published in the window, for each client.
    pub expected: u64,
    /// Arrived, each counted once.
    pub delivered: u64,
    /// Never arrived, and nobody said so.
    pub lost: u64,
    /// Arrived again.
    pub duplicated: u64,
    /// Arrived after a later one.
    pub reordered: u64,
    /// Never arrived, and a gap said so.
    pub missed: u64,
    /// Gaps announced.
    pub gaps: u64,
}

impl Events {
    pub(in crate::bench) fn add(self, other: Self) -> Self {
        Self {
            expected: self.expected + other.expected,
            delivered: self.delivered + other.delivered,
            lost: self.lost + other.lost,
            duplicated: self.duplicated + other.duplicated,
            reordered: self.reordered + other.reordered,
            missed: self.missed + other.missed,
            gaps: self.gaps + other.gaps,
        }
    }

    /// Whether each arrived once and in order, or was announced as missing.
    pub fn are_accounted_for(&self) -> bool {
        self.lost == 0 && self.duplicated == 0 && self.reordered == 0
    }
}
