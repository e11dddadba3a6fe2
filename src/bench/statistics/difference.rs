//! What two runs of the same kind differ by, and whether that is more than chance.
//!
//! Nothing is claimed unless two witnesses agree: the interval of the difference of the medians (resampled, so it
//! asks nothing of the distribution) excludes 0, and the ranks of the rounds lie apart, among all that is compared
//! at once ([`holm`](super::holm())). The interval says how much, the ranks say whether.

use fastrand::Rng;

use super::bootstrap::{self, RESAMPLES};
use super::figure::median;
use super::rank_sum::rank_sum_p;

/// The fewest rounds a side with which twenty comparisons at once can show anything: 6 and 6 that lie apart have
/// p = 2/924, and twenty times that is 0.043. With 5 and 5 it is 0.16.
pub const ENOUGH_ROUNDS: usize = 6;

/// What is called chance.
pub const LEVEL: f64 = 0.05;

/// What b has more than a.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// Between the medians.
    pub measured: f64,
    /// Where its 95% interval begins.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
    /// How often ranks lie so far apart by chance.
    pub p: f64,
}

impl Difference {
    /// Whether it is more than chance, with the p that counts among all that was compared.
    pub fn is_shown(&self, adjusted_p: f64) -> bool {
        (self.low > 0.0 || self.high < 0.0) && adjusted_p < LEVEL
    }
}

/// Compares the rounds of two sides; `None` where one has fewer than six.
pub fn difference(a: &[f64], b: &[f64], rng: &mut Rng) -> Option<Difference> {
    resampled(a, b, RESAMPLES, rng)
}

fn resampled(a: &[f64], b: &[f64], resamples: usize, rng: &mut Rng) -> Option<Difference> {
    if a.len().min(b.len()) < ENOUGH_ROUNDS {
        return None;
    }
    let interval = bootstrap::of_difference(a, b, resamples, rng)?;
    let measured = median(b.to_vec())? - median(a.to_vec())?;
    Some(Difference { measured, low: interval.low, high: interval.high, p: rank_sum_p(a, b) })
}

#[cfg(test)]
mod tests {
    use super::super::holm::holm;
    use super::*;

    /// Resamples enough for a simulation.
    const FEW: usize = 400;

    /// Of as many rounds as this, with the long tail upwards that latencies have: 1,000 µs, and 50 on average above.
    fn rounds(count: usize, shift_us: f64, rng: &mut Rng) -> Vec<f64> {
        (0..count).map(|_| 1_000.0 + shift_us - 50.0 * rng.f64().ln()).collect()
    }

    /// How many of so many figures two runs are said to differ in. The interval is asked for only where the ranks
    /// have spoken: both must.
    fn claims(count: usize, figures: usize, shift_us: f64, rng: &mut Rng) -> usize {
        let pairs: Vec<_> =
            (0..figures).map(|_| (rounds(count, 0.0, rng), rounds(count, shift_us, rng))).collect();
        let adjusted = holm(&pairs.iter().map(|(a, b)| rank_sum_p(a, b)).collect::<Vec<_>>());
        let mut is_claimed = |((a, b), p): &(&(Vec<f64>, Vec<f64>), f64)| {
            *p < LEVEL && resampled(a, b, FEW, rng).is_some_and(|found| found.is_shown(*p))
        };
        pairs.iter().zip(adjusted).filter(|one| is_claimed(one)).count()
    }

    /// The chance of any false claim among twenty is 5% at the most; in 200 experiments that has a standard error of
    /// 1.5%, and two of them up is 8%.
    #[test]
    fn two_runs_of_the_same_are_the_same_in_all_figures_at_once() {
        const EXPERIMENTS: usize = 200;
        for count in [6, 10] {
            let mut rng = Rng::with_seed(7);
            let wrong = (0..EXPERIMENTS).filter(|_| claims(count, 20, 0.0, &mut rng) > 0).count();
            let share = wrong as f64 / EXPERIMENTS as f64;
            assert!(
                share <= 0.08,
                "{share} of the comparisons at {count} rounds a side claimed a difference"
            );
        }
    }

    #[test]
    fn a_millisecond_more_is_shown_in_every_figure() {
        let mut rng = Rng::with_seed(7);
        for count in [6, 10] {
            for shift_us in [1_000.0, -1_000.0] {
                assert_eq!(claims(count, 20, shift_us, &mut rng), 20, "{count} rounds a side, {shift_us} µs");
            }
        }
    }

    /// Of 200 intervals 95% are 190, with a standard error of 1.5%; three of them down is 90%.
    #[test]
    fn the_interval_covers_the_true_difference_as_often_as_it_says() {
        const EXPERIMENTS: usize = 200;
        for count in [6, 10] {
            let mut rng = Rng::with_seed(7);
            let covers = |_: &usize| {
                let (a, b) = (rounds(count, 0.0, &mut rng), rounds(count, 300.0, &mut rng));
                let found = resampled(&a, &b, FEW, &mut rng).unwrap();
                (found.low..=found.high).contains(&300.0)
            };
            let share = (0..EXPERIMENTS).filter(covers).count() as f64 / EXPERIMENTS as f64;
            assert!(share >= 0.90, "covered {share} at {count} rounds a side");
        }
    }

    #[test]
    fn five_rounds_are_too_few() {
        let mut rng = Rng::with_seed(7);
        let [five, six] = [5, 6].map(|count| rounds(count, 0.0, &mut rng));
        assert_eq!((difference(&five, &six, &mut rng), difference(&six, &five, &mut rng)), (None, None));
        let found = difference(&six, &six, &mut rng).unwrap();
        assert_eq!((found.measured, found.p), (0.0, 1.0));
        assert!(!found.is_shown(found.p) && found.low < 0.0 && found.high > 0.0, "{found:?}");
    }
}
