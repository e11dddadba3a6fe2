//! The control row: the same bytes on the same schedule over a bare socket.
//!
//! ```text
//! GET /tcp?topic=demo HTTP/1.1
//! upgrade: tcp
//! connection: upgrade
//!
//! HTTP/1.1 101 Switching Protocols
//!
//! {"id":"8f3k2a-1042",…}␊                  down: every payload, and a line end
//! ping␊                                    up: anything
//! ping␊                                    down: the same again
//! ```
//!
//! Alone on a machine, no transport can be faster than this on the same link, so it is what push is compared
//! with, and its echo is the round trip that predictions are made from. Beside others it waits its turn as they
//! do: what a long poll does after its answer delays the row, and not the long poll. It is an instrument, not
//! a fifth transport.

mod client;
mod server;

pub use client::{Echo, Heard, listen};
pub(crate) use server::{Echo as Line, serve};
