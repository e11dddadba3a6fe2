//! From all rounds to the lanes of a report.

use fastrand::Rng;

use super::calibrate::{Calibration, Posted};
use super::lane::Told;
use super::plan::{Plan, Way};
use super::predict::{Basis, Prediction, echoes_us, long_run_wait_us};
use super::result::{Control, Inputs, Lane, Messages, Publishing, Row};
use super::round::Round;
use super::trial::{Trial, window_us};
use crate::bench::figures::{compared, latency_of};
use crate::bench::result::{Bytes, BytesPerEvent, Input, Latency, Layers};
use crate::bench::statistics::{Sample, median};
use crate::source::Played;

/// A lane over its rounds: what was told in each, what it adds up to, and what it should.
struct Rounds<'a> {
    told: Vec<&'a Told>,
    trials: Vec<Trial>,
    predictions: Vec<Prediction>,
}

/// Which latencies.
#[derive(Clone, Copy)]
enum Until {
    Answered,
    Delivered,
}

/// One for each way of the plan.
pub(super) fn lanes(plan: &Plan, calibration: &Calibration, rounds: &[Round], rng: &mut Rng) -> Vec<Lane> {
    let lane = |way: Way| {
        let told = rounds.iter().filter_map(|round| round.lanes.iter().find(|told| told.way == Some(way)));
        let told: Vec<&Told> = told.collect();
        let bases = rounds.iter().map(|round| Basis {
            plan,
            calibration,
            echoes_us: echoes_us(round.control.as_ref()),
        });
        let predictions = bases.zip(&told).map(|(basis, told)| basis.predict(told, way)).collect();
        let trials = told.iter().map(|told| Trial::of(told, plan)).collect();
        Rounds { told, trials, predictions }.lane(plan, calibration, way, rng)
    };
    plan.ways().into_iter().map(lane).collect()
}

impl Rounds<'_> {
    fn lane(&self, plan: &Plan, calibration: &Calibration, way: Way, rng: &mut Rng) -> Lane {
        let messages = self.trials.iter().map(|trial| trial.messages);
        let most = |of: fn(&Told) -> u64| self.told.iter().map(|told| of(told)).max().unwrap_or(0);
        Lane {
            transport: way.transport,
            publishes_by: if way.speaks() { Publishing::Frame } else { Publishing::Post },
            publishing_connections: way.posting.max(1),
            connections: way.connections(),
            connections_opened: most(|told| told.connections_opened),
            connections_used: most(|told| told.connections_used as u64) as usize,
            messages: messages.fold(Messages::default(), Messages::add),
            unsent_predicted: self.predictions.iter().map(|prediction| prediction.unsent).sum(),
            ack_us: self.latency(Until::Answered, rng),
            delivery_us: self.latency(Until::Delivered, rng),
            requests_per_message: compared(
                &self.over(|trial| trial.requests_per_message),
                Some(if way.speaks() { 0.0 } else { 1.0 }),
                rng,
            ),
            bytes_per_message: self.bytes(rng),
            row: self.row(plan, calibration, way, rng),
            first_failure: self.told.iter().find_map(|told| told.pages.first_failure.clone()),
        }
    }

    fn over(&self, figure: impl Fn(&Trial) -> Option<f64>) -> Vec<f64> {
        self.trials.iter().filter_map(figure).collect()
    }

    /// The median over rounds, as of what is measured.
    fn predicted(&self, figure: impl Fn(&Prediction) -> Option<f64>) -> Option<f64> {
        median(self.predictions.iter().filter_map(figure).collect())
    }

    fn latency(&self, until: Until, rng: &mut Rng) -> Latency {
        let samples = self.trials.iter().map(|trial| match until {
            Until::Answered => &trial.ack,
            Until::Delivered => &trial.delivery,
        });
        let samples: Vec<&Sample> = samples.collect();
        let predicted = |statistic| {
            self.predicted(|prediction| match until {
                Until::Answered => prediction.of(prediction.ack.as_ref(), statistic),
                Until::Delivered => prediction.of(prediction.delivery.as_ref(), statistic),
            })
        };
        latency_of(&samples, fewest(&samples), predicted, rng)
    }

    fn bytes(&self, rng: &mut Rng) -> BytesPerEvent {
        let measured = |trial: &Trial| trial.bytes;
        let predicted = |prediction: &Prediction| prediction.bytes;
        let of_trials = |way: fn(&Bytes) -> Layers| {
            middle(|read| median(self.over(|trial| Some(read(&way(&measured(trial)?))))))
        };
        let of_theory = |way: fn(&Bytes) -> Layers| {
            middle(|read| self.predicted(|prediction| Some(read(&way(&predicted(prediction)?)))))
        };
        let both = of_theory(|bytes| bytes.down).zip(of_theory(|bytes| bytes.up));
        let predicted = both.map(|(down, up)| Bytes { down, up });
        let total = |bytes: &Bytes| bytes.down.total() + bytes.up.total();
        BytesPerEvent {
            total: compared(
                &self.over(|trial| measured(trial).as_ref().map(total)),
                predicted.as_ref().map(total),
                rng,
            ),
            down: of_trials(|bytes| bytes.down),
            up: of_trials(|bytes| bytes.up),
            predicted,
        }
    }

    fn row(&self, plan: &Plan, calibration: &Calibration, way: Way, rng: &mut Rng) -> Row {
        let busy = self.predicted(|prediction| prediction.busy_share);
        let wait = self.predicted(|prediction| prediction.wait_us);
        Row {
            busy_share: compared(&self.over(|trial| trial.busy_share), busy, rng),
            wait_us: compared(&self.over(|trial| trial.wait_us), wait, rng),
            long_run_wait_us: long_run_wait_us(plan, calibration, way),
            most_waiting: self.trials.iter().map(|trial| trial.most_waiting).max().unwrap_or(0),
        }
    }
}

/// Layer by layer.
fn middle(of: impl Fn(fn(&Layers) -> f64) -> Option<f64>) -> Option<Layers> {
    Some(Layers {
        payload: of(|layers| layers.payload)?,
        envelope: of(|layers| layers.envelope)?,
        http: of(|layers| layers.http)?,
        tls: of(|layers| layers.tls)?,
    })
}

/// The latencies of the trial that has the fewest.
fn fewest(samples: &[&Sample]) -> u64 {
    samples.iter().map(|sample| sample.count()).min().unwrap_or(0)
}

/// The bare socket over all rounds.
pub(super) fn control(plan: &Plan, rounds: &[Round], rng: &mut Rng) -> Option<Control> {
    let told: Vec<&Told> = rounds.iter().filter_map(|round| round.control.as_ref()).collect();
    let trials: Vec<Trial> = told.iter().map(|told| Trial::of(told, plan)).collect();
    let samples: Vec<&Sample> = trials.iter().map(|trial| &trial.ack).collect();
    (!samples.is_empty()).then(|| Control { echo_us: latency_of(&samples, fewest(&samples), |_| None, rng) })
}

pub(super) fn inputs(calibration: &Calibration) -> Inputs {
    let posted = |read: fn(Posted) -> f64| Input::measured(calibration.post.map(read));
    Inputs {
        round_trip_us: Input::measured(calibration.round_trip_us),
        echo_us: Input::measured(calibration.echo_us),
        gap_us: Input::measured(Some(calibration.gap_us)),
        post_us: posted(|post| post.us),
        frame_us: Input::measured(calibration.frame_us),
        request_head_bytes: posted(|post| post.request_head),
        answer_head_bytes: posted(|post| post.answer_head),
    }
}

/// How long the window was, the mean of all lanes and rounds: as planned, but where somebody wanted an end.
pub(super) fn duration_us(plan: &Plan, rounds: &[Round]) -> u64 {
    let windows = || rounds.iter().flat_map(|round| &round.lanes).map(|told| window_us(told, plan));
    windows().map(|window| window.end - window.start).sum::<u64>() / windows().count().max(1) as u64
}

/// Of all lanes and rounds the publisher that was late the most. That of the bare socket counts: what it was late is in
/// every prediction.
pub(super) fn latest(rounds: &[Round]) -> Option<Played> {
    let all = rounds.iter().flat_map(|round| round.lanes.iter().chain(&round.control));
    let played = all.filter_map(|told| told.played.clone());
    played.max_by_key(|played| played.lag_us.map_or(0, |lag| lag.p99))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Lag;
    use crate::transport::Transport;

    #[test]
    fn the_latest_publisher_may_be_that_of_the_bare_socket() {
        let late = |way, p99| {
            let lag_us = Some(Lag { p50: 0, p99, max: p99 });
            let played = Played { events: 1, first_us: None, last_us: None, lag_us, cpu_us: None };
            Told { played: Some(played), ..Told::nothing(way) }
        };
        let way = Some(Way { transport: Transport::Sse, posting: 1 });
        for (control, lane) in [(7, 9), (9, 7)] {
            let round = Round { control: Some(late(None, control)), lanes: vec![late(way, lane)] };
            assert_eq!(latest(&[round]).and_then(|played| played.lag_us).map(|lag| lag.p99), Some(9));
        }
    }
}
