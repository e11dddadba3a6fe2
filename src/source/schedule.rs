//! When events happen: offsets from the start, in microseconds, without end and never decreasing.
//!
//! They are kept in `f64`. The mean rate does not drift: after a year an offset still has a resolution of
//! 4 ns, and no offset is rounded before it is played.

use std::collections::VecDeque;
use std::iter;

use fastrand::Rng;

use super::{Rate, SourceKind};

/// How far apart the two events of a pair are, in microseconds.
const PAIR_US: f64 = 5_000.0;

/// Offsets from the start, in microseconds, in order.
pub type Offsets = Box<dyn Iterator<Item = f64> + Send>;

/// The instants of a kind at a mean rate of events.
///
/// Empty for what happens at no rate: a quiet source has no events, a trace has its own instants, and those
/// of stdin are not known beforehand.
pub fn offsets(kind: &SourceKind, rate: Rate, seed: u64) -> Offsets {
    let (mut rng, gap_us) = (Rng::with_seed(seed), rate.gap_us());
    match kind {
        SourceKind::Poisson => Box::new(poisson(gap_us, rng)),
        SourceKind::Steady => {
            let phase_us = rng.f64() * gap_us;
            Box::new((0u64..).map(move |k| phase_us + k as f64 * gap_us))
        }
        SourceKind::Pairs => Box::new(pairs(poisson(2.0 * gap_us, rng))),
        SourceKind::Bursts => Box::new(poisson(10.0 * gap_us, rng).flat_map(|at_us| [at_us; 10])),
        SourceKind::Quiet | SourceKind::Trace(_) | SourceKind::Stdin => Box::new(iter::empty()),
    }
}

/// Gaps of −ln(U) times their mean; `1 - f64()` puts U in (0, 1], where the logarithm is finite.
fn poisson(mean_gap_us: f64, mut rng: Rng) -> impl Iterator<Item = f64> + Send {
    let gaps_us = iter::repeat_with(move || -(1.0 - rng.f64()).ln() * mean_gap_us);
    gaps_us.scan(0.0, |at_us, gap_us| {
        *at_us += gap_us;
        Some(*at_us)
    })
}

/// Each instant, and again 5 ms later, in order even where pairs overlap.
fn pairs(firsts: impl Iterator<Item = f64> + Send) -> impl Iterator<Item = f64> + Send {
    let mut firsts = firsts.peekable();
    let mut seconds = VecDeque::new();
    iter::from_fn(move || match (seconds.front(), firsts.peek()) {
        (Some(second), Some(first)) if second <= first => seconds.pop_front(),
        _ => firsts.next().inspect(|first| seconds.push_back(first + PAIR_US)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: usize = 20_000;
    const RATE_PER_S: f64 = 40.0;
    const KINDS: [SourceKind; 4] =
        [SourceKind::Poisson, SourceKind::Steady, SourceKind::Pairs, SourceKind::Bursts];

    fn first(kind: &SourceKind, seed: u64) -> Vec<f64> {
        offsets(kind, Rate::new(RATE_PER_S).unwrap(), seed).take(EVENTS).collect()
    }

    fn gaps(offsets: &[f64]) -> Vec<f64> {
        offsets.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    #[test]
    fn the_same_seed_draws_the_same_instants() {
        for kind in &KINDS {
            assert_eq!(first(kind, 7), first(kind, 7), "{kind}");
            assert_ne!(first(kind, 7), first(kind, 8), "{kind}");
        }
    }

    #[test]
    fn instants_never_decrease() {
        for kind in &KINDS {
            let offsets = first(kind, 7);
            assert!(offsets[0] >= 0.0 && gaps(&offsets).iter().all(|gap| *gap >= 0.0), "{kind}");
        }
    }

    /// n events of groups of g take n/λ, give or take a standard error of √(n/g)·g/λ.
    #[test]
    fn the_mean_rate_is_that_of_events() {
        for (kind, group) in KINDS.iter().zip([1.0, 1.0, 2.0, 10.0_f64]) {
            let took_s = first(kind, 7)[EVENTS - 1] / 1e6;
            let expected_s = EVENTS as f64 / RATE_PER_S;
            let error_s = (EVENTS as f64 * group).sqrt() / RATE_PER_S;
            assert!((took_s - expected_s).abs() < 4.0 * error_s, "{kind}: {took_s} s, not {expected_s} s");
        }
    }

    /// The CV of n exponential gaps has a standard error of about 1/√n.
    #[test]
    fn poisson_gaps_vary_as_much_as_their_mean() {
        let gaps = gaps(&first(&SourceKind::Poisson, 7));
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        let cv = variance.sqrt() / mean;
        assert!((cv - 1.0).abs() < 4.0 / (gaps.len() as f64).sqrt(), "CV {cv}");
    }

    #[test]
    fn steady_gaps_are_equal_and_the_phase_is_within_one() {
        let phases = (0..100).map(|seed| {
            let offsets = first(&SourceKind::Steady, seed);
            assert!(gaps(&offsets).iter().all(|gap| (gap - 25_000.0).abs() < 1e-3));
            offsets[0]
        });
        let phases: Vec<f64> = phases.collect();
        assert!(phases.iter().all(|phase| (0.0..25_000.0).contains(phase)));
        let mean = phases.iter().sum::<f64>() / 100.0;
        assert!((mean - 12_500.0).abs() < 4.0 * 25_000.0 / 1_200f64.sqrt(), "mean phase {mean} us");
    }

    #[test]
    fn each_event_of_a_pair_has_the_other_5_ms_away() {
        let offsets = first(&SourceKind::Pairs, 7);
        let firsts = poisson(2e6 / RATE_PER_S, Rng::with_seed(7));
        let mut paired: Vec<f64> = firsts.take(EVENTS).flat_map(|at| [at, at + PAIR_US]).collect();
        paired.sort_by(f64::total_cmp);
        assert_eq!(offsets, paired[..EVENTS]);
        let overlaps = gaps(&offsets).iter().step_by(2).filter(|gap| **gap < PAIR_US - 1.0).count();
        assert!(overlaps > 0, "at 20 pairs a second some overlap");
    }

    #[test]
    fn bursts_are_ten_at_once() {
        for burst in first(&SourceKind::Bursts, 7).chunks(10) {
            assert!(burst.iter().all(|at| *at == burst[0]));
        }
    }

    #[test]
    fn quiet_has_no_events() {
        assert_eq!(first(&SourceKind::Quiet, 7), [0.0; 0]);
    }
}
