//! A page that uses every lane, and what it is told of that.

use std::collections::BTreeSet;

use data_encoding::BASE64;
use serde_json::{Value, json};
use wirelanes::server::Config;
use wirelanes::transport::Transport;

use super::{Lane, Watcher};
use crate::support::Running;
use crate::wire::websocket::{TEXT, UPGRADE, masked};

/// The sum of `http` and of `body` over those marks of a request that are one of these.
fn bytes(marks: &[&Value], these: &[&str]) -> Value {
    let these: Vec<_> = marks.iter().filter(|mark| these.iter().any(|what| mark["what"] == *what)).collect();
    let sum = |layer| these.iter().map(|mark| mark[layer].as_u64().expect("a number")).sum::<u64>();
    json!({ "http": sum("http"), "body": sum("body"), "tls": 0 })
}

/// The bytes that those marks show.
fn shown(marks: &[&Value], these: &[&str]) -> String {
    let these = marks.iter().filter(|mark| these.iter().any(|what| mark["what"] == *what));
    let bytes = these.flat_map(|mark| BASE64.decode(mark["shown"].as_str().unwrap().as_bytes()).unwrap());
    String::from_utf8_lossy(&bytes.collect::<Vec<_>>()).into_owned()
}

const UP: &[&str] = &["arrived", "heard"];
const DOWN: &[&str] = &["answered", "wrote", "closed"];

/// A page that uses each lane once: what it said and heard there.
async fn uses_every_lane(here: &Running, watcher: &mut Watcher) -> Vec<Lane> {
    let mut longpoll = Lane::ask(here, "longpoll", 1, "GET", "").await;
    watcher.until("held", 1).await;
    let mut sse = Lane::ask(here, "sse", 2, "GET", "").await;
    let mut websocket = Lane::ask(here, "websocket", 3, "GET", UPGRADE).await;
    here.until_readers(3).await;
    here.publish(r#""hello""#);
    longpoll.answer().await;
    sse.through(b"\r\n\r\n").await;
    sse.chunk().await;
    sse.chunk().await;
    websocket.through(b"\r\n\r\n").await;
    websocket.frame().await;
    websocket.say(&masked(TEXT, b"no request")).await;
    websocket.frame().await;
    let mut poll = Lane::ask(here, "poll", 4, "GET", "").await;
    poll.answer().await;
    poll.say(b"GET /poll?client=_page&n=5 HTTP/1.1\r\nhost: x\r\n\r\n").await;
    poll.answer().await;
    let mut publish = Lane::ask(here, "publish", 6, "POST", "content-length: 2\r\n").await;
    publish.say(b"42").await;
    publish.answer().await;
    // Who reads on is told of what was published.
    sse.chunk().await;
    websocket.frame().await;
    for lane in [&mut sse, &mut websocket] {
        lane.peer.hang_up().await;
    }
    vec![longpoll, sse, websocket, poll, publish]
}

#[tokio::test]
async fn a_client_is_told_all_that_becomes_of_its_requests_over_every_transport() {
    for transport in Transport::ALL {
        let here = Running::with(Config { threads: 2, ..Config::default() });
        let mut watcher = Watcher::new(&here, transport, "_page").await;
        let before_us = here.feed.clock().now_us();
        let lanes = uses_every_lane(&here, &mut watcher).await;
        watcher.until("closed", 2).await;
        watcher.until("answered", 6).await;
        let after_us = here.feed.clock().now_us();

        let times: Vec<_> = watcher.marks.iter().map(|mark| mark["at_us"].as_u64().unwrap()).collect();
        assert!(
            times.is_sorted() && times[0] >= before_us && times[times.len() - 1] <= after_us,
            "{times:?}"
        );
        assert_eq!(watcher.unshown, 0);
        for (n, story) in [
            (1, &["arrived", "held", "answered"][..]),
            (2, &["arrived", "answered", "wrote", "closed"]),
            (3, &["arrived", "answered", "wrote", "heard", "wrote", "closed"]),
            (4, &["arrived", "answered"]),
            (5, &["arrived", "answered"]),
            (6, &["arrived", "heard", "answered"]),
        ] {
            assert_eq!(watcher.story(n), story, "{transport}: request {n}");
        }
        let connections = |n| watcher.of(n).iter().map(|mark| mark["connection"].as_u64()).collect();
        let connections: Vec<BTreeSet<_>> = (1..=6).map(connections).collect();
        assert!(connections.iter().all(|these| these.len() == 1), "{connections:?}");
        assert_eq!(connections[3], connections[4], "one connection, two requests");
        assert_eq!(connections.iter().flatten().collect::<BTreeSet<_>>().len(), 5, "{connections:?}");

        let used: BTreeSet<_> = lanes.iter().map(|lane| lane.name.to_owned()).collect();
        assert_eq!(watcher.ledgers.keys().cloned().collect::<BTreeSet<_>>(), used, "control is no lane");
        for Lane { name, n, said, heard, .. } in &lanes {
            let these: &[u64] = if *name == "poll" { &[4, 5] } else { std::slice::from_ref(n) };
            let marks: Vec<_> = these.iter().flat_map(|n| watcher.of(*n)).collect();
            assert!(marks.iter().all(|mark| mark["lane"] == *name), "{marks:#?}");
            let ledger = &watcher.ledgers[*name];
            assert_eq!(ledger["requests"], these.len());
            assert_eq!(
                (&ledger["up"], &ledger["down"]),
                (&bytes(&marks, UP), &bytes(&marks, DOWN)),
                "{name}"
            );
            let sum = |way: &Value| (way["http"].as_u64().unwrap() + way["body"].as_u64().unwrap()) as usize;
            assert_eq!((sum(&ledger["up"]), sum(&ledger["down"])), (said.len(), heard.len()), "{name}");
            assert_eq!(shown(&marks, UP), String::from_utf8_lossy(said), "{name}");
            assert_eq!(shown(&marks, DOWN), String::from_utf8_lossy(heard), "{name}");
        }
        let statuses = |n| watcher.of(n).into_iter().find_map(|mark| mark["status"].as_u64());
        assert_eq!((1..=6).map(statuses).collect::<Vec<_>>(), [200, 200, 101, 200, 204, 201].map(Some));
        let to_watch = watcher.marks.iter().filter(|mark| mark["n"].is_null()).count();
        assert_eq!(to_watch, 0, "{transport}: to watch made marks");
    }
}
