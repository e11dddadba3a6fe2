//! Whether one of two samples lies higher than the other: the rank-sum test of Mann and Whitney.
//!
//! ```text
//! a  1.2  1.9  2.1          all in order  1.2  1.9  2.0  2.1  2.3  2.4
//! b  2.0  2.3  2.4          ranks of a     1    2         4              sum 7
//! ```
//!
//! If both came from one source, any three of the six ranks could have been a's: 20 choices, as likely as one
//! another. Their sum is 10.5 in the middle; p is the share of choices that are at least as far from it as 7 is,
//! 4 of 20. It asks nothing of the distribution, and one round that went wrong is one rank.
//!
//! H. B. Mann, D. R. Whitney: *On a Test of Whether one of Two Random Variables is Stochastically Larger than the
//! Other*, Annals of Mathematical Statistics 18 (1947). Values that are the same share the mean of their ranks, and
//! are counted so: E. L. Lehmann, *Nonparametrics* (1975), section 1.4.

/// Up to so many values on both sides together all choices are counted: the tables end at 20 a side, too. There
/// the normal distribution is off by less than 0.005 where few values are the same.
const COUNTED: usize = 40;

/// The chance of two samples that lie at least so far apart, if they came from one source; 1 of an empty one.
pub fn rank_sum_p(a: &[f64], b: &[f64]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 1.0;
    }
    let (smaller, larger) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let ranks = doubled_ranks(smaller, larger);
    match ranks.len() <= COUNTED {
        true => counted(&ranks, smaller.len()),
        false => approximated(&ranks, smaller.len()),
    }
}

/// The smallest p that so many values on either side can have: all of one above all of the other.
pub fn smallest_p(a: usize, b: usize) -> f64 {
    let choices = (1..=a.min(b)).map(|k| (a.max(b) + k) as f64 / k as f64).product::<f64>();
    (2.0 / choices).min(1.0)
}

/// Twice the rank of each value, those of `first` in front: whole numbers, for a mean of two ranks is none.
fn doubled_ranks(first: &[f64], second: &[f64]) -> Vec<usize> {
    let values: Vec<f64> = first.iter().chain(second).copied().collect();
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|x, y| values[*x].total_cmp(&values[*y]));
    let mut ranks = vec![0; values.len()];
    let mut before = 0;
    for alike in order.chunk_by(|x, y| values[*x] == values[*y]) {
        // The first has rank `before + 1`, the last `before + alike.len()`.
        alike.iter().for_each(|at| ranks[*at] = 2 * before + alike.len() + 1);
        before += alike.len();
    }
    ranks
}

/// Counts the choices of so many ranks by their sum, rank by rank: with it or without.
fn counted(ranks: &[usize], chosen: usize) -> f64 {
    let total: usize = ranks.iter().sum();
    // Whole numbers up to 40 over 20, 1.4e11: exact in a `f64`.
    let mut choices = vec![vec![0.0; total + 1]; chosen + 1];
    choices[0][0] = 1.0;
    let mut reached = 0;
    for rank in ranks {
        reached += rank;
        for size in (1..=chosen).rev() {
            for sum in *rank..=reached {
                choices[size][sum] += choices[size - 1][sum - rank];
            }
        }
    }
    let distance = |sum: usize| (sum * ranks.len()).abs_diff(total * chosen);
    let seen = distance(ranks[..chosen].iter().sum());
    let all: f64 = choices[chosen].iter().sum();
    let as_far = choices[chosen].iter().enumerate().filter(|(sum, _)| distance(*sum) >= seen);
    as_far.map(|(_, count)| count).sum::<f64>() / all
}

/// The sum of many ranks is about normal. Half a step is taken off, since sums come in steps; the variance is that
/// of drawing from these very ranks, so it allows for those that are shared.
fn approximated(ranks: &[usize], chosen: usize) -> f64 {
    let (count, chosen_count) = (ranks.len() as f64, chosen as f64);
    let mean_rank = ranks.iter().sum::<usize>() as f64 / 2.0 / count;
    let squares: f64 = ranks.iter().map(|rank| (*rank as f64 / 2.0 - mean_rank).powi(2)).sum();
    let variance = chosen_count * (count - chosen_count) / (count * (count - 1.0)) * squares;
    let sum = ranks[..chosen].iter().sum::<usize>() as f64 / 2.0;
    let apart = ((sum - chosen_count * mean_rank).abs() - 0.5).max(0.0);
    if variance > 0.0 { beyond(apart / variance.sqrt()) } else { 1.0 }
}

/// The share of a normal distribution that is further from its middle than `z` standard deviations, off by less than
/// 1.5e-7: M. Abramowitz, I. A. Stegun, *Handbook of Mathematical Functions* (1964), 7.1.26.
fn beyond(z: f64) -> f64 {
    const TERMS: [f64; 5] = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429];
    let x = z / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.3275911 * x);
    let polynomial = TERMS.iter().rev().fold(0.0, |sum, term| (sum + term) * t);
    polynomial * (-x * x).exp()
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;
    use proptest::prelude::*;

    use super::*;

    /// Two samples without ties in which `u` pairs have the value of the first above that of the second.
    fn with_u(first: usize, second: usize, u: usize) -> (Vec<f64>, Vec<f64>) {
        // Each value of the first is above as many of the second as fit.
        let above = |at: usize| u.saturating_sub(at * second).min(second);
        let a = (0..first).map(|at| above(at) as f64 - 0.5 + (first - at) as f64 * 1e-3);
        (a.collect(), (0..second).map(|at| at as f64).collect())
    }

    /// The largest U that is significant in a two-sided test, from the tables of Mann and Whitney's U in S. Siegel,
    /// *Nonparametric Statistics for the Behavioral Sciences* (1956), tables K.
    #[test]
    fn it_agrees_with_the_published_tables() {
        for (level, first, second, critical) in [
            (0.05, 4, 4, 0),
            (0.05, 5, 5, 2),
            (0.05, 6, 6, 5),
            (0.05, 6, 8, 8),
            (0.05, 7, 7, 8),
            (0.05, 8, 8, 13),
            (0.05, 9, 9, 17),
            (0.05, 10, 10, 23),
            (0.05, 12, 12, 37),
            (0.05, 15, 15, 64),
            (0.05, 20, 20, 127),
            (0.01, 6, 6, 2),
            (0.01, 10, 10, 16),
            (0.01, 20, 20, 105),
        ] {
            let p = |u| {
                let (a, b) = with_u(first, second, u);
                assert_eq!(a.iter().flat_map(|x| b.iter().filter(move |y| x > y)).count(), u);
                rank_sum_p(&a, &b)
            };
            let case = format!("{first} and {second} at {level}: U {critical}");
            assert!(p(critical) <= level, "{case}: {}", p(critical));
            assert!(p(critical + 1) > level, "{case}: {}", p(critical + 1));
        }
    }

    #[test]
    fn the_smallest_p_is_that_of_two_samples_apart() {
        for (first, second) in [(1, 1), (3, 3), (4, 4), (6, 6), (5, 9), (10, 10), (20, 20)] {
            let (a, b) = with_u(first, second, 0);
            let (p, smallest) = (rank_sum_p(&a, &b), smallest_p(first, second));
            assert!((p / smallest - 1.0).abs() < 1e-9, "{first} and {second}: {p}, {smallest}");
        }
        assert!((smallest_p(6, 6) - 2.0 / 924.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_all_the_same_is_not_apart() {
        for count in [6, 30] {
            assert_eq!(rank_sum_p(&vec![4.0; count], &vec![4.0; count]), 1.0);
        }
        assert_eq!(rank_sum_p(&[], &[1.0]), 1.0);
    }

    #[test]
    fn the_normal_distribution_has_its_known_tails() {
        for (z, share) in
            [(0.0, 1.0), (1.0, 0.317_310_5), (1.959_964, 0.05), (2.575_829, 0.01), (5.0, 5.733e-7)]
        {
            assert!((beyond(z) - share).abs() < 1.5e-7, "{z}: {}", beyond(z));
        }
    }

    /// At 20 a side, where counting ends, with ties and without.
    #[test]
    fn counting_and_approximating_agree_where_one_takes_over() {
        let mut rng = Rng::with_seed(7);
        for steps in [4, 10, 1_000_000] {
            for shift in 0..8 {
                let mut draw = |shift: usize| -> Vec<f64> {
                    (0..20).map(|_| (rng.usize(..steps) + shift * steps / 20) as f64).collect()
                };
                let ranks = doubled_ranks(&draw(0), &draw(shift));
                let (exact, near) = (counted(&ranks, 20), approximated(&ranks, 20));
                // Sums of ranks that many share come in longer steps than the half that is taken off.
                let tolerance = if steps < 1_000 { 0.05 } else { 0.005 };
                assert!(
                    (exact - near).abs() < tolerance,
                    "{exact} and {near} at {steps} steps, shift {shift}"
                );
            }
        }
    }

    /// Walks through all ways to choose which of the values are the first sample's.
    fn by_hand(values: &[f64], chosen: usize) -> f64 {
        let n = values.len();
        let below = |x: f64, y: f64| {
            if x > y {
                1.0
            } else if x == y {
                0.5
            } else {
                0.0
            }
        };
        let u = |mask: usize| {
            let is_first = |at: &usize| mask >> at & 1 == 1;
            let firsts = (0..n).filter(is_first);
            firsts
                .map(|x| (0..n).filter(|y| !is_first(y)).map(|y| below(values[x], values[y])).sum::<f64>())
                .sum::<f64>()
        };
        let middle = (chosen * (n - chosen)) as f64 / 2.0;
        let seen = (u((1 << chosen) - 1) - middle).abs();
        let masks: Vec<usize> =
            (0..1 << n).filter(|mask: &usize| mask.count_ones() as usize == chosen).collect();
        let as_far = masks.iter().filter(|mask| (u(**mask) - middle).abs() >= seen - 1e-9).count();
        as_far as f64 / masks.len() as f64
    }

    proptest! {
        #[test]
        fn p_is_the_share_of_all_choices_ties_or_none(
            a in prop::collection::vec(0..6_u8, 1..5),
            b in prop::collection::vec(0..6_u8, 1..6),
        ) {
            let [a, b] = [a, b].map(|values| values.into_iter().map(f64::from).collect::<Vec<_>>());
            let p = rank_sum_p(&a, &b);
            prop_assert!((p - by_hand(&[&a[..], &b].concat(), a.len())).abs() < 1e-9);
            prop_assert!((p - rank_sum_p(&b, &a)).abs() < 1e-9);
        }
    }
}
