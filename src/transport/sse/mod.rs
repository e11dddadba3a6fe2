//! Server-Sent Events: ask once, and listen to an answer that does not end (HTML standard, section 9.2).
//!
//! ```text
//! GET /sse HTTP/1.1
//!
//! HTTP/1.1 200 OK
//! content-type: text/event-stream
//! transfer-encoding: chunked
//!
//! retry: 1731                          how long to wait before coming back; each client its own value
//! id: 8f3k2a-1041                      where this stream starts
//!
//! id: 8f3k2a-1042                      an event: its id, to resume from,
//! data: {"id":"8f3k2a-1042",…}         and its payload
//!
//! :                                    a comment, after 15 s of silence
//!
//! ```
//!
//! Each block is a chunk of HTTP/1.1, framed here and not by the HTTP library, so that a thousand readers share
//! one encoding. hyper reads the request's head; then the connection is taken from it, and
//! a pump writes what stands in the log until one side leaves or the server drains.
//!
//! Over HTTP/2 the same blocks go without chunks, all that are there together in one DATA frame.
//!
//! One request for any number of events, and around each payload 26 bytes and the digits of the event's number, about
//! 30. The browser's own `EventSource` comes back by itself. One way only: what the client has to say is a request of
//! its own.

mod client;
pub mod decode;
pub(crate) mod encode;
mod server;

pub(crate) use client::subscribe;
pub(crate) use server::{Stream, serve};
