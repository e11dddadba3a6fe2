//! The same events on four lanes, as late as the command line measures on the same link, and as theory says.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use wirelanes::transport::Transport;

use super::browser::Browser;
use super::served::Served;
use super::tab::Tab;
use crate::behaviour::program::Program;
use crate::behaviour::{eventually, raw};

const EVENTS: usize = 200;
/// As many as keep a long poll's gap of one round trip from being empty: λR = 1.2.
const PER_SECOND: f64 = 20.0;
const ROUND_TRIP_US: f64 = 60_000.0;
const INTERVAL_US: f64 = 500_000.0;

/// Publishes as Poisson would, the same instants in every run.
fn publish_all(served: &Served) {
    let (mut random, begun, mut at) = (fastrand::Rng::with_seed(7), Instant::now(), 0.0);
    for event in 0..EVENTS {
        at -= (1.0 - random.f64()).ln() / PER_SECOND;
        thread::sleep(Duration::from_secs_f64(at).saturating_sub(begun.elapsed()));
        raw::publish(served.address, &event.to_string());
    }
}

/// The median of what a watcher printed, the first line aside.
fn p50_of(watcher: &Program) -> f64 {
    let latency =
        |line: &String| serde_json::from_str::<Value>(line).unwrap()["latency_us"].as_f64().unwrap();
    let mut latencies: Vec<f64> = watcher.stdout.all().iter().skip(1).map(latency).collect();
    assert_eq!(latencies.len(), EVENTS);
    latencies.sort_by(f64::total_cmp);
    latencies[EVENTS / 2]
}

fn theory(served: &Served) -> Value {
    let path = "/theory?source=poisson&rate=20/s&size=100&interval_ms=500&hold_s=25&link=rtt%3D60ms";
    serde_json::from_str(&raw::get(served.address, path).1).unwrap()
}

/// What two medians of so many samples may differ by.
///
/// A poll's latency is spread evenly over the interval, so that its median has a standard error of T/2√n: 18 ms;
/// four times that of a difference of two is 100 ms. The others are spread over one round trip at most: the same
/// in proportion. Beyond that, a tenth: this machine also runs the browser, the server and the other tests.
fn may_differ(transport: Transport, p50: f64) -> f64 {
    let spread = if transport == Transport::Poll { INTERVAL_US } else { ROUND_TRIP_US };
    4.0 * 2f64.sqrt() * spread / (2.0 * (EVENTS as f64).sqrt()) + p50 / 10.0
}

/// What this machine adds on its busy way to an event that is only pushed.
fn late(websocket: &Program, predicted_us: f64) -> f64 {
    (p50_of(websocket) - predicted_us).max(0.0)
}

fn assert_all_came(tab: &Tab, lane: Transport) {
    let figures = tab.model(&format!("run.figures('{lane}')"));
    for (count, expected) in
        [("n", EVENTS), ("received", EVENTS), ("lost", 0), ("doubled", 0), ("reordered", 0), ("gaps", 0)]
    {
        assert_eq!(figures[count], expected, "{count} of {lane}: {figures}");
    }
}

#[test]
fn four_lanes_deliver_the_same_events_as_late_as_the_command_line_and_theory_say() {
    let Some(browser) = Browser::alone() else { return };
    let served = Served::start(&["--source", "quiet", "--link", "lab=rtt=60ms"]);
    let link = format!("http://{}", served.link("lab"));
    let watchers =
        Transport::ALL.map(|lane| Program::start(&["watch", &link, "-t", lane.name(), "-i", "500ms"]));
    let tab = served.watched(&browser, "interval=500ms");
    tab.until_live(&Transport::ALL);
    eventually("the watchers have asked", || {
        raw::stats(served.address)["topics"][0]["subscribers"].as_u64() >= Some(6)
    });
    raw::publish(served.address, "\"first\"");
    watchers.iter().for_each(|watcher| drop(watcher.stdout.wait_for(1)));
    tab.until_model(
        "[...run.lanes.keys()].every((lane) => run.figures(lane).n === 1)",
        "the first event came",
    );

    tab.press("r");
    publish_all(&served);
    let all_came = format!("[...run.lanes.keys()].every((lane) => run.figures(lane).n >= {EVENTS})");
    tab.until_model(&all_came, "all events came");
    let error_us = tab.model("run.clock.error_us").as_f64().unwrap();
    let theory = theory(&served);
    watchers.iter().for_each(|watcher| drop(watcher.stdout.wait_for(1 + EVENTS)));
    let late_us = late(&watchers[3], theory["lanes"]["websocket"]["p50_us"].as_f64().unwrap());
    for (lane, watcher) in Transport::ALL.into_iter().zip(&watchers) {
        assert_all_came(&tab, lane);
        let page = tab.model(&format!("run.figures('{lane}').p50_us")).as_f64().unwrap();
        let (cli, predicted) = (p50_of(watcher), theory["lanes"][lane.name()]["p50_us"].as_f64());
        println!(
            "{lane}: p50 {page:.0} µs on the page ± {error_us:.0}, {cli} µs by the command line, {predicted:?} in theory"
        );
        // Theory has no machine in it: who asks waits for one twice more, with the answer and with the next request.
        let asks = matches!(lane, Transport::Poll | Transport::Longpoll);
        let late_us = if asks { 2.0 * late_us } else { 0.0 };
        for (whose, other, late_us) in [("the command line", Some(cli), 0.0), ("theory", predicted, late_us)]
        {
            let Some(other) = other else { continue };
            let (apart, may) = ((page - other).abs(), may_differ(lane, other) + error_us + late_us);
            assert!(
                apart <= may,
                "{lane}: {page} µs on the page, {other} µs by {whose}: {apart} apart, {may} allowed"
            );
        }
    }
}
