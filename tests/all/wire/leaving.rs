//! A server that goes away: in which order it lets go of whom, and what it says to those who ask meanwhile.

use super::pipelined::{LONGPOLL, POLL};
use crate::support::{Peer, Running, StoppedTime, ms, settle, stop_time};

const HEALTH: &str = "GET /health HTTP/1.1\r\nhost: x\r\n\r\n";

/// As many streams as are to leave, each a tenth of a second after the one before.
async fn streams(here: &Running, count: usize) -> Vec<Peer> {
    let mut streams = Vec::new();
    for _ in 0..count {
        let mut stream = here.connect().await;
        stream.say("GET /sse HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert_eq!(stream.answer().await.status(), 200);
        stream.chunk().await;
        streams.push(stream);
    }
    here.until_readers(count).await;
    streams
}

async fn left(streams: &mut [Peer]) -> usize {
    let mut left = 0;
    for stream in streams {
        left += usize::from(!stream.hears_nothing().await);
    }
    left
}

/// A server that has just begun to drain, with so many streams; time stands still.
async fn draining(count: usize) -> (Running, StoppedTime, Vec<Peer>, Peer) {
    let (here, time) = (Running::start(), stop_time());
    let mut resting = here.connect().await;
    resting.say(POLL).await;
    assert_eq!(resting.answer().await.status(), 204);
    let streams = streams(&here, count).await;
    here.drain();
    settle().await;
    (here, time, streams, resting)
}

#[tokio::test]
async fn streams_end_one_after_another_and_who_rests_may_ask_how_it_goes() {
    let (_here, time, mut streams, mut resting) = draining(4).await;
    for expected in 1..=4 {
        assert_eq!(left(&mut streams).await, expected, "a tenth of a second after another one");
        if expected < 4 {
            resting.say(HEALTH).await;
            let answer = resting.answer().await;
            assert_eq!((answer.status(), answer.header("retry-after")), (503, Some("10")));
            assert_eq!(answer.json()["status"], "draining");
            time.passes(ms(101)).await;
        }
    }
    for stream in &mut streams {
        assert_eq!(stream.rest().await, "0\r\n\r\n", "ended, not cut");
    }
    assert_eq!(resting.rest().await, "", "it is the last");
}

#[tokio::test]
async fn nobody_gets_in_any_more_and_what_is_asked_meanwhile_is_answered_for_the_last_time() {
    let (here, time, _streams, resting) = draining(8).await;
    assert!(tokio::net::TcpStream::connect(here.address).await.is_err(), "nobody listens");
    drop(resting);
    for (request, status, retry) in [
        (POLL, 200, None),
        (LONGPOLL, 200, None),
        ("POST /publish HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n1", 201, None),
        ("GET /sse HTTP/1.1\r\nhost: x\r\n\r\n", 503, Some("10")),
    ] {
        let here = Running::start();
        let mut peer = here.connect().await;
        let _streams = streams(&here, 2).await;
        let before = here.feed.newest("demo");
        here.drain();
        settle().await;
        here.publish("1");
        let request = request.replace("poll HTTP", &format!("poll?last_event_id={before} HTTP"));
        peer.say(&request).await;
        let answer = peer.answer().await;
        assert_eq!((answer.status(), answer.header("retry-after")), (status, retry), "{request:?}");
        assert_eq!(answer.header("connection"), Some("close"), "{request:?}");
        assert_eq!(peer.rest().await, "", "{request:?}");
    }
    drop(time);
}

#[tokio::test]
async fn a_long_poll_is_answered_when_it_is_its_turn_or_there_is_something_new() {
    let (here, time) = (Running::start(), stop_time());
    let mut polls = Vec::new();
    for _ in 0..3 {
        let mut poll = here.connect().await;
        poll.say(LONGPOLL).await;
        polls.push(poll);
    }
    here.until_readers(3).await;
    here.drain();
    settle().await;
    assert_eq!(left(&mut polls).await, 1);
    time.passes(ms(101)).await;
    assert_eq!(left(&mut polls).await, 2);
    here.publish("1");
    let mut statuses = Vec::new();
    for poll in &mut polls {
        let answer = poll.answer().await;
        assert_eq!(answer.header("connection"), Some("close"));
        statuses.push(answer.status());
        assert_eq!(poll.rest().await, "");
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 204, 204]);
}

#[tokio::test]
async fn who_never_finishes_a_head_is_waited_for_for_a_second() {
    let (here, time) = (Running::start(), stop_time());
    let mut peer = here.connect().await;
    peer.say(&POLL[..8]).await;
    here.until_open(1).await;
    here.drain();
    time.passes(ms(990)).await;
    assert!(peer.hears_nothing().await, "a second was not over");
    time.passes(ms(20)).await;
    assert_eq!(peer.at_once().await.rest().await, "");
}

#[tokio::test]
async fn who_takes_nothing_is_not_waited_for_longer_than_the_drain() {
    let here = Running::start();
    let mut peer = here.connect_narrowly().await;
    peer.say("GET /sse HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(peer.answer().await.status(), 200);
    here.publish(&format!("\"{}\"", "x".repeat(10 << 20)));
    settle().await;
    let time = stop_time();
    here.drain();
    time.passes(ms(9_990)).await;
    assert!(!here.is_over(), "its ten seconds are not over");
    time.passes(ms(20)).await;
    assert!(here.is_over());
}
