//! The network between the two ends: a relay with a network's character.
//!
//! ```text
//! client ══ port of the relay ── delay, jitter, rate ── middlebox ══ server
//! ```
//!
//! What it is to be like is a SPEC: `rtt=80ms,rate=1mbit,buffer=8k`, or a name such as `3g`; [`Link`] reads it.
//! [`Engine::relay`] puts it in front of a server, [`Relay::change`] makes it another one while it runs, and
//! [`Achieved`] says what became of it.
//!
//! - **Each connection has a way of its own**, with its own delay, rate and queue: the character is that of one
//!   client's network, and nobody waits for another's bytes.
//! - **A chunk** is what one read brings. It is written again when it is due: one way later, and, on a
//!   connection's first bytes, the round trip that a handshake would have taken; so an answer takes 2R on a
//!   connection that was opened for it, and R on one that is open. `path` is that arithmetic.
//! - **A rate** counts the bytes of the stream, and no headers of TCP or IP: 1,448 of 1,500 bytes on Ethernet. It cuts a
//!   chunk into segments, each due when it has been serialised. What waits for that is 256 KiB at most, what is
//!   under way 4 MiB; then the relay stops reading, and nothing is dropped. A rate above 4 MiB a one-way delay is
//!   not reached, as it would not be by one connection of Linux with its usual buffers.
//! - **An end and a reset** travel with the bytes, behind them.
//! - **Middleboxes** stand at the server's end. Those that read HTTP read each request; an `Upgrade: tcp`, which is
//!   the [control row](crate::control)'s, passes all of them: it is an instrument.
//!
//! What it does not do: lose segments (TCP would send them again: a delay), reorder them, or slow-start.
//!
//! In reading order: `spec`, with `item`, `units` and `preset` (how a link is asked for), `character` (all that it
//! does), `engine` and `order` (two threads, and what they are told), `relay`, `door` and `terms` (a port, and how it
//! becomes another link), `connection` (two sockets), `flow` and `way` (one direction), `path` and `nagle` (when bytes
//! come out), `timer` (who wakes whom then), `middlebox` (what reads HTTP), `ends` (when a connection is ended),
//! `unreached` (that there is no server), `achieved` (what became of it), `outlook` (what can be told beforehand).

mod achieved;
mod character;
mod connection;
mod door;
mod ends;
mod engine;
mod flow;
mod item;
mod middlebox;
mod nagle;
mod order;
mod outlook;
mod path;
mod preset;
mod relay;
mod spec;
mod terms;
mod timer;
mod units;
mod unreached;
mod way;

pub use achieved::{Achieved, Lateness};
pub use engine::Engine;
pub use outlook::Outlook;
pub use preset::{PRESETS, Preset};
pub use relay::Relay;
pub use spec::{Link, NotALink};
