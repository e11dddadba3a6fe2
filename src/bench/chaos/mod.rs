//! Whether anything gets lost when everything goes wrong: clients whose connections are reset all the time, of a
//! server that is drained and started again.
//!
//! ```text
//! publisher ── POST ──▶ ┌────────┐          ┌──────┐
//!     │                 │ server │ ◀══════▶ │ link │ ◀══════▶ clients on every transport
//!     │                 └────────┘          └──────┘              │
//!     │             SIGTERM, and again    reset=5%/s              │
//!     ▼                                                           ▼
//!    log: every id, its message, when it set out      heard: every event and gap, in order
//!     └────────────────────────▶ check ◀──────────────────────────┘
//! ```
//!
//! Every event that is still in the log's memory must come to every client, once and in order; every loss must be
//! told as a gap with the right count; and nothing else may be told. The server's memory is short here, so that there
//! are losses to tell of.
//!
//! In reading order: [`plan`] (what to do), `message` (what is published), `log` (what was published), `heard` (what a
//! client was told), `breach` (what must not happen), `check` (whether it did), `server` (life after life),
//! `publisher`, `client`, `waiting` (until all has been told, and no more), `experiment` (from a plan to a report),
//! [`result`] (plain data).

mod breach;
mod check;
mod client;
mod experiment;
mod heard;
mod log;
mod message;
pub mod plan;
mod publisher;
pub mod result;
mod server;
mod waiting;

pub use breach::Breach;
pub use check::{Checker, Findings};
pub use experiment::run;
pub use heard::{Carried, Heard, Said};
pub use log::{Log, Sent};
pub use plan::Plan;
