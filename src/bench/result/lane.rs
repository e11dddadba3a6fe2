//! One lane of a run: what became of its events, how old they were, and what they cost.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bench::statistics::Method;
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

/// A figure beside what theory says of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Compared {
    /// The median over trials of the trial's figure.
    pub measured: Option<f64>,
    /// What it should be.
    pub predicted: Option<f64>,
    /// Where the 95% interval of `measured` begins.
    #[serde(default)]
    pub low: Option<f64>,
    /// Where it ends.
    #[serde(default)]
    pub high: Option<f64>,
    /// Whether the interval is over trials or over blocks of one trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_over: Option<Method>,
    /// Where the events are too few: how many it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs_events: Option<u64>,
}

impl Compared {
    /// How far theory is off, in half widths of the interval on its side of the figure. An interval without
    /// a width says nothing: no resample of a hundred full answers has an empty one.
    pub fn deviation(&self) -> Option<f64> {
        let (measured, predicted) = (self.measured?, self.predicted?);
        let (low, high) = (self.low?, self.high?);
        let side = if predicted < measured { measured - low } else { high - measured };
        let half = if side > 0.0 { side } else { (high - low) / 2.0 };
        (half > 0.0).then(|| (measured - predicted) / half)
    }

    /// Whether theory lies outside the interval.
    pub fn is_off(&self) -> bool {
        let (Some(low), Some(high)) = (self.low, self.high) else { return false };
        low < high && self.predicted.is_some_and(|predicted| !(low..=high).contains(&predicted))
    }
}

/// How old events were on arrival.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Latency {
    /// The mean.
    pub mean: Compared,
    /// The median.
    pub p50: Compared,
    /// One in twenty is above.
    pub p95: Compared,
    /// One in a hundred is above.
    pub p99: Compared,
    /// The largest.
    pub max: Compared,
    /// Latencies below zero: the clocks were off by more than they were.
    pub negative: u64,
}

/// Bytes for each event and client, by layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bytes {
    /// From server to client.
    pub down: Layers,
    /// From client to server.
    pub up: Layers,
}

/// Bytes that went one way, by layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Layers {
    /// The events' JSON.
    pub payload: f64,
    /// What the transport puts around it.
    pub envelope: f64,
    /// Heads of requests and answers.
    pub http: f64,
    /// What encryption adds, the handshake aside.
    pub tls: f64,
}

impl Layers {
    /// All layers.
    pub fn total(&self) -> f64 {
        self.payload + self.envelope + self.http + self.tls
    }
}

/// A handshake, the mean of all connections of a lane; its figures hang on the certificate, and are not predicted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Handshake {
    /// From server to client.
    pub down: f64,
    /// From client to server.
    pub up: f64,
}

/// What TCP and IP add, for each event and client, as the client's kernel counted it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TcpIp {
    /// Segments received, those that only acknowledge included.
    pub segments_down: f64,
    /// Segments sent.
    pub segments_up: f64,
    /// Bytes of the IP and TCP headers of what was received.
    pub header_bytes_down: f64,
    /// Bytes of the IP and TCP headers of what was sent.
    pub header_bytes_up: f64,
    /// Bytes that the client sent again. What the server sent again its kernel knows.
    pub retransmitted_bytes_up: f64,
}

/// Bytes, measured and predicted.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct BytesPerEvent {
    /// Both ways, all layers.
    pub total: Compared,
    /// From server to client; `null` where there was no event.
    pub down: Option<Layers>,
    /// From client to server; `null` where there was no event.
    pub up: Option<Layers>,
    /// What both should be.
    pub predicted: Option<Bytes>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(low: f64, predicted: f64, high: f64) -> Compared {
        let [measured, predicted, low, high] = [10.0, predicted, low, high].map(Some);
        Compared { measured, predicted, low, high, ..Compared::default() }
    }

    #[test]
    fn theory_is_off_where_it_lies_outside_the_interval() {
        for (low, predicted, high, deviation) in [
            (8.0, 10.0, 14.0, 0.0),
            (8.0, 8.0, 14.0, 1.0),
            (8.0, 7.0, 14.0, 1.5),
            (8.0, 12.0, 14.0, -0.5),
            (8.0, 18.0, 14.0, -2.0),
            (10.0, 9.0, 14.0, 0.5),
            (8.0, 11.0, 10.0, -1.0),
        ] {
            let compared = compared(low, predicted, high);
            assert_eq!(compared.deviation(), Some(deviation), "{compared:?}");
            assert_eq!(compared.is_off(), !(low..=high).contains(&predicted), "{compared:?}");
        }
        let absent = Compared { low: None, ..compared(8.0, 7.0, 14.0) };
        for nothing in [absent, compared(10.0, 9.0, 10.0)] {
            assert_eq!((nothing.deviation(), nothing.is_off()), (None, false), "{nothing:?}");
        }
    }
}
