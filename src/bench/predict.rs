//! Theory for what was played: its inputs from the run, its figures for each lane.

use super::calibrate::Calibration;
use super::plan::Plan;
use super::result::{Bytes, Layers};
use super::round::Round;
use crate::client::Offset;
use crate::source::SourceKind;
use crate::theory::{
    self, Arrivals, Heads, Heartbeats, Inputs, Latency, OneWay, Payload, Requests, bytes_per_event, simulate,
};
use crate::transport::Transport;

/// What the predictions of a run are made from.
pub(super) struct Basis {
    pub(super) inputs: Inputs,
    pub(super) payload: Payload,
    /// The events of a window, for each client.
    pub(super) events: f64,
    /// When events were scheduled, and which stretch of it counts, in microseconds.
    schedule_us: Vec<f64>,
    window_us: std::ops::Range<f64>,
}

/// What a lane should come to.
pub(super) struct Prediction {
    pub(super) latency: Option<Latency>,
    pub(super) requests: Option<Requests>,
    pub(super) bytes: Option<Bytes>,
}

impl Basis {
    /// From a round of some lanes; d is what a control row measured, in this round or in another.
    pub(super) fn of(
        plan: &Plan,
        round: &Round,
        calibration: &Calibration,
        one_way: OneWay,
        wake_us: f64,
    ) -> Self {
        let window = &round.window;
        let (events, seconds) = (window.events() as f64, window.seconds());
        Self {
            inputs: Inputs {
                rate_per_s: if seconds > 0.0 { events / seconds } else { 0.0 },
                arrivals: arrivals(plan),
                one_way,
                wake_us,
                ..inputs(plan, calibration)
            },
            payload: payload(round),
            events,
            schedule_us: schedule(round),
            window_us: window.start_us as f64..window.end_us as f64,
        }
    }

    pub(super) fn predict(&self, transport: Transport, heads: &Heads) -> Prediction {
        let played = || simulate(transport, &self.schedule_us, &self.window_us, &self.inputs);
        let latency = theory::latency(transport, &self.inputs)
            .or_else(|| played().map(|played| played.latency(&self.inputs.one_way)));
        let requests = match transport {
            Transport::Sse | Transport::Websocket => {
                (self.events > 0.0).then(|| Requests::of_streams(1.0, self.events))
            }
            _ => {
                theory::requests(transport, &self.inputs).or_else(|| played().map(|played| played.requests()))
            }
        };
        let beats = Heartbeats::default();
        let beats = beats
            .per_event(transport, &self.inputs)
            .or_else(|| beats.played(transport, &self.schedule_us, &self.window_us))
            .unwrap_or(0.0);
        let bytes = requests.map(|requests| {
            let bytes = bytes_per_event(transport, &requests, beats, heads, &self.payload);
            Bytes { down: layers(&bytes.down), up: layers(&bytes.up) }
        });
        Prediction { latency, requests, bytes }
    }
}

fn layers(of: &theory::Layers) -> Layers {
    Layers { payload: of.payload, envelope: of.envelope, http: of.http, tls: 0.0 }
}

/// What the plan and the calibration say, whatever is played. G is measured as a whole: what of it is the
/// server's and what the client's does not matter to any formula.
pub(super) fn inputs(plan: &Plan, calibration: &Calibration) -> Inputs {
    let round_trip_us = calibration.round_trip_us.unwrap_or(calibration.gap_us);
    Inputs {
        rate_per_s: plan.source.rate.per_s(),
        arrivals: Some(Arrivals::Poisson),
        one_way: OneWay::Given(round_trip_us / 2.0),
        round_trip_us,
        server_us: (calibration.gap_us - round_trip_us).max(0.0),
        turnaround_us: 0.0,
        wake_us: 0.0,
        poll_interval_us: plan.poll_interval.as_secs_f64() * 1e6,
        poll_mode: plan.poll_mode,
        hold_us: plan.hold().as_secs_f64() * 1e6,
        linger_us: plan.linger.as_secs_f64() * 1e6,
        keep_alive: plan.keep_alive,
        tls: false,
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

/// d: the latencies of the control row; half a round trip where the server has none.
pub(super) fn one_way(round: &Round, calibration: &Calibration, offset: Offset) -> OneWay {
    let controls = round.lanes.iter().filter(|lane| lane.transport.is_none());
    let arrivals = controls.flat_map(|lane| &lane.clients).flat_map(|client| &client.arrivals);
    let counted = arrivals.filter(|arrival| round.window.contains(arrival.sequence));
    let latencies: Vec<f64> =
        counted.map(|arrival| offset.age_us(arrival.sent_us, arrival.arrived_us) as f64).collect();
    match latencies.is_empty() {
        true => OneWay::Given(calibration.round_trip_us.unwrap_or(calibration.gap_us) / 2.0),
        false => OneWay::measured(latencies),
    }
}

/// p, and the mean length of an id, of what was delivered in the window.
fn payload(round: &Round) -> Payload {
    let (mut count, mut bytes, mut ids) = (0.0, 0.0, 0.0);
    let arrivals = round.lanes.iter().flat_map(|lane| &lane.clients).flat_map(|client| &client.arrivals);
    for arrival in arrivals.filter(|arrival| round.window.contains(arrival.sequence)) {
        count += 1.0;
        bytes += f64::from(arrival.payload);
        ids += f64::from(arrival.id);
    }
    let mean = |sum: f64| if count > 0.0 { sum / count } else { 0.0 };
    Payload { bytes: mean(bytes), id_bytes: mean(ids) }
}

/// The instants for which events were scheduled, as the events themselves tell: the warm-up's too.
fn schedule(round: &Round) -> Vec<f64> {
    let clients = round.lanes.iter().flat_map(|lane| &lane.clients);
    let fullest = clients.max_by_key(|client| client.arrivals.len());
    let instants = fullest.iter().flat_map(|client| &client.arrivals).map(|arrival| arrival.sent_us as f64);
    let mut schedule: Vec<f64> = instants.collect();
    schedule.sort_by(f64::total_cmp);
    schedule
}

/// 2R + s, with an s that holds what both ends spend on a new connection: on a loopback that is most of it.
pub(super) fn first_event_us(inputs: &Inputs, calibration: &Calibration) -> f64 {
    let server_us = (calibration.fresh_us - 2.0 * inputs.round_trip_us).max(0.0);
    theory::first_event_us(&Inputs { server_us, ..inputs.clone() })
}

/// How many events an answer carries where one brings any.
pub(super) fn events_per_answer(transport: Transport, inputs: &Inputs) -> u64 {
    let requests = theory::requests(transport, inputs);
    let full = requests.map_or(1.0, |requests| requests.full_per_event());
    if full > 0.0 { (1.0 / full).round().max(1.0) as u64 } else { 1 }
}
