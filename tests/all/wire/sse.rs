//! `GET /sse`.

use crate::support::{Peer, Running, ms, stop_time};

const ASK: &str = "GET /sse HTTP/1.1\r\nhost: x\r\n\r\n";

/// What stands in the `data:` line of an event's chunk.
pub(super) fn data(chunk: &str) -> String {
    let line = chunk.lines().find_map(|line| line.strip_prefix("data: "));
    line.unwrap_or_else(|| panic!("no data in {chunk:?}")).to_owned()
}

/// A stream whose head and opening are read.
async fn opened(here: &Running, ask: &str) -> Peer {
    let mut peer = here.connect().await;
    peer.say(ask).await;
    peer.answer().await;
    peer.chunk().await;
    peer
}

/// An opening without the number that each client has for itself.
fn unspread(opening: &str) -> String {
    let (before, after) = opening.split_once("retry: ").expect("an opening says when to come back");
    let (retry, after) = after.split_once('\n').unwrap();
    let retry_ms: u64 = retry.parse().unwrap();
    assert!((1_000..=3_000).contains(&retry_ms), "{retry_ms} ms are not within 1 to 3 s");
    format!("{before}retry: …\n{after}")
}

#[tokio::test]
async fn a_stream_begins_with_its_head_and_with_where_it_starts() {
    let here = Running::start();
    here.publish("1");
    let mut peer = here.connect().await;
    peer.say(ASK).await;
    let expected = concat!(
        "HTTP/1.1 200 OK\r\n",
        "content-type: text/event-stream\r\n",
        "cache-control: no-cache, no-transform\r\n",
        "x-accel-buffering: no\r\n",
        "last-event-id: 8f3k2a-1\r\n",
        "transfer-encoding: chunked\r\n",
        "date: …\r\n\r\n",
    );
    assert_eq!(peer.answer().await.head, expected);
    assert_eq!(unspread(&peer.chunk().await), "1A\r\nretry: …\nid: 8f3k2a-1\n\n\r\n");
    assert!(peer.hears_nothing().await);
}

#[tokio::test]
async fn a_crowd_is_not_told_to_come_back_at_one_instant() {
    let here = Running::start();
    let mut openings = std::collections::BTreeSet::new();
    for _ in 0..10 {
        let mut peer = here.connect().await;
        peer.say(ASK).await;
        peer.answer().await;
        openings.insert(peer.chunk().await);
    }
    assert!(openings.len() > 1, "all were told the same: {openings:?}");
}

#[tokio::test]
async fn every_event_is_one_chunk() {
    let here = Running::start();
    let mut peer = opened(&here, ASK).await;
    for data in ["1", "2", r#"{"any":"json"}"#] {
        here.publish(data);
    }
    let expected = concat!(
        "4A\r\nid: 8f3k2a-1\ndata: {\"id\":\"8f3k2a-1\",\"topic\":\"demo\",\"sent_us\":5,\"data\":1}\n\n\r\n",
        "4A\r\nid: 8f3k2a-2\ndata: {\"id\":\"8f3k2a-2\",\"topic\":\"demo\",\"sent_us\":5,\"data\":2}\n\n\r\n",
        "57\r\nid: 8f3k2a-3\ndata: {\"id\":\"8f3k2a-3\",\"topic\":\"demo\",\"sent_us\":5,",
        "\"data\":{\"any\":\"json\"}}\n\n\r\n",
    );
    assert_eq!(peer.text(expected.len()).await, expected);
    assert!(peer.hears_nothing().await);
}

#[tokio::test]
async fn a_gap_is_an_event_of_its_own_kind_with_the_position_after_it() {
    let here = Running::remembering(1);
    for n in 1..=4 {
        here.publish(&n.to_string());
    }
    let mut peer = opened(&here, "GET /sse?last_event_id=8f3k2a-1 HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let expected = concat!(
        "5C\r\nevent: gap\nid: 8f3k2a-3\n",
        "data: {\"gap\":{\"after\":\"8f3k2a-1\",\"resumes\":\"8f3k2a-4\",\"missed\":2}}\n\n\r\n",
    );
    assert_eq!(peer.chunk().await, expected);
    assert!(data(&peer.chunk().await).contains("\"8f3k2a-4\""));
}

#[tokio::test]
async fn a_silence_is_broken_by_a_comment() {
    let time = stop_time();
    for (query, silence) in [("", ms(15_000)), ("?heartbeat=1", ms(1_000)), ("?heartbeat=60", ms(60_000))] {
        let here = Running::start();
        let mut peer = opened(&here, &format!("GET /sse{query} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
        time.passes(silence - ms(1)).await;
        here.publish("1");
        peer.chunk().await;
        time.passes(silence - ms(1)).await;
        assert!(peer.hears_nothing().await, "`{query}`: the silence was not {silence:?} long");
        time.passes(ms(2)).await;
        assert_eq!(peer.at_once().await.chunk().await, "3\r\n:\n\n\r\n");
    }
}

#[tokio::test]
async fn a_client_of_http_1_0_gets_no_chunks_and_an_end_by_closing() {
    let (here, time) = (Running::start(), stop_time());
    let mut peer = here.connect().await;
    peer.say("GET /sse?heartbeat=1&last_event_id=8f3k2a-7 HTTP/1.0\r\n\r\n").await;
    let expected = concat!(
        "HTTP/1.1 200 OK\r\n",
        "content-type: text/event-stream\r\n",
        "cache-control: no-cache, no-transform\r\n",
        "x-accel-buffering: no\r\n",
        "last-event-id: 8f3k2a-7\r\n",
        "connection: close\r\n",
        "date: …\r\n\r\n",
    );
    assert_eq!(peer.answer().await.head, expected);
    assert_eq!(unspread(&peer.until("\n\n").await), "retry: …\nid: 8f3k2a-7\n\n");
    let gap = concat!(
        "event: gap\nid: 8f3k2a-0\n",
        "data: {\"gap\":{\"after\":\"8f3k2a-7\",\"resumes\":\"8f3k2a-1\",\"missed\":null}}\n\n",
    );
    assert_eq!(peer.until("\n\n").await, gap);
    here.publish("1");
    let event = "id: 8f3k2a-1\ndata: {\"id\":\"8f3k2a-1\",\"topic\":\"demo\",\"sent_us\":5,\"data\":1}\n\n";
    assert_eq!(peer.until("\n\n").await, event);
    time.passes(ms(1_001)).await;
    assert_eq!(peer.at_once().await.until("\n\n").await, ":\n\n");
    here.drain();
    assert_eq!(peer.rest().await, "");
}

#[tokio::test]
async fn what_the_client_says_meanwhile_is_not_heard_and_its_leaving_is() {
    let here = Running::start();
    let mut peer = opened(&here, ASK).await;
    peer.say("GET /poll HTTP/1.1\r\nhost: x\r\n\r\n").await;
    here.publish("1");
    assert!(data(&peer.chunk().await).contains("\"8f3k2a-1\""));
    assert!(peer.hears_nothing().await);
    peer.hang_up().await;
    here.until_readers(0).await;
}
