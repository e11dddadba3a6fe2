//! Whether a server returns to what it was, after hours of people who come and go.
//!
//! ```text
//! connect ─▶ ask ─▶ read a little ─▶ vanish:  close  FIN, and no farewell
//!    ▲                                 │      reset  RST
//!    └──────── the next guest ◀────────┘      silence: the socket stays, and nobody reads or answers
//! ```
//!
//! What it holds is read at the start, through, and at the end: connections, places in the feed, tasks, file
//! descriptors, memory. The counts must return to what they were, and memory to what an allocator keeps beside it.
//! What must go is what the server's own deadlines let go: nobody is asked to leave.
//!
//! In reading order: [`plan`] (who comes), `guest` (one visit), `churn` (one after another on each seat), `held` (what
//! the server holds), `experiment` (from a plan to a report), [`result`] (plain data).

mod churn;
mod experiment;
mod guest;
mod held;
pub mod plan;
pub mod result;

pub use experiment::run;
pub(super) use held::ALLOWED_BYTES;
pub use plan::{Plan, Way};
