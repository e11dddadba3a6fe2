//! The server's clock minus ours: a line, and how far from it the truth can be.
//!
//! ```text
//! offset
//!   │          ╷       ╷ ── at the most, when a question left
//!   │   ╷      │   ____┼────
//!   │   │ _____┼───    ╵ ── at the least, when its answer came
//!   │ ──┼──    ╵
//!   │   ╵
//!   └──────────────────────▶ our clock
//!    before   during  after
//! ```
//!
//! Two quartzes differ by some millionths, and 50 of these are 3 ms a minute. So the offset is a line through
//! estimates from before, during and after: its slope by least squares, each estimate weighed by its room for
//! error; its height such that no end of any estimate is further from it than it must be.
//!
//! *The bound.* Let D be the truth minus the line, and w the furthest that an estimate's end lies from the line.
//! A question that left at b came no earlier, so D(b) ≤ w; an answer that came at a had left no later, so
//! D(a) ≥ −w. Both clocks run straight, so D is a line too, and a line that is within ±w at both ends of a stretch
//! is within ±w all along it. It does not matter what the network did: all of a round trip may have been in one
//! direction, and in the other one the next time. A clock that bends makes w wider, for it is asked at its bends:
//! between two estimates, 3 s apart, a bend of 1 ppm hides less than 1 µs.

use super::exchange::{EXCHANGES, Exchange};

/// How fast two clocks part at the most, where estimates tell no better: Linux disciplines no clock by more
/// (`MAXFREQ` in `linux/timex.h`, 500 ppm), and a quartz is within 100.
const FASTEST: f64 = 500e-6;

/// An estimate in between is left out where its round trip is longer than those at the ends by half: it was made
/// in a queue, and says less than they do.
const QUEUED: f64 = 1.5;

/// The server's clock minus our monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drifting {
    /// An instant of our clock.
    at_us: f64,
    /// The offset at that instant.
    us: f64,
    /// What it gains in a microsecond.
    slope: f64,
    /// From where to where the bound holds as it is.
    from_us: f64,
    to_us: f64,
    within_us: f64,
    slope_within: f64,
    exchanges: usize,
}

impl Drifting {
    /// A clock that is known exactly: it runs with ours.
    pub fn known(us: i64) -> Self {
        Self {
            at_us: 0.0,
            us: us as f64,
            slope: 0.0,
            from_us: f64::NEG_INFINITY,
            to_us: f64::INFINITY,
            within_us: 0.0,
            slope_within: 0.0,
            exchanges: 1,
        }
    }

    /// Through estimates in order of time, of which there is one at least.
    pub(super) fn through(estimates: &[Exchange]) -> Self {
        let (first, last) = (estimates[0], estimates[estimates.len() - 1]);
        let longest_us = QUEUED * first.round_trip_us().max(last.round_trip_us());
        let is_kept =
            |at: usize| at == 0 || at == estimates.len() - 1 || estimates[at].round_trip_us() <= longest_us;
        let kept: Vec<Exchange> =
            (0..estimates.len()).filter(|at| is_kept(*at)).map(|at| estimates[at]).collect();
        let (at_us, slope) = (f64::midpoint(first.at_us(), last.at_us()), slope(&kept));
        let risen_us = |ours_us: u64| slope * (ours_us as f64 - at_us);
        let most_us = kept.iter().map(|one| one.most_us() - risen_us(one.before_us)).fold(f64::MIN, f64::max);
        let least_us =
            kept.iter().map(|one| one.least_us() - risen_us(one.after_us)).fold(f64::MAX, f64::min);
        Self {
            at_us,
            us: f64::midpoint(most_us, least_us),
            slope,
            from_us: first.after_us as f64,
            to_us: last.before_us as f64,
            within_us: (most_us - least_us) / 2.0,
            slope_within: slope_within(&first, &last, slope).min(FASTEST + slope.abs()),
            exchanges: estimates.len() * EXCHANGES,
        }
    }

    /// The offset at an instant of our clock.
    pub fn us(&self, ours_us: u64) -> f64 {
        self.us + self.slope * (ours_us as f64 - self.at_us)
    }

    /// The offset in the middle of what was asked.
    pub fn middle_us(&self) -> f64 {
        self.us
    }

    /// An instant of our clock, by the server's.
    pub fn far_us(&self, ours_us: u64) -> u64 {
        ours_us.saturating_add_signed(self.us(ours_us).round() as i64)
    }

    /// The age of something sent at `sent_us` of the server's clock that arrived at `arrived_us` of ours, in
    /// microseconds. Negative where the offset is off by more than the age. A server may name any instant: what is
    /// older than can be said is as old as can be.
    pub fn age_us(&self, sent_us: u64, arrived_us: u64) -> i64 {
        let age_us = i128::from(self.far_us(arrived_us)) - i128::from(sent_us);
        age_us.clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }

    /// Between the first estimate and the last, the offset is off by no more than this; 0 where it is known.
    pub fn within_us(&self) -> f64 {
        self.within_us
    }

    /// The offset at this instant is off by no more than this. Beyond the estimates the truth goes on from within
    /// the bound, in a direction that the estimates hold between two slopes.
    pub fn within_us_at(&self, ours_us: u64) -> f64 {
        let ours_us = ours_us as f64;
        let beyond_us = (self.from_us - ours_us).max(ours_us - self.to_us).max(0.0);
        self.within_us + beyond_us * self.slope_within
    }

    /// What the server's clock gains on ours, in millionths.
    pub fn drift_ppm(&self) -> f64 {
        self.slope * 1e6
    }

    /// The drift is off by no more than this.
    pub fn drift_within_ppm(&self) -> f64 {
        self.slope_within * 1e6
    }

    /// How often the server was asked for it.
    pub fn exchanges(&self) -> usize {
        self.exchanges
    }
}

/// By least squares: an estimate that may be off by twice as much counts a quarter.
fn slope(estimates: &[Exchange]) -> f64 {
    let start_us = estimates[0].at_us();
    let points = || {
        estimates.iter().map(|one| {
            let weight = one.round_trip_us().max(1.0).powi(-2);
            (weight, one.at_us() - start_us, one.offset_us() - estimates[0].offset_us())
        })
    };
    let weight: f64 = points().map(|(weight, _, _)| weight).sum();
    let mean_x = points().map(|(weight, x, _)| weight * x).sum::<f64>() / weight;
    let mean_y = points().map(|(weight, _, y)| weight * y).sum::<f64>() / weight;
    let (rise, run) = points().fold((0.0, 0.0), |(rise, run), (weight, x, y)| {
        (rise + weight * (x - mean_x) * (y - mean_y), run + weight * (x - mean_x).powi(2))
    });
    if run > 0.0 { rise / run } else { 0.0 }
}

/// How far the slope can be from that of a straight clock, which passes at or above the least of one end and at
/// or below the most of the other.
fn slope_within(first: &Exchange, last: &Exchange, slope: f64) -> f64 {
    if last.before_us <= first.after_us {
        return f64::INFINITY;
    }
    let between = |from_us: f64, at_us: u64, to_us: f64, later_us: u64| {
        (to_us - from_us) / (later_us as f64 - at_us as f64)
    };
    let steepest = between(first.least_us(), first.after_us, last.most_us(), last.before_us);
    let flattest = between(first.most_us(), first.before_us, last.least_us(), last.after_us);
    (steepest - slope).max(slope - flattest)
}

#[cfg(test)]
mod tests;
