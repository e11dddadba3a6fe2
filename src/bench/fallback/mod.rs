//! How long it takes to find a transport that works, what that costs, and whether anything is lost on the way.
//!
//! ```text
//! course       a link, or links that follow each other: `none then blackhole-upgrade then none`
//! lane         one reader on a course, by one strategy: searches, reads, and searches again where the link changes
//! round        all lanes at once on one feed ─▶ the feed pauses, then goes on ─▶ until all lanes have it all
//! ```
//!
//! In reading order: [`plan`] (what to run), `lane` (one reader, and what it lived through), `round` (all of them),
//! `predict` (theory, for the very answer that each reader measured), `summary` (over rounds), `experiment` (from a
//! plan to a report), [`result`] (plain data).

mod experiment;
mod lane;
pub mod plan;
mod predict;
pub mod result;
mod round;
mod summary;

pub use experiment::run;
pub use plan::{Course, Plan};
