//! Connections that wait between two requests, or with one that is held: how long, and how they end.

use super::elements;
use super::pipelined::{LONGPOLL, POLL};
use crate::support::{Running, ms, settle, stop_time};

/// The ways in which a client asks for one answer and no more.
const LAST: [&str; 4] = [
    "GET /longpoll HTTP/1.0\r\n\r\n",
    "GET /longpoll HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    "GET /longpoll HTTP/1.1\r\nhost: x\r\nConnection: x-other, Close\r\n\r\n",
    "GET /longpoll HTTP/1.1\r\nhost: x\r\nconnection: x-other\r\nconnection: close\r\n\r\n",
];

#[tokio::test]
async fn a_held_poll_that_is_the_last_is_answered_and_closed() {
    for request in LAST {
        let here = Running::start();
        let mut peer = here.connect().await;
        peer.say(request).await;
        here.until_readers(1).await;
        assert!(peer.hears_nothing().await, "{request:?} was not held");
        here.publish("1");
        let answer = peer.answer().await;
        assert_eq!(elements(&answer).len(), 1, "{request:?}");
        if request.contains("HTTP/1.1") {
            assert_eq!(answer.header("connection"), Some("close"), "{request:?}");
        }
        assert_eq!(peer.rest().await, "", "{request:?}");
        here.until_open(0).await;
    }
}

#[tokio::test]
async fn a_client_of_http_1_0_may_ask_to_be_kept() {
    let here = Running::start();
    let mut peer = here.connect().await;
    for n in ["1", "2"] {
        peer.say("GET /longpoll HTTP/1.0\r\nconnection: keep-alive\r\n\r\n").await;
        here.until_readers(1).await;
        here.publish(n);
        let answer = peer.answer().await;
        assert_eq!((answer.status(), answer.header("connection")), (200, Some("keep-alive")));
    }
}

#[tokio::test]
async fn a_held_poll_is_freed_though_half_a_request_stands_behind_it() {
    for begun in
        ["", "G", "GET /poll HTTP/1.1\r\nhost: ", "POST /publish HTTP/1.1\r\ncontent-length: 9\r\n\r\n1"]
    {
        let here = Running::start();
        let [mut polite, mut abrupt, mut half] =
            [here.connect().await, here.connect().await, here.connect().await];
        for peer in [&mut polite, &mut abrupt, &mut half] {
            peer.say(LONGPOLL).await;
        }
        here.until_readers(3).await;
        for peer in [&mut polite, &mut abrupt, &mut half] {
            peer.say(begun).await;
        }
        settle().await;
        drop(polite);
        abrupt.vanish();
        half.hang_up().await;
        here.until_readers(0).await;
        here.until_open(0).await;
    }
}

#[tokio::test]
async fn a_held_poll_that_is_the_last_is_freed_too() {
    for request in LAST {
        let here = Running::start();
        let mut peer = here.connect().await;
        peer.say(request).await;
        here.until_readers(1).await;
        drop(peer);
        here.until_readers(0).await;
        here.until_open(0).await;
    }
}

#[tokio::test]
async fn a_silence_between_two_requests_lasts_seventy_five_seconds_at_most() {
    let (here, time) = (Running::start(), stop_time());
    let mut peer = here.connect().await;
    for _ in 0..3 {
        peer.say(POLL).await;
        assert_eq!(peer.answer().await.status(), 204);
        time.passes(ms(74_990)).await;
        assert!(peer.hears_nothing().await, "75 s were not over");
    }
    peer.say("GET /longpoll?hold=60 HTTP/1.1\r\nhost: x\r\n\r\n").await;
    here.until_readers(1).await;
    time.passes(ms(60_001)).await;
    assert_eq!(peer.at_once().await.answer().await.status(), 204);
    time.passes(ms(74_990)).await;
    assert!(peer.hears_nothing().await, "what it was held for does not count");
    time.passes(ms(20)).await;
    assert_eq!(peer.at_once().await.rest().await, "");
    here.until_open(0).await;
}

#[tokio::test]
async fn one_that_never_asked_is_let_go_after_as_long() {
    let (here, time) = (Running::start(), stop_time());
    let mut peer = here.connect().await;
    here.until_open(1).await;
    time.passes(ms(74_990)).await;
    assert!(peer.hears_nothing().await, "75 s were not over");
    time.passes(ms(20)).await;
    assert_eq!(peer.at_once().await.rest().await, "");
    here.until_open(0).await;
}

#[tokio::test]
async fn a_head_that_drips_has_no_longer_than_one_that_stops() {
    let time = stop_time();
    let brief = "GET /longpoll?hold=1 HTTP/1.1\r\nhost: x\r\n\r\n";
    for (before, answered_after) in [("", ms(0)), (POLL, ms(0)), (brief, ms(1_001))] {
        let here = Running::start();
        let mut peer = here.connect().await;
        peer.say(&format!("{before}GET /poll HTTP/1.1\r\nhost: ")).await;
        time.passes(answered_after).await;
        if !before.is_empty() {
            assert_eq!(peer.answer().await.status(), 204);
        }
        for _ in 0..9 {
            time.passes(ms(1_000)).await;
            peer.say("x").await;
        }
        time.passes(ms(990)).await;
        assert!(peer.hears_nothing().await, "behind {before:?}: 10 s were not over");
        time.passes(ms(20)).await;
        assert_eq!(peer.at_once().await.rest().await, "");
        here.until_open(0).await;
    }
}

#[tokio::test]
async fn each_head_has_a_time_of_its_own_though_the_next_always_has_begun() {
    let (here, time) = (Running::start(), stop_time());
    let mut peer = here.connect().await;
    let (begun, rest) = POLL.split_at(8);
    peer.say(begun).await;
    for _ in 0..4 {
        time.passes(ms(9_000)).await;
        peer.say(&format!("{rest}{begun}")).await;
        assert_eq!(peer.answer().await.status(), 204);
    }
    time.passes(ms(9_990)).await;
    assert!(peer.hears_nothing().await, "10 s were not over");
    time.passes(ms(20)).await;
    assert_eq!(peer.at_once().await.rest().await, "");
}

#[tokio::test]
async fn a_server_that_goes_away_lets_go_of_who_waits_between_requests() {
    let here = Running::start();
    let mut fresh = here.connect().await;
    let mut idle = here.connect().await;
    idle.say(POLL).await;
    assert_eq!(idle.answer().await.status(), 204);
    let mut held = Vec::new();
    for request in [LONGPOLL, &LONGPOLL.repeat(2), &format!("{LONGPOLL}GET /po"), LAST[0], LAST[1]] {
        let mut peer = here.connect().await;
        peer.say(request).await;
        held.push((request.to_owned(), peer));
    }
    here.until_readers(held.len()).await;
    here.drain();
    assert_eq!(fresh.rest().await, "", "it never asked");
    assert_eq!(idle.rest().await, "", "it was answered");
    for (request, mut peer) in held {
        let answer = peer.answer().await;
        assert_eq!((answer.status(), answer.header("last-event-id")), (204, Some("8f3k2a-0")), "{request:?}");
        if request.contains("HTTP/1.1") {
            assert_eq!(answer.header("connection"), Some("close"), "{request:?}");
        }
        assert_eq!(peer.rest().await, "", "{request:?}");
    }
}
