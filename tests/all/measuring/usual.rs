//! A run as anybody would begin with: all four lanes, a short window.

use std::sync::LazyLock;

use serde_json::Value;
use wirelanes::transport::Transport;

use super::bench::{Finished, bench_all, number};
use super::choices::{QUIET, brief};

/// The run that most of this is about, and a trace, at the same time.
static LONG: LazyLock<[Finished; 2]> = LazyLock::new(|| {
    bench_all([
        &["-d", "2s", "-r", "50", "-i", "100ms", "--seed", "7"],
        &["--source", "trace:earthquakes", "--speed", "600000", "-i", "200ms"],
    ])
});

pub(super) fn usual() -> &'static Finished {
    &LONG[0]
}

pub(super) fn trace() -> &'static Finished {
    &LONG[1]
}

/// Every key that a reader of results may rely on. More may be there.
const SHAPE: &str = r#"{"schema_version":1,"command":"wirelanes bench ...","seed":7,"environment":{},
 "runs":[{"link":"none","rate_per_s":10.0,"source":"poisson","clients":1,"size_bytes":100,"poll_interval_us":1000000,
  "control":{"events":{},"latency_us":{}},
  "lanes":[{"transport":"poll",
   "events":{"expected":97,"delivered":97,"lost":0,"duplicated":0,"reordered":0,"gaps":0},
   "latency_us":{"mean":{"measured":0,"predicted":0,"low":0,"high":0},"p50":{},"p95":{},"p99":{},"max":{}},
   "requests_per_event":{"measured":0,"predicted":0},"empty_share":{"measured":0,"predicted":0},
   "bytes_per_event":{"total":{"measured":0,"predicted":0},"down":{"payload":0,"envelope":0,"http":0,"tls":0},"up":{"payload":0,"envelope":0,"http":0,"tls":0}},
   "connections_opened":1,"first_event_us":{"measured":0,"predicted":0},
   "server_cpu_us_per_event":null,"server_memory_bytes_per_client":null}]}]}"#;

/// Every key of `shape` is in `value`, in that nesting and of that kind; what cannot be known is null.
#[track_caller]
fn assert_shape(path: &str, shape: &Value, value: &Value) {
    match (shape, value) {
        (Value::Object(shape), Value::Object(object)) => {
            for (key, shape) in shape {
                let value = object.get(key).unwrap_or_else(|| panic!("`{path}.{key}` is missing"));
                assert_shape(&format!("{path}.{key}"), shape, value);
            }
        }
        (Value::Array(shape), Value::Array(values)) => {
            assert!(!values.is_empty(), "`{path}` is empty");
            for (index, value) in values.iter().enumerate() {
                assert_shape(&format!("{path}[{index}]"), &shape[0], value);
            }
        }
        (Value::Number(_), Value::Number(_)) | (Value::String(_), Value::String(_)) => {}
        (_, Value::Null) | (Value::Null, _) => {}
        (shape, value) => panic!("`{path}` is {value}, not like {shape}"),
    }
}

#[test]
fn every_event_arrives_once_and_in_order_on_all_four_lanes() {
    usual().assert_whole();
    let expected = usual().lanes()[0]["events"]["expected"].as_u64().unwrap();
    // Poisson, 100 in the mean: six standard deviations.
    assert!((40..=160).contains(&expected), "{expected} events");
    let lanes: Vec<&str> = usual().lanes().iter().map(|lane| lane["transport"].as_str().unwrap()).collect();
    assert_eq!(lanes, Transport::ALL.map(Transport::name));
    assert!(usual().lanes().iter().all(|lane| lane["events"]["expected"] == expected), "the same events");
    assert_eq!(usual().run()["control"]["events"]["expected"], expected);
}

#[test]
fn a_result_has_the_shape_that_was_promised() {
    let shape = serde_json::from_str(SHAPE).unwrap();
    assert_shape("", &shape, &usual().report);
    assert_eq!(usual().report["seed"], 7);
    assert_shape("", &shape, &brief(QUIET).report);
}

#[test]
fn a_prediction_stands_beside_whatever_was_measured() {
    for lane in usual().lanes() {
        for name in ["mean", "p50", "p95", "p99", "max"] {
            assert_compared(lane, &lane["latency_us"][name], name);
        }
        for name in ["requests_per_event", "empty_share", "first_event_us"] {
            assert_compared(lane, &lane[name], name);
        }
        let bytes = &lane["bytes_per_event"];
        assert_compared(lane, &bytes["total"], "total");
        assert!(bytes["predicted"]["down"].is_object() && bytes["predicted"]["up"].is_object(), "{bytes}");
    }
}

#[track_caller]
fn assert_compared(lane: &Value, figure: &Value, name: &str) {
    let (measured, predicted) = (&figure["measured"], &figure["predicted"]);
    assert_eq!(measured.is_null(), predicted.is_null(), "{name} of {}: {figure}", lane["transport"]);
    assert!(measured.as_f64().is_none_or(f64::is_finite), "{figure}");
}

#[test]
fn the_report_fits_a_terminal_and_begins_with_its_conditions() {
    usual().assert_printable();
    let lines: Vec<&str> = usual().text.lines().take(4).collect();
    assert!(
        lines[0].ends_with(" events · Poisson 50/s · 100 B · poll 100 ms · HTTP/1.1, no TLS, bare heads")
    );
    assert_eq!(lines[1], "all lanes: none lost, doubled or reordered");
    assert_eq!(lines[2], "latency = age of the event on arrival, not how long a request took");
    assert_eq!(lines[3], "");
}

/// What of the text stands in the row of a lane.
fn row(name: &str) -> Vec<&'static str> {
    let line = usual().text.lines().find(|line| line.starts_with(name));
    line.unwrap_or_else(|| panic!("no row `{name}` in {}", usual().text)).split_whitespace().collect()
}

#[test]
fn a_quantile_that_the_events_cannot_support_is_a_dash_that_says_what_would() {
    for lane in usual().lanes() {
        let p99 = &lane["latency_us"]["p99"];
        assert!(p99["measured"].is_null() && p99["needs_events"] == 368, "{p99}");
    }
    assert!(usual().text.contains("p99 needs 368 events\n"), "{}", usual().text);
    assert!(row("websocket").contains(&"–"), "{:?}", row("websocket"));
}

/// A lane that delivers at once has an interval around its median, and its percentiles ascend.
#[test]
fn figures_are_in_their_natural_order() {
    for lane in usual().lanes() {
        let latency = &lane["latency_us"];
        let of = |name: &str| latency[name]["measured"].as_f64().unwrap();
        let order = [of("p50"), of("p95"), of("max")];
        assert!(order.is_sorted(), "{latency}");
        assert_eq!(latency["negative"], 0, "one clock at both ends: nothing arrives before it is sent");
        for name in ["mean", "p50", "p95"] {
            let figure = &latency[name];
            let [low, high] = ["low", "high"].map(|end| figure[end].as_f64().unwrap());
            assert!(low <= of(name) && of(name) <= high, "{name}: {figure}");
            assert_eq!(figure["interval_over"], "blocks");
        }
    }
}

#[test]
fn whoever_polls_waits_half_an_interval_more_than_who_is_told() {
    let mean = |transport| number(usual().lane(transport), "latency_us.mean.measured");
    // An interval is 100 ms and ten events or so an answer: between 25 and 75 ms by any luck.
    let waited_us = mean(Transport::Poll) - mean(Transport::Websocket);
    assert!((25_000.0..75_000.0).contains(&waited_us), "{waited_us} µs");
}

#[test]
fn all_of_a_trace_is_delivered_on_every_lane() {
    let trace = trace();
    trace.assert_whole();
    trace.assert_printable();
    for lane in trace.lanes() {
        assert_eq!(lane["events"]["expected"], 1707, "{lane}");
        assert!(number(lane, "latency_us.p99.measured") > 0.0, "1,707 events support a p99: {lane}");
    }
    assert_eq!(trace.run()["warmup_us"], 0, "all of it counts");
}
