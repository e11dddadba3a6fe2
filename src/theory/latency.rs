//! Latency is d plus a wait: none for a stream, until the next request for the two that ask.

use super::one_way::OneWay;
use super::requests::events_a_longpoll;
use super::steady::{self, Meeting};
use super::wait::Wait;
use super::{Arrivals, Http, Inputs};
use crate::transport::Transport;

/// How latencies are predicted to be spread: a way, and independent of it a wait.
#[derive(Clone, Debug, PartialEq)]
pub struct Latency {
    /// d.
    pub one_way: OneWay,
    /// Until somebody asks.
    pub wait: Wait,
}

impl Latency {
    /// The mean, in microseconds: that of the way plus that of the wait. `None` where no latency is known.
    pub fn mean_us(&self) -> Option<f64> {
        Some(self.one_way.mean_us()? + self.wait.mean_us()?)
    }

    /// The quantile `p` of 0 to 1, in microseconds; `None` where no latency is known.
    ///
    /// One figure for d only shifts the wait. A control row has tails of its own, which every transport has,
    /// too: the quantile is that of the sum of both.
    pub fn quantile_us(&self, p: f64) -> Option<f64> {
        match (&self.one_way, &self.wait) {
            (OneWay::Given(d), wait) => Some(d + wait.quantile_us(p)?),
            (one_way, Wait::None) => one_way.quantile_us(p),
            (one_way, wait) => quantile_of_sum(&one_way.thinned(), wait, p),
        }
    }
}

/// The least latency that a share `p` does not exceed, found by halving: each way is as likely as any other.
fn quantile_of_sum(ways_us: &[f64], wait: &Wait, p: f64) -> Option<f64> {
    /// Halves an hour to less than a nanosecond.
    const HALVINGS: usize = 43;
    let share_within = |limit_us: f64| {
        ways_us.iter().map(|way_us| wait.share_within(limit_us - way_us)).sum::<f64>() / ways_us.len() as f64
    };
    let (mut low, mut high) = (*ways_us.first()?, ways_us.last()? + wait.quantile_us(1.0)?);
    if share_within(low) >= p {
        return Some(low);
    }
    for _ in 0..HALVINGS {
        let middle = (low + high) / 2.0;
        // What rounding leaves of a sum of shares.
        match share_within(middle) >= p - 1e-12 {
            true => high = middle,
            false => low = middle,
        }
    }
    Some(high)
}

/// The latency of an event, from its publication to its last byte at the client.
///
/// `None` where there is no closed form, see [`simulate`](super::simulate()).
pub fn latency(transport: Transport, inputs: &Inputs) -> Option<Latency> {
    inputs.one_way.typical_us()?;
    let wait = match transport {
        Transport::Poll => poll(inputs)?,
        Transport::Longpoll => longpoll(inputs)?,
        Transport::Sse | Transport::Websocket => Wait::None,
    };
    Some(Latency { one_way: inputs.one_way.clone(), wait })
}

/// From `connect()` to an event that was already waiting, in microseconds: 2R + s, and R more each for TLS 1.3 and for
/// a proxy; on a WebSocket over HTTP/2 another R, for it may not be asked for before the server's SETTINGS are there
/// (RFC 8441, section 3).
pub fn first_event_us(transport: Transport, inputs: &Inputs) -> f64 {
    let waits_for_settings = transport == Transport::Websocket && inputs.http == Http::Two;
    let trips = if waits_for_settings { 2.0 } else { 1.0 };
    inputs.connect_us() + trips * inputs.round_trip_us + inputs.server_us
}

/// All events wait for the next poll, evenly between 0 and T′: mean T′/2, quantile pT′.
fn poll(inputs: &Inputs) -> Option<Wait> {
    let longest_us = inputs.effective_period_us();
    inputs.arrivals.map(|_| Wait::Even { share: 1.0, longest_us })
}

/// Who meets a held request goes at once; who falls into the gap waits evenly between 0 and G.
///
/// The worst is d + G: this answer's way, the next request's, the next answer's: three transits of the
/// network (RFC 6202, section 2.2).
fn longpoll(inputs: &Inputs) -> Option<Wait> {
    if !inputs.is_plain_longpoll() {
        return None;
    }
    let share = match inputs.arrivals? {
        // f: of the events that one request brings, a fell into the gap before it
        Arrivals::Poisson => inputs.a() / events_a_longpoll(inputs),
        Arrivals::Steady => match steady::meet(inputs)? {
            Meeting::Held { .. } => 0.0,
            Meeting::Crowded => 1.0,
            Meeting::Sliding { step_us, steps, .. } => return Some(Wait::Sliding { step_us, steps }),
        },
    };
    Some(Wait::Even { share, longest_us: inputs.gap_us() })
}

#[cfg(test)]
mod tests {
    use super::super::Cipher;
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
    fn the_others_wait_on_top_of_it() {
        let one_way = OneWay::measured(vec![900.0, 100.0, 200.0]);
        let inputs = Inputs { one_way, poll_interval_us: 1e6, ..inputs() };
        let poll = latency(Transport::Poll, &inputs).unwrap();
        assert_eq!(poll.mean_us(), Some(500_400.0));
        assert_near("p99", poll.quantile_us(0.99).unwrap(), 990_400.0, 1.0);
        assert_near("max", poll.quantile_us(1.0).unwrap(), 1_000_900.0, 1.0);
    }

    #[test]
    fn who_does_not_wait_has_the_tails_of_the_control_row() {
        let row: Vec<f64> = (1..=100).map(|n| f64::from(n) * 10.0).collect();
        let inputs = Inputs { one_way: OneWay::measured(row), round_trip_us: 0.0, ..inputs() };
        let longpoll = latency(Transport::Longpoll, &inputs).unwrap();
        for p in [0.01, 0.5, 0.95, 1.0] {
            assert_near("quantile", longpoll.quantile_us(p).unwrap(), p * 1_000.0, 1e-3);
        }
    }

    #[test]
    fn an_empty_control_row_predicts_nothing() {
        let inputs = Inputs { one_way: OneWay::measured(vec![]), ..inputs() };
        assert_eq!(latency(Transport::Sse, &inputs), None);
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
        let Some(Wait::Even { share, .. }) = longpoll(&inputs) else {
            panic!("a Poisson feed has a share that waits");
        };
        assert_near("the share G/(G + H)", share, 0.25, 1e-6);
    }

    #[test]
    fn the_first_event_takes_a_connection_and_a_round_trip() {
        let inputs = Inputs { round_trip_us: 1_000.0, server_us: 30.0, ..inputs() };
        assert_eq!(first_event_us(Transport::Sse, &inputs), 2_030.0);
        let older = Inputs { tls: Some(Cipher::Tls12Gcm), ..inputs.clone() };
        assert_eq!(first_event_us(Transport::Sse, &older), 4_030.0);
        let encrypted = Inputs { tls: Some(Cipher::Tls13), ..inputs };
        assert_eq!(first_event_us(Transport::Sse, &encrypted), 3_030.0);
        let proxied = Inputs { proxied: true, ..encrypted.clone() };
        assert_eq!(first_event_us(Transport::Sse, &proxied), 4_030.0);
        let streams = Inputs { http: Http::Two, ..encrypted };
        assert_eq!(first_event_us(Transport::Sse, &streams), 3_030.0);
        assert_eq!(first_event_us(Transport::Websocket, &streams), 4_030.0);
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
