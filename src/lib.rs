//! WebSocket, Server-Sent Events, long polling and polling, side by side on the same events.
//!
//! One server carries one feed over all four; four clients read it; a bench runs them at once, counts every
//! byte on the sockets and sets beside each figure what theory says it should be.
//!
//! ```text
//! source ─publish─▶ Feed ─Subscription─▶ transport::x::server ══ wire ══▶ transport::x::client ─▶ diary ─▶ Report
//!                                                  Wire counts bytes here, at both ends
//! ```
//!
//! The modules, in the order in which they are best read:
//!
//! | module | what it is |
//! |---|---|
//! | [`event`] | an event, its id, a gap: the one JSON form, encoded once |
//! | [`clock`] | one clock that never steps |
//! | [`feed`] | the log, a place in it, and the wake-up |
//! | [`transport`] | the four wires, both ends of each in one folder |
//! | [`wire`] | the counted socket, and where the bytes went |
//! | [`tls`] | the same under encryption, and what that adds |
//! | [`server`] | all that is the same for every transport on the server's side |
//! | [`client`] | all that is the same on the client's side |
//! | [`fallback`] | a reader over the best transport that works here and now |
//! | [`control`] | the same bytes over a bare socket: what the others are compared with |
//! | [`source`] | what publishes: a rate, a recording, stdin |
//! | [`link`] | the network between the two ends: a relay with a network's character |
//! | [`theory`] | what each transport should cost, in closed form |
//! | [`bench`](mod@bench) | from a plan over rounds and trials to a result |
//! | [`report`] | a result, written down |
//! | [`cli`] | the command line, one file a verb |
//!
//! Who may use whose words is a table in `tests/all/rules.rs`, and a test: a server half never knows a client,
//! a client half never knows the feed, no transport knows another.

pub mod bench;
pub mod cli;
pub mod client;
pub mod clock;
pub mod control;
pub mod event;
pub mod fallback;
pub mod feed;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzz;
pub mod link;
pub mod report;
pub mod server;
pub mod source;
pub mod theory;
pub mod tls;
pub mod transport;
pub mod wire;
