//! WebSocket: turn the connection into one that both sides may write to at any time (RFC 6455).
//!
//! ```text
//! GET /websocket HTTP/1.1
//! upgrade: websocket
//! connection: upgrade
//! sec-websocket-version: 13
//! sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==
//!
//! HTTP/1.1 101 Switching Protocols
//! sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
//! last-event-id: 8f3k2a-1041
//!
//! 81 7e 00 aa │ {"id":"8f3k2a-1042",…}     down: text, 170 bytes: four bytes around a payload
//! 81 97 kk kk kk kk │ {"publish":1,"ref":"7"}
//!                                          up: text, masked with a fresh key kk…: six bytes around it
//! 81 26 │ {"ack":{"ref":"7","id":"8f3k2a-1043"}}
//!                                          down: the answer, in any order with the events
//! 89 00 … 8a 80 kk kk kk kk                a ping every 25 s, and the pong that is due within 10 s
//! ```
//!
//! Over HTTP/2 (RFC 8441) the request is `:method: CONNECT`, `:protocol: websocket`, without a key, the answer 200, and
//! the same frames go in DATA frames of one stream; its neighbours on the connection go on.
//!
//! The smallest envelope, and the only one of the four on which the client can speak without a new request.
//! It needs an intermediary that lets the upgrade through, and its own reconnection and resumption.

mod client;
mod codec;
pub(crate) mod frames;
mod message;
mod peer;
mod server;

pub(crate) use client::subscribe;
pub(crate) use peer::Peer;
pub(crate) use server::{HEARTBEAT_S, serve};

use std::time::Duration;

use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// Bytes of JSON that may be published, at most; the same for `POST /publish`.
pub(crate) const LARGEST_PUBLISH: usize = 64 << 10;

/// Bytes of a message, at most: the largest that may be published, and room for what is said around it.
pub(crate) const LARGEST_MESSAGE: usize = LARGEST_PUBLISH + (1 << 10);

/// How long a pong may take, also one of HTTP/2. TCP repeats a lost segment after 0.2, 0.6, 1.4, 3.0 and 6.2 s (RFC 6298,
/// section 5.5): a network that comes back within six seconds is found in time.
pub(crate) const PONG: Duration = Duration::from_secs(10);

/// What a connection is closed for, with 1008, when the token expires that it was opened with.
pub(crate) const TOKEN_EXPIRED: &str = "token expired";

/// tungstenite takes its read buffer at once and keeps it: 128 KiB a connection unless it is told otherwise.
fn config(read_buffer: usize, largest_message: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(read_buffer)
        .write_buffer_size(0)
        .max_write_buffer_size(2 * LARGEST_MESSAGE)
        .max_message_size(Some(largest_message))
        .max_frame_size(Some(largest_message))
}
