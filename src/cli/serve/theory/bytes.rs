//! What of an event's bytes is given, and what predicted.
//!
//! ```text
//! payload    given: the mean of what came, or what `serve` makes itself
//! envelope   predicted, both ways, heartbeats included                 `envelope_per_event`
//! heads      predicted how many there are                              `requests_per_event`, and its answers
//!            given what each weighs: a browser's and a link's affair   `empty_per_event` + `full_per_event`
//! ```
//!
//! A page multiplies with the heads that the server counted. How often a stream connects is nobody's prediction:
//! there a page takes its own requests an event.

use std::ops::RangeInclusive;

use crate::clock::Clock;
use crate::event::{Epoch, Event, EventId};
use crate::source::{self, MAX_DATA};
use crate::theory::{FRAME, Heads, Heartbeats, Http, Inputs, Payload, Requests, bytes_per_event};
use crate::transport::Transport;

/// Of an event's JSON: the largest has a topic and an id of the longest, and 59 bytes of names and punctuation.
pub(super) const PAYLOAD: RangeInclusive<u64> = 1..=MAX_DATA as u64 + 64 + *ID.end() + 59;

/// `epoch-0`, and the last sequence there could be.
pub(super) const ID: RangeInclusive<u64> = 8..=27;

/// An event with so much data as `serve` makes it, when it has made a thousand.
pub(super) fn usual(size: usize) -> Payload {
    let id = EventId { epoch: Epoch::from_number(0), sequence: 1_000 };
    let now_us = Clock::start().now_us();
    let event = Event::new(id, "demo", now_us, source::Payload::new(size).next_data());
    Payload { bytes: event.json().len() as f64, id_bytes: id.to_string().len() as f64 }
}

/// Bytes an event around its JSON, both ways. Those of a stream are the same however often it connects.
pub(super) fn envelope(
    transport: Transport,
    requests: Option<Requests>,
    inputs: &Inputs,
    payload: &Payload,
) -> Option<f64> {
    let requests = match transport {
        Transport::Poll | Transport::Longpoll => requests?,
        Transport::Sse | Transport::Websocket => Requests::of_streams(0.0, 1.0),
    };
    let beats = Heartbeats::default().per_event(transport, inputs)?;
    // Heads are given, and so no part of what is predicted; around a body HTTP/2 has a frame.
    let data_frames = if inputs.http == Http::Two { FRAME } else { 0.0 };
    let weightless = Heads { data_frames, ..Heads::default() };
    let bytes = bytes_per_event(transport, inputs, &requests, beats, &weightless, payload);
    Some(bytes.down.envelope + bytes.up.envelope)
}
