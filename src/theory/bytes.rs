//! What an event costs on the wire, above TCP: the payload, what wraps it, HTTP's heads, and TLS around it all.
//!
//! ```text
//!                 HTTP/1.1                        HTTP/2
//! sse             5e⏎ │ id: … data: … ⏎⏎ │ ⏎      00 00 5e 00 00 00 00 00 01 │ id: … data: … ⏎⏎
//! websocket       81 7e 00 aa │ …                 00 00 ae 00 00 00 00 00 01 │ 81 7e 00 aa │ …
//! each write with TLS          17 03 03 00 c4 │ … all that is written at once … │ 17 │ tag of 16 bytes
//! ```

use super::coded::new_date;
use super::packing::{FRAME, Packing, record};
use super::{Cipher, Heartbeats, Http, Inputs, Requests};
use crate::transport::Transport;

/// `:` and a blank line.
const COMMENT: f64 = 3.0;
/// In a chunk of its own: `3\r\n:\n\n\r\n`.
const CHUNK_OF_COMMENT: f64 = 5.0;
/// FIN and opcode, then a length of 0 (RFC 6455, section 5.2).
pub(super) const PING: f64 = 2.0;
/// The same back; a client masks what it sends, with 4 bytes (RFC 6455, section 5.3).
pub(super) const PONG: f64 = 2.0 + 4.0;

/// A PING, and the same back: eight bytes in a frame (RFC 9113, section 6.7).
const HTTP2_PING: f64 = FRAME + 8.0;

/// What something weighs, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Weight {
    /// Itself, with the blank line that ends it, or in HTTP/2 with the heads of its frames.
    pub http: f64,
    /// The records that carry it, and what is sent with it: as TLS 1.3 has them.
    pub tls: f64,
}

/// HTTP heads: the mean, as the lane's own encoder writes them.
///
/// Of a stream: `request` and `full_answer` are those that open the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Heads {
    /// Q: of a request.
    pub request: Weight,
    /// A0: of an answer without an event, in HTTP/2 with a date that the answer before had, too.
    pub empty_answer: Weight,
    /// A1: of an answer with events, likewise.
    pub full_answer: Weight,
    /// Of an answer with events, the heads of its DATA frames: none in HTTP/1.1.
    pub data_frames: f64,
}

impl Heads {
    /// Of HTTP/1.1, without TLS.
    pub const fn plain(request: f64, empty_answer: f64, full_answer: f64) -> Self {
        const fn plain(http: f64) -> Weight {
            Weight { http, tls: 0.0 }
        }
        let (request, empty_answer, full_answer) = (plain(request), plain(empty_answer), plain(full_answer));
        Self { request, empty_answer, full_answer, data_frames: 0.0 }
    }
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
    /// What encryption adds, the handshake aside.
    pub tls: f64,
}

impl Layers {
    /// All layers together.
    pub fn total(&self) -> f64 {
        self.payload + self.envelope + self.http + self.tls
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
    inputs: &Inputs,
    requests: &Requests,
    heartbeats: f64,
    heads: &Heads,
    payload: &Payload,
) -> BytesPerEvent {
    let (empty, full) = (requests.empty_per_event(), requests.full_per_event());
    let answers = |of: fn(&Weight) -> f64| empty * of(&heads.empty_answer) + full * of(&heads.full_answer);
    let asked = |of: fn(&Weight) -> f64| requests.per_event * of(&heads.request);
    let (mut down, mut up) = (Layers::default(), Layers::default());
    down.payload = payload.bytes;
    let record = record(inputs);
    let of_13 = record / Cipher::Tls13.record() as f64;
    (down.http, down.tls) = (answers(|of| of.http), answers(|of| of.tls) * of_13);
    (up.http, up.tls) = (asked(|of| of.http), asked(|of| of.tls) * of_13);
    let frame = if inputs.http == Http::Two { FRAME } else { 0.0 };
    let writes = inputs.writes_per_event;
    match transport {
        Transport::Poll | Transport::Longpoll => {
            // Over a connection of its own every answer says all, and was weighed so.
            if inputs.keep_alive {
                down.http += dates(transport, inputs, requests) * new_date(inputs.http);
            }
            down.envelope = array(requests) + full * heads.data_frames;
        }
        Transport::Sse => {
            // Nobody asks and nobody answers: the connection itself is asked whether it is still there.
            let pings = Heartbeats::default().http2_pings_per_event(inputs);
            down.http += pings * HTTP2_PING;
            up.http += pings * HTTP2_PING;
            up.tls += pings * record;
            let lines = lines(payload);
            let (chunk, comment) = match inputs.http {
                Http::One => (chunk(payload.bytes + lines), COMMENT + CHUNK_OF_COMMENT),
                Http::Two => (0.0, COMMENT + frame),
            };
            let packing = Packing::of(inputs, (payload.bytes + lines + chunk) / writes);
            down.envelope = lines + chunk + writes * packing.frames + heartbeats * comment;
            down.tls += writes * packing.records + (heartbeats + pings) * record;
        }
        Transport::Websocket => {
            let header = frame_header(payload.bytes);
            let packing = Packing::of(inputs, (payload.bytes + header) / writes);
            down.envelope = header + writes * packing.frames + heartbeats * (PING + frame);
            up.envelope = heartbeats * (PONG + frame);
            down.tls += writes * packing.records + heartbeats * record;
            up.tls += heartbeats * record;
        }
    }
    BytesPerEvent { down, up }
}

/// Answers an event whose date no answer before them had, μ being the answers a second: of those that come at an
/// even pace one a second, if they are more; of those that come when events do, each that has none before it in its
/// second, (1 − e^(−μ))/μ of them.
fn dates(transport: Transport, inputs: &Inputs, requests: &Requests) -> f64 {
    let answers_per_s = inputs.rate_per_s * requests.per_event;
    if answers_per_s <= 0.0 {
        return requests.per_event;
    }
    let share = match transport {
        Transport::Poll => (1.0 / answers_per_s).min(1.0),
        _ => -(-answers_per_s).exp_m1() / answers_per_s,
    };
    requests.per_event * share
}

/// Two brackets an array, and a comma before every event but its first.
fn array(requests: &Requests) -> f64 {
    let arrays = requests.full_per_event();
    2.0 * arrays + (1.0 - arrays)
}

/// `id: …` and `data: …`, a line each, and a blank line (HTML standard, section 9.2.5).
fn lines(payload: &Payload) -> f64 {
    "id: \ndata: \n\n".len() as f64 + payload.id_bytes
}

/// A chunk's length in hex and two line ends (RFC 9112, section 7.1).
fn chunk(length: f64) -> f64 {
    length.log(16.0).floor() + 1.0 + 4.0
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
mod tests;
