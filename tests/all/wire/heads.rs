//! HEAD: what GET would be answered, without the body.

use bytes::Bytes;
use hyper::Method;

use crate::http2::Client;
use crate::support::{Answer, Running};

/// What is answered at once. The numbers of `/time`, `/stats` and `/metrics` have another length a moment later.
const ANSWERED: [(&str, bool); 8] = [
    ("/health", true),
    ("/control", true),
    ("/poll", true),
    ("/poll?last_event_id=earliest", true),
    ("/theory", true),
    ("/time", false),
    ("/stats", false),
    ("/metrics", false),
];

/// The head of an answer to HEAD, on a connection that says nothing more.
async fn head(here: &Running, path: &str) -> Answer {
    let mut peer = here.connect().await;
    peer.say(&format!("HEAD {path} HTTP/1.1\r\nhost: x\r\n\r\nGET /health HTTP/1.1\r\nhost: x\r\n\r\n"))
        .await;
    let head = peer.until("\r\n\r\n").await;
    let next = peer.answer().await;
    assert_eq!((next.status(), &*next.body), (200, r#"{"status":"ok"}"#), "{path}: no body, and it goes on");
    Answer { head, body: String::new() }
}

/// A head but for what differs from one moment to the next.
fn lasting(answer: &Answer, has_length: bool) -> Vec<String> {
    let passes =
        |line: &&str| line.starts_with("date:") || !has_length && line.starts_with("content-length:");
    answer.head.lines().filter(|line| !passes(line)).map(str::to_owned).collect()
}

#[tokio::test]
async fn whatever_is_answered_at_once_has_a_head_of_its_own() {
    let here = Running::start();
    here.publish("1");
    for (path, has_length) in ANSWERED {
        let got = here.ask(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
        let head = head(&here, path).await;
        assert_eq!(lasting(&head, has_length), lasting(&got, has_length), "{path}");
        assert_eq!(head.header("content-length").is_some(), got.status() != 204, "{path}: {head:?}");
    }
}

#[tokio::test]
async fn so_it_has_over_http_2() {
    let here = Running::start();
    here.publish("1");
    let client = Client::connect(&here).await;
    for (path, has_length) in ANSWERED {
        let ask = async |method| client.ask(client.request(method, path), Bytes::new()).await;
        let (got, head) = (ask(Method::GET).await, ask(Method::HEAD).await);
        assert_eq!(head.status, got.status, "{path}");
        let mut fields = ["content-type", "cache-control", "last-event-id"].to_vec();
        fields.extend(has_length.then_some("content-length"));
        for field in fields {
            assert_eq!(head.header(field), got.header(field), "{path}: {field}");
        }
        assert_eq!(head.headers.contains_key("content-length"), got.status != 204, "{path}");
        assert_eq!(head.rest().await, "", "{path}");
    }
    for path in ["/longpoll", "/sse", "/websocket"] {
        let refused = client.ask(client.request(Method::HEAD, path), Bytes::new()).await;
        assert_eq!((refused.status, refused.header("allow")), (405, "GET"), "{path}");
    }
}

#[tokio::test]
async fn a_poll_for_the_head_alone_takes_its_bytes_and_delivers_nothing() {
    let here = Running::remembering(2);
    for n in 1..=3 {
        here.publish(&n.to_string());
    }
    let mut peer = here.connect().await;
    peer.say("HEAD /poll?last_event_id=8f3k2a-0 HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let head = peer.until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("\r\nlast-event-id: 8f3k2a-3\r\n"), "{head}");
    let stats = here.ask("GET /stats HTTP/1.1\r\nhost: x\r\n\r\n").await.json();
    let poll = &stats["transports"]["poll"];
    let counts = ["requests", "deliveries", "gaps", "subscribers"].map(|name| &poll[name]);
    assert_eq!(counts, [1, 0, 0, 0], "{poll:#}");
    for (direction, bytes) in [("up", peer.sent), ("down", peer.received)] {
        let layers = ["payload", "envelope", "http"].map(|layer| &poll[direction][layer]);
        assert_eq!(layers, [0, 0, bytes], "{direction}: {poll:#}");
    }
}
