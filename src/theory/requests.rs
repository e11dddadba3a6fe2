//! How often each transport asks, and how often for nothing.

use super::steady::{self, Meeting};
use super::{Arrivals, Inputs};
use crate::transport::Transport;

/// What the requests of a lane come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Requests {
    /// Requests an event. A stream makes one a connection.
    pub per_event: f64,
    /// The share of answers without an event, 0 to 1; `None` for streams, whose answer never ends.
    pub empty_share: Option<f64>,
}

impl Requests {
    /// Those of streams: one request opens a connection, which then carries any number of events.
    pub fn of_streams(connections: f64, events: f64) -> Self {
        Self { per_event: connections / events, empty_share: None }
    }

    /// Answers without an event, an event.
    pub fn empty_per_event(&self) -> f64 {
        self.per_event * self.empty_share.unwrap_or(0.0)
    }

    /// Answers with at least one event, an event.
    pub fn full_per_event(&self) -> f64 {
        self.per_event - self.empty_per_event()
    }
}

/// The requests of poll or longpoll.
///
/// `None` where there is no closed form, see [`simulate`](super::simulate()), and for streams: how often
/// those connect is counted, not predicted, see [`Requests::of_streams`].
pub fn requests(transport: Transport, inputs: &Inputs) -> Option<Requests> {
    match transport {
        Transport::Poll => poll(inputs),
        Transport::Longpoll => longpoll(inputs),
        Transport::Sse | Transport::Websocket => None,
    }
}

/// The clock asks, not the feed: 1/x requests an event.
fn poll(inputs: &Inputs) -> Option<Requests> {
    let x = inputs.x();
    let empty_share = match inputs.arrivals? {
        Arrivals::Poisson => (-x).exp(),
        Arrivals::Steady => (1.0 - x).max(0.0),
    };
    (x > 0.0).then(|| Requests { per_event: 1.0 / x, empty_share: Some(empty_share) })
}

/// Every answer, full or empty, is followed by one request.
fn longpoll(inputs: &Inputs) -> Option<Requests> {
    if !inputs.is_plain_longpoll() {
        return None;
    }
    match inputs.arrivals? {
        // empty: nobody came in the gap and nobody in the hold, e^(−λ(G + H))
        Arrivals::Poisson => Some(Requests {
            per_event: 1.0 / events_a_longpoll(inputs),
            empty_share: Some((-inputs.a()).exp() * inputs.h()),
        }),
        Arrivals::Steady => Some(longpoll_steady(steady::meet(inputs)?, inputs.a())),
    }
}

/// a + e^(−a)(1 − h)(1 + λw), arrivals being Poisson.
///
/// One request brings the a events of the gap before it. Where there were none, with probability e^(−a), it
/// is held, and with probability 1 − h brings one, and with it the λw that come while the server wakes.
pub(super) fn events_a_longpoll(inputs: &Inputs) -> f64 {
    let one_in_hold = -(-inputs.events_in(inputs.hold_us)).exp_m1();
    let along = inputs.events_in(inputs.wake_us);
    inputs.a() + (-inputs.a()).exp() * one_in_hold * (1.0 + along)
}

fn longpoll_steady(meeting: Meeting, a: f64) -> Requests {
    let (full, empty) = match meeting {
        Meeting::Held { empty } | Meeting::Sliding { empty, .. } => (1.0, empty),
        Meeting::Crowded => (1.0 / a, 0.0),
    };
    Requests { per_event: full + empty, empty_share: Some(empty / (full + empty)) }
}

#[cfg(test)]
mod tests {
    use super::super::Cipher;
    use super::super::fixture::{assert_near, inputs};
    use super::*;

    fn at(rate_per_s: f64, gap_us: f64, hold_us: f64) -> Inputs {
        Inputs { rate_per_s, round_trip_us: gap_us, hold_us, ..inputs() }
    }

    /// Per event, and the share of empty answers.
    fn figures(transport: Transport, inputs: &Inputs) -> (f64, f64) {
        let requests = requests(transport, inputs).unwrap();
        (requests.per_event, requests.empty_share.unwrap())
    }

    #[test]
    fn longpoll_asks_as_often_as_worked_out_by_hand() {
        for (rate, gap_us, hold_us, per_event, empty_share) in [
            (10.0, 50_000.0, f64::INFINITY, 0.904, 0.0),
            (2.0, 200_000.0, 1e6, 1.021, 0.091),
            (0.02, 0.0, 25e6, 2.54, 0.606),
        ] {
            let (requests, empty) = figures(Transport::Longpoll, &at(rate, gap_us, hold_us));
            let case = format!("at {rate}/s with a gap of {gap_us} µs and a hold of {hold_us} µs");
            assert_near(&format!("requests an event {case}"), requests, per_event, 0.002);
            assert_near(&format!("empty answers {case}"), empty, empty_share, 0.001);
        }
    }

    #[test]
    fn polling_a_quiet_feed_is_all_requests_and_no_answers() {
        for arrivals in [Arrivals::Poisson, Arrivals::Steady] {
            let quiet = Inputs { arrivals: Some(arrivals), rate_per_s: 1e-9, ..inputs() };
            let (per_event, empty) = figures(Transport::Poll, &quiet);
            assert_near("x requests an event", per_event * quiet.x(), 1.0, 1e-12);
            assert_near("the share of full answers", (1.0 - empty) / quiet.x(), 1.0, 1e-6);
        }
    }

    #[test]
    fn a_quiet_feed_costs_longpoll_one_request_a_hold() {
        let quiet = at(1e-9, 50_000.0, 25e6);
        let (per_event, _) = figures(Transport::Longpoll, &quiet);
        assert_near("requests a gap and hold", per_event * 1e-9 * 25.05, 1.0, 1e-6);
    }

    #[test]
    fn a_request_held_for_ever_is_never_answered_empty() {
        let (per_event, empty) = figures(Transport::Longpoll, &at(1.0, 0.0, f64::INFINITY));
        assert_eq!((per_event, empty), (1.0, 0.0));
    }

    #[test]
    fn a_long_poll_that_is_never_held_asks_like_a_poll_with_no_pause() {
        let inputs = Inputs { poll_interval_us: 0.0, ..at(10.0, 50_000.0, 0.0) };
        assert_eq!(requests(Transport::Longpoll, &inputs), requests(Transport::Poll, &inputs));
    }

    #[test]
    fn the_period_of_a_poll_is_its_interval_unless_the_round_trip_is_longer() {
        let inputs = Inputs { poll_interval_us: 100.0, round_trip_us: 30.0, server_us: 5.0, ..inputs() };
        assert_eq!(inputs.effective_period_us(), 100.0);
        assert_eq!(
            Inputs { round_trip_us: 300.0, ..inputs.clone() }.effective_period_us(),
            400.0,
            "three are skipped"
        );
        let delayed = Inputs { poll_mode: super::super::PollMode::FixedDelay, ..inputs };
        assert_eq!(delayed.effective_period_us(), 135.0);
        let reconnecting = Inputs { keep_alive: false, ..delayed };
        assert_eq!(reconnecting.effective_period_us(), 165.0);
        assert_eq!(Inputs { tls: Some(Cipher::Tls13), ..reconnecting }.effective_period_us(), 195.0);
    }

    #[test]
    fn streams_ask_once_a_connection() {
        assert_eq!(requests(Transport::Sse, &inputs()), None);
        assert_eq!(Requests::of_streams(2.0, 100.0).per_event, 0.02);
        assert_eq!(Requests::of_streams(2.0, f64::INFINITY).per_event, 0.0);
    }
}
