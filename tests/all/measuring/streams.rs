//! HTTP/2 and TLS: two runs of one result, every byte in its layer, and theory beside it.

use std::sync::LazyLock;

use serde_json::Value;
use wirelanes::transport::Transport;

use super::bench::{Finished, assert_near, bench, number, run};

/// Both, encrypted, at the same time.
static BOTH: LazyLock<Finished> = LazyLock::new(|| {
    bench(&["--http", "1", "--http", "2", "--tls", "-d", "4s", "-r", "25", "-i", "200ms", "--seed", "7"])
});

fn lane(http: u64, transport: Transport) -> &'static Value {
    let runs = BOTH.report["runs"].as_array().unwrap_or_else(|| panic!("{}{}", BOTH.text, BOTH.errors));
    let run = runs.iter().find(|run| run["http"] == http).unwrap_or_else(|| panic!("no HTTP {http}"));
    run["lanes"].as_array().unwrap().iter().find(|lane| lane["transport"] == transport.name()).unwrap()
}

#[test]
fn each_http_is_a_run_of_one_result() {
    assert_eq!(BOTH.code, Some(0), "{}{}", BOTH.text, BOTH.errors);
    BOTH.assert_printable();
    let said = |run: &Value| (run["http"].as_u64().unwrap(), run["tls"].as_bool().unwrap());
    let runs: Vec<_> = BOTH.report["runs"].as_array().unwrap().iter().map(said).collect();
    assert_eq!(runs, [(1, true), (2, true)]);
    for (http, name) in [(1, "── HTTP/1.1 "), (2, "── HTTP/2 ")] {
        assert!(BOTH.text.contains(name), "{}", BOTH.text);
        for transport in Transport::ALL {
            let events = &lane(http, transport)["events"];
            assert_eq!(events["expected"], events["delivered"], "{transport} over HTTP {http}: {events}");
            assert_eq!(lane(http, transport)["connections_opened"], 1, "{transport} over HTTP {http}");
        }
    }
}

/// What wraps an event is the same each time: only how many of them a write carries is chance, where a machine is busy.
#[test]
fn streams_cost_what_theory_says_of_their_http_and_tls() {
    for http in [1, 2] {
        for transport in [Transport::Sse, Transport::Websocket] {
            let bytes = &lane(http, transport)["bytes_per_event"];
            let (measured, predicted) = (number(bytes, "total.measured"), number(bytes, "total.predicted"));
            assert_near(&format!("{transport} over HTTP {http}"), measured, predicted, predicted * 0.02);
            assert!(number(bytes, "down.tls") > 15.0, "a record takes 22: {bytes}");
        }
    }
}

/// How often they ask is chance; what they pay for it is not.
#[test]
fn who_asks_pays_for_each_request_what_theory_says() {
    for http in [1, 2] {
        for transport in [Transport::Poll, Transport::Longpoll] {
            let lane = lane(http, transport);
            let paid = |bytes: &Value, requests: &str| {
                let layers = [("down", "http"), ("down", "tls"), ("up", "http"), ("up", "tls")];
                let sum: f64 = layers.iter().map(|(way, layer)| number(&bytes[way], layer)).sum();
                sum / number(lane, requests)
            };
            let bytes = &lane["bytes_per_event"];
            let measured = paid(bytes, "requests_per_event.measured");
            let predicted = paid(&bytes["predicted"], "requests_per_event.predicted");
            assert_near(&format!("{transport} over HTTP {http}"), measured, predicted, predicted * 0.03);
        }
    }
    let heads = |http| {
        let bytes = &lane(http, Transport::Longpoll)["bytes_per_event"];
        number(bytes, "down.http") + number(bytes, "up.http")
    };
    assert!(heads(2) < heads(1) / 2.0, "compressed heads: {} bytes, and {} without", heads(2), heads(1));
}

#[test]
fn a_handshake_is_told_apart() {
    for http in [1, 2] {
        for transport in Transport::ALL {
            let handshake = &lane(http, transport)["handshake_bytes"];
            let (up, down) = (number(handshake, "up"), number(handshake, "down"));
            assert!((200.0..2_000.0).contains(&up) && (400.0..8_000.0).contains(&down), "{handshake}");
        }
    }
    let text = BOTH.text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("a handshake, once a connection and not in these: "), "{}", BOTH.text);
}

#[test]
fn theory_knows_both() {
    let predicted = run(&["predict", "--http", "1", "--http", "2", "--tls", "--rtt", "50ms"]);
    assert_eq!(predicted.code, Some(0), "{}", predicted.errors);
    predicted.assert_printable();
    let firsts = |lane: &str| -> Vec<String> {
        let rows = predicted.text.lines().filter(|line| line.starts_with(lane) && line.contains("ms"));
        rows.map(|row| row.split_whitespace().rev().take(2).collect::<Vec<_>>().join(" ")).collect()
    };
    assert_eq!(firsts("sse"), ["ms 150", "ms 150"], "{}", predicted.text);
    assert_eq!(firsts("websocket"), ["ms 150", "ms 200"], "it waits for SETTINGS: {}", predicted.text);
}
