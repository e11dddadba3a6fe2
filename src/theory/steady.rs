//! A feed like a clock against held requests: where in the cycle of gap and hold do its events fall?
//!
//! ```text
//! answer ─────G───── request ═════════H═════════ answer ─────G───── request ═════════H═════ …
//!        nobody asks          goes at once       (empty) nobody asks        goes at once
//! ```
//!
//! With C = G + H, an event comes τ after the one before, at r = τ mod C of a cycle, after ⌊τ/C⌋ empty
//! answers. Mostly r ≥ G: it meets a held request, its answer leaves at once and starts the cycle anew.
//!
//! Where r < G it waits δ = G − r. The next cycle starts that much later, so the next event falls δ earlier
//! into it and waits 2δ, then 3δ, … until, after m = ⌊r/δ⌋ + 1 such steps, one falls before the cycle: into
//! the hold of the cycle before, where it goes at once, with one empty answer fewer. So waits are 0, δ, …, mδ
//! in turn, with mean mδ/2, and m + 1 events see one empty answer less than m + 1 times ⌊τ/C⌋.
//!
//! All this is a matter of phase: a jitter of G as large as δ blurs it.

use super::Inputs;

/// How the events of a steady feed meet long polls; `empty` counts empty answers an event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meeting {
    /// Each finds a held request.
    Held { empty: f64 },
    /// They slide through the gap, each waiting a step longer, and start over after so many steps.
    Sliding { empty: f64, step_us: f64, steps: f64 },
    /// τ < G: some are always waiting when a request arrives, none is ever held.
    /// They wait evenly between 0 and G, unless G is a multiple of τ.
    Crowded,
}

/// `None` where a hold is so short that an event leaves one gap for the gap before (never if H ≥ G).
pub(super) fn meet(inputs: &Inputs) -> Option<Meeting> {
    let (gap, hold, between) = (inputs.gap_us(), inputs.hold_us, 1e6 / inputs.rate_per_s);
    if between < gap {
        return Some(Meeting::Crowded);
    }
    let (empty, rest) = ((between / (gap + hold)).floor(), between % (gap + hold));
    if rest >= gap {
        return Some(Meeting::Held { empty });
    }
    let step_us = gap - rest;
    let steps = (rest / step_us).floor() + 1.0;
    let before_cycle = steps * step_us - rest;
    let empty = empty - 1.0 / (steps + 1.0);
    (before_cycle <= hold).then_some(Meeting::Sliding { empty, step_us, steps })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::inputs;
    use super::*;

    /// An event a second.
    fn meeting(gap_us: f64, hold_us: f64) -> Option<Meeting> {
        meet(&Inputs { rate_per_s: 1.0, round_trip_us: gap_us, hold_us, ..inputs() })
    }

    #[test]
    fn a_slow_clock_meets_a_held_request_after_some_empty_answers() {
        assert_eq!(meeting(100_000.0, f64::INFINITY), Some(Meeting::Held { empty: 0.0 }));
        assert_eq!(meeting(100_000.0, 300_000.0), Some(Meeting::Held { empty: 2.0 }));
        assert_eq!(meeting(1e6, 1e6), Some(Meeting::Held { empty: 0.0 }), "the cliff is beyond a = 1");
    }

    #[test]
    fn a_clock_that_falls_into_the_gap_slides_through_it() {
        // r = 60 of a gap of 100 ms: waits 0, 40, 80 ms in turn
        let sliding = Meeting::Sliding { empty: 2.0 - 1.0 / 3.0, step_us: 40_000.0, steps: 2.0 };
        assert_eq!(meeting(100_000.0, 370_000.0), Some(sliding));
        assert_eq!(meeting(400_000.0, 50_000.0), None, "the hold is too short to end a slide");
    }

    #[test]
    fn a_clock_faster_than_the_gap_finds_nobody_asking() {
        assert_eq!(meeting(1_000_001.0, 25e6), Some(Meeting::Crowded));
    }
}
