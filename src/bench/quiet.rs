//! What theory says of a quiet feed, so that nobody takes the wrong lesson from a busy one.

use super::result::Quiet;
use crate::theory::{Arrivals, Heads, Heartbeats, Inputs, Payload, Requests, bytes_per_event, requests};
use crate::transport::Transport;

/// One event a minute.
pub const RATE_PER_S: f64 = 1.0 / 60.0;

/// What each event costs on each transport, where there is one a minute. The connection itself is free: it
/// lasts.
pub(super) fn quiet(inputs: &Inputs, heads: &[(Transport, Heads)], payload: &Payload) -> Vec<Quiet> {
    let inputs = Inputs {
        rate_per_s: RATE_PER_S,
        arrivals: Some(Arrivals::Poisson),
        linger_us: 0.0,
        writes_per_event: 1.0,
        ..inputs.clone()
    };
    let lanes = heads.iter().filter_map(|(transport, heads)| {
        let of_streams = Requests::of_streams(0.0, 1.0);
        let requests = match transport {
            Transport::Sse | Transport::Websocket => of_streams,
            _ => requests(*transport, &inputs)?,
        };
        let beats = Heartbeats::default().per_event(*transport, &inputs)?;
        let bytes = bytes_per_event(*transport, &inputs, &requests, beats, heads, payload);
        Some(Quiet {
            transport: *transport,
            rate_per_s: RATE_PER_S,
            requests_per_event: requests.per_event,
            empty_share: requests.empty_share,
            bytes_per_event: bytes.total(),
        })
    });
    lanes.collect()
}
