//! What the server says about itself: `/time`, `/health`, `/stats`, `/metrics`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use wirelanes::server::Config;
use wirelanes::transport::Transport;

use super::Asked;
use super::websocket::{TEXT, masked};
use crate::support::Running;

async fn get(here: &Running, path: &str) -> crate::support::Answer {
    here.ask(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await
}

fn sum(layers: &Value) -> u64 {
    layers.as_object().expect("bytes by layer").values().map(|bytes| bytes.as_u64().unwrap()).sum()
}

#[tokio::test]
async fn the_time_is_that_of_sent_us() {
    let here = Running::start();
    let clock = here.feed.clock();
    let before_us = clock.now_us();
    let answer = get(&here, "/time").await;
    let after_us = clock.now_us();
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let time = answer.json();
    let [receive_us, transmit_us] = ["receive_us", "transmit_us"].map(|name| time[name].as_u64().unwrap());
    assert!(before_us <= receive_us && receive_us <= transmit_us && transmit_us <= after_us, "{time}");
    assert_eq!(time["monotonic_offset_us"], clock.monotonic_offset_us());
    assert_eq!(time["boot_id"], json!(wirelanes::clock::boot_id()));
}

#[tokio::test]
async fn a_server_that_serves_is_well() {
    let answer = get(&Running::start(), "/health").await;
    assert_eq!((answer.status(), answer.body.as_str()), (200, r#"{"status":"ok"}"#));
}

#[tokio::test]
async fn every_byte_of_every_transport_is_in_one_layer() {
    let here = Running::remembering(2);
    for n in 1..=3 {
        here.publish(&n.to_string());
    }
    for transport in Transport::ALL {
        let mut asked = Asked::new(&here, transport, "?last_event_id=8f3k2a-0&client=eve", "").await;
        let payload: usize = asked.messages(3).await.iter().map(String::len).sum();
        let stats = get(&here, "/stats").await.json();
        let traffic = &stats["transports"][transport.name()];
        assert_eq!(sum(&traffic["up"]), asked.peer.sent as u64, "{transport}: {traffic:#}");
        assert_eq!(sum(&traffic["down"]), asked.peer.received as u64, "{transport}: {traffic:#}");
        assert_eq!(traffic["down"]["payload"], payload, "{transport}");
        assert_eq!(traffic["up"]["http"], asked.peer.sent, "{transport} sent nothing but a head");
        let counts = ["requests", "empty_answers", "deliveries", "gaps"].map(|name| &traffic[name]);
        assert_eq!(counts, [1, 0, 2, 1], "{transport}");
    }
}

#[tokio::test]
async fn a_client_with_a_name_has_a_ledger_over_all_transports() {
    let here = Running::start();
    let (mut sent, mut received) = (0, 0);
    here.publish("1");
    for transport in Transport::ALL {
        let mut asked = Asked::new(&here, transport, "?client=eve&last_event_id=earliest", "").await;
        asked.messages(1).await;
        sent += asked.peer.sent as u64;
        received += asked.peer.received as u64;
        Asked::new(&here, transport, "?client=adam", "").await;
        Asked::new(&here, transport, "?client=no%20name", "").await;
    }
    let stats = get(&here, "/stats").await.json();
    let names: Vec<_> = stats["clients"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["adam", "eve"]);
    let eve = &stats["clients"]["eve"];
    assert_eq!((sum(&eve["up"]), sum(&eve["down"])), (sent, received), "{eve:#}");
    assert_eq!(eve["requests"], Transport::ALL.len());
    assert_eq!(stats["clients"]["adam"]["empty_answers"], 2, "`poll` and `longpoll` had nothing for adam");
}

#[tokio::test]
async fn bytes_are_booked_where_they_belong_on_a_connection_that_asks_for_everything() {
    let here = Running::with(Config { send_buffer: Some(16 << 10), ..Config::default() });
    let large = format!("\"{}\"", "x".repeat(60_000));
    for _ in 0..18 {
        here.publish(&large);
    }
    let mut peer = here.connect().await;
    let poll = "GET /poll?last_event_id=8f3k2a-0 HTTP/1.1\r\nhost: x\r\n\r\n";
    let publish = "POST /publish HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n1";
    peer.say(poll).await;
    crate::support::settle().await;
    // Behind an answer that has begun and is not yet taken.
    peer.say(publish).await;
    crate::support::settle().await;
    let first = peer.answer().await;
    let received_by_poll = peer.received;
    assert_eq!(peer.answer().await.status(), 201);
    let stats = get(&here, "/stats").await.json();
    let down = &stats["transports"]["poll"]["down"];
    assert!(received_by_poll as u64 >= sum(down), "{down:#}");
    assert_eq!(down["payload"].as_u64().unwrap() + 19, first.body.len() as u64);
    assert_eq!(down["envelope"], 19, "two brackets and seventeen commas around {} bytes", down["payload"]);
    assert_eq!(sum(&stats["transports"]["poll"]["up"]), poll.len() as u64);
    assert_eq!(stats["other"]["up"]["body"], 1);
}

#[tokio::test]
async fn what_is_said_on_a_websocket_is_counted_to_the_byte() {
    let here = Running::start();
    let mut asked = Asked::new(&here, Transport::Websocket, "", "").await;
    let head = asked.peer.sent as u64;
    let frame = masked(TEXT, br#"{"publish":1,"ref":"7"}"#);
    asked.peer.write(&frame).await;
    asked.messages(2).await;
    let traffic = get(&here, "/stats").await.json()["transports"]["websocket"].clone();
    assert_eq!((&traffic["up"]["http"], &traffic["up"]["envelope"]), (&json!(head), &json!(frame.len())));
    assert_eq!(sum(&traffic["down"]), asked.peer.received as u64, "{traffic:#}");
}

#[tokio::test]
async fn who_is_there_and_what_is_kept_is_told() {
    let here = Running::start();
    let readers = [
        Asked::new(&here, Transport::Sse, "", "").await,
        Asked::new(&here, Transport::Websocket, "", "").await,
    ];
    here.publish("1");
    let stats = get(&here, "/stats").await.json();
    assert_eq!(stats["connections"], json!({ "open": 3, "accepted": 3, "refused": 0 }));
    assert_eq!(stats["published"], 1);
    assert_eq!(stats["publisher"], Value::Null);
    let subscribers = Transport::ALL.map(|transport| &stats["transports"][transport.name()]["subscribers"]);
    assert_eq!(subscribers, [0, 0, 1, 1]);
    let [topic] = &stats["topics"].as_array().unwrap()[..] else { panic!("one topic: {}", stats["topics"]) };
    assert_eq!([&topic["name"], &topic["newest"]], ["demo", "8f3k2a-1"]);
    assert_eq!([&topic["subscribers"], &topic["retained"]], [2, 1]);
    drop(readers);
}

#[tokio::test]
async fn the_metrics_are_text_that_prometheus_reads() {
    let here = Running::start();
    here.publish("1");
    Asked::new(&here, Transport::Poll, "?last_event_id=earliest", "").await;
    let answer = get(&here, "/metrics").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let samples = samples(&answer.body);
    assert_eq!(samples["wirelanes_events_published_total"], 1.0);
    assert_eq!(samples["wirelanes_deliveries_total{transport=\"poll\"}"], 1.0);
    let stats = get(&here, "/stats").await.json();
    for transport in Transport::ALL {
        for (direction, layer) in
            [("up", "http"), ("down", "http"), ("down", "payload"), ("down", "envelope")]
        {
            let labels = format!("transport=\"{transport}\",direction=\"{direction}\",layer=\"{layer}\"");
            let sample = samples[&format!("wirelanes_bytes_total{{{labels}}}")];
            assert_eq!(Some(sample), stats["transports"][transport.name()][direction][layer].as_f64());
        }
    }
}

/// Reads the text format of Prometheus, version 0.0.4, and holds its rules: a family is announced before its
/// samples, once; no sample comes twice; a counter's name ends in `_total`; the last line has its end.
fn samples(text: &str) -> BTreeMap<String, f64> {
    assert!(text.ends_with('\n'), "the last line has no end");
    let (mut helped, mut typed, mut samples) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').unwrap_or_else(|| panic!("`{line}` helps nobody"));
            assert!(helped.insert(name) && !help.is_empty(), "`{line}`");
        } else if let Some(announced) = line.strip_prefix("# TYPE ") {
            let (name, kind) = announced.split_once(' ').unwrap_or_else(|| panic!("no type in `{line}`"));
            assert!(typed.insert(name), "`{name}` is announced twice");
            assert_eq!(kind == "counter", name.ends_with("_total"), "`{line}`");
            assert!(["counter", "gauge"].contains(&kind), "`{line}`");
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value in `{line}`"));
            let family = series.split('{').next().unwrap();
            assert!(typed.contains(family) && helped.contains(family), "`{family}` was not announced");
            check_labels(&series[family.len()..]);
            let value: f64 = value.parse().unwrap_or_else(|_| panic!("`{value}` is no number"));
            assert!(samples.insert(series.to_owned(), value).is_none(), "`{series}` comes twice");
        }
    }
    samples
}

/// `{name="value",…}`, or nothing.
fn check_labels(labels: &str) {
    if labels.is_empty() {
        return;
    }
    let inside = labels.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    for label in inside.unwrap_or_else(|| panic!("`{labels}` has no braces")).split(',') {
        let (name, value) = label.split_once('=').unwrap_or_else(|| panic!("`{label}` is no label"));
        assert!(name.bytes().all(|letter| letter.is_ascii_lowercase() || letter == b'_'), "`{label}`");
        let is_quoted = value.len() >= 2 && value.starts_with('"') && value.ends_with('"');
        assert!(is_quoted && !value[1..value.len() - 1].contains(['"', '\\', '\n']), "`{label}`");
    }
}
