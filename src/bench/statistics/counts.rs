//! Values and how often each occurred: what a quantile is read from.

/// The leading bits that rounding keeps. It cuts off less than 2⁻¹¹ of a value, 0.05%: three digits hold, as
/// in an HdrHistogram of three significant digits, and values below 2¹² µs = 4 ms stay exact.
const KEPT_BITS: u32 = 12;

/// Values in ascending order, with how often each occurred.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Counts {
    /// (value, times), each value once.
    pub(super) times: Vec<(i64, u64)>,
    /// How many values there are, repeats included.
    pub(super) total: u64,
    /// Of the values as they came, before any rounding.
    pub(super) sum: i128,
}

impl Counts {
    /// Counts the values, and adds what was counted before.
    pub(super) fn of(values: &[i64], counted: &[Self]) -> Self {
        let singles = values.iter().map(|&value| (value, 1));
        let times = counted.iter().flat_map(|counts| &counts.times).copied().chain(singles).collect();
        let sum = values.iter().map(|&value| i128::from(value)).sum::<i128>();
        Self {
            times: gathered(times),
            total: values.len() as u64 + counted.iter().map(|counts| counts.total).sum::<u64>(),
            sum: sum + counted.iter().map(|counts| counts.sum).sum::<i128>(),
        }
    }

    /// The value at [`nearest_rank`].
    pub(super) fn quantile(&self, p: f64) -> Option<i64> {
        let rank = nearest_rank(p, self.total);
        let mut at_or_below = 0;
        let reaches = |&(_, times): &(i64, u64)| {
            at_or_below += times;
            at_or_below >= rank
        };
        self.times.iter().copied().find(reaches).map(|(value, _)| value)
    }

    /// With fewer distinct values: each is [`rounded`], the sum stays exact.
    pub(super) fn rounded(self) -> Self {
        let times = self.times.into_iter().map(|(value, times)| (rounded(value), times)).collect();
        Self { times: gathered(times), ..self }
    }
}

/// Sorts by value and adds up what has the same value.
///
/// The stable sort, because it merges runs that are sorted already: most of what comes here was counted
/// before.
fn gathered(mut times: Vec<(i64, u64)>) -> Vec<(i64, u64)> {
    times.sort();
    times.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        kept.1 += u64::from(same) * next.1;
        same
    });
    times
}

/// The value with all but its leading [`KEPT_BITS`] bits cleared: towards zero, its sign stays.
fn rounded(value: i64) -> i64 {
    let magnitude = value.unsigned_abs();
    let cleared = (u64::BITS - magnitude.leading_zeros()).saturating_sub(KEPT_BITS);
    let kept = ((magnitude >> cleared) << cleared) as i64;
    if value < 0 { kept.wrapping_neg() } else { kept }
}

/// ⌈p·count⌉, and 1 for p = 0: the place of a quantile among sorted values, counted from 1.
///
/// Two roundings, of p and of the product, can lift p·count above a whole number: 0.07 · 100 gives
/// 7.000000000000001. They come to 1 epsilon at most; four are taken off.
pub(super) fn nearest_rank(p: f64, count: u64) -> u64 {
    let rank = p * count as f64 * (1.0 - 4.0 * f64::EPSILON);
    (rank.ceil() as u64).max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_quantile_is_the_value_at_its_rank_in_sorted_order(
            mut values in prop::collection::vec(any::<i64>(), 1..300),
            thousandths in 0..=1000_usize,
        ) {
            let found = Counts::of(&values, &[]).quantile(thousandths as f64 / 1000.0);
            values.sort_unstable();
            let rank = (thousandths * values.len()).div_ceil(1000).max(1);
            prop_assert_eq!(found, Some(values[rank - 1]));
        }

        #[test]
        fn rounding_keeps_the_sign_and_three_digits(value: i64) {
            let (before, after) = (i128::from(value), i128::from(rounded(value)));
            prop_assert_eq!(before.signum(), after.signum());
            prop_assert!((before - after).abs() * 2000 <= before.abs(), "{} became {}", before, after);
            prop_assert_eq!(rounded(rounded(value)), rounded(value));
        }

        #[test]
        fn counting_in_parts_is_counting_at_once(values: Vec<i64>, at: prop::sample::Index) {
            let (first, second) = values.split_at(at.index(values.len() + 1));
            prop_assert_eq!(Counts::of(second, &[Counts::of(first, &[])]), Counts::of(&values, &[]));
        }
    }

    #[test]
    fn ranks_at_the_edges() {
        for (p, count, rank) in [
            (0.0, 10, 1),
            (0.001, 10, 1),
            (0.07, 100, 7),
            (0.5, 1, 1),
            (0.5, 2, 1),
            (0.5, 3, 2),
            (0.9, 10, 9),
            (0.95, 97, 93),
            (0.95, 100, 95),
            (0.95, 101, 96),
            (0.999, 1000, 999),
            (0.999, 1_000_000_000, 999_000_000),
            (1.0, 10, 10),
            (1.0, 1_000_000_000, 1_000_000_000),
        ] {
            assert_eq!(nearest_rank(p, count), rank, "rank of {p} among {count}");
        }
        assert_eq!(Counts::default().quantile(0.5), None);
    }
}
