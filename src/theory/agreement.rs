//! Every closed form against the walk through a schedule.
//!
//! The formulas get the rate that the schedule came to, not the one it was drawn with: what remains is the
//! noise of n events, about 1/√n of a spread.

use std::ops::Range;

use super::fixture::{D_US, assert_near, inputs, poisson, steady};
use super::*;
use crate::transport::Transport;

/// From the first event to before the last: as many events as spans between them.
fn window(schedule: &[f64]) -> Range<f64> {
    schedule[0]..schedule[schedule.len() - 1]
}

/// The same inputs with the rate that `schedule` came to.
fn rated(schedule: &[f64], inputs: Inputs) -> Inputs {
    let Range { start, end } = window(schedule);
    Inputs { rate_per_s: (schedule.len() - 1) as f64 * 1e6 / (end - start), ..inputs }
}

/// How far a figure may be off: a mean as a share of the longest wait, a quantile as a share of the events,
/// requests relative to their number, empty answers as a share of all.
#[derive(Clone, Copy)]
struct Tolerance(f64);

/// 20,000 events, or 6,000 in 64 phases: shares have a standard error of about 0.35%, a little more where
/// neighbours share a fate.
const RANDOM: Tolerance = Tolerance(0.02);
/// Nothing is random; what is cut at the ends of the window is one in some thousands.
const EXACT: Tolerance = Tolerance(1e-3);

#[track_caller]
fn assert_agrees(transport: Transport, schedule: &[f64], inputs: Inputs, Tolerance(tolerance): Tolerance) {
    let inputs = rated(schedule, inputs);
    let case = format!("{transport:?} with {inputs:?}");
    let played = simulate(transport, schedule, &window(schedule), &inputs).expect("a schedule of events");
    let predicted = latency(transport, &inputs).expect("a closed form");

    let longest = predicted.quantile_us(1.0).unwrap() - D_US;
    let means =
        [played.latency(&inputs.one_way), predicted.clone()].map(|latency| latency.mean_us().unwrap());
    assert_near(&format!("mean of {case}"), means[0], means[1], tolerance * longest + 1e-3);
    for p in [0.05, 0.3, 0.5, 0.7, 0.95] {
        assert_splits(&played.waits_us, p, predicted.quantile_us(p).unwrap() - D_US, tolerance, &case);
    }

    let (played, predicted) = (played.requests(), requests(transport, &inputs).unwrap());
    let ratio = played.per_event / predicted.per_event;
    assert_near(&format!("requests played/predicted of {case}"), ratio, 1.0, tolerance);
    let [played, predicted] = [played, predicted].map(|requests| requests.empty_share.unwrap());
    assert_near(&format!("empty answers of {case}"), played, predicted, tolerance);
}

/// A share `p` of the latencies is at most `quantile`, and 1 − p at least, to a nanosecond.
#[track_caller]
fn assert_splits(sorted: &[f64], p: f64, quantile: f64, tolerance: f64, case: &str) {
    let share = |limit: f64| sorted.partition_point(|latency| *latency < limit) as f64 / sorted.len() as f64;
    let (under, up_to) = (share(quantile - 1e-3), share(quantile + 1e-3));
    assert!(
        under - tolerance <= p && p <= up_to + tolerance,
        "quantile {p} of {case}: {under} are under {quantile} µs, {up_to} up to it",
    );
}

#[test]
fn poll_on_a_poisson_feed() {
    let schedule = poisson(1.0, 6_000);
    for period in [0.2, 1.0, 3.0] {
        let inputs = Inputs { poll_interval_us: period * 1e6, ..inputs() };
        assert_agrees(Transport::Poll, &schedule, inputs, RANDOM);
    }
}

#[test]
fn poll_on_a_steady_feed() {
    let schedule = steady(1.0, 3_000);
    for period in [0.3, 1.0, 1.7] {
        let arrivals = Some(Arrivals::Steady);
        let inputs = Inputs { arrivals, poll_interval_us: period * 1e6, ..inputs() };
        assert_agrees(Transport::Poll, &schedule, inputs, RANDOM);
    }
}

#[test]
fn longpoll_on_a_poisson_feed() {
    let schedule = poisson(1.0, 20_000);
    for (gap, hold) in [(0.001, 25.0), (0.5, f64::INFINITY), (0.4, 2.0), (3.0, 0.5), (0.02, 0.5)] {
        let inputs = Inputs { round_trip_us: gap * 1e6, hold_us: hold * 1e6, ..inputs() };
        assert_agrees(Transport::Longpoll, &schedule, inputs, RANDOM);
    }
}

#[test]
fn longpoll_on_a_steady_feed() {
    // below the cliff: held at once, after empty answers, and sliding; above it, a gap that no τ divides
    let schedule = steady(1.0, 5_000);
    let golden = (5.0_f64.sqrt() + 1.0) / 2.0;
    for (gap, hold) in [
        (0.1, f64::INFINITY),
        (0.1, 0.3),
        (0.1, 0.37),
        (0.1, 0.395),
        (0.3, 0.455),
        (0.25, 0.2),
        (golden, 25.0),
        (golden * 2.0, 0.1),
    ] {
        let arrivals = Some(Arrivals::Steady);
        let inputs = Inputs { arrivals, round_trip_us: gap * 1e6, hold_us: hold * 1e6, ..inputs() };
        assert_agrees(Transport::Longpoll, &schedule, inputs, EXACT);
    }
}

/// The phase of a poller is chance, so its wait is even whatever the feed does.
#[test]
fn bursts_wait_for_a_poll_like_single_events() {
    let schedule: Vec<f64> = poisson(0.5, 2_000).into_iter().flat_map(|at| [at; 3]).collect();
    let inputs = rated(&schedule, Inputs { arrivals: None, ..inputs() });
    let played = simulate(Transport::Poll, &schedule, &window(&schedule), &inputs).unwrap();
    assert_near("mean wait", played.latency(&inputs.one_way).mean_us().unwrap() - D_US, 500_000.0, 5_000.0);
    let empty = played.requests().empty_share.unwrap();
    assert_near("empty answers, of bursts as of events", empty, (-inputs.x() / 3.0).exp(), 0.02);
}

/// The second of a pair falls into the gap that the first one opened.
#[test]
fn half_of_all_pairs_wait_for_the_next_long_poll() {
    let schedule: Vec<f64> = poisson(0.1, 300).into_iter().flat_map(|at| [at, at + 5_000.0]).collect();
    let inputs = Inputs { arrivals: None, round_trip_us: 20_000.0, ..inputs() };
    let played =
        |inputs: &Inputs| simulate(Transport::Longpoll, &schedule, &window(&schedule), inputs).unwrap();
    let pairs = played(&inputs).latency(&inputs.one_way);
    assert_near("mean wait", pairs.mean_us().unwrap() - D_US, 7_500.0, 100.0);
    assert_eq!(pairs.quantile_us(0.45), Some(D_US));
    let lingering = played(&Inputs { linger_us: 5_000.0, ..inputs.clone() });
    assert_near(
        "mean wait with linger",
        lingering.latency(&inputs.one_way).mean_us().unwrap() - D_US,
        2_500.0,
        100.0,
    );
    assert!(lingering.requests().per_event < played(&inputs).requests().per_event * 0.8);
}

#[test]
fn heartbeats_fill_the_silences() {
    let heartbeats = Heartbeats::default();
    for (arrivals, schedule) in
        [(Arrivals::Poisson, poisson(0.05, 20_000)), (Arrivals::Steady, steady(0.03, 1_000))]
    {
        let inputs = rated(&schedule, Inputs { arrivals: Some(arrivals), ..inputs() });
        for transport in Transport::ALL {
            let closed = heartbeats.per_event(transport, &inputs).unwrap();
            let played = heartbeats.played(transport, &schedule, &window(&schedule)).unwrap();
            let what = format!("heartbeats of {transport:?}, {arrivals:?}");
            assert_near(&what, played, closed, 0.02 * closed);
        }
    }
}

#[test]
fn longpoll_on_a_server_that_takes_a_while_to_wake() {
    let schedule = poisson(50.0, 20_000);
    for (gap_us, wake_us) in [(0.0, 2_000.0), (1_000.0, 3_000.0), (10_000.0, 1_000.0)] {
        let inputs = Inputs { round_trip_us: gap_us, wake_us, ..inputs() };
        assert_agrees(Transport::Longpoll, &schedule, inputs, RANDOM);
    }
}
