//! What a lane spent in the window, and what of that an event costs.

use std::ops::Add;

use super::Sorted;
use crate::bench::result::Bytes;
use crate::bench::round::LaneRound;
use crate::transport::Transport;
use crate::wire::Counts;

/// What a lane spent in the window, all its clients together.
///
/// A stream's one request and its heads were sent before the window, for all that came in it: they count. A
/// poller's first request is one of many, and only those of the window count. So it is with what TLS adds to them.
pub(super) struct Cost {
    pub(super) requests: f64,
    pub(super) empty_share: Option<f64>,
    http_up: f64,
    http_down: f64,
    body_up: f64,
    tls_up: f64,
    /// Of a stream's one answer; of pollers, of all answers of the window.
    tls_down: f64,
    /// Around each event of a stream that arrived in the window.
    tls_around: f64,
    /// Around each event that arrived in the window.
    envelope_down: f64,
}

impl Cost {
    pub(super) fn of(lane: &LaneRound) -> Self {
        let window = lane.end.counts - lane.start.counts;
        let is_stream = matches!(lane.transport, Some(Transport::Sse | Transport::Websocket));
        let asked = if is_stream { lane.end.counts } else { window };
        let payload = (lane.end.payload - lane.start.payload) as f64;
        let arrivals = (lane.end.arrivals - lane.start.arrivals) as f64;
        let is_asking = !is_stream && window.requests > 0;
        let connecting =
            lane.clients.iter().map(|client| client.connecting).fold(Counts::default(), Counts::add);
        let around = |bytes: f64| if arrivals > 0.0 { bytes / arrivals } else { 0.0 };
        Self {
            requests: asked.requests as f64,
            empty_share: is_asking.then(|| window.empty_answers as f64 / window.requests as f64),
            http_up: asked.up.http as f64,
            http_down: asked.down.http as f64,
            body_up: window.up.body as f64,
            tls_up: window.up.tls as f64 + if is_stream { connecting.up.tls as f64 } else { 0.0 },
            tls_down: if is_stream { connecting.down.tls } else { window.down.tls } as f64,
            tls_around: if is_stream { around(window.down.tls as f64) } else { 0.0 },
            envelope_down: around(window.down.body as f64 - payload),
        }
    }

    /// Of each event that a client was to get: these are `pairs`, and what came of them is `clients`.
    pub(super) fn bytes(&self, pairs: f64, clients: &[Sorted]) -> Bytes {
        let arrivals = clients.iter().flat_map(|client| &client.firsts);
        let (count, sum) = arrivals
            .fold((0.0, 0.0), |(count, sum), arrival| (count + 1.0, sum + f64::from(arrival.payload)));
        let mut bytes = Bytes::default();
        bytes.down.payload = if count > 0.0 { sum / count } else { 0.0 };
        bytes.down.envelope = self.envelope_down;
        bytes.down.http = self.http_down / pairs;
        bytes.down.tls = self.tls_around + self.tls_down / pairs;
        bytes.up.envelope = self.body_up / pairs;
        bytes.up.tls = self.tls_up / pairs;
        bytes.up.http = self.http_up / pairs;
        bytes
    }
}
