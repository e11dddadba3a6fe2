//! 95% intervals by resampling: what else the same experiment might have shown.
//!
//! Trials differ from one another by more than chance within them (the phase of a poll, a busy machine), so
//! trials are what is resampled, as soon as there are enough. Until then it is blocks within each trial, and
//! the interval says so.

use fastrand::Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::blocks::{BLOCKS, Blocks, Draws};
use super::figure::{Statistic, median};
use super::sample::Sample;

/// With another seed an end moves by √(0.025 · 0.975 / 10,000) / φ(1.96) = 0.027 standard errors, which is
/// 0.7% of the interval's width.
pub(super) const RESAMPLES: usize = 10_000;

/// No resampled median is beyond the smallest or the largest of n trials, and these two hold the true median
/// between them with 1 − 2¹⁻ⁿ at the most: 50% with 2 trials, 75% with 3, 94% with 5.
const ENOUGH_TRIALS: usize = 5;

/// What a 95% interval leaves out at each end.
const TAIL: f64 = 0.025;

/// The same for blocks of one, two, three and four trials.
///
/// Ten blocks vary by 9/10 of what they stand for, and tell it with nine degrees of freedom: resampled
/// naively they cover 90%, those of two trials 92%. So an interval is taken wider by t·√(10/9) instead of
/// 1.96, which is Φ(−2.2622·√(10/9)) = 0.0085 and Φ(−2.1009·√(10/9)) = 0.0134: Hesterberg, *What Teachers
/// Should Know About the Bootstrap*, The American Statistician 69 (2015), the expanded percentile interval.
/// The median over three or four trials covers 95% to 97% as it is.
const TAIL_OF_BLOCKS: [f64; ENOUGH_TRIALS - 1] = [0.0085, 0.0134, TAIL, TAIL];

/// How an interval was come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Trials were resampled: it covers what varies from trial to trial.
    Trials,
    /// Ten blocks in time were resampled within each trial: it covers only what varies within one.
    Blocks,
}

/// A 95% interval, in the unit of its figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Where it begins.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
    /// How it was come by.
    pub method: Method,
}

/// The interval of the median over trials, from each trial's figure; `None` of fewer than five.
pub fn over_trials(figures: &[f64], rng: &mut Rng) -> Option<Interval> {
    let enough = figures.len() >= ENOUGH_TRIALS;
    let (low, high) = enough.then(|| percentiles(RESAMPLES, TAIL, || median(redrawn(figures, rng))))??;
    Some(Interval { low, high, method: Method::Trials })
}

/// The interval of the difference of two medians over trials, `b` − `a`: the trials of each side are resampled.
/// `None` where a side has none.
pub(super) fn of_difference(a: &[f64], b: &[f64], resamples: usize, rng: &mut Rng) -> Option<Interval> {
    let drawn = || Some(median(redrawn(b, rng))? - median(redrawn(a, rng))?);
    let (low, high) = percentiles(resamples, TAIL, drawn)?;
    Some(Interval { low, high, method: Method::Trials })
}

/// As many as there are, with replacement.
fn redrawn(figures: &[f64], rng: &mut Rng) -> Vec<f64> {
    figures.iter().map(|_| *rng.choice(figures).expect("there is one, or nothing to draw for")).collect()
}

/// The interval of the median over trials, from blocks within each; `None` of no trial, of five or more, and
/// where one has fewer answers than blocks.
pub fn over_blocks(trials: &[&Sample], statistic: Statistic, rng: &mut Rng) -> Option<Interval> {
    resample_blocks(trials, statistic, RESAMPLES, rng)
}

fn resample_blocks(
    trials: &[&Sample],
    statistic: Statistic,
    resamples: usize,
    rng: &mut Rng,
) -> Option<Interval> {
    let tail = *TAIL_OF_BLOCKS.get(trials.len().checked_sub(1)?)?;
    let trials = trials.iter().map(|trial| Blocks::of(trial)).collect::<Option<Vec<_>>>()?;
    let drawn = || median(trials.iter().map(|blocks| blocks.statistic(statistic, &draw(rng))).collect());
    let (low, high) = percentiles(resamples, tail, drawn)?;
    Some(Interval { low, high, method: Method::Blocks })
}

/// Ten blocks of ten, with replacement.
fn draw(rng: &mut Rng) -> Draws {
    let mut draws = Draws::default();
    (0..BLOCKS).for_each(|_| draws[rng.usize(..BLOCKS)] += 1);
    draws
}

/// Draws a figure again and again, and gives those that leave `tail` of all below and above.
fn percentiles(resamples: usize, tail: f64, mut drawn: impl FnMut() -> Option<f64>) -> Option<(f64, f64)> {
    let mut figures = (0..resamples).map(|_| drawn()).collect::<Option<Vec<_>>>()?;
    figures.sort_unstable_by(f64::total_cmp);
    let outside = (tail * resamples as f64) as usize;
    Some((figures[outside], figures[resamples - 1 - outside]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Normal enough: the sum of four uniforms, 1,000 µs in the mean.
    fn trial(rng: &mut Rng) -> Sample {
        let mut sample = Sample::default();
        (0..97).for_each(|_| sample.record_answer([(0..4).map(|_| rng.i64(0..=500)).sum::<i64>()]));
        sample
    }

    /// Of 300 experiments 95% are 285, with a standard error of 1.3%; three of them down is 91%. With more
    /// than 99.5% the interval would be too wide to be called one of 95%.
    #[test]
    fn the_interval_from_blocks_covers_the_true_mean_as_often_as_it_says() {
        const EXPERIMENTS: usize = 300;
        let mut rng = Rng::with_seed(7);
        for trials in [1, 2, 3] {
            let covers = |_: &usize| {
                let trials: Vec<_> = (0..trials).map(|_| trial(&mut rng)).collect();
                let trials: Vec<_> = trials.iter().collect();
                let interval = resample_blocks(&trials, Statistic::Mean, 400, &mut rng).unwrap();
                interval.low <= 1_000.0 && 1_000.0 <= interval.high
            };
            let share = (0..EXPERIMENTS).filter(covers).count() as f64 / EXPERIMENTS as f64;
            assert!((0.91..=0.995).contains(&share), "covered {share} with {trials} trials");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_interval() {
        let sample = trial(&mut Rng::with_seed(1));
        let interval = |seed| over_blocks(&[&sample], Statistic::Quantile(0.5), &mut Rng::with_seed(seed));
        assert_eq!(interval(7), interval(7));
        assert!(interval(7).is_some_and(|interval| interval.low < interval.high));
    }

    #[test]
    fn trials_are_resampled_from_five_up_and_blocks_below() {
        let mut rng = Rng::with_seed(7);
        assert_eq!(over_trials(&[1.0, 2.0, 3.0, 4.0], &mut rng), None);
        let interval = Interval { low: 1.0, high: 5.0, method: Method::Trials };
        assert_eq!(over_trials(&[1.0, 2.0, 3.0, 4.0, 5.0], &mut rng), Some(interval));

        let trials: Vec<_> = (0..5).map(|_| trial(&mut rng)).collect();
        let trials: Vec<_> = trials.iter().collect();
        assert_eq!(over_blocks(&trials, Statistic::Mean, &mut rng), None);
        assert_eq!(over_blocks(&[], Statistic::Mean, &mut rng), None);
        assert!(over_blocks(&trials[..4], Statistic::Mean, &mut rng).is_some());
    }

    /// Ten events of one answer are late together or in time together: a tenth as many independent latencies.
    #[test]
    fn what_arrives_together_makes_the_interval_wider() {
        let mut rng = Rng::with_seed(7);
        let answers: Vec<_> = (0..200).map(|_| if rng.bool() { [900; 10] } else { [100; 10] }).collect();
        let mut shuffled = answers.concat();
        rng.shuffle(&mut shuffled);

        let (mut together, mut apart) = (Sample::default(), Sample::default());
        answers.into_iter().for_each(|answer| together.record_answer(answer));
        shuffled.into_iter().for_each(|us| apart.record_answer([us]));
        let mut width = |sample: &Sample| {
            let interval = over_blocks(&[sample], Statistic::Mean, &mut rng).unwrap();
            interval.high - interval.low
        };
        assert!(width(&together) > 1.5 * width(&apart));
    }
}
