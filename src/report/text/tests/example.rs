//! A report of two lanes and the control row, to be changed and written down.

use serde_json::{Value, json};

use crate::bench::result::Report;

pub(super) fn figure(measured: f64, low: f64, high: f64, predicted: f64) -> Value {
    json!({ "measured": measured, "low": low, "high": high, "predicted": predicted, "interval_over": "blocks" })
}

pub(super) fn needs(events: u64) -> Value {
    json!({ "measured": null, "predicted": null, "needs_events": events })
}

pub(super) fn plain(measured: f64, predicted: f64) -> Value {
    json!({ "measured": measured, "predicted": predicted })
}

pub(super) fn layers(payload: f64, envelope: f64, http: f64) -> Value {
    json!({ "payload": payload, "envelope": envelope, "http": http, "tls": 0.0 })
}

pub(super) fn events(lost: u64) -> Value {
    json!({ "expected": 97, "delivered": 97 - lost, "lost": lost, "duplicated": 0, "reordered": 0,
            "missed": 0, "gaps": 0 })
}

fn poll() -> Value {
    json!({
        "transport": "poll",
        "events": events(0),
        "latency_us": {
            "mean": figure(512_000.0, 460_000.0, 561_000.0, 500_400.0),
            "p50": figure(530_000.0, 440_000.0, 590_000.0, 500_400.0),
            "p95": figure(961_000.0, 912_000.0, 988_000.0, 950_400.0),
            "p99": needs(368),
            "max": plain(1_003_000.0, 990_200.0),
            "negative": 0,
        },
        "requests_per_event": plain(0.1031, 0.1031),
        "empty_share": plain(0.0, 0.0),
        "bytes_per_event": {
            "total": plain(197.7, 197.7),
            "down": layers(168.7, 1.1, 20.1),
            "up": layers(0.0, 0.0, 7.8),
            "predicted": { "down": layers(168.7, 1.1, 20.1), "up": layers(0.0, 0.0, 7.8) },
        },
        "connections_opened": 1,
        "first_event_us": plain(412.0, 391.0),
        "server_cpu_us_per_event": null,
        "server_memory_bytes_per_client": null,
        "histogram": [[75, 20], [78, 40], [79, 37]],
    })
}

fn sse() -> Value {
    json!({
        "transport": "sse",
        "events": events(0),
        "latency_us": {
            "mean": figure(171.0, 150.0, 201.0, 140.0),
            "p50": figure(152.0, 140.0, 160.0, 131.0),
            "p95": figure(402.0, 310.0, 544.0, 366.0),
            "p99": needs(368),
            "max": plain(1_204.0, 987.0),
            "negative": 0,
        },
        "requests_per_event": plain(0.0103, 0.0103),
        "empty_share": { "measured": null, "predicted": null },
        "bytes_per_event": {
            "total": plain(201.3, 201.3),
            "down": layers(168.7, 28.7, 2.1),
            "up": layers(0.0, 0.0, 0.7),
            "predicted": { "down": layers(168.7, 28.7, 2.1), "up": layers(0.0, 0.0, 0.7) },
        },
        "connections_opened": 1,
        "first_event_us": plain(530.0, 391.0),
        "server_cpu_us_per_event": 61.2,
        "server_memory_bytes_per_client": null,
        "histogram": [[27, 4], [29, 60], [31, 33]],
    })
}

fn control() -> Value {
    json!({
        "events": events(0),
        "latency_us": {
            "mean": { "measured": 140.0, "predicted": null },
            "p50": { "measured": 131.0, "predicted": null },
            "p95": { "measured": 366.0, "predicted": null },
            "p99": needs(368),
            "max": { "measured": 987.0, "predicted": null },
            "negative": 0,
        },
        "histogram": [[27, 30], [28, 60], [30, 7]],
    })
}

pub(in crate::report) fn report(change: impl Fn(&mut Value)) -> Report {
    let input = json!({ "value": 1.0, "measured": true });
    let mut run = json!({
        "link": "none", "mode": "together", "rounds": 1, "rate_per_s": 9.7, "source": "poisson",
        "played": { "kind": "poisson", "rate": "10/s", "size_bytes": 100, "speed": 1.0, "looped": false, "seed": 7,
                    "duration": null },
        "clients": 1, "size_bytes": 100, "payload_bytes": 168.7, "poll_interval_us": 1_000_000,
        "poll_mode": "fixed-rate", "hold_us": 25_000_000, "linger_us": 0, "headers": "bare",
        "keep_alive": true, "warmup_us": 1_000_000, "duration_us": 10_000_000,
        "clock": { "us": 0, "within_us": 0 }, "publisher": null,
        "theory": { "rate_per_s": input, "one_way_us": input, "round_trip_us": input, "gap_us": input,
                    "fresh_us": input, "wake_us": input, "payload_bytes": input, "head_bytes": {} },
        "control": control(),
        "lanes": [poll(), sse()],
        "quiet": [
            { "transport": "poll", "rate_per_s": 0.0167, "requests_per_event": 60.0, "empty_share": 0.983,
              "bytes_per_event": 11_390.2 },
            { "transport": "sse", "rate_per_s": 0.0167, "requests_per_event": 0.0, "empty_share": null,
              "bytes_per_event": 225.4 },
        ],
    });
    change(&mut run);
    let environment =
        json!({ "version": "1", "build": "release", "os": "linux", "arch": "x86_64", "cpus": 2 });
    let report = json!({
        "schema_version": 1, "command": "wirelanes bench", "seed": 7, "environment": environment,
        "warnings": ["the publisher was 96 µs late at its p99, more than a tenth of the smallest p50: the machine was busy"],
        "interrupted": false, "runs": [run],
    });
    serde_json::from_value(report).unwrap()
}
