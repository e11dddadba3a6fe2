//! What an event costs on the wire, above TLS and TCP: the payload, what wraps it, and HTTP's heads.

use super::Requests;
use crate::transport::Transport;

/// `:` and a blank line, in a chunk of its own: `3\r\n:\n\n\r\n`.
const SSE_HEARTBEAT: f64 = 3.0 + 5.0;
/// A frame header and nothing else.
pub(super) const PING: f64 = 2.0;
/// The same back; a client masks what it sends, with 4 bytes (RFC 6455, section 5.3).
pub(super) const PONG: f64 = 2.0 + 4.0;

/// Bytes of HTTP heads, with the blank line that ends them: the mean, as the lane's own encoder writes them.
///
/// Of a stream: `request` and `full_answer` are those that open the connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heads {
    /// Q: of a request.
    pub request: f64,
    /// A0: of an answer without an event.
    pub empty_answer: f64,
    /// A1: of an answer with events.
    pub full_answer: f64,
}

/// What an event brings along, in bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Payload {
    /// p: the event's JSON, the mean.
    pub bytes: f64,
    /// Its id alone, which SSE repeats.
    pub id_bytes: f64,
}

/// Bytes an event in one direction, by layer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Layers {
    /// The events' JSON.
    pub payload: f64,
    /// What the transport wraps around it: brackets and commas, lines, chunk sizes, frame headers, heartbeats.
    pub envelope: f64,
    /// Request and response heads.
    pub http: f64,
}

impl Layers {
    /// All layers together.
    pub fn total(&self) -> f64 {
        self.payload + self.envelope + self.http
    }
}

/// Bytes an event, both ways.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BytesPerEvent {
    /// From the server to the client.
    pub down: Layers,
    /// From the client to the server.
    pub up: Layers,
}

impl BytesPerEvent {
    /// Both directions together.
    pub fn total(&self) -> f64 {
        self.down.total() + self.up.total()
    }
}

/// The bytes an event that `requests` and `heartbeats` (an event) come to.
///
/// Of poll and longpoll: (Q + e·A0 + (1 − e)(A1 + 2))·requests + p + separators, with e the share of empty
/// answers.
pub fn bytes_per_event(
    transport: Transport,
    requests: &Requests,
    heartbeats: f64,
    heads: &Heads,
    payload: &Payload,
) -> BytesPerEvent {
    let (down, up) = match transport {
        Transport::Poll | Transport::Longpoll => (array(requests), 0.0),
        Transport::Sse => (lines_and_chunk(payload) + heartbeats * SSE_HEARTBEAT, 0.0),
        Transport::Websocket => (frame_header(payload.bytes) + heartbeats * PING, heartbeats * PONG),
    };
    let answers =
        requests.empty_per_event() * heads.empty_answer + requests.full_per_event() * heads.full_answer;
    BytesPerEvent {
        down: Layers { payload: payload.bytes, envelope: down, http: answers },
        up: Layers { payload: 0.0, envelope: up, http: requests.per_event * heads.request },
    }
}

/// Two brackets an array, and a comma before every event but its first.
fn array(requests: &Requests) -> f64 {
    let arrays = requests.full_per_event();
    2.0 * arrays + (1.0 - arrays)
}

/// `id: …` and `data: …`, a line each, and a blank line (HTML standard, section 9.2.5), in one chunk:
/// its length in hex and two line ends (RFC 9112, section 7.1).
fn lines_and_chunk(payload: &Payload) -> f64 {
    let lines = "id: \ndata: \n\n".len() as f64 + payload.id_bytes;
    let digits = (payload.bytes + lines).log(16.0).floor() + 1.0;
    lines + digits + 4.0
}

/// From the server, unmasked (RFC 6455, section 5.2).
pub(super) fn frame_header(payload: f64) -> f64 {
    match payload {
        ..126.0 => 2.0,
        ..65_536.0 => 4.0,
        _ => 10.0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{HEADS, PAYLOAD, assert_near};
    use super::*;

    fn bytes(transport: Transport, requests: &Requests, heartbeats: f64) -> BytesPerEvent {
        bytes_per_event(transport, requests, heartbeats, &HEADS, &PAYLOAD)
    }

    #[test]
    fn a_frame_header_grows_twice() {
        for (payload, header) in [(0.0, 2.0), (125.0, 2.0), (126.0, 4.0), (65_535.0, 4.0), (65_536.0, 10.0)] {
            assert_eq!(frame_header(payload), header, "of a payload of {payload} bytes");
        }
    }

    #[test]
    fn an_sse_event_is_wrapped_as_it_would_be_written() {
        for data in [r#"{"a":1}"#.to_owned(), "x".repeat(225), "x".repeat(226), "x".repeat(5_000)] {
            let block = format!("id: 8f3k2a-1042\ndata: {data}\n\n");
            let written = format!("{:x}\r\n{block}\r\n", block.len());
            let payload = Payload { bytes: data.len() as f64, id_bytes: 11.0 };
            let wrapped = (written.len() - data.len()) as f64;
            assert_eq!(lines_and_chunk(&payload), wrapped, "around {} bytes", data.len());
        }
    }

    #[test]
    fn an_array_is_wrapped_as_it_would_be_written() {
        for events in [1, 2, 7] {
            let written = format!("[{}]", vec!["{}"; events].join(","));
            let requests = Requests { per_event: 1.0 / events as f64, empty_share: Some(0.0) };
            let wrapped = array(&requests) * events as f64;
            assert_near("brackets and commas", wrapped, (written.len() - 2 * events) as f64, 1e-9);
        }
    }

    #[test]
    fn every_request_pays_its_heads() {
        let requests = Requests { per_event: 4.0, empty_share: Some(0.75) };
        let poll = bytes(Transport::Poll, &requests, 0.0);
        assert_eq!(poll.down, Layers { payload: 170.0, envelope: 2.0, http: 3.0 * 90.0 + 150.0 });
        assert_eq!(poll.up, Layers { http: 4.0 * 70.0, ..Layers::default() });
        assert_eq!(poll, bytes(Transport::Longpoll, &requests, 0.0));
        assert_eq!(poll.total(), 172.0 + 420.0 + 280.0);
    }

    #[test]
    fn a_stream_pays_once_a_connection_and_for_its_heartbeats() {
        let connected = Requests::of_streams(1.0, 10.0);
        let websocket = bytes(Transport::Websocket, &connected, 0.5);
        assert_eq!(websocket.down, Layers { payload: 170.0, envelope: 4.0 + 1.0, http: 15.0 });
        assert_eq!(websocket.up, Layers { payload: 0.0, envelope: 3.0, http: 7.0 });
        let sse = bytes(Transport::Sse, &Requests::of_streams(1.0, f64::INFINITY), 0.5);
        assert_eq!(
            sse.down,
            Layers { payload: 170.0, envelope: 8.0 + 5.0 + 11.0 + 2.0 + 4.0 + 4.0, http: 0.0 }
        );
        assert_eq!(sse.up, Layers::default());
    }
}
