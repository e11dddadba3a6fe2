//! A server on another clock: how far it is off is known, and how far that is known.

use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use wirelanes::clock::Clock;

use super::bench::{Finished, bench, number};
use crate::behaviour::another_clock::AnotherClock;
use crate::behaviour::program::Program;
use crate::behaviour::raw;

const AHEAD_US: i64 = 3_200_000;
const DRIFT_PPM: f64 = 200.0;

/// Half the round trip of a question whose way there, or back, takes so long.
const CROOKED: Duration = Duration::from_millis(40);

/// As long there as back, longer there, and longer back: all at once.
static ACROSS: LazyLock<[(Finished, f64); 3]> = LazyLock::new(|| {
    let ways = [[Duration::ZERO; 2], [CROOKED, Duration::ZERO], [Duration::ZERO, CROOKED]];
    thread::scope(|scope| {
        ways.map(|[up, down]| scope.spawn(move || bench_across(up, down))).map(|run| run.join().unwrap())
    })
});

/// Publishes to a server on another clock, and gives what that clock was ahead of ours when it was over.
fn bench_across(up: Duration, down: Duration) -> (Finished, f64) {
    let (_server, address) = Program::serve(&["--source", "quiet"]);
    let time: Value = serde_json::from_str(&raw::get(address, "/time").1).unwrap();
    let since_us = time["transmit_us"].as_u64().unwrap();
    let clock = AnotherClock { ahead_us: AHEAD_US, since_us, drift_ppm: DRIFT_PPM, up, down };
    let url = clock.before(address).to_string();
    let finished = bench(
        &[
            &[
                "--url",
                &url,
                "--publish",
                "-t",
                "poll,sse,websocket",
                "-r",
                "100",
                "-d",
                "1s",
                "--rounds",
                "2",
            ][..],
            &["--warmup", "100ms", "-i", "50ms"],
        ]
        .concat(),
    );
    let offset_us = time["monotonic_offset_us"].as_i64().unwrap();
    let now_us = (Clock::start().now_us() as i64 - Clock::start().monotonic_offset_us() + offset_us) as u64;
    (finished, clock.at(now_us) - now_us as f64 + offset_us as f64)
}

fn assert_known(finished: &Finished, truth_us: f64) -> f64 {
    finished.assert_whole();
    finished.assert_printable();
    let clock = &finished.run()["clock"];
    let within_us = number(clock, "within_us");
    // It was told for the middle of a round, and the truth for some seconds later.
    let meanwhile_us = DRIFT_PPM / 1e6 * 60e6;
    let error_us = (number(clock, "us") - truth_us).abs();
    assert!(within_us > 0.0 && error_us <= within_us + meanwhile_us, "off by {error_us} in {clock}");
    assert!(error_us < 1e6, "without the bound's help, {clock}");
    let drift_error_ppm = (number(clock, "drift_ppm") - DRIFT_PPM).abs();
    assert!(drift_error_ppm <= number(clock, "drift_within_ppm"), "{clock}");
    assert!(number(clock, "exchanges") >= 64.0, "{clock}");
    assert!(finished.text.contains("\nclocks: the server's is 3."), "{}", finished.text);
    within_us
}

#[test]
fn ages_are_told_by_a_clock_that_is_set_wrong_and_drifts() {
    for (finished, truth_us) in &ACROSS[..2] {
        let within_us = assert_known(finished, *truth_us);
        for lane in finished.lanes() {
            let p50_us = number(lane, "latency_us.p50.measured");
            // Nothing arrives before it is sent, and nothing here is half a second late: 3.2 s would show.
            assert!((-within_us..500_000.0 + within_us).contains(&p50_us), "{lane}");
        }
    }
}

/// The answers after the time come late and the events do not: the server's clock seems to be 20 ms behind what it
/// is, and events to come before they are sent.
#[test]
fn latencies_that_come_out_negative_are_kept_and_flagged() {
    let (finished, truth_us) = &ACROSS[2];
    let within_us = assert_known(finished, *truth_us);
    assert!(within_us >= CROOKED.as_micros() as f64 / 2.0);
    let streams = finished.lanes().iter().filter(|lane| lane["transport"] != "poll");
    for lane in streams {
        let count = number(lane, "latency_us.negative");
        assert!(count > 0.0 && count <= number(lane, "events.delivered"), "{lane}");
        let flag = format!("{count} on {}", lane["transport"].as_str().unwrap());
        let warning = finished.text.replace("\n  ", " ");
        assert!(
            warning.contains("warning: negative latencies, ") && warning.contains(&flag),
            "{flag}: {warning}"
        );
    }
}
