//! Experiments: the same events over all transports at once, and what each of them made of them.
//!
//! ```text
//! Plan ─▶ calibrate ─▶ round: lanes connect │ warm-up │ the window that counts │ drain ─▶ trials ─▶ Report
//! ```
//!
//! In reading order: [`plan`] (what to run), `child` and `orders` (a server of one's own, driven over its
//! stdin), `diary` (what one client lived through), `lane` (all clients of one transport), `round` (one run
//! of all lanes), `trial` (what a lane's diaries add up to), `heads` and `calibrate` (what predictions are made
//! from), `predict` (theory, for what was played), `figures` (a lane's, over its trials), `summary` (all lanes),
//! `experiment` (from a plan to a report), [`result`] (plain data). Beside it: [`capacity`] (how much a server
//! carries), [`idle`] (what connections cost on which nothing happens), and [`cores`] (which CPU is whose).

mod calibrate;
pub mod capacity;
mod child;
pub mod cores;
mod diary;
mod experiment;
mod figures;
mod heads;
pub mod idle;
mod lane;
pub(crate) mod orders;
pub mod plan;
mod predict;
mod process;
pub mod quiet;
pub mod result;
mod round;
mod stage;
pub mod statistics;
mod summary;
mod trial;
mod warnings;

pub use experiment::{Progress, run};
pub use heads::{Ids, Sampled, sample};
pub use plan::{Mode, Plan};
