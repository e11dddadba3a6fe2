//! Theory, for the very schedule that a lane played.
//!
//! ```text
//! ack        wait for a connection + what the bare socket took + (G − E)
//! delivery   the same + the wait for the next poll, or for the next long poll
//! ```
//!
//! What the bare socket took is a round trip on this machine and link under this load: message by message, since
//! it plays the same schedule with the same bytes. G − E, a publish less an echo, each alone, is the server's time
//! for a message, and what HTTP or frames cost both ends.

use std::ops::Range;

use super::book::{Answer, Message};
use super::calibrate::Calibration;
use super::lane::Told;
use super::plan::{Plan, Way};
use super::trial::window_us;
use crate::bench::predict::layers;
use crate::bench::result::{Bytes, Layers};
use crate::bench::statistics::Statistic;
use crate::client::{Http, PollMode};
use crate::source::SourceKind;
use crate::theory::talk::{busy_share, frame_bytes, mean_wait_us, ping_bytes, post_bytes, waits};
use crate::theory::{BytesPerEvent, Heartbeats, Inputs, Latency, OneWay, Wait, simulate};
use crate::transport::Transport;

/// What a lane should come to in a round.
pub(super) struct Prediction {
    pub(super) ack: Option<Latency>,
    pub(super) delivery: Option<Latency>,
    /// Messages whose latencies these are.
    sent: f64,
    pub(super) unsent: Option<u64>,
    pub(super) wait_us: Option<f64>,
    pub(super) busy_share: Option<f64>,
    pub(super) bytes: Option<Bytes>,
}

/// What all lanes of a round have in common.
pub(super) struct Basis<'a> {
    pub(super) plan: &'a Plan,
    pub(super) calibration: &'a Calibration,
    /// What the bare socket took for each message of the schedule, in microseconds.
    pub(super) echoes_us: Vec<f64>,
}

/// What the bare socket took for each message, the warm-up's included; nothing where there was none.
pub(super) fn echoes_us(control: Option<&Told>) -> Vec<f64> {
    let took = |message: &Message| match message.answer? {
        Answer::Taken { at_us, .. } => Some(at_us as f64 - message.due_us as f64),
        Answer::Refused | Answer::Broken => None,
    };
    control.map_or(Vec::new(), |told| told.pages.messages.iter().filter_map(took).collect())
}

impl Basis<'_> {
    pub(super) fn predict(&self, told: &Told, way: Way) -> Prediction {
        let window = window_us(told, self.plan);
        let window = window.start as f64..window.end as f64;
        let due_us: Vec<f64> = told.pages.messages.iter().map(|message| message.due_us as f64).collect();
        let waits_us = self.waits(way, &due_us, told.stopped_us);
        let counted =
            || due_us.iter().zip(&waits_us).enumerate().filter(|(_, (due, _))| window.contains(due));
        let sent: Vec<(usize, f64)> =
            counted().filter_map(|(number, (_, wait_us))| Some((number, (*wait_us)?))).collect();
        let ways_us: Option<Vec<f64>> =
            sent.iter().map(|(number, wait_us)| Some(wait_us + self.way_us(way, *number)?)).collect();
        let ways = ways_us.filter(|ways| !ways.is_empty()).map(OneWay::measured);
        let latency = |wait| Some(Latency { one_way: ways.clone()?, wait });
        let count = sent.len() as f64;
        Prediction {
            ack: latency(Wait::None),
            delivery: self.listening(way, &due_us, &waits_us, &window).and_then(latency),
            sent: count,
            unsent: self.calibration.service_us(way).map(|_| (counted().count() - sent.len()) as u64),
            wait_us: (count > 0.0).then(|| sent.iter().map(|(_, wait_us)| wait_us).sum::<f64>() / count),
            busy_share: self.busy_share(way),
            bytes: self.bytes(told, way),
        }
    }

    /// Until each message may be sent; `None` for one that is not, and for all where a publish could not be timed.
    fn waits(&self, way: Way, due_us: &[f64], until_us: u64) -> Vec<Option<f64>> {
        match self.calibration.service_us(way) {
            _ if way.speaks() => vec![Some(0.0); due_us.len()],
            Some(service_us) => waits(due_us, way.posting, service_us, until_us as f64).collect(),
            None => vec![None; due_us.len()],
        }
    }

    /// From sending a message to its answer, as the bare socket had it at that instant.
    fn way_us(&self, way: Way, number: usize) -> Option<f64> {
        let service_us = self.calibration.service_us(way)?;
        let echo = self.calibration.echo_us.zip(self.echoes_us.get(number));
        Some(echo.map_or(service_us, |(alone_us, echo_us)| echo_us + (service_us - alone_us).max(0.0)))
    }

    /// How an event waits for the client that listens: its feed is what the server was sent.
    fn listening(
        &self,
        way: Way,
        due_us: &[f64],
        waits_us: &[Option<f64>],
        window: &Range<f64>,
    ) -> Option<Wait> {
        if matches!(way.transport, Transport::Sse | Transport::Websocket) {
            return Some(Wait::None);
        }
        let published = due_us.iter().zip(waits_us).filter_map(|(due, wait)| Some(due + (*wait)?));
        let published: Vec<f64> = published.collect();
        let whole = window.start..published.last()? + 1.0;
        let played = simulate(way.transport, &published, &whole, &self.inputs())?;
        Some(Wait::Played(played.waits_us))
    }

    fn inputs(&self) -> Inputs {
        let Calibration { round_trip_us, gap_us, .. } = *self.calibration;
        let round_trip_us = round_trip_us.unwrap_or(gap_us);
        Inputs {
            rate_per_s: self.plan.source.rate.per_s(),
            arrivals: None,
            one_way: OneWay::Given(0.0),
            round_trip_us,
            server_us: (gap_us - round_trip_us).max(0.0),
            turnaround_us: 0.0,
            wake_us: 0.0,
            poll_interval_us: self.plan.poll_interval.as_secs_f64() * 1e6,
            poll_mode: PollMode::FixedRate,
            hold_us: self.plan.hold().as_secs_f64() * 1e6,
            linger_us: 0.0,
            keep_alive: true,
            http: Http::One,
            tls: None,
            proxied: self.plan.proxy.is_some(),
            writes_per_event: 1.0,
        }
    }

    fn busy_share(&self, way: Way) -> Option<f64> {
        let service_us = self.calibration.service_us(way).filter(|_| !way.speaks())?;
        Some(busy_share(self.plan.source.rate.per_s(), service_us, way.posting))
    }

    /// The mean over all that was sent and answered: each has a number and an id of some length.
    fn bytes(&self, told: &Told, way: Way) -> Option<Bytes> {
        let answered =
            told.pages.messages.iter().enumerate().filter_map(|(number, message)| match message.answer {
                Some(Answer::Taken { id: Some(id), .. }) => Some((number, id.to_string().len() as f64)),
                _ => None,
            });
        let data = self.plan.source.size as f64;
        let each = |(number, id): (usize, f64)| match self.calibration.post.filter(|_| !way.speaks()) {
            Some(post) => post_bytes(post.request_head, post.answer_head, data, id),
            None => frame_bytes(data, number.to_string().len() as f64, id),
        };
        let (mut count, mut sum) = (0.0, Bytes::default());
        for bytes in answered.map(each) {
            (count, sum) = (count + 1.0, add(sum, &bytes, 1.0));
        }
        if way.speaks() {
            let pings = (told.open_us as f64 / Heartbeats::default().websocket_ping_us).floor();
            sum = add(sum, &ping_bytes(), pings);
        }
        let mean = |layers: Layers| scaled(layers, 1.0 / count);
        (count > 0.0).then(|| Bytes { up: mean(sum.up), down: mean(sum.down) })
    }
}

fn add(sum: Bytes, more: &BytesPerEvent, times: f64) -> Bytes {
    let both = |sum: Layers, more: Layers| Layers {
        payload: sum.payload + more.payload,
        envelope: sum.envelope + more.envelope,
        http: sum.http + more.http,
        tls: sum.tls + more.tls,
    };
    Bytes {
        up: both(sum.up, scaled(layers(&more.up), times)),
        down: both(sum.down, scaled(layers(&more.down), times)),
    }
}

fn scaled(Layers { payload, envelope, http, tls }: Layers, by: f64) -> Layers {
    Layers { payload: payload * by, envelope: envelope * by, http: http * by, tls: tls * by }
}

/// The mean wait in the long run, where there is a closed form: Poisson arrivals, one connection, ρ < 1.
pub(super) fn long_run_wait_us(plan: &Plan, calibration: &Calibration, way: Way) -> Option<f64> {
    let is_closed = plan.source.kind == SourceKind::Poisson && way.posting == 1;
    let service_us = calibration.service_us(way).filter(|_| is_closed)?;
    mean_wait_us(plan.source.rate.per_s(), service_us)
}

impl Prediction {
    /// A figure of latencies. The largest of n is about the quantile n/(n + 1).
    pub(super) fn of(&self, latency: Option<&Latency>, statistic: Statistic) -> Option<f64> {
        match statistic {
            Statistic::Mean => latency?.mean_us(),
            Statistic::Quantile(p) => latency?.quantile_us(p),
            Statistic::Max => latency?.quantile_us(self.sent / (self.sent + 1.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::book::Pages;
    use super::super::calibrate::Posted;
    use super::*;
    use crate::source::Source;

    fn plan() -> Plan {
        Plan {
            transports: Transport::ALL.to_vec(),
            link: crate::link::Link::default(),
            connections: 6,
            source: Source { size: 100, ..Source::default() },
            duration: Duration::from_secs(1),
            warmup: Duration::ZERO,
            rounds: 1,
            poll_interval: Duration::from_secs(1),
            hold: None,
            headers: crate::client::Headers::default(),
            proxy: None,
            url: None,
            cores: None,
        }
    }

    const CALIBRATION: Calibration = Calibration {
        round_trip_us: Some(900.0),
        echo_us: Some(1_000.0),
        gap_us: 1_000.0,
        post: Some(Posted { us: 50_000.0, request_head: 84.0, answer_head: 138.0 }),
        frame_us: Some(1_100.0),
    };

    /// Three messages 10 ms apart, of which the last is not sent on one connection: it would be at 100 ms.
    fn predict(transport: Transport, posting: usize) -> Prediction {
        let way = Way { transport, posting };
        let answer =
            |sequence: u64| Answer::Taken { at_us: 0, id: format!("8f3k2a-{sequence}").parse().ok() };
        let message = |number: u64| Message {
            due_us: 1_000_000 + 10_000 * number,
            answer: (number < 2).then(|| answer(number + 1)),
            ..Message::default()
        };
        let mut pages = Pages::default();
        pages.messages.extend((0..3).map(message));
        let told =
            Told { pages, open_us: 30_000_000, stopped_us: 1_000_000 + 90_000, ..Told::nothing(Some(way)) };
        let (plan, echoes_us) = (plan(), vec![1_000.0, 2_000.0, 3_000.0]);
        Basis { plan: &plan, calibration: &CALIBRATION, echoes_us }.predict(&told, way)
    }

    fn quantiles(of: &Prediction) -> [Option<f64>; 3] {
        [0.3, 0.6, 1.0].map(|p| of.of(of.ack.as_ref(), Statistic::Quantile(p)))
    }

    /// What the socket took at that instant, 49 ms for the POST beyond it, and the wait for the one before.
    #[test]
    fn a_post_waits_for_those_before_it_and_takes_a_bit_more_than_a_bare_socket() {
        let one = predict(Transport::Sse, 1);
        assert_eq!(quantiles(&one), [Some(50_000.0), Some(91_000.0), Some(91_000.0)]);
        assert_eq!((one.unsent, one.wait_us, one.busy_share), (Some(1), Some(20_000.0), Some(0.5)));
        let several = predict(Transport::Sse, 5);
        assert_eq!(quantiles(&several), [Some(50_000.0), Some(51_000.0), Some(52_000.0)]);
        assert_eq!((several.unsent, several.wait_us, several.busy_share), (Some(0), Some(0.0), Some(0.1)));
    }

    #[test]
    fn a_frame_waits_for_nobody_and_a_ping_is_shared_by_all() {
        let frame = predict(Transport::Websocket, 0);
        assert_eq!(quantiles(&frame), [Some(1_100.0), Some(2_100.0), Some(3_100.0)]);
        assert_eq!((frame.unsent, frame.busy_share), (Some(0), None));
        let bytes = frame.bytes.unwrap();
        // a header of 2 and a key of 4, and of the two that were answered half a pong each
        assert_eq!((bytes.up.payload, bytes.up.envelope), (100.0, 22.0 + 6.0 + 3.0));
        assert_eq!(bytes.down.envelope, 35.0 + 2.0 + 1.0);
    }

    #[test]
    fn an_event_waits_for_the_next_poll_and_for_no_stream() {
        let mean = |prediction: &Prediction| prediction.of(prediction.delivery.as_ref(), Statistic::Mean);
        let (sse, poll) = (predict(Transport::Sse, 5), predict(Transport::Poll, 5));
        assert_eq!(mean(&sse), Some(51_000.0));
        let wait_us = mean(&poll).unwrap() - 51_000.0;
        assert!((wait_us - 500_000.0).abs() < 10_000.0, "{wait_us} µs for half an interval");
    }

    #[test]
    fn the_long_run_has_a_closed_form_on_one_connection_only() {
        let of =
            |posting| long_run_wait_us(&plan(), &CALIBRATION, Way { transport: Transport::Sse, posting });
        assert_eq!((of(1), of(5)), (Some(25_000.0), None), "half busy: half a POST");
    }
}
