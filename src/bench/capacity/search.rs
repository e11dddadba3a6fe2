//! Where the highest load lies that still holds: doubled until a step fails, then halved in between.
//!
//! ```text
//! 500 ok │ 1000 ok │ 2000 ok │ 4000 failed │ 3000 failed │ 2500 ok │ 2750 failed      2500 it is
//! ```
//!
//! It knows nothing of servers: it names a load, is told what came of it, and names the next.

/// The bracket that is narrow enough: what failed is at most a tenth above what held.
const NARROW: u64 = 10;

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It held: go on above.
    Held,
    /// It held, and who measures could carry no more: the server could.
    HeldAtTheLimit,
    /// It did not hold: go on below.
    Failed,
}

/// A search for the highest load that holds, in whole units of load.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    start: u64,
    /// No load above is tried.
    most: u64,
    held: Option<u64>,
    failed: Option<u64>,
    is_over: bool,
}

impl Search {
    /// Begins at `start`, and goes no higher than `most`.
    pub fn new(start: u64, most: u64) -> Self {
        Self { start: start.clamp(1, most), most, held: None, failed: None, is_over: false }
    }

    /// The next load to try; `None` where the answer is known.
    pub fn next_load(&self) -> Option<u64> {
        match (self.held, self.failed) {
            _ if self.is_over => None,
            (None, None) => Some(self.start),
            // Not even the first step: what is asked for is a start that holds.
            (None, Some(_)) => None,
            (Some(held), None) => (held < self.most).then(|| (held * 2).min(self.most)),
            (Some(held), Some(failed)) => {
                let is_narrow = (failed - held) * NARROW <= held || failed - held <= 1;
                (!is_narrow).then_some(held + (failed - held) / 2)
            }
        }
    }

    /// What came of the load that was named last.
    pub fn note(&mut self, load: u64, outcome: Outcome) {
        match outcome {
            Outcome::Failed => self.failed = Some(load),
            Outcome::Held => self.held = Some(load),
            Outcome::HeldAtTheLimit => (self.held, self.is_over) = (Some(load), true),
        }
    }

    /// The highest load that held so far.
    pub fn held(&self) -> Option<u64> {
        self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every load up to the threshold holds. Gives the answer, and the loads that were tried.
    fn search(start: u64, most: u64, threshold: u64) -> (Option<u64>, Vec<u64>) {
        let (mut search, mut tried) = (Search::new(start, most), Vec::new());
        while let Some(load) = search.next_load() {
            tried.push(load);
            search.note(load, if load <= threshold { Outcome::Held } else { Outcome::Failed });
        }
        (search.held(), tried)
    }

    #[test]
    fn it_doubles_and_then_halves_what_is_between() {
        let (held, tried) = search(500, 1_000_000, 2_600);
        assert_eq!((held, tried), (Some(2_500), vec![500, 1_000, 2_000, 4_000, 3_000, 2_500, 2_750]));
    }

    #[test]
    fn a_first_step_that_fails_is_the_only_one() {
        assert_eq!(search(500, 1_000_000, 499), (None, vec![500]));
    }

    #[test]
    fn who_measures_at_its_limit_is_asked_for_no_more() {
        let mut search = Search::new(500, 1_000_000);
        search.note(500, Outcome::Held);
        search.note(1_000, Outcome::HeldAtTheLimit);
        assert_eq!((search.next_load(), search.held()), (None, Some(1_000)));
    }

    proptest! {
        #[test]
        fn the_answer_is_within_a_tenth_below_the_threshold(
            start in 1u64..1_000, factor in 1.0..2_000.0f64
        ) {
            let threshold = (start as f64 * factor) as u64;
            let (held, tried) = search(start, u64::MAX / 2, threshold);
            let held = held.expect("the start holds");
            prop_assert!(held <= threshold, "{held} does not hold");
            prop_assert!((threshold - held) * NARROW <= held || threshold == held, "{held} of {threshold}");
            prop_assert!(tried.iter().all(|load| *load <= threshold * 2), "{tried:?}");
            prop_assert!(tried.len() <= 20, "{tried:?}");
        }

        #[test]
        fn no_load_above_the_most_is_tried(start in 1u64..5_000, most in 1u64..10_000) {
            let (held, tried) = search(start, most, u64::MAX);
            prop_assert_eq!(held, Some(most));
            prop_assert!(tried.iter().all(|load| *load <= most));
        }
    }
}
