//! At which event rates two transports cost the same.

use super::{Heads, Heartbeats, Inputs, OneWay, Payload, Requests, bytes_per_event, requests};
use crate::transport::Transport;

/// One event a day.
const LOWEST_PER_S: f64 = 1.0 / 86_400.0;
/// The busiest feed that is compared.
const HIGHEST_PER_S: f64 = 10_000.0;
/// Rates that are looked at: 40 in each of the nine decades between the two.
const STEPS: i32 = 360;
/// Halves a step, 6% wide, until nothing of it is left in 53 bits.
const HALVINGS: usize = 50;
/// Nearer than this, relative to their sum, two costs are one cost that was computed in two ways.
const SAME: f64 = 1e-12;

/// What is compared: the lanes, and what their bytes depend on besides the [`Inputs`].
#[derive(Clone, Debug)]
pub struct Terms {
    /// Each transport once, with its heads.
    pub lanes: Vec<(Transport, Heads)>,
    /// The same on all lanes.
    pub payload: Payload,
    /// Of the streams.
    pub heartbeats: Heartbeats,
    /// How long a stream's connection lasts, in microseconds; may be infinite.
    pub connection_us: f64,
}

/// What two transports are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Requests an event, of poll and longpoll.
    Requests,
    /// Bytes an event, both ways, as [`bytes_per_event`] counts them.
    Bytes,
}

/// A rate at which two transports change places.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossing {
    /// What costs the same here.
    pub quantity: Quantity,
    /// Costs less below this rate.
    pub below: Transport,
    /// Costs less above it.
    pub above: Transport,
    /// Events a second.
    pub rate_per_s: f64,
}

/// The rates from one event a day to 10,000 a second at which two lanes change places: for a pair there may
/// be none, one or several, ascending. The rate of `inputs` plays no part.
///
/// The costs of a steady feed jump, so that two lanes may change places without being equal.
pub fn break_even_rates(inputs: &Inputs, terms: &Terms) -> Vec<Crossing> {
    let plain = Inputs { one_way: OneWay::Given(0.0), ..inputs.clone() };
    let mut crossings = Vec::new();
    for quantity in [Quantity::Requests, Quantity::Bytes] {
        for (index, a) in terms.lanes.iter().enumerate() {
            for b in &terms.lanes[index + 1..] {
                let winner = |rate_per_s| {
                    let inputs = Inputs { rate_per_s, ..plain.clone() };
                    let costs = [a, b].map(|lane| cost(quantity, lane, &inputs, terms));
                    cheaper([a.0, b.0], costs)
                };
                crossings.extend(changes(quantity, winner));
            }
        }
    }
    crossings
}

fn cost(quantity: Quantity, lane: &(Transport, Heads), inputs: &Inputs, terms: &Terms) -> Option<f64> {
    let (transport, heads) = lane;
    let asked = requests(*transport, inputs);
    if quantity == Quantity::Requests {
        return asked.map(|requests| requests.per_event);
    }
    let requests = match transport {
        Transport::Poll | Transport::Longpoll => asked?,
        Transport::Sse | Transport::Websocket => {
            Requests::of_streams(1.0, inputs.events_in(terms.connection_us))
        }
    };
    let heartbeats = terms.heartbeats.per_event(*transport, inputs)?;
    Some(bytes_per_event(*transport, inputs, &requests, heartbeats, heads, &terms.payload).total())
}

fn cheaper([a, b]: [Transport; 2], [cost_a, cost_b]: [Option<f64>; 2]) -> Option<Transport> {
    let (cost_a, cost_b) = (cost_a?, cost_b?);
    let differ = (cost_a - cost_b).abs() > SAME * (cost_a + cost_b);
    differ.then_some(if cost_a < cost_b { a } else { b })
}

/// Where the winner changes. Rates without one are stepped over.
fn changes(quantity: Quantity, winner: impl Fn(f64) -> Option<Transport>) -> impl Iterator<Item = Crossing> {
    let ratio = HIGHEST_PER_S / LOWEST_PER_S;
    let rates = (0..=STEPS).map(move |step| LOWEST_PER_S * ratio.powf(f64::from(step) / f64::from(STEPS)));
    let mut last: Option<(f64, Transport)> = None;
    rates.filter_map(move |rate| {
        let above = winner(rate)?;
        let (lower, below) = last.replace((rate, above))?;
        let cross = || bisect(lower, rate, |rate| winner(rate) != Some(below));
        (below != above).then(|| Crossing { quantity, below, above, rate_per_s: cross() })
    })
}

/// The least of the rates that are `over`, halving on the logarithm.
fn bisect(mut lower: f64, mut upper: f64, over: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..HALVINGS {
        let middle = (lower * upper).sqrt();
        *(if over(middle) { &mut upper } else { &mut lower }) = middle;
    }
    upper
}

#[cfg(test)]
mod tests {
    use super::super::Arrivals;
    use super::super::fixture::{HEADS, PAYLOAD, assert_near, inputs};
    use super::*;

    fn terms() -> Terms {
        let lanes = Transport::ALL.map(|transport| (transport, HEADS)).to_vec();
        Terms { lanes, payload: PAYLOAD, heartbeats: Heartbeats::default(), connection_us: f64::INFINITY }
    }

    fn crossings(inputs: &Inputs, quantity: Quantity) -> Vec<Crossing> {
        let all = break_even_rates(inputs, &terms());
        all.into_iter().filter(|crossing| crossing.quantity == quantity).collect()
    }

    #[test]
    fn polling_once_a_second_asks_less_than_longpoll_from_one_event_a_second_on() {
        let inputs = Inputs { round_trip_us: 0.0, hold_us: f64::INFINITY, ..inputs() };
        let crossings = crossings(&inputs, Quantity::Requests);
        let [Crossing { below: Transport::Longpoll, above: Transport::Poll, rate_per_s, .. }] = crossings[..]
        else {
            panic!("longpoll should be ahead below one rate, and poll above it: {crossings:?}");
        };
        assert_near("the rate", rate_per_s, 1.0, 1e-9);
    }

    /// Above some hundred events a poll, an array's comma is less than a frame's header.
    #[test]
    fn a_busy_poll_costs_fewer_bytes_than_a_websocket() {
        let crossings = crossings(&inputs(), Quantity::Bytes);
        let found = crossings.iter().find(|crossing| crossing.below == Transport::Websocket);
        let crossing = found.expect("a crossing of websocket with poll");
        assert_eq!(crossing.above, Transport::Poll);
        // (Q + A1 + 1)/x + 1 = 4, where a ping's 8 bytes in 25 s are nothing
        assert_near("the rate", crossing.rate_per_s, (70.0 + 150.0 + 1.0) / 3.0, 0.3);
    }

    #[test]
    fn at_a_crossing_both_cost_the_same_and_beside_it_the_named_one_less() {
        let found = break_even_rates(&inputs(), &terms());
        assert!(found.len() >= 4, "few crossings: {found:#?}");
        for crossing in found {
            let costs = |rate: f64| {
                [crossing.below, crossing.above].map(|transport| {
                    let inputs = Inputs { rate_per_s: rate, ..inputs() };
                    cost(crossing.quantity, &(transport, HEADS), &inputs, &terms()).unwrap()
                })
            };
            let [below, above] = costs(crossing.rate_per_s);
            assert_near(&format!("{crossing:?}"), below / above, 1.0, 1e-9);
            let ([below, above], [still_below, now_above]) =
                (costs(crossing.rate_per_s * 0.99), costs(crossing.rate_per_s * 1.01));
            assert!(below < above && still_below > now_above, "{crossing:?} names the wrong one");
        }
    }

    #[test]
    fn a_feed_without_a_closed_form_has_no_break_even() {
        assert_eq!(break_even_rates(&Inputs { arrivals: None, ..inputs() }, &terms()), []);
    }

    #[test]
    fn a_steady_feed_that_is_never_held_empty_crosses_where_the_poll_does() {
        let arrivals = Some(Arrivals::Steady);
        let inputs = Inputs { arrivals, round_trip_us: 0.0, hold_us: f64::INFINITY, ..inputs() };
        let rates = crossings(&inputs, Quantity::Requests);
        assert_eq!(rates.len(), 1, "{rates:?}");
        assert_near("the rate", rates[0].rate_per_s, 1.0, 1e-9);
    }
}
