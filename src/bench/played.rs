//! Whether what was played is what was asked for.
//!
//! ```text
//! asked for   500k/s for 2.1 s   1 072 584 events ± 4 · √1 072 584 = ± 4 143, and ± 10 001 at each end of the window
//! played      161k/s               345 728 events: this is no chance
//! ```

use super::result::Run;
use crate::source::{Rate, Source, SourceKind};

/// One run in sixteen thousand is further from its mean by chance.
const SIGMAS: f64 = 4.0;

/// The player and the clients' clock agree on where a window ends but for what a pipe and two processes take. As much
/// as a scheduler lets one of them wait.
const EDGE_S: f64 = 0.010;

impl Run {
    /// The rate that was asked for, where what was played is another by more than chance allows.
    pub fn asked_in_vain(&self) -> Option<Rate> {
        let source = self.played.as_ref()?;
        let seconds = self.duration_us as f64 / 1e6 * self.rounds as f64;
        let allowed = allowed(source, seconds, self.rounds as f64)?;
        let apart = (self.rate_per_s - source.rate.per_s()).abs() * seconds;
        (apart > allowed).then_some(source.rate)
    }
}

/// By how many events what is played may differ; `None` where nothing was asked for.
fn allowed(source: &Source, seconds: f64, rounds: f64) -> Option<f64> {
    let asked_per_s = source.rate.per_s();
    let edges = rounds * 2.0 * (1.0 + asked_per_s * EDGE_S);
    Some(SIGMAS * scatter(source, asked_per_s * seconds)? + edges)
}

/// By how much the count of so many events varies. What comes k at a time is n/k draws of k each: k·√(n/k).
fn scatter(source: &Source, events: f64) -> Option<f64> {
    let at_a_time = match source.kind {
        SourceKind::Steady => 0.0,
        SourceKind::Poisson => 1.0,
        SourceKind::Pairs => 2.0,
        SourceKind::Bursts => 10.0,
        SourceKind::Quiet | SourceKind::Trace(_) | SourceKind::Stdin => return None,
    };
    Some(f64::sqrt(at_a_time * events))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_may_differ_by_as_much_as_it_varies() {
        for (kind, events) in [
            (SourceKind::Steady, Some(0.0)),
            (SourceKind::Poisson, Some(80.0)),
            (SourceKind::Pairs, Some(4.0 * 800f64.sqrt())),
            (SourceKind::Bursts, Some(4.0 * 4_000f64.sqrt())),
            (SourceKind::Quiet, None),
            (SourceKind::Trace("earthquakes".to_owned()), None),
            (SourceKind::Stdin, None),
        ] {
            let source = Source { kind, rate: "40".parse().unwrap(), ..Source::default() };
            let of_two_rounds = allowed(&source, 10.0, 2.0).map(|allowed| (allowed * 1e3).round() / 1e3);
            let at_the_edges = 2.0 * 2.0 * (1.0 + 0.4);
            let expected = events.map(|events| ((events + at_the_edges) * 1e3).round() / 1e3);
            assert_eq!(of_two_rounds, expected, "{}", source.kind);
        }
    }
}
