//! Networks between the two ends, sweeps over several of them, and rounds until it is known.

use std::sync::LazyLock;

use serde_json::Value;
use wirelanes::transport::Transport;

use super::bench::{Finished, assert_near, bench, bench_all, number, run};
use crate::behaviour::program::Program;

const BRIEF: [&str; 10] = ["-r", "20", "-i", "200ms", "-d", "2s", "--warmup", "200ms", "--seed", "7"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&BRIEF[..], more].concat()
}

fn runs(finished: &Finished) -> &Vec<Value> {
    finished.report["runs"].as_array().unwrap_or_else(|| panic!("no runs: {}", finished.errors))
}

fn lane<'a>(run: &'a Value, transport: &str) -> &'a Value {
    let lanes = run["lanes"].as_array().unwrap_or_else(|| panic!("no lanes: {run}"));
    lanes.iter().find(|lane| lane["transport"] == transport).unwrap()
}

/// The smallest sweep there is, and one whose lane fails.
static LINKS: LazyLock<[Finished; 2]> = LazyLock::new(|| {
    bench_all([&with(&["--link", "rtt=60ms", "--link", "none"]), &with(&["--link", "no-upgrade"])])
});

pub(super) fn two_links() -> &'static Finished {
    &LINKS[0]
}

pub(super) fn no_upgrade() -> &'static Finished {
    &LINKS[1]
}

#[test]
fn two_links_play_the_same_events_and_the_longer_one_delays_them_by_its_way() {
    let finished = two_links();
    finished.assert_printable();
    assert_eq!(finished.code, Some(0), "{}{}", finished.text, finished.errors);
    let [far, none] = &runs(finished)[..] else { panic!("two links are two runs") };
    assert_eq!((&none["link"], &far["link"]), (&"none".into(), &"rtt=60ms".into()));
    assert!(none["relay"].is_null());
    assert_eq!(number(far, "relay.asked_down_us"), 30_000.0);
    for transport in Transport::ALL {
        let (near, far) = (lane(none, transport.name()), lane(far, transport.name()));
        assert_eq!(near["events"], far["events"], "{transport}: the same events on both");
        // No event can come before its way is over, and no lane before it has asked.
        let p50 = number(far, "latency_us.p50.measured");
        assert!(p50 >= 30_000.0, "{transport}: {p50} µs");
        assert!(number(far, "first_event_us.measured") >= 2.0 * 60_000.0, "{transport}: {far}");
    }
    assert!(number(far, "theory.round_trip_us.value") >= 60_000.0);
    assert!(number(far, "theory.one_way_us.value") >= 30_000.0);
    // A gap of 60 ms holds 1.2 of 20 events a second: long polls bring several at once.
    let measured = number(lane(far, "longpoll"), "requests_per_event.measured");
    let predicted = number(lane(far, "longpoll"), "requests_per_event.predicted");
    assert!(measured < number(lane(none, "longpoll"), "requests_per_event.measured"));
    assert_near("requests of longpoll at λR = 1.2", measured, predicted, 0.2);
}

#[test]
fn a_lane_that_a_middlebox_refuses_is_named_and_the_others_are_measured() {
    let finished = no_upgrade();
    assert_eq!(finished.code, Some(1), "{}{}", finished.text, finished.errors);
    finished.assert_printable();
    let run = finished.run();
    let why = lane(run, "websocket")["failure"].as_str().expect("it failed").to_owned();
    assert!(why.contains("403"), "{why}");
    assert!(finished.text.contains("websocket: not measured: "), "{}", finished.text);
    for transport in ["poll", "longpoll", "sse"] {
        let events = &lane(run, transport)["events"];
        assert!(lane(run, transport)["failure"].is_null());
        assert!(number(events, "delivered") > 0.0 && events["lost"] == 0, "{transport}: {events}");
    }
    assert!(number(run, "control.events.delivered") > 0.0, "the control row is an instrument, and passes");
}

/// Events are POSTed straight to the server: over the link one would take 60 ms, and 20 are due in a second.
#[test]
fn a_link_stands_before_somebody_elses_server_and_not_before_what_is_published_to_it() {
    let (_server, address) = Program::serve(&["--source", "quiet"]);
    let finished = bench(&with(&["--url", &address.to_string(), "--publish", "--link", "rtt=60ms"]));
    finished.assert_whole();
    for lane in finished.lanes() {
        assert!(number(lane, "latency_us.p50.measured") >= 30_000.0, "{lane}");
    }
    let longpoll = finished.lane(Transport::Longpoll);
    let requests = number(longpoll, "requests_per_event.measured");
    assert!(requests < 0.9, "{requests} requests an event: events came no closer than a round trip");
}

#[test]
fn every_combination_of_what_is_repeated_is_a_run_of_one_result() {
    let finished = bench(&[
        "-r", "20", "-r", "5", "-i", "200ms", "-i", "100ms", "--link", "none", "--link", "rtt=10ms", "-c",
        "2", "-d", "600ms", "--warmup", "200ms", "--seed", "7",
    ]);
    assert_eq!(finished.code, Some(0), "{}{}", finished.text, finished.errors);
    finished.assert_printable();
    let condition = |run: &Value| {
        ["link", "poll_interval_us"].map(|key| run[key].to_string()).join(&run["played"]["rate"].to_string())
    };
    let mut conditions: Vec<_> = runs(&finished).iter().map(condition).collect();
    conditions.sort();
    conditions.dedup();
    assert_eq!(conditions.len(), 8, "two links, two rates, two intervals: {conditions:?}");
    for name in ["rtt=10ms · 20/s · poll every 100 ms", "no link · 5/s · poll every 200 ms"] {
        assert!(finished.text.contains(&format!("\n{name}\n")), "{}", finished.text);
    }
    for run in runs(&finished) {
        for lane in run["lanes"].as_array().unwrap() {
            assert_eq!(lane["events"]["expected"], lane["events"]["delivered"], "{lane}");
        }
    }
}

#[test]
fn rounds_end_as_soon_as_the_figure_is_known_and_not_before_the_fifth() {
    // The median, of a way of 45 ms: a machine that is busy for a while moves neither far.
    let until = |figure| {
        let brief = [
            "-r", "50", "-i", "100ms", "-d", "600ms", "--warmup", "100ms", "-t", "poll,sse", "--link",
            "rtt=90ms",
        ];
        [&brief[..], &["--until", figure, "--max-rounds", "7"]].concat()
    };
    let [known, never] = bench_all([&until("p50±99%"), &until("mean+-0.001%")]);
    for finished in [&known, &never] {
        assert_eq!(finished.code, Some(0), "{}{}", finished.text, finished.errors);
    }
    assert_eq!((number(known.run(), "rounds"), number(never.run(), "rounds")), (5.0, 7.0));
    let warnings = never.report["warnings"].to_string();
    assert!(warnings.contains("`mean±0.001%` was not reached in 7 rounds"), "{warnings}");
    assert!(!known.report["warnings"].to_string().contains("was not reached"));
}

#[test]
fn what_cannot_be_reached_is_refused_beforehand() {
    for (arguments, words) in [
        (&["bench", "--until", "p99±1%", "-r", "1", "-d", "10s"][..], "needs 368 events a round"),
        (&["bench", "--until", "fast"], "write `p50±2%`"),
        (&["bench", "--max-rounds", "9"], "--until"),
        (&["bench", "--link", "rtt=80"], "write `rtt=80ms`"),
        (&["bench", "--link", "warp"], "rtt"),
    ] {
        let refused = run(arguments);
        assert_eq!(refused.code, Some(2), "{arguments:?}: {}", refused.errors);
        assert!(refused.errors.contains(words), "{arguments:?}: {}", refused.errors);
    }
}
