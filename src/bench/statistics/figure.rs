//! A figure of a lane: what was measured, between what and what, or what it would take.

use std::fmt;

use fastrand::Rng;
use serde::{Deserialize, Serialize};

use super::bootstrap::{self, Method};
use super::sample::Sample;
use super::supported::events_needed;

/// What is asked of the latencies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// The arithmetic mean.
    Mean,
    /// The quantile p, from 0 to 1.
    Quantile(f64),
    /// The largest.
    Max,
}

impl Statistic {
    /// Of one trial, in microseconds; `None` where it has no latency.
    pub fn of(self, sample: &Sample) -> Option<f64> {
        match self {
            Self::Mean => sample.mean_us(),
            Self::Quantile(p) => sample.quantile_us(p).map(|us| us as f64),
            Self::Max => sample.max_us().map(|us| us as f64),
        }
    }

    /// How many distinct events a trial needs to say it.
    pub fn events_needed(self) -> u64 {
        match self {
            Self::Mean | Self::Max => 1,
            Self::Quantile(p) => events_needed(p),
        }
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mean => f.write_str("mean"),
            Self::Quantile(p) => write!(f, "p{}", (p * 1e4).round() / 1e2),
            Self::Max => f.write_str("max"),
        }
    }
}

/// A statistic of one lane over its trials, in the unit of the samples: microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The median over trials of the trial's figure.
    pub measured: Option<f64>,
    /// Where the 95% interval begins.
    pub low: Option<f64>,
    /// Where the 95% interval ends.
    pub high: Option<f64>,
    /// How the interval was come by.
    pub method: Option<Method>,
    /// Where the events are too few: how many distinct events a trial needs.
    pub needs_events: Option<u64>,
}

/// The figure of one lane, from its trials.
///
/// `events` is how many distinct events a trial had, the fewest of all trials: an event that a hundred
/// clients received is one. A trial without latencies has no figure and is left out. A maximum has no
/// interval, since no resample exceeds it; nor has a lane of fewer than five trials where one has fewer than
/// ten answers.
pub fn figure(trials: &[&Sample], statistic: Statistic, events: u64, rng: &mut Rng) -> Figure {
    let needed = statistic.events_needed();
    if events < needed {
        return Figure { needs_events: Some(needed), ..Figure::default() };
    }
    let trials: Vec<_> = trials.iter().copied().filter(|trial| trial.count() > 0).collect();
    let figures: Vec<_> = trials.iter().filter_map(|trial| statistic.of(trial)).collect();
    let interval = match statistic {
        Statistic::Max => None,
        _ => {
            bootstrap::over_trials(&figures, rng).or_else(|| bootstrap::over_blocks(&trials, statistic, rng))
        }
    };
    Figure {
        measured: median(figures),
        low: interval.map(|interval| interval.low),
        high: interval.map(|interval| interval.high),
        method: interval.map(|interval| interval.method),
        needs_events: None,
    }
}

/// The middle value, or the mean of the two in the middle; `None` of nothing.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let upper = values.len() / 2;
    let lower = values.len().checked_sub(1)? / 2;
    Some(f64::midpoint(values[lower], values[upper]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(latencies_us: impl IntoIterator<Item = i64>) -> Sample {
        let mut sample = Sample::default();
        latencies_us.into_iter().for_each(|us| sample.record_answer([us]));
        sample
    }

    fn figure_of(trials: &[Sample], statistic: Statistic, events: u64) -> Figure {
        figure(&trials.iter().collect::<Vec<_>>(), statistic, events, &mut Rng::with_seed(7))
    }

    #[test]
    fn the_measured_figure_is_the_median_over_trials() {
        let trials = [trial(1..=97), trial(101..=197), trial(2001..=2097), trial([])];
        let measured = |statistic| figure_of(&trials, statistic, 97).measured;
        assert_eq!(measured(Statistic::Mean), Some(149.0));
        assert_eq!(measured(Statistic::Quantile(0.95)), Some(193.0));
        assert_eq!(measured(Statistic::Max), Some(197.0));
        assert_eq!(median(vec![3.0, 1.0, 2.0, 10.0]), Some(2.5));
    }

    #[test]
    fn what_the_events_cannot_support_is_nothing_and_says_what_would() {
        let trials = [trial(1..=97)];
        let needs = |needs_events| Figure { needs_events, ..Figure::default() };
        assert_eq!(figure_of(&trials, Statistic::Quantile(0.99), 97), needs(Some(368)));
        assert_eq!(figure_of(&trials, Statistic::Quantile(0.95), 71), needs(Some(72)));
        assert_eq!(figure_of(&trials, Statistic::Quantile(0.95), 72).measured, Some(93.0));
        assert_eq!(figure_of(&trials, Statistic::Mean, 0), needs(Some(1)));
        assert_eq!(figure_of(&[], Statistic::Mean, 1), Figure::default());
    }

    #[test]
    fn the_number_of_trials_decides_how_the_interval_is_come_by() {
        let method = |trials, statistic| figure_of(&vec![trial(1..=97); trials], statistic, 97).method;
        assert_eq!(method(4, Statistic::Mean), Some(Method::Blocks));
        assert_eq!(method(5, Statistic::Mean), Some(Method::Trials));
        assert_eq!(method(5, Statistic::Max), None);
        assert_eq!(figure_of(&[trial(1..=9)], Statistic::Mean, 9).method, None);
    }

    #[test]
    fn requests_per_event_are_a_mean() {
        let mut requests = Sample::default();
        for answer in 0..40 {
            requests.record_answer([1 + answer % 3, 0]);
        }
        let figure = figure_of(&[requests], Statistic::Mean, 80);
        assert_eq!(figure.measured, Some(79.0 / 80.0));
        assert!(figure.low < figure.measured && figure.measured < figure.high, "{figure:?}");
    }
}
