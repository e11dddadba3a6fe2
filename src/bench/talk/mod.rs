//! What it takes to publish: a client that listens and speaks, on each transport, at a rate that waits for
//! nobody.
//!
//! ```text
//!            ┌── player ── due ──┐
//!            ▼                   ▼
//! websocket  frame ─────────────────────────▶ the connection that it listens on; ack and event come there
//! the others a row ─▶ one free connection of c ── POST ─▶ 201 comes there, the event where it listens
//! ```
//!
//! In reading order: [`plan`] (what to run), `book` (what became of each message), `queue` (those that are due
//! and not sent), `post` (over connections that carry one at a time), `lane` (one client: listens, and
//! publishes), `calibrate` (what predictions are made from), `round` (all lanes at once), `trial` (what a lane's
//! book adds up to), `predict` (theory, for the very schedule), `summary` (over rounds), `warnings`, `experiment`
//! (from a plan to a report), [`result`] (plain data).
//!
//! Every instant is one of our own monotonic clock: when a message was due, and when the read returned that
//! brought the answer, or the event. No clock of a server's is asked.

mod book;
mod calibrate;
mod experiment;
mod lane;
pub mod plan;
mod post;
mod predict;
mod queue;
pub mod result;
mod round;
mod summary;
mod trial;
mod warnings;

pub use experiment::run;
pub use plan::Plan;
