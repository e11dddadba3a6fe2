//! Experiments: the same events over all transports at once, and what each of them made of them.
//!
//! ```text
//! Plans ─▶ calibrate ─▶ round: lanes connect │ warm-up │ the window that counts │ drain ─▶ trials ─▶ Report
//! ```
//!
//! In reading order: [`plan`] (what to run), `grid` (which cells at once), `child` and `orders` (a server of
//! one's own, driven over its stdin), `route` (how clients reach it), `scene` (a server, and the cells played on
//! it), `diary` (what one client lived through), `lane` (all clients of one transport), `round` (one run of all
//! lanes), `trial` (what a lane's diaries add up to), `heads` and `calibrate` (what predictions are made from),
//! `predict` (theory, for what was played), `figures` (a lane's, over its trials), `curve` (its latencies at
//! every quantile), `raw` (every arrival), `summary` (all lanes), [`until`] (rounds enough), `own` (what the
//! measuring takes), `experiment` (from plans to a report), [`result`] (plain data), `conditions` (what tells
//! its runs apart), [`compare`] (two results). Beside it: [`capacity`] (how much a server carries), [`idle`]
//! (what connections cost on which nothing happens), [`talk`] (what it takes to publish), [`fallback`] (how long it
//! takes to find what works), [`chaos`] (whether anything gets lost), [`soak`] (whether anything stays), `served` (the
//! server that these two start and end), and [`cores`] (which CPU is whose).

mod calibrate;
pub mod capacity;
pub mod chaos;
mod child;
pub mod compare;
mod conditions;
pub mod cores;
mod curve;
mod diary;
mod environment;
mod experiment;
pub mod fallback;
pub(crate) mod figure;
mod figures;
mod files;
mod grid;
mod heads;
pub mod idle;
mod lane;
pub(crate) mod orders;
mod own;
pub mod plan;
mod played;
mod predict;
mod process;
pub mod quiet;
mod raw;
pub mod result;
mod round;
mod route;
mod scene;
mod served;
pub mod soak;
mod stage;
pub mod statistics;
mod summary;
pub mod talk;
pub mod threshold;
mod trial;
pub mod until;
mod waking;
mod warnings;

pub use experiment::{Progress, run};
pub use grid::expected;
pub use heads::{Ids, Sampled, sample};
pub use plan::{Mode, Plan};
