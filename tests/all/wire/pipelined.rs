//! What comes before it is its turn: answered in order, wherever it was cut.

use super::elements;
use crate::support::{Peer, Running, settle};

pub(super) const LONGPOLL: &str = "GET /longpoll HTTP/1.1\r\nhost: x\r\n\r\n";
pub(super) const POLL: &str = "GET /poll HTTP/1.1\r\nhost: x\r\n\r\n";
const PUBLISH: &str = "POST /publish?topic=other HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n1";

/// A client of which every write is a segment of its own.
async fn connect(here: &Running) -> Peer {
    let peer = here.connect().await;
    peer.stream().set_nodelay(true).expect("the connection is open");
    peer
}

/// Asks for a long poll with `at_once` right behind it, says `meanwhile` while it is held and `afterwards` when
/// it is answered: together they are [`PUBLISH`], which must be answered then.
async fn publish_behind_a_held_poll([at_once, meanwhile, afterwards]: [&str; 3]) {
    let here = Running::start();
    let mut peer = connect(&here).await;
    peer.say(&format!("{LONGPOLL}{at_once}")).await;
    here.until_readers(1).await;
    peer.say(meanwhile).await;
    let cut = format!("{at_once:?}, {meanwhile:?}, {afterwards:?}");
    assert!(peer.hears_nothing().await, "{cut}: a later request was answered first");
    here.publish("1");
    assert_eq!(elements(&peer.answer().await).len(), 1, "{cut}");
    peer.say(afterwards).await;
    assert_eq!(peer.answer().await.status(), 201, "{cut}");
    assert_eq!(here.feed.newest("other").sequence, 1, "{cut}: it was published once");
    peer.say(POLL).await;
    assert_eq!(peer.answer().await.status(), 204, "{cut}: the connection goes on");
}

#[tokio::test]
async fn a_request_behind_a_held_poll_is_answered_wherever_it_was_cut() {
    for cut in 0..=PUBLISH.len() {
        let (before, behind) = PUBLISH.split_at(cut);
        publish_behind_a_held_poll([before, behind, ""]).await;
        publish_behind_a_held_poll([before, "", behind]).await;
        publish_behind_a_held_poll(["", before, behind]).await;
    }
    let (method, rest) = PUBLISH.split_at(4);
    let (head, body) = rest.split_at(rest.len() - 1);
    publish_behind_a_held_poll([method, head, body]).await;
}

#[tokio::test]
async fn a_long_poll_behind_another_begins_when_that_is_answered() {
    let here = Running::start();
    let mut peer = connect(&here).await;
    peer.say(&LONGPOLL.repeat(3)).await;
    for position in ["8f3k2a-1", "8f3k2a-2", "8f3k2a-3"] {
        settle().await;
        here.until_readers(1).await;
        here.publish("1");
        let answer = peer.answer().await;
        assert_eq!(answer.header("last-event-id"), Some(position));
        assert_eq!(elements(&answer).len(), 1, "each is told what came since the answer before it");
    }
    here.until_readers(0).await;
}

#[tokio::test]
async fn more_than_is_kept_of_what_comes_behind_a_held_poll_is_answered_too() {
    const POLLS: usize = 3_000;
    let here = Running::start();
    let mut peer = connect(&here).await;
    peer.say(LONGPOLL).await;
    here.until_readers(1).await;
    peer.say(&POLL.repeat(POLLS)).await;
    assert!(peer.hears_nothing().await, "a later request was answered first");
    here.publish("1");
    assert_eq!(elements(&peer.answer().await).len(), 1);
    for n in 0..POLLS {
        assert_eq!(peer.answer().await.status(), 204, "answer {n}");
    }
    assert!(peer.hears_nothing().await, "more was answered than was asked");
}

#[tokio::test]
async fn requests_in_a_row_are_answered_in_order_though_each_byte_comes_alone() {
    let here = Running::start();
    let mut peer = connect(&here).await;
    let publish = "POST /publish HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n[1]";
    let chunked =
        "POST /publish HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\n2\r\n0\r\n\r\n";
    let longpoll = "GET /longpoll?last_event_id=earliest HTTP/1.1\r\nhost: x\r\n\r\n";
    let requests =
        [POLL, publish, longpoll, "\r\n", chunked, longpoll, "GET /x HTTP/1.1\nhost: x\n\n", publish];
    for byte in requests.concat().into_bytes() {
        peer.write(&[byte]).await;
        settle().await;
    }
    for (status, told) in [(204, 0), (201, 1), (200, 1), (201, 1), (200, 2), (404, 1), (201, 1)] {
        let answer = peer.answer().await;
        assert_eq!(answer.status(), status, "{answer:?}");
        if status == 200 {
            assert_eq!(elements(&answer).len(), told, "{answer:?}");
        }
    }
    assert!(peer.hears_nothing().await, "more was answered than was asked");
    assert_eq!(here.feed.published(), 3);
}
