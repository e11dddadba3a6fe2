//! `bench talk`: every message has a fate, every byte its place, and what cannot be sent is no loss.

mod fates;

use std::time::Duration;

use serde_json::Value;
use wirelanes::transport::Transport;

use super::bench::{Finished, number, run};
use super::detour;
use crate::behaviour::program::Program;

fn talk(arguments: &[&str]) -> Finished {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("result.json");
    let all = ["bench", "talk", "--seed", "7", "--warmup", "0", "--output", path.to_str().unwrap()];
    let finished = run(&[&all, arguments].concat());
    let report = std::fs::read(&path).map_or(Value::Null, |json| serde_json::from_slice(&json).unwrap());
    Finished { report, ..finished }
}

/// The lane of a transport whose client has so many connections.
#[track_caller]
fn lane(finished: &Finished, transport: Transport, connections: u64) -> &Value {
    let lanes = finished.report["lanes"].as_array();
    let lanes = lanes.unwrap_or_else(|| panic!("no lanes: {}{}", finished.text, finished.errors));
    let is_meant =
        |lane: &&Value| lane["transport"] == transport.name() && lane["connections"] == connections;
    lanes.iter().find(is_meant).unwrap_or_else(|| panic!("no {transport} on {connections}"))
}

#[track_caller]
fn count(lane: &Value, of: &str) -> u64 {
    lane["messages"][of].as_u64().unwrap_or_else(|| panic!("`{of}` is no number in {lane}"))
}

const FATES: [&str; 5] = ["unsent", "acknowledged", "refused", "unanswered", "sent"];

/// What is due is sent or not; what is sent is answered, one way or the other, or not.
#[track_caller]
fn assert_accounted_for(lane: &Value) {
    let [unsent, acknowledged, refused, unanswered, sent] = FATES.map(|of| count(lane, of));
    assert_eq!(count(lane, "due"), sent + unsent, "{lane}");
    assert_eq!(sent, acknowledged + refused + unanswered, "{lane}");
}

#[track_caller]
fn assert_whole(lane: &Value) {
    assert_accounted_for(lane);
    assert_eq!(count(lane, "delivered"), count(lane, "due"), "{lane}");
    for trouble in ["unsent", "refused", "unanswered", "lost", "missed", "doubled"] {
        assert_eq!(count(lane, trouble), 0, "{trouble} in {lane}");
    }
}

const LANES: [(Transport, u64); 7] = [
    (Transport::Poll, 2),
    (Transport::Poll, 6),
    (Transport::Longpoll, 2),
    (Transport::Longpoll, 6),
    (Transport::Sse, 2),
    (Transport::Sse, 6),
    (Transport::Websocket, 1),
];

#[test]
fn every_lane_speaks_and_hears_all_that_it_said() {
    let finished = talk(&["-r", "40", "-d", "1s", "-i", "100ms", "--hold", "1"]);
    assert_eq!(finished.code, Some(0), "{}{}", finished.text, finished.errors);
    finished.assert_printable();
    let report = &finished.report;
    assert_eq!((&report["schema_version"], &report["lab"]), (&1.into(), &"talk".into()));
    assert_eq!(
        (&report["seed"], &report["source"], &report["link"]),
        (&7.into(), &"poisson".into(), &"none".into())
    );
    assert_eq!(report["lanes"].as_array().unwrap().len(), LANES.len());
    let due = count(lane(&finished, Transport::Websocket, 1), "due");
    // 40 in the mean.
    assert!((15..=70).contains(&due), "{due} messages");
    for (transport, connections) in LANES {
        let lane = lane(&finished, transport, connections);
        assert_whole(lane);
        assert_eq!(count(lane, "due"), due, "one schedule for all");
        assert_eq!(lane["connections_opened"], connections);
        assert!(connections > 2 || count(lane, "reordered") == 0, "one connection keeps order: {lane}");
        for which in ["ack_us", "delivery_us"] {
            for figure in ["mean", "p50", "max"] {
                number(lane, &format!("{which}.{figure}.measured"));
                number(lane, &format!("{which}.{figure}.predicted"));
            }
            assert!(
                lane[which]["p99"]["measured"].is_null()
                    && number(lane, &format!("{which}.p99.needs_events")) == 368.0
            );
        }
        assert_eq!(lane["row"]["long_run_wait_us"].is_number(), connections == 2, "a closed form");
    }
    for input in ["round_trip_us", "echo_us", "gap_us", "post_us", "frame_us"] {
        let input = &report["theory"][input];
        assert!(input["value"].as_f64() > Some(0.0) && input["measured"] == true, "{input}");
    }
}

/// Nothing about these is random, but how long an id is: and that is known.
#[test]
fn bytes_and_requests_are_those_of_theory_to_the_byte() {
    for (size, chrome) in [("44", false), ("100", true), ("200", false), ("65536", false)] {
        let style = if chrome { "chrome" } else { "bare" };
        let brief = ["-r", "50", "-d", "500ms", "-i", "100ms", "--hold", "1", "-s", size, "--headers", style];
        let finished = talk(&brief);
        assert_eq!(finished.code, Some(0), "{}{}", finished.text, finished.errors);
        for (transport, connections) in LANES {
            let lane = lane(&finished, transport, connections);
            assert_whole(lane);
            let bytes = &lane["bytes_per_message"];
            for (way, layer) in ["up", "down"]
                .into_iter()
                .flat_map(|way| ["payload", "envelope", "http"].map(|layer| (way, layer)))
            {
                let measured = number(bytes, &format!("{way}.{layer}"));
                let predicted = number(bytes, &format!("predicted.{way}.{layer}"));
                assert!((measured - predicted).abs() < 1e-6, "{way} {layer} of {transport}: {bytes}");
            }
            let speaks = transport == Transport::Websocket;
            assert_eq!(number(lane, "requests_per_message.measured"), if speaks { 0.0 } else { 1.0 });
            assert_eq!(number(bytes, "up.http") > 0.0, !speaks);
            if !speaks {
                assert_eq!(number(bytes, "up.http") > 500.0, chrome, "{bytes}");
            }
        }
        let websocket = lane(&finished, Transport::Websocket, 1);
        let frames = (0..count(websocket, "due")).map(|message| frame(size.parse().unwrap(), message));
        let mean = frames.sum::<u64>() as f64 / count(websocket, "due") as f64;
        let up = &websocket["bytes_per_message"]["up"];
        assert!((number(up, "payload") + number(up, "envelope") - mean).abs() < 1e-6, "{up}, not {mean}");
    }
}

/// A masked text frame around a request to publish (RFC 6455, section 5.2).
fn frame(data: u64, reference: u64) -> u64 {
    let payload = r#"{"publish":,"ref":""}"#.len() as u64 + data + reference.to_string().len() as u64;
    let length = match payload {
        0..=125 => 0,
        126..=65_535 => 2,
        _ => 8,
    };
    2 + length + 4 + payload
}

/// A round trip of 80 ms: one connection carries 12 POSTs a second, and 50 are due.
#[test]
fn what_one_connection_cannot_carry_is_never_sent_and_not_lost() {
    let (_server, address) = Program::serve(&["--source", "quiet"]);
    let url = detour::far_away(Duration::from_millis(40), address).to_string();
    let finished = talk(&["--url", &url, "-r", "50", "-d", "2s", "--hold", "1", "-t", "sse,websocket"]);
    assert_eq!(finished.code, Some(0), "{}{}", finished.text, finished.errors);
    finished.assert_printable();
    let one = lane(&finished, Transport::Sse, 2);
    assert_accounted_for(one);
    let [due, sent, unsent] = ["due", "sent", "unsent"].map(|of| count(one, of));
    // Two seconds, and one more to send the rest in: 37 of a hundred, or a few more where the machine is slow.
    assert!(unsent > 0 && 2 * sent < due, "{sent} of {due} sent");
    assert_eq!((count(one, "lost"), count(one, "delivered")), (0, sent));
    assert!(number(one, "row.busy_share.predicted") > 3.0, "{one}");
    assert!(one["row"]["long_run_wait_us"].is_null(), "there is no mean of what only grows");
    assert!(number(one, "row.most_waiting") >= unsent as f64, "{one}");
    assert!(
        finished.text.contains(&format!("sse       2: {unsent} never sent of {due}\n")),
        "{}",
        finished.text
    );
    assert!(finished.text.contains("overloaded: sse on 2"), "{}", finished.text);
    assert_whole(lane(&finished, Transport::Websocket, 1));
    for (transport, connections) in [(Transport::Sse, 2), (Transport::Sse, 6), (Transport::Websocket, 1)] {
        let lane = lane(&finished, transport, connections);
        assert_accounted_for(lane);
        let ack_us = number(lane, "ack_us.p50.measured");
        assert!(ack_us >= 80_000.0, "nothing is faster than the way there and back: {ack_us} µs");
    }
}

#[test]
fn json_on_stdout_is_the_same_document_and_quiet_is_quiet() {
    let brief = ["-r", "50", "-d", "200ms", "-t", "websocket"];
    let finished = talk(&[&brief[..], &["--format", "json"]].concat());
    assert_eq!(
        serde_json::from_str::<Value>(&finished.text).unwrap(),
        finished.report,
        "{}",
        finished.errors
    );
    assert!(finished.report["theory"]["post_us"]["value"].is_null(), "nobody POSTs");
    assert_eq!(talk(&[&brief[..], &["--quiet"]].concat()).text, "");
}

#[test]
fn lanes_are_chosen() {
    let finished = talk(&["-r", "50", "-d", "200ms", "-t", "sse", "--connections", "2", "--rounds", "2"]);
    assert_eq!(finished.code, Some(0), "{}{}", finished.text, finished.errors);
    assert_eq!(
        (finished.report["lanes"].as_array().unwrap().len(), &finished.report["rounds"]),
        (1, &2.into())
    );
    assert_whole(lane(&finished, Transport::Sse, 2));
}

#[cfg(unix)]
#[test]
fn an_interrupt_prints_what_there_is_by_then() {
    use crate::behaviour::{eventually, raw};
    let (_server, address) = Program::serve(&["--source", "quiet"]);
    let (url, directory) = (address.to_string(), tempfile::tempdir().unwrap());
    let path = directory.path().join("result.json");
    let arguments = ["-t", "sse", "-r", "100", "-d", "1h", "--warmup", "0", "--hold", "1", "--output"];
    let whither = [&["bench", "talk", "--url", &url][..], &arguments, &[path.to_str().unwrap()]].concat();
    let mut bench = Program::start(&whither);
    let deliveries = || raw::stats(address)["transports"]["sse"]["deliveries"].as_u64();
    eventually("a hundred messages came back", || deliveries() > Some(100));
    bench.signal(rustix::process::Signal::INT);
    assert_eq!(bench.ended().code(), Some(130), "{:?}", bench.stderr.all());
    let text = bench.stdout.all().join("\n");
    assert!(!text.starts_with("0 messages") && text.contains("interrupted"), "{text}");
    let report = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let finished = Finished { code: Some(130), text, errors: String::new(), report };
    let one = lane(&finished, Transport::Sse, 2);
    let achieved = count(one, "due") as f64 / number(&finished.report, "duration_us") * 1e6;
    assert!(
        (50.0..200.0).contains(&achieved),
        "{achieved}/s of a hundred: the window is what there was of it"
    );
    let [measured, predicted] =
        ["measured", "predicted"].map(|of| number(one, &format!("row.busy_share.{of}")));
    assert!(measured > predicted / 20.0, "busy for {measured} of the time, not {predicted}");
}
