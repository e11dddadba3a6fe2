//! The quantile curve of a lane: how old events were on arrival, from the youngest to the oldest.
//!
//! ```text
//! latency │              ╭─
//!         │      ╭───────╯      each point is a quantile as in the tables: the median over trials of the
//!         │ ─────╯              trial's own, and only where the events of every trial support it
//!         └──────────────────
//!          0.05   0.5   0.95    quantile
//! ```

use super::predict::Prediction;
use super::result::QuantilePoint;
use super::statistics::{events_needed, median};
use super::trial::Trial;

/// Where a curve is read: every twentieth, and closer towards both ends, where tails are. Each step outwards
/// is at most a halving of what is left, so that on a scale of what is left no two points are far apart.
const QUANTILES: [f64; 43] = [
    0.001, 0.002, 0.003, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3,
    0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95, 0.96, 0.97, 0.98, 0.985,
    0.99, 0.993, 0.995, 0.996, 0.997, 0.998, 0.9985, 0.999,
];

/// `events` is how many distinct events a trial had, the fewest of all trials.
pub(super) fn curve(trials: &[&Trial], events: u64, prediction: Option<&Prediction>) -> Vec<QuantilePoint> {
    let supported = || QUANTILES.into_iter().filter(|quantile| events >= events_needed(*quantile));
    let of_each: Vec<Vec<i64>> = trials.iter().map(|trial| trial.sample.quantiles_us(supported())).collect();
    let measured =
        |at: usize| median(of_each.iter().filter_map(|trial| trial.get(at)).map(|us| *us as f64).collect());
    let point = |(at, quantile)| {
        let predicted_us = prediction.and_then(|prediction| prediction.quantile_us(quantile));
        Some(QuantilePoint { quantile, measured_us: measured(at)?, predicted_us })
    };
    supported().enumerate().filter_map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_quantiles_are_points_and_no_step_outwards_more_than_halves_what_is_left() {
        assert!(QUANTILES.is_sorted());
        for usual in [0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999] {
            assert!(QUANTILES.contains(&usual), "{usual}");
        }
        let left = |quantile: f64| quantile.min(1.0 - quantile);
        for pair in QUANTILES.windows(2) {
            let ratio = left(pair[0]) / left(pair[1]);
            assert!((0.499..2.001).contains(&ratio), "from {} to {}", pair[0], pair[1]);
        }
    }
}
