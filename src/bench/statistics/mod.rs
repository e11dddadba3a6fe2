//! What a trial's latencies say, and how sure that is.
//!
//! ```text
//! answers ─▶ Sample ─┬─ mean, quantile, max ─▶ median over trials ─▶ measured
//!                    └─ ten blocks in time ──▶ bootstrap ──────────▶ low, high
//! ```
//!
//! Two runs are compared by their trials: [`difference`](difference()) says what they differ by, [`rank_sum_p`] how
//! likely that is by chance, and [`holm`](holm()) what is left of it where much is compared at once.
//!
//! A quantile is by nearest rank: the smallest value with at least p·n of the n values at or below it. It is
//! a latency that occurred, never one between two. Where the events are too few to say anything about it,
//! a [`Figure`] has no value and names the number of events it needs.
//!
//! Any ratio of sums is the mean of a [`Sample`] as well. For requests per event, the first event of an
//! answer carries the requests made since the answer before, its other events carry 0.

mod blocks;
mod bootstrap;
mod counts;
mod difference;
mod figure;
mod holm;
mod rank_sum;
mod sample;
mod supported;

pub use bootstrap::{Interval, Method, over_blocks, over_trials};
pub use difference::{Difference, ENOUGH_ROUNDS, LEVEL, difference};
pub use figure::{Figure, Statistic, figure, median};
pub use holm::holm;
pub use rank_sum::{rank_sum_p, smallest_p};
pub use sample::Sample;
pub use supported::events_needed;
