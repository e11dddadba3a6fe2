//! What a figure is: measured, with its interval, beside theory; and what one is of, a latency or bytes by layer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bench::statistics::Method;

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
