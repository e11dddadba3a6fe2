//! The latencies of one lane in one trial, in memory that does not grow with the trial.
//!
//! ```text
//! older:  [ ≤ 64 stretches of time, each values and counts ]   recent:  [ 3 ][ 1 ][ 7 ] answers, exact
//! ```

use std::ops::Range;

use super::blocks::BLOCKS;
use super::counts::Counts;

/// Up to this many latencies are kept as they came: 2¹⁷, 16 bytes each, 2 MB.
const EXACT_EVENTS: usize = 1 << 17;

/// How many of the oldest are folded into a stretch at a time. Sorting 2¹³ takes a few hundred microseconds;
/// all 2¹⁷ at once would keep the reader from its socket for milliseconds, and show in the maximum.
const STRETCH_EVENTS: usize = 1 << 13;

/// Six stretches or so for each of the ten blocks, so that blocks can be cut about equal. A stretch has at
/// most 2¹¹ values of 16 bytes for each doubling of latency: 20,000 from 1 ms to 1 s, and 20 MB in all.
const MAX_STRETCHES: usize = 64;

/// The latencies of one lane in one trial, in order of arrival.
///
/// Exact below 131,072 latencies. Above, quantiles keep three digits (they are low by less than 0.05%), and
/// count, mean, maximum and the number of negatives stay exact.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    older: Vec<Counts>,
    recent_us: Vec<i64>,
    /// Where in `recent_us` each answer ends.
    answer_ends: Vec<usize>,
    count: u64,
    negatives: u64,
    sum_us: i128,
    max_us: Option<i64>,
}

impl Sample {
    /// Records the latencies of all events that one answer brought, or one read of a socket.
    ///
    /// They waited for the same instant, so their latencies are not independent: they stay together in
    /// whatever is resampled. An answer without events leaves no trace.
    pub fn record_answer(&mut self, latencies_us: impl IntoIterator<Item = i64>) {
        let start = self.recent_us.len();
        self.recent_us.extend(latencies_us);
        let answer = &self.recent_us[start..];
        if answer.is_empty() {
            return;
        }
        self.count += answer.len() as u64;
        self.negatives += answer.iter().filter(|us| us.is_negative()).count() as u64;
        self.sum_us += answer.iter().map(|&us| i128::from(us)).sum::<i128>();
        self.max_us = self.max_us.max(answer.iter().copied().max());
        self.answer_ends.push(self.recent_us.len());
        while self.recent_us.len() >= EXACT_EVENTS {
            self.fold_oldest();
        }
    }

    /// How many latencies were recorded.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How many of them were below zero, which only a wrong clock can cause. They count as they are.
    pub fn negatives(&self) -> u64 {
        self.negatives
    }

    /// The arithmetic mean in microseconds; `None` where nothing was recorded.
    pub fn mean_us(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum_us as f64 / self.count as f64)
    }

    /// The smallest latency in microseconds with at least p·n of the n latencies at or below it, for p from
    /// 0 to 1; `None` where nothing was recorded.
    pub fn quantile_us(&self, p: f64) -> Option<i64> {
        self.stretch(0..self.stretches()).quantile(p)
    }

    /// Each of these [quantiles](Self::quantile_us), sorted only once; empty where nothing was recorded.
    pub fn quantiles_us(&self, ps: impl IntoIterator<Item = f64>) -> Vec<i64> {
        let all = self.stretch(0..self.stretches());
        ps.into_iter().filter_map(|p| all.quantile(p)).collect()
    }

    /// The largest latency in microseconds; `None` where nothing was recorded.
    pub fn max_us(&self) -> Option<i64> {
        self.max_us
    }

    /// Ten blocks in time, of whole answers and about equal count; `None` with fewer than ten answers.
    pub(super) fn blocks(&self) -> Option<[Counts; BLOCKS]> {
        let older = self.older.iter().scan(0, |end, counts| {
            *end += counts.total as usize;
            Some(*end)
        });
        let mut ends: Vec<_> = older.collect();
        let start = ends.last().copied().unwrap_or(0);
        ends.extend(self.answer_ends.iter().map(|end| start + end));
        Some(cut(&ends)?.map(|stretches| self.stretch(stretches)))
    }

    /// The older stretches and, after them, the recent answers.
    fn stretches(&self) -> usize {
        self.older.len() + self.answer_ends.len()
    }

    fn stretch(&self, Range { start, end }: Range<usize>) -> Counts {
        let older = self.older.len();
        let recent = |at: usize| match at.saturating_sub(older) {
            0 => 0,
            answers => self.answer_ends[answers - 1],
        };
        let counted = &self.older[start.min(older)..end.min(older)];
        Counts::of(&self.recent_us[recent(start)..recent(end)], counted)
    }

    fn fold_oldest(&mut self) {
        let answers = self.answer_ends.partition_point(|&end| end < STRETCH_EVENTS) + 1;
        let events = self.answer_ends[answers - 1];
        self.older.push(Counts::of(&self.recent_us[..events], &[]).rounded());
        self.recent_us.drain(..events);
        self.answer_ends.drain(..answers);
        self.answer_ends.iter_mut().for_each(|end| *end -= events);
        if self.older.len() > MAX_STRETCHES {
            self.join_lightest_neighbours();
        }
    }

    fn join_lightest_neighbours(&mut self) {
        let together = |at: &usize| self.older[*at].total + self.older[*at + 1].total;
        let lightest = (0..self.older.len() - 1).min_by_key(together).expect("there are two stretches");
        self.older[lightest] = Counts::of(&[], &self.older[lightest..lightest + 2]);
        self.older.remove(lightest + 1);
    }
}

/// Divides stretches into ten runs of about equal count, none empty; `None` of fewer than ten stretches.
/// `ends` are the stretches' counts, added up.
fn cut(ends: &[usize]) -> Option<[Range<usize>; BLOCKS]> {
    let spare = ends.len().checked_sub(BLOCKS)?;
    let total = *ends.last()?;
    let mut start = 0;
    Some(std::array::from_fn(|block| {
        let wanted = nearest(ends, total * (block + 1) / BLOCKS);
        let end = wanted.clamp(start + 1, spare + block + 1);
        std::mem::replace(&mut start, end)..end
    }))
}

/// How many stretches end nearest to `target`, which is not beyond the last.
fn nearest(ends: &[usize], target: usize) -> usize {
    let before = ends.partition_point(|&end| end < target);
    let undershoot = target - before.checked_sub(1).map_or(0, |last| ends[last]);
    if undershoot < ends[before] - target { before } else { before + 1 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::counts::nearest_rank;
    use super::*;

    fn sample(answers: &[Vec<i64>]) -> Sample {
        let mut sample = Sample::default();
        for answer in answers {
            sample.record_answer(answer.iter().copied());
        }
        sample
    }

    proptest! {
        #[test]
        fn a_small_sample_is_exact(
            answers in prop::collection::vec(prop::collection::vec(any::<i64>(), 0..5), 0..80),
        ) {
            let sample = sample(&answers);
            let mut all = answers.concat();
            all.sort_unstable();
            let n = all.len();
            prop_assert_eq!(sample.count(), n as u64);
            prop_assert_eq!(sample.negatives(), all.iter().filter(|&&us| us < 0).count() as u64);
            prop_assert_eq!(sample.max_us(), all.last().copied());
            let sum: i128 = all.iter().map(|&us| i128::from(us)).sum();
            prop_assert_eq!(sample.mean_us(), (n > 0).then(|| sum as f64 / n as f64));
            for (p, rank) in [(0.5, n.div_ceil(2)), (0.95, (n * 95).div_ceil(100)), (1.0, n)] {
                prop_assert_eq!(sample.quantile_us(p), rank.checked_sub(1).map(|at| all[at]));
                prop_assert_eq!(sample.quantiles_us([p]).first().copied(), sample.quantile_us(p));
            }
        }

        #[test]
        fn an_answer_is_never_split(sizes in prop::collection::vec(1..30_usize, 0..60)) {
            let answers: Vec<_> = sizes.iter().enumerate().map(|(id, &size)| vec![id as i64; size]).collect();
            let Some(blocks) = sample(&answers).blocks() else {
                prop_assert!(answers.len() < BLOCKS);
                return Ok(());
            };
            let whole: Vec<_> = sizes.iter().enumerate().map(|(id, &size)| (id as i64, size as u64)).collect();
            prop_assert_eq!(blocks.clone().map(|block| block.times).concat(), whole);
            prop_assert!(blocks.iter().all(|block| block.total > 0));
        }
    }

    #[test]
    fn blocks_are_cut_at_the_nearest_answer() {
        let counts = |sizes: &[usize]| {
            let answers: Vec<_> = sizes.iter().map(|&size| vec![0; size]).collect();
            sample(&answers).blocks().map(|blocks| blocks.map(|block| block.total))
        };
        assert_eq!(counts(&[1; 9]), None);
        assert_eq!(counts(&[1; 10]), Some([1; 10]));
        assert_eq!(counts(&[1; 97]), Some([9, 10, 10, 9, 10, 10, 9, 10, 10, 10]));
        assert_eq!(
            counts(&[6, 6, 8, 9, 11, 10, 10, 10, 10, 10, 10]),
            Some([12, 8, 9, 11, 10, 10, 10, 10, 10, 10])
        );
        assert_eq!(counts(&[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 91]), Some([2, 1, 1, 1, 1, 1, 1, 1, 1, 91]));
        assert_eq!(counts(&[91, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]), Some([91, 1, 1, 1, 1, 1, 1, 1, 1, 2]));
    }

    #[test]
    fn negatives_are_kept_as_they_are() {
        let sample = sample(&[vec![-5, 3], vec![-1], vec![7]]);
        assert_eq!(sample.negatives(), 2);
        assert_eq!(sample.quantile_us(0.25), Some(-5));
        assert_eq!(sample.mean_us(), Some(1.0));
    }

    #[test]
    fn a_long_trial_keeps_three_digits_in_bounded_memory() {
        let mut rng = fastrand::Rng::with_seed(7);
        let mut sample = Sample::default();
        let mut all = Vec::new();
        while all.len() < 1_000_000 {
            let answer: Vec<_> = (0..rng.usize(1..9)).map(|_| rng.i64(-1_000..1_000_000)).collect();
            sample.record_answer(answer.iter().copied());
            all.extend(answer);
        }
        let sum: i64 = all.iter().sum();
        assert_eq!(sample.mean_us(), Some(sum as f64 / all.len() as f64));
        assert_eq!(sample.negatives(), all.iter().filter(|us| us.is_negative()).count() as u64);
        assert_eq!(sample.max_us(), all.iter().copied().max());
        assert!(sample.older.len() <= MAX_STRETCHES && sample.recent_us.len() < EXACT_EVENTS);

        let blocks = sample.blocks().unwrap().map(|block| block.total as f64 / all.len() as f64);
        assert!(blocks.iter().all(|share| (0.08..0.12).contains(share)), "unequal blocks: {blocks:?}");
        all.sort_unstable();
        for p in [0.0005, 0.5, 0.95, 0.999] {
            let exact = all[nearest_rank(p, all.len() as u64) as usize - 1];
            let low_by = (exact - sample.quantile_us(p).unwrap()) as f64 / exact as f64;
            assert!((0.0..0.0005).contains(&low_by), "quantile {p} of {exact} is low by {low_by}");
        }
    }
}
