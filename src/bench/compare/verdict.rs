//! What is claimed of a difference.

use serde::Serialize;

use super::Difference;
use crate::bench::statistics::{self, LEVEL, holm, smallest_p};

/// What is claimed of a difference: of every figure here, less is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// No difference was shown: there may be one that is smaller than the interval.
    Alike,
    /// b has less.
    Better,
    /// b has more.
    Worse,
    /// The same to the byte.
    Equal,
    /// The rounds, or their events, are too few to say anything.
    Unknown,
}

/// Corrects every p for all the others, and claims what is left. Gives how many there were.
pub(super) fn pronounce<'a>(differences: impl Iterator<Item = &'a mut Difference>) -> usize {
    let mut noisy: Vec<&mut Difference> = differences.filter(|one| one.p.is_some()).collect();
    let adjusted = holm(&noisy.iter().filter_map(|one| one.p).collect::<Vec<_>>());
    for (one, p_holm) in noisy.iter_mut().zip(adjusted) {
        one.p_holm = Some(p_holm);
        one.verdict = claim(one, p_holm).unwrap_or(Verdict::Unknown);
    }
    noisy.len()
}

fn claim(of: &Difference, p_holm: f64) -> Option<Verdict> {
    let (measured, low, high, p) = (of.difference?, of.low?, of.high?, of.p?);
    let difference = statistics::Difference { measured, low, high, p };
    Some(match difference.is_shown(p_holm) {
        false => Verdict::Alike,
        true if low > 0.0 => Verdict::Worse,
        true => Verdict::Better,
    })
}

/// The fewest rounds a side with which the smallest p there can be survives among so many.
pub(super) fn least_rounds(compared: usize) -> usize {
    (1..)
        .find(|rounds| smallest_p(*rounds, *rounds) * (compared as f64) < LEVEL)
        .expect("p falls fourfold a round")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_is_compared_at_once_the_more_rounds_it_takes() {
        for (compared, rounds) in [(1, 4), (18, 6), (23, 6), (24, 7), (400, 9)] {
            assert_eq!(least_rounds(compared), rounds, "{compared}");
        }
    }
}
