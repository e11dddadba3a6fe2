//! What a player did: how many events, when, and how late it was itself.

use hdrhistogram::Histogram;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest lag that is told apart, in microseconds: an hour.
const MAX_LAG_US: u64 = 3_600_000_000;

/// How late the publisher itself was: the instant of publishing minus the scheduled one, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lag {
    /// The median.
    pub p50: u64,
    /// What one event in a hundred exceeded.
    pub p99: u64,
    /// The worst.
    pub max: u64,
}

/// What a player has published so far, or, once it is over, in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Played {
    /// How many events.
    pub events: u64,
    /// When the first was scheduled, in microseconds since the UNIX epoch.
    pub first_us: Option<u64>,
    /// When the last was scheduled, in microseconds since the UNIX epoch.
    pub last_us: Option<u64>,
    /// The publisher's own lag, over the events that count: without those of a warm-up. `None` before the first.
    pub lag_us: Option<Lag>,
    /// CPU time of the player's thread, publishing included, in microseconds; `None` where unknown.
    pub cpu_us: Option<u64>,
}

/// What was published, counted on the player's thread and read by others.
pub(super) struct Tally {
    events: u64,
    first_us: Option<u64>,
    last_us: Option<u64>,
    lag_us: Histogram<u64>,
    /// What is due before is no part of the lag.
    counts_from_us: u64,
    pub(super) cpu_us: Option<u64>,
}

impl Tally {
    pub(super) fn new() -> Self {
        let lag_us = Histogram::new_with_bounds(1, MAX_LAG_US, 3).expect("1 to an hour is a range");
        Self { events: 0, first_us: None, last_us: None, lag_us, counts_from_us: 0, cpu_us: None }
    }

    /// Counts one event; how many that makes.
    pub(super) fn add(&mut self, due_us: u64, lag_us: u64) -> u64 {
        self.first_us.get_or_insert(due_us);
        self.last_us = Some(due_us);
        if due_us >= self.counts_from_us {
            self.lag_us.saturating_record(lag_us);
        }
        self.events += 1;
        self.events
    }

    /// Leaves out of its lag all events so far.
    pub(super) fn forget_lag(&mut self) {
        self.lag_us.reset();
    }

    /// Leaves out of its lag all events that are due before this instant, however late they come.
    pub(super) fn forget_lag_before(&mut self, at_us: u64) {
        self.counts_from_us = at_us;
        if self.last_us.is_some_and(|last_us| last_us < at_us) {
            self.forget_lag();
        }
    }

    pub(super) fn played(&self) -> Played {
        let lag_us = &self.lag_us;
        let lag = || Lag {
            p50: lag_us.value_at_quantile(0.5),
            p99: lag_us.value_at_quantile(0.99),
            max: lag_us.max(),
        };
        Played {
            events: self.events,
            first_us: self.first_us,
            last_us: self.last_us,
            lag_us: (!lag_us.is_empty()).then(lag),
            cpu_us: self.cpu_us,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_before_it_counts_is_no_part_of_the_lag_even_where_it_comes_after() {
        let mut tally = Tally::new();
        tally.forget_lag_before(100);
        for (due_us, lag_us) in [(10, 5_000), (99, 5_000), (100, 3), (110, 2)] {
            tally.add(due_us, lag_us);
        }
        let lag = |tally: &Tally| tally.played().lag_us.map(|lag| lag.max);
        assert_eq!((tally.played().events, lag(&tally)), (4, Some(3)));
        tally.forget_lag_before(110);
        assert_eq!(lag(&tally), Some(3), "said too late: what counts is kept");
        tally.forget_lag_before(111);
        assert_eq!(lag(&tally), None);
    }
}
