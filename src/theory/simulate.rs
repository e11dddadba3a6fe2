//! Poll and longpoll, walked through the very schedule that was played.
//!
//! An instant of a schedule is when an event is published. A walk goes from answer to answer: each takes all
//! that was published since the one before. Nothing here is random.

use std::ops::Range;

use super::{Inputs, Latency, OneWay, Requests, Wait};
use crate::transport::Transport;

/// A poller's phase against the schedule is chance: its period is walked from so many evenly spread phases.
const PHASES: f64 = 64.0;
/// Fewer where that would be more events and answers than this, which takes a fraction of a second…
const STEPS: f64 = 1e6;
/// …but enough of them to tell a period's middle from its ends.
const LEAST_PHASES: f64 = 4.0;

/// What a walk saw in its window; of a poller, in all its phases together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Played {
    /// How long each event of the window waited for an answer, in microseconds, ascending.
    pub waits_us: Vec<f64>,
    /// Answers given in the window.
    pub requests: f64,
    /// Those of them without an event.
    pub empty: f64,
}

impl Played {
    /// Both walks, as one.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.waits_us.extend(other.waits_us);
        self.waits_us.sort_by(f64::total_cmp);
        self.requests += other.requests;
        self.empty += other.empty;
        self
    }

    /// The latencies, in the form that [`latency`](super::latency()) gives them.
    pub fn latency(&self, one_way: &OneWay) -> Latency {
        Latency { one_way: one_way.clone(), wait: Wait::Played(self.waits_us.clone()) }
    }

    /// The requests, in the form that [`requests`](super::requests()) gives them.
    pub fn requests(&self) -> Requests {
        let empty_share = (self.requests > 0.0).then(|| self.empty / self.requests);
        Requests { per_event: self.requests / self.waits_us.len() as f64, empty_share }
    }
}

/// Plays poll or longpoll on `schedule_us`, ascending instants in microseconds, of which those outside
/// `window_us` are played but not counted.
///
/// `None` for streams, of which [`latency`](super::latency()) knows as much on any schedule; where no event
/// lies in the window; and where requests would follow each other in no time.
pub fn simulate(
    transport: Transport,
    schedule_us: &[f64],
    window_us: &Range<f64>,
    inputs: &Inputs,
) -> Option<Played> {
    let mut walk = Walk { schedule_us, window_us, next: 0, played: Played::default() };
    match transport {
        Transport::Poll => walk.poll(inputs.effective_period_us())?,
        Transport::Longpoll => walk.longpoll(inputs)?,
        Transport::Sse | Transport::Websocket => return None,
    }
    walk.played.waits_us.sort_by(f64::total_cmp);
    (!walk.played.waits_us.is_empty()).then_some(walk.played)
}

struct Walk<'a> {
    schedule_us: &'a [f64],
    window_us: &'a Range<f64>,
    /// The first event that no answer has taken yet.
    next: usize,
    played: Played,
}

impl Walk<'_> {
    fn poll(&mut self, period_us: f64) -> Option<()> {
        let start_us = self.start()?;
        if period_us <= 0.0 {
            return None;
        }
        let answers = (self.window_us.end - start_us) / period_us;
        let affordable = STEPS / (answers + self.schedule_us.len() as f64);
        let phases = affordable.clamp(LEAST_PHASES, PHASES).floor();
        for phase in 0..phases as usize {
            self.next = 0;
            let mut at = start_us + (phase as f64 + 0.5) / phases * period_us;
            while self.goes_on(at) {
                self.answer(at, at);
                at += period_us;
            }
        }
        Some(())
    }

    fn longpoll(&mut self, inputs: &Inputs) -> Option<()> {
        let mut request = self.start()?;
        let gap_us = inputs.gap_us();
        if gap_us + inputs.hold_us <= 0.0 {
            return None;
        }
        while self.goes_on(request) {
            let Held { answered, taken } = self.hold(request, inputs);
            self.answer(answered, taken);
            request = taken + gap_us;
        }
        Some(())
    }

    /// The window's start, or the first event where that is earlier.
    fn start(&self) -> Option<f64> {
        Some(self.schedule_us.first()?.min(self.window_us.start))
    }

    fn next_event(&self) -> f64 {
        self.schedule_us.get(self.next).copied().unwrap_or(f64::INFINITY)
    }

    /// Until the window is over and its last event is answered.
    fn goes_on(&self, at: f64) -> bool {
        at.min(self.next_event()) < self.window_us.end
    }

    /// When a request that arrived at `request` is answered: what was waiting goes at once, what comes goes
    /// with all that follows it within `linger`, and nothing goes when the hold is over. What comes while the
    /// server wakes goes along.
    fn hold(&self, request: f64, inputs: &Inputs) -> Held {
        match self.next_event() {
            event if event <= request => Held { answered: request, taken: request },
            event if event > request + inputs.hold_us => {
                Held { answered: request + inputs.hold_us, taken: request + inputs.hold_us }
            }
            event => {
                let answered = (event + inputs.linger_us).min(request + inputs.hold_us);
                Held { answered, taken: answered + inputs.wake_us }
            }
        }
    }

    /// An answer at `answered` that takes all that came until `taken`.
    fn answer(&mut self, answered: f64, taken: f64) {
        let events = self.schedule_us[self.next..].iter().take_while(|event| **event <= taken);
        let (before, played) = (self.next, &mut self.played);
        for event in events {
            self.next += 1;
            if self.window_us.contains(event) {
                played.waits_us.push((answered - event).max(0.0));
            }
        }
        if self.window_us.contains(&answered) {
            played.requests += 1.0;
            played.empty += if self.next == before { 1.0 } else { 0.0 };
        }
    }
}

/// The end of a hold.
struct Held {
    /// When the answer is due: waking up after that is a part of d.
    answered: f64,
    /// Until when events go along.
    taken: f64,
}

#[cfg(test)]
mod tests {
    use super::super::fixture::inputs;
    use super::*;

    fn longpoll(schedule_us: &[f64], inputs: &Inputs) -> (Vec<f64>, f64, f64) {
        let played = simulate(Transport::Longpoll, schedule_us, &(0.0..1_000.0), inputs).unwrap();
        (played.waits_us, played.requests, played.empty)
    }

    #[test]
    fn a_long_poll_is_walked_from_answer_to_answer() {
        // held to 100; asks at 150; empty at 350; asks at 400, which is past 360; held from 450 to 650, …
        let inputs = Inputs { round_trip_us: 50.0, hold_us: 200.0, ..inputs() };
        assert_eq!(longpoll(&[100.0, 360.0], &inputs), (vec![0.0, 40.0], 5.0, 3.0));
    }

    #[test]
    fn a_lingering_answer_takes_more_along_but_never_outlasts_its_hold() {
        let inputs = Inputs { round_trip_us: 50.0, hold_us: 200.0, linger_us: 30.0, ..inputs() };
        // 100 and 120 go at 130; held from 180, 370 goes as the hold ends at 380; 390 waits for 430
        let (waits, ..) = longpoll(&[100.0, 120.0, 370.0, 390.0], &inputs);
        assert_eq!(waits, [10.0, 10.0, 30.0, 40.0]);
    }

    #[test]
    fn what_lies_outside_the_window_is_played_but_not_counted() {
        let inputs = Inputs { round_trip_us: 50.0, ..inputs() };
        let window = 100.0..200.0;
        let played = simulate(Transport::Longpoll, &[90.0, 110.0, 205.0], &window, &inputs).unwrap();
        assert_eq!(played, Played { waits_us: vec![30.0], requests: 1.0, empty: 0.0 });
    }

    #[test]
    fn a_schedule_that_cannot_be_played_gives_nothing() {
        let window = 0.0..1e6;
        let poll = |schedule: &[f64], period| {
            let inputs = Inputs { poll_interval_us: period, round_trip_us: 0.0, ..inputs() };
            simulate(Transport::Poll, schedule, &window, &inputs)
        };
        assert!(poll(&[5.0], 1e6).is_some());
        assert_eq!(poll(&[], 1e6), None, "no event");
        assert_eq!(poll(&[2e6], 1e6), None, "no event in the window");
        assert_eq!(poll(&[5.0], 0.0), None, "no time between polls");
    }
}
