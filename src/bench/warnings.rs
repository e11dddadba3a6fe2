//! What whoever quotes a figure must know.

use super::result::Run;
use crate::source::SourceKind;

/// Of a run's conditions and of what happened in it.
pub(super) fn of(run: &Run) -> Vec<String> {
    [debug_build(), publisher_late(run), phase_lock(run), clock(run), overlong_poll(run)]
        .into_iter()
        .flatten()
        .collect()
}

fn debug_build() -> Option<String> {
    cfg!(debug_assertions).then(|| "a debug build: do not quote these numbers".to_owned())
}

/// A late publisher shows as latency of every lane.
fn publisher_late(run: &Run) -> Option<String> {
    let lag_us = run.publisher.as_ref()?.lag_us?.p99;
    let medians = run.lanes.iter().filter_map(|lane| lane.latency_us.p50.measured);
    let smallest = medians.fold(f64::INFINITY, f64::min);
    let is_late = lag_us as f64 > smallest / 10.0;
    is_late.then(|| {
        format!(
            "the publisher was {lag_us} µs late at its p99, more than a tenth of the smallest p50: a part of \
             the tails is its own"
        )
    })
}

/// A steady feed polled at a multiple of its period is met at one phase, again and again.
fn phase_lock(run: &Run) -> Option<String> {
    let is_steady = run.played.as_ref().is_some_and(|source| source.kind == SourceKind::Steady);
    let x = run.played.as_ref()?.rate.per_s() * run.poll_interval_us as f64 / 1e6;
    let off = (x - x.round()).abs() / x.max(1.0);
    (is_steady && off < 0.02).then(|| {
        "phase lock: a steady feed polled at a multiple of its own period shows one phase, not the mean; \
         use `--source poisson`, or many rounds"
            .to_owned()
    })
}

fn clock(run: &Run) -> Option<String> {
    let negative: u64 = run.lanes.iter().map(|lane| lane.latency_us.negative).sum();
    let within_us = run.clock.within_us;
    (within_us > 0).then(|| {
        format!(
            "the server's clock is known within ±{within_us} µs only; {negative} latencies came out negative"
        )
    })
}

/// A window that holds few polls says little about polling.
fn overlong_poll(run: &Run) -> Option<String> {
    let polls = run.duration_us as f64 / run.poll_interval_us as f64;
    (polls < 5.0).then(|| format!("the window holds only {polls:.1} poll intervals: run it longer with `-d`"))
}
