//! How long an event waits until somebody asks for it.

use super::one_way::{mean, quantile, rank};

/// How waits are predicted to be spread.
#[derive(Clone, Debug, PartialEq)]
pub enum Wait {
    /// A stream asks for nothing: no event waits.
    None,
    /// Some events go at once; the others find nobody asking, and wait evenly between 0 and the longest wait.
    Even {
        /// The share of events that wait, 0 to 1.
        share: f64,
        /// The longest wait, in microseconds.
        longest_us: f64,
    },
    /// Events wait 0, one step, two, … in turn: a steady feed that slides through the gaps of longpoll.
    Sliding {
        /// By how much an event waits longer than the one before, in microseconds.
        step_us: f64,
        /// After so many it starts over at 0.
        steps: f64,
    },
    /// The waits of a simulated run, ascending, in microseconds.
    Played(Vec<f64>),
}

impl Wait {
    pub(super) fn mean_us(&self) -> Option<f64> {
        match self {
            Self::None => Some(0.0),
            Self::Even { share, longest_us } => Some(share * longest_us / 2.0),
            Self::Sliding { step_us, steps } => Some(steps * step_us / 2.0),
            Self::Played(sorted) => mean(sorted),
        }
    }

    pub(super) fn quantile_us(&self, p: f64) -> Option<f64> {
        match self {
            Self::None => Some(0.0),
            Self::Even { share, .. } if p <= 1.0 - share => Some(0.0),
            Self::Even { share, longest_us } => Some(longest_us * (p - 1.0 + share) / share),
            Self::Sliding { step_us, steps } => Some(step_us * rank(p, steps + 1.0)),
            Self::Played(sorted) => quantile(sorted, p),
        }
    }

    /// The share of events that wait no longer than `limit_us`.
    pub(super) fn share_within(&self, limit_us: f64) -> f64 {
        if limit_us < 0.0 {
            return 0.0;
        }
        match self {
            Self::None => 1.0,
            Self::Even { share, longest_us } if limit_us < *longest_us => {
                1.0 - share * (1.0 - limit_us / longest_us)
            }
            Self::Even { .. } => 1.0,
            Self::Sliding { step_us, steps } => {
                ((limit_us / step_us).floor() + 1.0).min(steps + 1.0) / (steps + 1.0)
            }
            Self::Played(sorted) => {
                sorted.partition_point(|wait| *wait <= limit_us) as f64 / sorted.len() as f64
            }
        }
    }
}
