//! One connection, several requests: answered in order, each whole.

use wirelanes::server::Config;

use super::websocket::{Frame, TEXT, UPGRADE, masked};
use super::{elements, sse};
use crate::support::{Running, settle};

/// Pipelined polls of about a mebibyte each, then what takes the socket.
const POLLS: usize = 5;

/// A server whose answers do not fit its sockets, and events for [`POLLS`] large answers.
fn with_large_answers() -> Running {
    let here = Running::with(Config { send_buffer: Some(16 << 10), ..Config::default() });
    let large = format!("\"{}\"", "x".repeat(60_000));
    for _ in 0..18 {
        here.publish(&large);
    }
    here
}

fn pipelined(last: &str) -> String {
    let poll = "GET /poll?last_event_id=earliest HTTP/1.1\r\nhost: x\r\n\r\n";
    poll.repeat(POLLS) + last
}

#[tokio::test]
async fn a_stream_behind_pipelined_polls_begins_when_they_are_answered() {
    let here = with_large_answers();
    let mut peer = here.connect_narrowly().await;
    peer.say(&pipelined("GET /sse HTTP/1.1\r\nhost: x\r\n\r\n")).await;
    for _ in 0..POLLS {
        // A client that is slow to read: the server runs far ahead, and against a full socket.
        settle().await;
        assert_eq!(elements(&peer.answer().await).len(), 18);
    }
    assert_eq!(peer.answer().await.header("content-type"), Some("text/event-stream"));
    assert!(peer.chunk().await.contains("id: 8f3k2a-18\n"));
    here.publish("19");
    assert!(sse::data(&peer.chunk().await).ends_with("\"data\":19}"));
}

#[tokio::test]
async fn a_stream_begins_behind_the_last_small_answer_that_a_full_socket_holds_up() {
    const SMALL: usize = 2_000;
    let here = with_large_answers();
    let mut peer = here.connect_narrowly().await;
    let polls = "GET /poll HTTP/1.1\r\nhost: x\r\n\r\n".repeat(SMALL);
    peer.say(&(polls + "GET /sse HTTP/1.1\r\nhost: x\r\n\r\n")).await;
    settle().await;
    for n in 0..SMALL {
        assert_eq!(peer.answer().await.status(), 204, "answer {n}");
    }
    assert_eq!(peer.answer().await.header("content-type"), Some("text/event-stream"));
    assert!(peer.chunk().await.contains("id: 8f3k2a-18\n"));
}

#[tokio::test]
async fn an_upgrade_behind_pipelined_polls_waits_for_them_too() {
    let here = with_large_answers();
    let mut peer = here.connect_narrowly().await;
    peer.say(&pipelined(&format!("GET /websocket HTTP/1.1\r\nhost: x\r\n{UPGRADE}\r\n"))).await;
    peer.write(&masked(TEXT, br#"{"publish":1,"topic":"other","ref":"7"}"#)).await;
    for _ in 0..POLLS {
        settle().await;
        assert_eq!(elements(&peer.answer().await).len(), 18);
    }
    assert_eq!(peer.answer().await.status(), 101);
    assert!(Frame::read(&mut peer).await.text().starts_with(r#"{"ack":{"ref":"7""#));
}

#[tokio::test]
async fn what_is_asked_behind_a_held_poll_is_answered_after_it() {
    let here = Running::start();
    let mut peer = here.connect().await;
    peer.say("GET /longpoll HTTP/1.1\r\nhost: x\r\n\r\nGET /health HTTP/1.1\r\nhost: x\r\n\r\n").await;
    peer.say("GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n").await;
    here.until_readers(1).await;
    assert!(peer.hears_nothing().await, "a later request was answered first");
    here.publish("1");
    assert_eq!(elements(&peer.answer().await).len(), 1);
    assert_eq!(peer.answer().await.body, r#"{"status":"ok"}"#);
    assert_eq!(peer.answer().await.status(), 404);
}

#[tokio::test]
async fn a_refusal_leaves_the_connection_usable() {
    let here = Running::start();
    let mut peer = here.connect().await;
    for (request, status) in [
        ("GET /poll?limit=0 HTTP/1.1\r\nhost: x\r\n\r\n", 400),
        ("GET /websocket HTTP/1.1\r\nhost: x\r\n\r\n", 426),
        ("POST /publish HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello", 400),
        ("POST /publish HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n1", 201),
        ("GET /poll HTTP/1.1\r\nhost: x\r\n\r\n", 204),
    ] {
        peer.say(request).await;
        assert_eq!(peer.answer().await.status(), status, "{request}");
    }
}

#[tokio::test]
async fn the_head_of_the_page_comes_without_its_body() {
    let here = Running::start();
    let page = here.ask("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!((page.status(), page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let mut peer = here.connect().await;
    peer.say("HEAD / HTTP/1.1\r\nhost: x\r\n\r\nGET /poll HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(peer.until("HTTP/1.1 204").await.matches("HTTP/1.1").count(), 2, "only heads came");
}

#[tokio::test]
async fn a_client_that_wants_one_answer_is_let_go_after_it() {
    let here = Running::start();
    for request in [
        "GET /poll HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        "GET /poll HTTP/1.0\r\n\r\n",
        "GET /longpoll?hold=0 HTTP/1.0\r\n\r\n",
    ] {
        let mut peer = here.connect().await;
        peer.say(request).await;
        assert_eq!(peer.answer().await.status(), 204, "{request}");
        assert_eq!(peer.rest().await, "", "{request}");
    }
}
