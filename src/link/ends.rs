//! When a connection ends that nobody wanted to end: `idle`, `cut`, `reset`.
//!
//! It is arithmetic on instants, and knows neither sockets nor clocks.

use std::time::{Duration, Instant};

use super::character::Character;

/// How a middlebox ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// In what looks like good order: FIN.
    Cut,
    /// RST.
    Reset,
}

#[derive(Debug)]
pub(super) struct Ends {
    begun: Instant,
    /// When something last passed, either way.
    last: Instant,
    idle: Option<Duration>,
    cut: Option<Duration>,
    /// The chance a second, and the end that was drawn with it.
    reset: Option<(f64, Instant)>,
}

impl Ends {
    /// Of a connection that begins now.
    pub(super) fn new(character: &Character, begun: Instant, random: &mut fastrand::Rng) -> Self {
        let mut ends = Self { begun, last: begun, idle: None, cut: None, reset: None };
        ends.change(character, begun, random);
        ends
    }

    /// From now on it is never older, nor silent for longer, than this character allows: what is already, ends now.
    /// A chance has no memory, so where it is another, its end is drawn anew.
    pub(super) fn change(&mut self, character: &Character, now: Instant, random: &mut fastrand::Rng) {
        (self.idle, self.cut) = (character.idle, character.cut);
        if self.reset.map(|(chance, _)| chance) != character.reset {
            let end = |chance| (chance, now + lifetime(chance, random.f64()));
            self.reset = character.reset.map(end);
        }
    }

    /// Something passed.
    pub(super) fn saw(&mut self, at: Instant) {
        self.last = self.last.max(at);
    }

    /// When, and how, it ends as things stand.
    pub(super) fn next(&self) -> Option<(Instant, Ending)> {
        let idle = self.idle.map(|patience| (self.last + patience, Ending::Cut));
        let cut = self.cut.map(|age| (self.begun + age, Ending::Cut));
        let reset = self.reset.map(|(_, at)| (at, Ending::Reset));
        [idle, cut, reset].into_iter().flatten().min_by_key(|(at, _)| *at)
    }
}

/// How long a connection lives that is reset with a chance of `chance` in every second: of such lives, the share
/// that is longer than t seconds is (1 − chance)^t, and `drawn` is that share, from 0 to 1.
fn lifetime(chance: f64, drawn: f64) -> Duration {
    let seconds = (1.0 - drawn).ln() / (1.0 - chance).ln();
    Duration::try_from_secs_f64(seconds).unwrap_or(NEVER).min(NEVER)
}

/// A century: an instant that far ahead can be computed with.
const NEVER: Duration = Duration::from_secs(100 * 365 * 86_400);

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    fn ends(spec: &str, begun: Instant) -> Ends {
        let link: super::super::Link = spec.parse().unwrap();
        Ends::new(&link.character(), begun, &mut fastrand::Rng::with_seed(7))
    }

    #[test]
    fn a_silent_connection_is_cut_and_what_passes_puts_it_off() {
        let begun = Instant::now();
        let mut ends = ends("idle=60s", begun);
        assert_eq!(ends.next(), Some((begun + S(60), Ending::Cut)));
        ends.saw(begun + S(59));
        assert_eq!(ends.next(), Some((begun + S(119), Ending::Cut)));
    }

    #[test]
    fn every_connection_is_cut_whatever_passes() {
        let begun = Instant::now();
        let mut ends = ends("idle=20s,cut=30s", begun);
        ends.saw(begun + S(19));
        assert_eq!(ends.next(), Some((begun + S(30), Ending::Cut)));
    }

    #[test]
    fn of_those_that_are_reset_the_asked_for_share_is_gone_after_a_second() {
        let begun = Instant::now();
        let link: super::super::Link = "reset=5%/s".parse().unwrap();
        let mut random = fastrand::Rng::with_seed(7);
        let lives: Vec<Duration> = (0..20_000)
            .map(|_| Ends::new(&link.character(), begun, &mut random).next().unwrap().0 - begun)
            .collect();
        for (seconds, meant) in [(1, 0.95), (10, 0.598_7), (60, 0.046_1)] {
            let alive = lives.iter().filter(|life| **life > S(seconds)).count() as f64 / 20_000.0;
            // Five standard errors of a share of 20,000.
            assert!((alive - meant).abs() < 0.018, "{alive} are alive after {seconds} s, not {meant}");
        }
        assert_eq!(super::lifetime(0.5, 1.0), NEVER, "who is never drawn lives on");
        assert_eq!(super::lifetime(0.5, 0.5), S(1));
    }

    #[test]
    fn a_change_holds_for_the_age_and_the_silence_that_a_connection_has_already() {
        let begun = Instant::now();
        let character = |spec: &str| spec.parse::<super::super::Link>().unwrap().character();
        let mut random = fastrand::Rng::with_seed(7);
        let mut ends = ends("rtt=80ms", begun);
        ends.saw(begun + S(50));
        ends.change(&character("idle=20s"), begun + S(60), &mut random);
        assert_eq!(ends.next(), Some((begun + S(70), Ending::Cut)), "silent for 10 s");
        ends.change(&character("cut=30s"), begun + S(60), &mut random);
        assert_eq!(ends.next(), Some((begun + S(30), Ending::Cut)), "that is now: it is too old");
        ends.change(&character("reset=5%/s"), begun + S(60), &mut random);
        let drawn = ends.next().unwrap();
        assert!(drawn.0 >= begun + S(60) && drawn.1 == Ending::Reset, "not before there was such a chance");
        ends.change(&character("rtt=10ms,reset=5%/s"), begun + S(61), &mut random);
        assert_eq!(ends.next(), Some(drawn), "the chance is the same, and so is what it brought");
        ends.change(&character("none"), begun + S(62), &mut random);
        assert_eq!(ends.next(), None);
    }

    #[test]
    fn nothing_ends_where_nothing_is_asked_for() {
        assert_eq!(ends("rtt=80ms", Instant::now()).next(), None);
    }
}
