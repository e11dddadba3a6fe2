//! How much anybody may take, and what becomes of who wants more.

use wirelanes::feed::{Retain, Slow};
use wirelanes::server::{Config, Limits};

use super::sse;
use super::websocket::{CLOSE, Frame, TEXT, UPGRADE, masked, upgraded};
use crate::support::{Answer, Peer, Running, settle, stop_time};

fn limited(limits: Limits) -> Running {
    Running::with(Config { limits, ..Config::default() })
}

async fn publish(here: &Running) -> Answer {
    here.ask("POST /publish HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 1\r\n\r\n1").await
}

/// A connection that is there: it was answered.
async fn admitted(here: &Running) -> Peer {
    let mut peer = here.connect().await;
    peer.say("GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(peer.answer().await.status(), 200);
    peer
}

#[tokio::test]
async fn one_connection_too_many_is_answered_and_its_neighbours_do_not_notice() {
    for (limits, flag) in [
        (Limits { connections: Some(2), ..Limits::default() }, "`--max-connections`"),
        (Limits { per_address: Some(2), ..Limits::default() }, "`--max-connections-per-address`"),
    ] {
        let here = limited(limits);
        let (first, mut second) = (admitted(&here).await, admitted(&here).await);
        for asks in [true, false].repeat(40) {
            let mut peer = here.connect().await;
            if asks {
                peer.try_say("GET /poll HTTP/1.1\r\nhost: x\r\n\r\n").await;
            }
            let answer = peer.answer().await;
            assert_eq!((answer.status(), answer.header("retry-after")), (503, Some("10")));
            assert_eq!(answer.header("connection"), Some("close"));
            assert!(answer.json()["error"].as_str().unwrap().contains(flag), "{answer:?}");
            assert_eq!(peer.rest().await, "");
        }
        second.say("GET /stats HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let connections = second.answer().await.json()["connections"].clone();
        assert_eq!(connections, serde_json::json!({ "open": 2, "accepted": 2, "refused": 80 }));
        drop(first);
        while here.connect_and_ask().await.status() == 503 {
            settle().await;
        }
    }
}

#[tokio::test]
async fn who_publishes_too_fast_is_told_when_to_come_back() {
    let here = limited(Limits { publishes_per_s: Some(1.0 / 60.0), ..Limits::default() });
    let mut websocket = upgraded(&here, "").await;
    assert_eq!(publish(&here).await.status(), 201);
    let answer = publish(&here).await;
    assert_eq!(answer.status(), 429);
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(answer.json()["error"].as_str().unwrap().contains("`--publish-rate`"), "{answer:?}");
    websocket.write(&masked(TEXT, br#"{"publish":1,"ref":"7"}"#)).await;
    let mut said = Frame::read(&mut websocket).await.text();
    if !said.contains("error") {
        said = Frame::read(&mut websocket).await.text();
    }
    assert!(said.starts_with(r#"{"error":{"ref":"7","message":"too many events from one address"#), "{said}");
    assert_eq!(here.feed.published(), 1);
}

#[tokio::test]
async fn this_machine_may_publish_as_fast_as_it_likes_unless_it_is_told_otherwise() {
    let here = Running::start();
    let mut peer = here.connect().await;
    for _ in 0..300 {
        peer.say("POST /publish HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n1").await;
        assert_eq!(peer.answer().await.status(), 201);
    }
}

/// More than the sockets between a server and a narrow peer hold.
const LARGE: usize = 1 << 20;

/// A reader with a full socket, and behind it a log that has forgotten what it did not take.
async fn fallen_behind(slow: Slow, request: &str) -> (Running, Peer) {
    let config = Config {
        retain: Retain { events: 3, ..Retain::default() },
        send_buffer: Some(16 << 10),
        ..Config::default()
    };
    let here = Running::treating(slow, config);
    let mut peer = here.connect_narrowly().await;
    peer.say(request).await;
    peer.answer().await;
    here.until_readers(1).await;
    here.publish(&format!("\"{}\"", "x".repeat(LARGE)));
    settle().await;
    for n in 2..=9 {
        here.publish(&n.to_string());
    }
    settle().await;
    (here, peer)
}

fn asking(transport: &str, fields: &str) -> String {
    format!("GET /{transport} HTTP/1.1\r\nhost: x\r\n{fields}\r\n")
}

#[tokio::test]
async fn a_slow_reader_is_told_what_it_missed_or_skipped_or_closed() {
    let request = asking("websocket", UPGRADE);
    for (slow, missed, next) in [(Slow::Gap, 5, 7), (Slow::Latest, 7, 9)] {
        let (_here, mut peer) = fallen_behind(slow, &request).await;
        assert!(Frame::read(&mut peer).await.payload.len() > LARGE, "{slow}");
        let gap = Frame::read(&mut peer).await.text();
        let expected =
            format!(r#"{{"gap":{{"after":"8f3k2a-1","resumes":"8f3k2a-{next}","missed":{missed}}}}}"#);
        assert_eq!(gap, expected, "{slow}");
        assert!(Frame::read(&mut peer).await.text().contains(&format!("\"8f3k2a-{next}\"")), "{slow}");
    }
    let time = stop_time();
    let (here, mut peer) = fallen_behind(Slow::Disconnect, &request).await;
    here.until_readers(1).await;
    assert!(Frame::read(&mut peer).await.payload.len() > LARGE);
    let close = Frame::read(&mut peer).await;
    assert_eq!((close.header[0], &close.payload[..2]), (CLOSE, &3008u16.to_be_bytes()[..]), "{close:?}");
    drop(time);
}

#[tokio::test]
async fn a_stream_that_is_too_slow_ends_and_its_reader_is_told_when_it_comes_back() {
    let time = stop_time();
    let (here, mut peer) = fallen_behind(Slow::Disconnect, &asking("sse", "")).await;
    peer.chunk().await;
    assert!(peer.chunk().await.len() > LARGE);
    let word = peer.chunk().await;
    assert!(
        word.ends_with("\r\n: too slow: events were forgotten before they were taken\n\n\r\n"),
        "{word:?}"
    );
    assert_eq!(peer.rest().await, "0\r\n\r\n", "ended behind the last word, not cut");
    drop(time);
    let mut again = here.connect().await;
    again.say(&asking("sse", "last-event-id: 8f3k2a-1\r\n")).await;
    again.answer().await;
    again.chunk().await;
    assert!(sse::data(&again.chunk().await).contains("\"missed\":5"), "who comes back is not too slow");
    assert!(sse::data(&again.chunk().await).contains("\"8f3k2a-7\""));
}

#[tokio::test]
async fn one_that_is_too_slow_and_takes_nothing_at_all_is_not_kept() {
    let time = stop_time();
    for request in [asking("sse", ""), asking("websocket", UPGRADE)] {
        let (here, _peer) = fallen_behind(Slow::Disconnect, &request).await;
        time.passes(crate::support::ms(1_010)).await;
        here.until_readers(0).await;
    }
}
