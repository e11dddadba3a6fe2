//! Which quantiles a number of events can say anything about.

/// The chance that all events lie on one side of the true quantile, at the most: one tail of a 95% interval.
const TAIL: f64 = 0.025;

/// The smallest number of independent events that supports the quantile `p`: p50 6, p95 72, p99 368,
/// p99.9 3,688.
///
/// All n events lie below the true quantile with probability pⁿ, and then nothing in the sample bounds it
/// from above. n = ⌈ln 0.025 / ln p⌉ makes that as rare as one tail of a 95% interval; below the median it is
/// the lower bound that lacks, and 1 − p stands for p. No number of events supports 0 or 1: `u64::MAX`.
pub fn events_needed(p: f64) -> u64 {
    (TAIL.ln() / p.max(1.0 - p).ln()).abs().ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_usual_quantiles() {
        for (p, events) in
            [(0.5, 6), (0.9, 36), (0.95, 72), (0.99, 368), (0.999, 3_688), (0.05, 72), (1.0, u64::MAX)]
        {
            assert_eq!(events_needed(p), events, "events for quantile {p}");
        }
    }

    #[test]
    fn one_event_fewer_would_leave_the_quantile_unbounded_too_often() {
        for p in [0.5_f64, 0.9, 0.95, 0.99, 0.999] {
            let events = events_needed(p) as i32;
            assert!(p.powi(events) <= TAIL && p.powi(events - 1) > TAIL, "{events} events for quantile {p}");
        }
    }
}
