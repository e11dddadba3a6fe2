//! What whoever quotes these figures must know.

use super::plan::Plan;
use super::result::{Lane, Messages};
use crate::bench::figure::duration;
use crate::bench::warnings::{debug_build, is_whole};
use crate::source::{Played, SourceKind};
use crate::transport::Transport;

pub(super) fn of(plan: &Plan, lanes: &[Lane], publisher: Option<&Played>) -> Vec<String> {
    let failed = lanes.iter().map(failed);
    [debug_build(), late(lanes, publisher), phase_lock(plan), overloaded(lanes), behind(lanes)]
        .into_iter()
        .chain(failed)
        .flatten()
        .collect()
}

/// A late publisher shows as latency of every lane.
fn late(lanes: &[Lane], publisher: Option<&Played>) -> Option<String> {
    let lag_us = publisher?.lag_us?.p99;
    let medians = lanes.iter().filter_map(|lane| lane.ack_us.p50.measured);
    let smallest = medians.fold(f64::INFINITY, f64::min);
    (lag_us as f64 > smallest / 10.0).then(|| {
        let lag = duration(Some(lag_us as f64));
        format!(
            "a publisher was {lag} late at its p99, more than a tenth of the smallest p50: a part of the \
             tails is its own"
        )
    })
}

/// See the same of a bench: a steady feed meets a poll at a few phases.
fn phase_lock(plan: &Plan) -> Option<String> {
    let x = plan.source.rate.per_s() * plan.poll_interval.as_secs_f64();
    let polls = plan.transports.contains(&Transport::Poll);
    (polls && plan.source.kind == SourceKind::Steady && is_whole(x.max(1.0 / x))).then(|| {
        "phase lock: steady messages polled in step with them show a few phases, not the mean; use `--source \
         poisson`, or many rounds"
            .to_owned()
    })
}

/// What more is due than it can carry.
fn overloaded(lanes: &[Lane]) -> Option<String> {
    let all: Vec<&Lane> = lanes.iter().filter(|lane| lane.must_be_overloaded()).collect();
    let busy = all.iter().filter_map(|lane| lane.row.busy_share.predicted).fold(0.0, f64::max);
    (!all.is_empty()).then(|| {
        format!(
            "overloaded: {}, which would have to be busy for up to {:.0} % of the time; what was never sent is in \
             no latency, and how late the rest was is a matter of how long the run was",
            names(&all),
            busy * 100.0
        )
    })
}

/// What could not keep up although its connections could.
fn behind(lanes: &[Lane]) -> Option<String> {
    let is_behind = |lane: &&Lane| lane.messages.unsent > 0 && !lane.must_be_overloaded();
    let all: Vec<&Lane> = lanes.iter().filter(is_behind).collect();
    (!all.is_empty()).then(|| {
        format!(
            "{} did not keep up, though by theory there was time enough: this machine or the server was the limit, \
             and not the transport",
            names(&all)
        )
    })
}

fn names(lanes: &[&Lane]) -> String {
    lanes.iter().map(|lane| named(lane)).collect::<Vec<_>>().join(", ")
}

fn named(lane: &Lane) -> String {
    format!("{} on {}", lane.transport, lane.connections)
}

fn failed(lane: &Lane) -> Option<String> {
    let why = lane.first_failure.as_ref()?;
    let Messages { refused, unanswered, .. } = lane.messages;
    Some(format!("{}: {refused} refused, {unanswered} without an answer, the first: {why}", named(lane)))
}

#[cfg(test)]
mod tests {
    use super::super::result::{Publishing, Row};
    use super::*;
    use crate::bench::result::{BytesPerEvent, Compared, Latency};

    fn lane(connections: usize, busy: Option<f64>, unsent: u64) -> Lane {
        Lane {
            transport: Transport::Sse,
            publishes_by: Publishing::Post,
            publishing_connections: connections - 1,
            connections,
            connections_opened: 0,
            connections_used: 0,
            messages: Messages { due: 10, unsent, ..Messages::default() },
            unsent_predicted: None,
            ack_us: Latency::default(),
            delivery_us: Latency::default(),
            requests_per_message: Compared::default(),
            bytes_per_message: BytesPerEvent::default(),
            row: Row {
                busy_share: Compared { predicted: busy, ..Compared::default() },
                wait_us: Compared::default(),
                long_run_wait_us: None,
                most_waiting: 0,
            },
            first_failure: None,
        }
    }

    #[test]
    fn who_cannot_keep_up_and_who_does_not_are_told_apart() {
        let lanes = [lane(2, Some(2.56), 7), lane(3, Some(1.28), 0), lane(6, Some(0.5), 3), lane(9, None, 0)];
        let told = overloaded(&lanes).unwrap();
        assert!(
            told.starts_with("overloaded: sse on 2, sse on 3, which would have to be busy for up to 256 %"),
            "{told}"
        );
        let told = behind(&lanes).unwrap();
        assert!(told.starts_with("sse on 6 did not keep up, though"), "{told}");
        assert_eq!((overloaded(&lanes[2..]), behind(&lanes[..2])), (None, None));
    }
}
