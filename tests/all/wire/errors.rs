//! What is refused, and how it is said.

use wirelanes::transport::Transport;

use super::websocket::UPGRADE;
use crate::support::{Answer, Running};

/// Holds the form of a refusal: JSON with an `error` that begins lowercase, names the thing in backticks and
/// ends without a full stop.
pub(super) fn names(answer: &Answer, thing: &str) {
    assert_eq!(answer.header("content-type"), Some("application/json"), "{answer:?}");
    let said = answer.json();
    let fields: Vec<_> = said.as_object().expect("an object").keys().collect();
    assert_eq!(fields, ["error"]);
    let message = said["error"].as_str().expect("a text");
    let begins_lowercase = message.starts_with(|letter: char| letter.is_lowercase() || letter == '`');
    assert!(begins_lowercase && !message.ends_with('.'), "not our way to put it: {message}");
    assert!(message.contains(&format!("`{thing}")), "`{thing}` is not named: {message}");
}

async fn get(here: &Running, path: &str, fields: &str) -> Answer {
    here.ask(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n{fields}\r\n")).await
}

#[tokio::test]
async fn a_parameter_that_all_share_is_refused_by_all() {
    let here = Running::start();
    for transport in Transport::ALL {
        let long = format!("topic={}", "x".repeat(65));
        for (query, thing) in [
            ("topic=", "topic"),
            ("topic=a/b", "topic"),
            (&long, "topic"),
            ("client=", "client"),
            ("client=%20", "client"),
            ("last_event_id=yesterday", "last_event_id=yesterday"),
            ("lastEventId=yesterday", "last_event_id=yesterday"),
        ] {
            let upgrade = if transport == Transport::Websocket { UPGRADE } else { "" };
            let answer = get(&here, &format!("/{transport}?{query}"), upgrade).await;
            assert_eq!(answer.status(), 400, "{transport} took `{query}`");
            names(&answer, thing);
        }
    }
}

#[tokio::test]
async fn a_number_out_of_its_range_is_refused() {
    let here = Running::start();
    for (endpoint, name, out_of_range) in [
        ("poll", "limit", ["0", "10001"]),
        ("longpoll", "limit", ["0", "10001"]),
        ("longpoll", "hold", ["61", "-1"]),
        ("longpoll", "linger", ["51", "1ms"]),
        ("sse", "heartbeat", ["0", "61"]),
        ("websocket", "heartbeat", ["0", "61"]),
    ] {
        for number in out_of_range.into_iter().chain(["", "1.5", "ten", "99999999999999999999"]) {
            let upgrade = if endpoint == "websocket" { UPGRADE } else { "" };
            let answer = get(&here, &format!("/{endpoint}?{name}={number}"), upgrade).await;
            assert_eq!(answer.status(), 400, "/{endpoint} took `{name}={number}`");
            names(&answer, name);
        }
    }
}

#[tokio::test]
async fn a_path_that_is_not_there_is_answered_with_those_that_are() {
    let here = Running::start();
    for path in ["/nothing", "/poll/", "/Poll", "//", "/publish/x"] {
        let answer = get(&here, path, "").await;
        assert_eq!(answer.status(), 404);
        names(&answer, path);
        Transport::ALL.iter().for_each(|transport| names(&answer, &format!("/{transport}`")));
    }
}

#[tokio::test]
async fn a_method_that_is_not_allowed_is_answered_with_the_one_that_is() {
    let here = Running::start();
    for (request, allowed) in [
        ("GET /publish", "POST"),
        ("PUT /publish", "POST"),
        ("POST /poll", "GET, HEAD"),
        ("DELETE /longpoll", "GET"),
        ("HEAD /longpoll", "GET"),
        ("HEAD /sse", "GET"),
        ("HEAD /websocket", "GET"),
        ("HEAD /tcp", "GET"),
        ("HEAD /publish", "POST"),
        ("POST /websocket", "GET"),
        ("POST /stats", "GET, HEAD"),
        ("POST /health", "GET, HEAD"),
        ("POST /theory", "GET, HEAD"),
        ("DELETE /control", "GET, HEAD, POST"),
        ("OPTIONS /control", "GET, HEAD, POST"),
        ("OPTIONS /publish", "POST"),
        ("POST /", "GET, HEAD"),
    ] {
        let mut peer = here.connect().await;
        peer.say(&format!("{request} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"))
            .await;
        let answer = peer.until("\r\n\r\n").await;
        let expected = format!("\r\nallow: {allowed}\r\n");
        assert!(answer.starts_with("HTTP/1.1 405 ") && answer.contains(&expected), "{request}: {answer}");
        let said = peer.rest().await;
        assert_eq!(said.is_empty(), request.starts_with("HEAD"), "{request}: {said}");
    }
    let answer = here.ask("POST /poll HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").await;
    names(&answer, "GET");
}

#[tokio::test]
async fn what_is_no_upgrade_is_told_how_to_ask_for_one() {
    let here = Running::start();
    for missing in ["connection: keep-alive, Upgrade", "upgrade: websocket", "sec-websocket-version: 13"] {
        let answer = get(&here, "/websocket", &UPGRADE.replace(&format!("{missing}\r\n"), "")).await;
        assert_eq!(answer.status(), 426, "without `{missing}`");
        assert_eq!(answer.header("upgrade"), Some("websocket"));
        assert_eq!(answer.header("sec-websocket-version"), Some("13"), "RFC 6455, section 4.4");
        names(&answer, "Upgrade: websocket");
    }
    let http_1_0 = here.ask(&format!("GET /websocket HTTP/1.0\r\nhost: x\r\n{UPGRADE}\r\n")).await;
    assert_eq!(http_1_0.status(), 426);
}

#[tokio::test]
async fn an_upgrade_without_a_proper_key_is_malformed() {
    let here = Running::start();
    let key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for other in ["", "sec-websocket-key: short\r\n"] {
        let answer = get(&here, "/websocket", &UPGRADE.replace(key, other)).await;
        assert_eq!(answer.status(), 400, "`{other}`");
        names(&answer, "Sec-WebSocket-Key");
    }
}

#[tokio::test]
async fn what_is_refused_to_a_publisher_is_said_in_the_same_form() {
    let here = Running::start();
    let large = "7".repeat(70_000);
    for (fields, body, status, thing) in [
        ("", "hello", 400, "curl"),
        ("content-encoding: gzip\r\n", "1", 415, "gzip"),
        ("content-type: multipart/mixed\r\n", "1", 415, "multipart/mixed"),
        ("", large.as_str(), 413, "/publish"),
    ] {
        let length = body.len();
        let head = format!("POST /publish HTTP/1.1\r\nhost: x\r\n{fields}content-length: {length}\r\n\r\n");
        let answer = here.ask(&(head + body)).await;
        assert_eq!(answer.status(), status);
        names(&answer, thing);
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let here = Running::start();
    let many: String = (0..200).map(|n| format!("x-{n}: 1\r\n")).collect();
    let long = format!("x-long: {}\r\n", "x".repeat(900_000));
    for fields in [many, long] {
        let mut peer = here.connect().await;
        peer.try_say(&format!("GET /poll HTTP/1.1\r\nhost: x\r\n{fields}\r\n")).await;
        let answer = peer.answer().await;
        assert_eq!(answer.status(), 431, "a head of {} bytes", fields.len());
    }
}
