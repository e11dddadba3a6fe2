//! Latency is d plus a wait: none for a stream, until the next request for the two that ask.

use super::requests::events_a_longpoll;
use super::steady::{self, Meeting};
use super::{Arrivals, Inputs};
use crate::transport::Transport;

/// d: how long a small message takes from the server to the client, in microseconds.
#[derive(Clone, Debug, PartialEq)]
pub enum OneWay {
    /// One figure for all events.
    Given(f64),
    /// The latencies of the control row, ascending: see [`measured`](Self::measured).
    Measured(Vec<f64>),
}

impl OneWay {
    /// The latencies of a control row, in any order.
    pub fn measured(mut latencies_us: Vec<f64>) -> Self {
        latencies_us.sort_by(f64::total_cmp);
        Self::Measured(latencies_us)
    }

    /// d as the formulas of poll and longpoll take it: the median. `None` of an empty row.
    pub fn typical_us(&self) -> Option<f64> {
        self.quantile_us(0.5)
    }

    /// The mean, in microseconds; `None` of an empty row.
    pub fn mean_us(&self) -> Option<f64> {
        match self {
            Self::Given(d) => Some(*d),
            Self::Measured(sorted) => mean(sorted),
        }
    }

    /// The quantile `p` of 0 to 1, in microseconds: the least latency that a share `p` does not exceed.
    pub fn quantile_us(&self, p: f64) -> Option<f64> {
        match self {
            Self::Given(d) => Some(*d),
            Self::Measured(sorted) => quantile(sorted, p),
        }
    }
}

/// How latencies are predicted to be spread.
#[derive(Clone, Debug, PartialEq)]
pub enum Latency {
    /// Like the control row: nothing is faster on this link, and a stream adds nothing.
    OneWay(OneWay),
    /// Some events go at once; the others find nobody asking, and wait evenly between 0 and the longest wait.
    Waiting {
        /// d, in microseconds.
        one_way_us: f64,
        /// The share of events that wait, 0 to 1.
        share: f64,
        /// The longest wait, in microseconds.
        longest_us: f64,
    },
    /// Events wait 0, one step, two, … in turn: a steady feed that slides through the gaps of longpoll.
    Sliding {
        /// d, in microseconds.
        one_way_us: f64,
        /// By how much an event waits longer than the one before, in microseconds.
        step_us: f64,
        /// After so many it starts over at 0.
        steps: f64,
    },
    /// The latencies of a simulated run, ascending, in microseconds.
    Played(Vec<f64>),
}

impl Latency {
    /// The mean, in microseconds; `None` where no latency is known.
    pub fn mean_us(&self) -> Option<f64> {
        match self {
            Self::OneWay(one_way) => one_way.mean_us(),
            Self::Waiting { one_way_us, share, longest_us } => Some(one_way_us + share * longest_us / 2.0),
            Self::Sliding { one_way_us, step_us, steps } => Some(one_way_us + steps * step_us / 2.0),
            Self::Played(sorted) => mean(sorted),
        }
    }

    /// The quantile `p` of 0 to 1, in microseconds; `None` where no latency is known.
    pub fn quantile_us(&self, p: f64) -> Option<f64> {
        match self {
            Self::OneWay(one_way) => one_way.quantile_us(p),
            Self::Waiting { one_way_us, share, .. } if p <= 1.0 - share => Some(*one_way_us),
            Self::Waiting { one_way_us, share, longest_us } => {
                Some(one_way_us + longest_us * (p - 1.0 + share) / share)
            }
            Self::Sliding { one_way_us, step_us, steps } => Some(one_way_us + step_us * rank(p, steps + 1.0)),
            Self::Played(sorted) => quantile(sorted, p),
        }
    }
}

/// The latency of an event, from its publication to its last byte at the client.
///
/// `None` where there is no closed form, see [`simulate`](super::simulate()).
pub fn latency(transport: Transport, inputs: &Inputs) -> Option<Latency> {
    match transport {
        Transport::Poll => poll(inputs),
        Transport::Longpoll => longpoll(inputs),
        Transport::Sse | Transport::Websocket => Some(Latency::OneWay(inputs.one_way.clone())),
    }
}

/// From `connect()` to an event that was already waiting, in microseconds: 2R + s, and R more for TLS.
pub fn first_event_us(inputs: &Inputs) -> f64 {
    inputs.connect_us() + inputs.round_trip_us + inputs.server_us
}

/// All events wait for the next poll, evenly between 0 and T′: mean T′/2, quantile pT′.
fn poll(inputs: &Inputs) -> Option<Latency> {
    let (one_way_us, longest_us) = (inputs.one_way.typical_us()?, inputs.effective_period_us());
    inputs.arrivals.map(|_| Latency::Waiting { one_way_us, share: 1.0, longest_us })
}

/// Who meets a held request goes at once; who falls into the gap waits evenly between 0 and G.
///
/// The worst is d + G: this answer's way, the next request's, the next answer's, "over three network
/// transits" (RFC 6202, section 2.2).
fn longpoll(inputs: &Inputs) -> Option<Latency> {
    if !inputs.is_plain_longpoll() {
        return None;
    }
    let one_way_us = inputs.one_way.typical_us()?;
    let share = match inputs.arrivals? {
        // f: of the events that one request brings, a fell into the gap before it
        Arrivals::Poisson => inputs.a() / events_a_longpoll(inputs),
        Arrivals::Steady => match steady::meet(inputs)? {
            Meeting::Held { .. } => 0.0,
            Meeting::Crowded => 1.0,
            Meeting::Sliding { step_us, steps, .. } => {
                return Some(Latency::Sliding { one_way_us, step_us, steps });
            }
        },
    };
    Some(Latency::Waiting { one_way_us, share, longest_us: inputs.gap_us() })
}

fn mean(latencies_us: &[f64]) -> Option<f64> {
    let count = latencies_us.len() as f64;
    (count > 0.0).then(|| latencies_us.iter().sum::<f64>() / count)
}

fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    sorted.get(rank(p, sorted.len() as f64) as usize).copied()
}

/// The nearest rank, ⌈pn⌉, counted from 0.
fn rank(p: f64, n: f64) -> f64 {
    ((p * n).ceil() - 1.0).clamp(0.0, (n - 1.0).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{assert_near, inputs};
    use super::*;

    #[test]
    fn a_stream_is_as_fast_as_the_control_row() {
        let one_way = OneWay::measured(vec![400.0, 100.0, 300.0, 200.0]);
        let inputs = Inputs { one_way, arrivals: None, ..inputs() };
        for transport in [Transport::Sse, Transport::Websocket] {
            let latency = latency(transport, &inputs).unwrap();
            assert_eq!(latency.mean_us(), Some(250.0));
            let quantiles = [0.0, 0.25, 0.5, 0.51, 1.0].map(|p| latency.quantile_us(p).unwrap());
            assert_eq!(quantiles, [100.0, 100.0, 200.0, 300.0, 400.0], "{transport:?}");
        }
    }

    #[test]
    fn the_others_wait_on_top_of_its_median() {
        let one_way = OneWay::measured(vec![900.0, 100.0, 200.0]);
        let inputs = Inputs { one_way, poll_interval_us: 1e6, ..inputs() };
        let poll = latency(Transport::Poll, &inputs).unwrap();
        assert_eq!(poll.mean_us(), Some(500_200.0));
        assert_eq!(poll.quantile_us(0.99), Some(990_200.0));
    }

    #[test]
    fn an_empty_control_row_predicts_nothing() {
        let inputs = Inputs { one_way: OneWay::measured(vec![]), ..inputs() };
        assert_eq!(latency(Transport::Sse, &inputs).unwrap().mean_us(), None);
        assert_eq!(latency(Transport::Longpoll, &inputs), None);
    }

    #[test]
    fn longpoll_at_ten_events_a_second_and_a_gap_of_50_ms_waits_11_3_ms() {
        let inputs = Inputs { rate_per_s: 10.0, round_trip_us: 50_000.0, ..inputs() };
        let latency = latency(Transport::Longpoll, &inputs).unwrap();
        let d = inputs.one_way.typical_us().unwrap();
        assert_near("mean wait", latency.mean_us().unwrap() - d, 11_300.0, 10.0);
        assert_eq!(latency.quantile_us(0.5), Some(d), "54.8% meet a held request");
        assert_eq!(latency.quantile_us(1.0), Some(d + 50_000.0), "the worst is three transits");
    }

    #[test]
    fn a_long_poll_that_is_never_held_waits_like_a_poll_with_no_pause() {
        let inputs = Inputs { hold_us: 0.0, poll_interval_us: 0.0, round_trip_us: 40_000.0, ..inputs() };
        assert_eq!(latency(Transport::Longpoll, &inputs), latency(Transport::Poll, &inputs));
    }

    #[test]
    fn a_quiet_feed_falls_anywhere_into_the_cycle_of_gap_and_hold() {
        let inputs = Inputs { rate_per_s: 1e-9, round_trip_us: 1e6, hold_us: 3e6, ..inputs() };
        let Some(Latency::Waiting { share, .. }) = latency(Transport::Longpoll, &inputs) else {
            panic!("a Poisson feed has a share that waits");
        };
        assert_near("the share G/(G + H)", share, 0.25, 1e-6);
    }

    #[test]
    fn the_first_event_takes_a_connection_and_a_round_trip() {
        let inputs = Inputs { round_trip_us: 1_000.0, server_us: 30.0, ..inputs() };
        assert_eq!(first_event_us(&inputs), 2_030.0);
        assert_eq!(first_event_us(&Inputs { tls: true, ..inputs }), 3_030.0);
    }

    #[test]
    fn what_has_no_closed_form_is_not_guessed() {
        let poll = |inputs: &Inputs| latency(Transport::Poll, inputs);
        let longpoll = |inputs: &Inputs| latency(Transport::Longpoll, inputs);
        assert_eq!(poll(&Inputs { arrivals: None, ..inputs() }), None);
        assert_eq!(longpoll(&Inputs { arrivals: None, ..inputs() }), None);
        assert_eq!(longpoll(&Inputs { linger_us: 1.0, ..inputs() }), None);
        assert_eq!(longpoll(&Inputs { rate_per_s: 0.0, ..inputs() }), None);
    }
}
