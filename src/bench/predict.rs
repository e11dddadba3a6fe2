//! Theory for what was played: its inputs from the run, its figures for each lane.

use std::cell::LazyCell;
use std::ops::Range;
use std::slice;

use super::calibrate::Calibration;
use super::plan::Plan;
use super::result::{Bytes, Layers};
use super::round::{Round, Window};
use super::statistics::median;
use super::trial::Trial;
use super::waking::Waking;
use crate::source::SourceKind;
use crate::theory::{
    self, Arrivals, Cipher, Heads, Heartbeats, Inputs, Latency, OneWay, Payload, Played, Requests,
    bytes_per_event, simulate,
};
use crate::transport::Transport;

/// What the predictions of a run are made from.
pub(super) struct Basis {
    pub(super) inputs: Inputs,
    /// d, as each round's control row had it.
    ways: Vec<OneWay>,
    /// Of what was delivered; `None` where nothing was.
    pub(super) payload: Option<Payload>,
    /// The events of a window, for each client.
    pub(super) events: f64,
    /// Of each round.
    schedules: Vec<Schedule>,
}

/// When events were scheduled, and which stretch of it counts, in microseconds.
struct Schedule {
    instants_us: Vec<f64>,
    window_us: Range<f64>,
}

/// What a lane should come to.
pub(super) struct Prediction {
    /// One for each round: like what is measured, a figure is the median over rounds.
    latencies: Vec<Latency>,
    pub(super) requests: Option<Requests>,
    pub(super) bytes: Option<Bytes>,
}

impl Basis {
    /// From the rounds of some lanes; d is what a control row measured, in these rounds or in others.
    pub(super) fn of(
        plan: &Plan,
        rounds: &[Round],
        calibration: &Calibration,
        ways: &[OneWay],
        waking: Waking,
    ) -> Self {
        let windows: Vec<&Window> = rounds.iter().map(|round| &round.window).collect();
        let events: f64 = windows.iter().map(|window| window.events() as f64).sum();
        let seconds: f64 = windows.iter().map(|window| window.seconds()).sum();
        Self {
            inputs: Inputs {
                rate_per_s: if seconds > 0.0 { events / seconds } else { 0.0 },
                arrivals: arrivals(plan),
                one_way: OneWay::Given(typical_us(ways)),
                wake_us: waking.wake_us,
                writes_per_event: waking.writes_per_event,
                ..inputs(plan, calibration)
            },
            ways: ways.to_vec(),
            payload: payload(rounds),
            events: events / rounds.len().max(1) as f64,
            schedules: rounds.iter().map(Schedule::of).collect(),
        }
    }

    /// One for each round: what is measured is the median over rounds, and so is what is predicted.
    pub(super) fn of_each(
        plan: &Plan,
        rounds: &[Round],
        calibration: &Calibration,
        ways: &[OneWay],
        waking: Waking,
    ) -> Vec<Self> {
        // An interrupted run may have played the lane once more than the control row.
        let way = |number: usize| slice::from_ref(&ways[number.min(ways.len() - 1)]);
        let rounds = rounds.iter().enumerate();
        let of = |(number, round)| Self::of(plan, slice::from_ref(round), calibration, way(number), waking);
        rounds.map(of).collect()
    }

    pub(super) fn predict(&self, transport: Transport, heads: &Heads) -> Prediction {
        let played = LazyCell::new(|| self.play(transport));
        let latency = |way: &OneWay| {
            let inputs = Inputs { one_way: way.clone(), ..self.inputs.clone() };
            theory::latency(transport, &inputs).or_else(|| played.as_ref().map(|played| played.latency(way)))
        };
        let requests = match transport {
            Transport::Sse | Transport::Websocket => {
                (self.events > 0.0).then(|| Requests::of_streams(1.0, self.events))
            }
            _ => theory::requests(transport, &self.inputs).or_else(|| played.as_ref().map(Played::requests)),
        };
        let bytes = requests.zip(self.payload).map(|(requests, payload)| {
            let bytes =
                bytes_per_event(transport, &self.inputs, &requests, self.beats(transport), heads, &payload);
            Bytes { down: layers(&bytes.down), up: layers(&bytes.up) }
        });
        Prediction { latencies: self.ways.iter().filter_map(latency).collect(), requests, bytes }
    }

    /// All rounds played through, one after another.
    fn play(&self, transport: Transport) -> Option<Played> {
        let played = self.schedules.iter().filter_map(|schedule| {
            simulate(transport, &schedule.instants_us, &schedule.window_us, &self.inputs)
        });
        played.reduce(Played::and)
    }

    /// Heartbeats an event.
    fn beats(&self, transport: Transport) -> f64 {
        let beats = Heartbeats::default();
        let played = || {
            let played = self
                .schedules
                .iter()
                .filter_map(|schedule| beats.played(transport, &schedule.instants_us, &schedule.window_us));
            median(played.collect())
        };
        beats.per_event(transport, &self.inputs).or_else(played).unwrap_or(0.0)
    }
}

pub(super) fn layers(of: &theory::Layers) -> Layers {
    Layers { payload: of.payload, envelope: of.envelope, http: of.http, tls: of.tls }
}

/// What the plan and the calibration say, whatever is played. G is measured as a whole: what of it is the
/// server's and what the client's does not matter to any formula.
pub(super) fn inputs(plan: &Plan, calibration: &Calibration) -> Inputs {
    // A gap without keep-alive was measured with its new connection: R more, and more for TLS and a proxy's tunnel.
    let handshake = calibration.cipher.map_or(0, Cipher::round_trips) as f64;
    let opening = 1.0 + handshake + f64::from(plan.proxy.is_some());
    let trips = if plan.keep_alive { 1.0 } else { 1.0 + opening };
    let round_trip_us = calibration.round_trip_us.unwrap_or(calibration.gap_us / trips);
    Inputs {
        rate_per_s: plan.source.rate.per_s(),
        arrivals: Some(Arrivals::Poisson),
        one_way: OneWay::Given(round_trip_us / 2.0),
        round_trip_us,
        server_us: (calibration.gap_us - trips * round_trip_us).max(0.0),
        turnaround_us: 0.0,
        wake_us: 0.0,
        poll_interval_us: plan.poll_interval.as_secs_f64() * 1e6,
        poll_mode: plan.poll_mode,
        hold_us: plan.hold().as_secs_f64() * 1e6,
        linger_us: plan.linger.as_secs_f64() * 1e6,
        keep_alive: plan.keep_alive,
        proxied: plan.proxy.is_some(),
        http: plan.http,
        tls: calibration.cipher,
        writes_per_event: 1.0,
    }
}

/// Which closed form fits; none for a feed that others publish, whose kind nobody told us.
fn arrivals(plan: &Plan) -> Option<Arrivals> {
    match plan.source.kind {
        _ if plan.only_listens() => None,
        SourceKind::Poisson => Some(Arrivals::Poisson),
        SourceKind::Steady => Some(Arrivals::Steady),
        _ => None,
    }
}

/// d, for each round: the latencies of its control row; half a round trip where there is none.
pub(super) fn ways(rounds: &[Round], calibration: &Calibration) -> Vec<OneWay> {
    let half_us = calibration.round_trip_us.unwrap_or(calibration.gap_us) / 2.0;
    let way = |round: &Round| {
        let latencies = control_latencies(round);
        if latencies.is_empty() { OneWay::Given(half_us) } else { OneWay::measured(latencies) }
    };
    rounds.iter().map(way).collect()
}

fn control_latencies(round: &Round) -> Vec<f64> {
    let control = round.lanes.iter().filter(|lane| lane.transport.is_none());
    let arrivals = control.flat_map(|lane| &lane.clients).flat_map(|client| &client.arrivals);
    let counted = arrivals.filter(|arrival| round.window.contains(arrival.sequence));
    counted.map(|arrival| round.offset.age_us(arrival.sent_us, arrival.arrived_us) as f64).collect()
}

fn typical_us(ways: &[OneWay]) -> f64 {
    median(ways.iter().filter_map(OneWay::typical_us).collect()).expect("a round has one way at least")
}

/// p, and the length of an id: the mean of what a round delivered, the median over rounds, as it is measured.
fn payload(rounds: &[Round]) -> Option<Payload> {
    let (bytes, ids) = rounds.iter().filter_map(mean_payload).unzip();
    Some(Payload { bytes: median(bytes)?, id_bytes: median(ids)? })
}

fn mean_payload(round: &Round) -> Option<(f64, f64)> {
    let arrivals = round.lanes.iter().flat_map(|lane| &lane.clients).flat_map(|client| &client.arrivals);
    let counted = arrivals.filter(|arrival| round.window.contains(arrival.sequence));
    let (count, bytes, ids) = counted.fold((0.0, 0.0, 0.0), |(count, bytes, ids), arrival| {
        (count + 1.0, bytes + f64::from(arrival.payload), ids + f64::from(arrival.id))
    });
    (count > 0.0).then(|| (bytes / count, ids / count))
}

impl Schedule {
    /// As the events themselves tell: the warm-up's too.
    fn of(round: &Round) -> Self {
        let clients = round.lanes.iter().flat_map(|lane| &lane.clients);
        let fullest = clients.max_by_key(|client| client.arrivals.len());
        let arrivals = fullest.iter().flat_map(|client| &client.arrivals);
        let mut instants_us: Vec<f64> = arrivals.map(|arrival| arrival.sent_us as f64).collect();
        instants_us.sort_by(f64::total_cmp);
        Self { instants_us, window_us: round.window.start_us as f64..round.window.end_us as f64 }
    }
}

/// 2R + s, and R more for all that a connection takes besides, with an s that holds what both ends spend on a new one:
/// on a loopback that is most of it.
pub(super) fn first_event_us(transport: Transport, inputs: &Inputs, calibration: &Calibration) -> f64 {
    let server_us = (calibration.fresh_us - inputs.connect_us() - inputs.round_trip_us).max(0.0);
    theory::first_event_us(transport, &Inputs { server_us, ..inputs.clone() })
}

impl Prediction {
    /// What all rounds come to.
    pub(super) fn middle(rounds: Vec<Self>) -> Self {
        let requests = |read: fn(&Requests) -> Option<f64>| {
            median(rounds.iter().filter_map(|round| read(round.requests.as_ref()?)).collect())
        };
        let bytes = |read: &dyn Fn(&Bytes) -> f64| {
            median(rounds.iter().filter_map(|round| round.bytes.as_ref().map(read)).collect())
        };
        let layers = |way: fn(&Bytes) -> Layers| {
            Some(Layers {
                payload: bytes(&|bytes| way(bytes).payload)?,
                envelope: bytes(&|bytes| way(bytes).envelope)?,
                http: bytes(&|bytes| way(bytes).http)?,
                tls: bytes(&|bytes| way(bytes).tls)?,
            })
        };
        let of_both = layers(|bytes| bytes.down).zip(layers(|bytes| bytes.up));
        let per_event = requests(|requests| Some(requests.per_event));
        let empty_share = requests(|requests| requests.empty_share);
        Self {
            requests: per_event.map(|per_event| Requests { per_event, empty_share }),
            bytes: of_both.map(|(down, up)| Bytes { down, up }),
            latencies: rounds.into_iter().flat_map(|round| round.latencies).collect(),
        }
    }

    pub(super) fn mean_us(&self) -> Option<f64> {
        median(self.latencies.iter().filter_map(Latency::mean_us).collect())
    }

    pub(super) fn quantile_us(&self, p: f64) -> Option<f64> {
        median(self.latencies.iter().filter_map(|latency| latency.quantile_us(p)).collect())
    }

    /// The largest of n latencies is about the quantile n/(n+1).
    pub(super) fn max_us(&self, latencies: f64) -> Option<f64> {
        self.quantile_us(latencies / (latencies + 1.0))
    }
}

/// How many events an answer carries where one brings any.
pub(super) fn events_per_answer(transport: Transport, inputs: &Inputs) -> u64 {
    let requests = theory::requests(transport, inputs);
    let full = requests.map_or(1.0, |requests| requests.full_per_event());
    if full > 0.0 { (1.0 / full).round().max(1.0) as u64 } else { 1 }
}

/// The median of a trial's own figures, where they have one.
pub(super) fn over(trials: &[&Trial], figure: impl Fn(&Trial) -> Option<f64>) -> Vec<f64> {
    trials.iter().filter_map(|trial| figure(trial)).collect()
}
