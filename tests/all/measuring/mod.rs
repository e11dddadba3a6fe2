//! What `bench` and `predict` print, and whether it is so: the shape of a result, every event and byte
//! accounted for, servers that lie, and how a run ends that is not allowed to.
//!
//! Read first what the tests stand on: [`bench`] (a run, and what came of it), [`forger`] (a stretch of the way
//! that loses, doubles or swaps one message), [`detour`] (one that does so to what is published), [`hub`] (somebody
//! else's server). No figure here is a matter of speed: this may run on any machine.
#![allow(clippy::unwrap_used, reason = "clippy knows test functions, not their helpers")]

mod bench;
mod detour;
mod forger;
mod hub;

mod bytes;
mod capacity;
#[cfg(unix)]
mod chaos;
mod choices;
mod clocks;
mod compare;
mod curves;
mod elsewhere;
#[cfg(unix)]
mod ends;
mod fallback;
mod forms;
mod idle;
mod lies;
mod links;
mod page;
mod predict;
mod proxied;
mod refused;
mod schema;
#[cfg(target_os = "linux")]
mod soak;
mod streams;
mod talk;
mod thresholds;
mod usual;
