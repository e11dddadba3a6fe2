//! Control topics: what a client is told of its own requests, byte for byte.

mod bounds;
mod every_lane;
mod lane;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wirelanes::transport::Transport;

use super::websocket::{Frame, UPGRADE};
use super::{elements, sse};
use crate::support::{Answer, Peer, Running, ms};
use lane::Lane;

/// Reads the control topic of a client, over any of the transports.
struct Watcher {
    transport: Transport,
    name: &'static str,
    peer: Peer,
    at: String,
    marks: Vec<Value>,
    unshown: u64,
    ledgers: BTreeMap<String, Value>,
}

impl Watcher {
    async fn new(here: &Running, transport: Transport, name: &'static str) -> Self {
        let peer = here.connect().await;
        let (marks, ledgers) = Default::default();
        let mut watcher = Self { transport, name, peer, at: String::new(), marks, unshown: 0, ledgers };
        let answer = watcher.ask("hold=0").await;
        watcher.at = answer.header("last-event-id").expect("a position").to_owned();
        if transport == Transport::Sse {
            watcher.peer.chunk().await;
        }
        watcher
    }

    async fn ask(&mut self, more: &str) -> Answer {
        let Self { transport, name, at, .. } = self;
        let upgrade = if *transport == Transport::Websocket { UPGRADE } else { "" };
        let query = format!("topic=control.{name}&client={name}&last_event_id={at}&{more}");
        self.peer.say(&format!("GET /{transport}?{query} HTTP/1.1\r\nhost: x\r\n{upgrade}\r\n")).await;
        self.peer.answer().await
    }

    /// Reads what comes next.
    async fn more(&mut self) {
        let events = match self.transport {
            Transport::Poll | Transport::Longpoll => {
                if self.transport == Transport::Poll {
                    tokio::time::sleep(ms(20)).await;
                }
                let answer = self.ask("hold=5").await;
                self.at = answer.header("last-event-id").expect("a position").to_owned();
                elements(&answer)
            }
            Transport::Sse => vec![sse::data(&self.peer.chunk().await)],
            Transport::Websocket => vec![Frame::read(&mut self.peer).await.text()],
        };
        for event in events {
            let event: Value = serde_json::from_str(&event).expect("an event is JSON");
            assert_eq!(event["topic"], format!("control.{}", self.name));
            self.take(&event["data"]);
        }
    }

    fn take(&mut self, data: &Value) {
        let marks = data["marks"].as_array().unwrap_or_else(|| panic!("no marks in {data}"));
        assert!((1..=500).contains(&marks.len()), "{} marks at once", marks.len());
        self.marks.extend(marks.iter().cloned());
        self.unshown += data["unshown"].as_u64().expect("a number");
        for (lane, ledger) in data["ledgers"].as_object().expect("ledgers by lane") {
            assert_ne!(self.ledgers.insert(lane.clone(), ledger.clone()).as_ref(), Some(ledger), "no news");
        }
    }

    /// Reads until so many marks say `what`.
    async fn until(&mut self, what: &str, count: usize) {
        while self.marks.iter().filter(|mark| mark["what"] == what).count() < count {
            self.more().await;
        }
    }

    /// The marks of one request, in the order they came.
    fn of(&self, n: u64) -> Vec<&Value> {
        self.marks.iter().filter(|mark| mark["n"] == n).collect()
    }

    /// What became of a request; what it says several times in a row, once.
    fn story(&self, n: u64) -> Vec<&str> {
        let mut story: Vec<_> = self.of(n).iter().map(|mark| mark["what"].as_str().unwrap()).collect();
        story.dedup();
        story
    }
}

#[tokio::test]
async fn a_held_client_that_vanishes_is_marked_as_closed() {
    let here = Running::start();
    let mut watcher = Watcher::new(&here, Transport::Sse, "_page").await;
    let lane = Lane::ask(&here, "longpoll", 1, "GET", "").await;
    watcher.until("held", 1).await;
    lane.peer.vanish();
    watcher.until("closed", 1).await;
    assert_eq!(watcher.story(1), ["arrived", "held", "closed"]);
    let down = &watcher.ledgers["longpoll"]["down"];
    assert_eq!(*down, json!({ "http": 0, "body": 0, "tls": 0 }));
}

#[tokio::test]
async fn a_stream_that_began_before_it_was_watched_is_told_of_from_then_on() {
    let here = Running::start();
    let mut sse = Lane::ask(&here, "sse", 7, "GET", "").await;
    sse.through(b"\r\n\r\n").await;
    let mut watcher = Watcher::new(&here, Transport::Websocket, "_page").await;
    here.publish("1");
    watcher.until("wrote", 1).await;
    assert_eq!(watcher.story(7), ["wrote"]);
    assert_eq!(watcher.ledgers["sse"]["requests"], 1, "a ledger goes back to the first request");
}

#[tokio::test]
async fn anybody_may_be_watched_and_is_then_told_of_what_begins() {
    let here = Running::start();
    let ask = "GET /poll?client=eve&n=1 HTTP/1.1\r\nhost: x\r\n\r\n";
    here.ask(ask).await;
    let mut watcher = Watcher::new(&here, Transport::Longpoll, "eve").await;
    here.ask(ask).await;
    watcher.until("answered", 1).await;
    assert_eq!(watcher.story(1), ["arrived", "answered"]);
    let ledger = &watcher.ledgers["poll"];
    assert_eq!([&ledger["requests"], &ledger["up"]["http"]], [&json!(2), &json!(2 * ask.len())]);
}
