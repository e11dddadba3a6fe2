//! `GET /longpoll`: what differs from `/poll` is when it answers.

use crate::support::{Peer, Running, ms, stop_time};

/// A long poll that the server holds.
async fn held(here: &Running, query: &str) -> Peer {
    let mut peer = here.connect().await;
    peer.say(&format!("GET /longpoll{query} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
    here.until_readers(1).await;
    peer
}

#[tokio::test]
async fn a_hold_without_news_ends_with_a_204() {
    let time = stop_time();
    for (query, hold) in [("", ms(25_000)), ("?hold=1", ms(1_000)), ("?hold=60&linger=50", ms(60_000))] {
        let here = Running::start();
        let mut peer = held(&here, query).await;
        time.passes(hold - ms(1)).await;
        assert!(peer.hears_nothing().await, "`{query}` was answered before {hold:?}");
        time.passes(ms(2)).await;
        let expected = concat!(
            "HTTP/1.1 204 No Content\r\n",
            "last-event-id: 8f3k2a-0\r\n",
            "cache-control: no-store\r\n",
            "date: …\r\n\r\n",
        );
        assert_eq!(peer.at_once().await.answer().await.text(), expected);
    }
}

#[tokio::test]
async fn what_is_published_is_answered_at_once() {
    let here = Running::start();
    let mut peer = held(&here, "").await;
    here.publish("1");
    let expected = concat!(
        "HTTP/1.1 200 OK\r\n",
        "content-type: application/json\r\n",
        "last-event-id: 8f3k2a-1\r\n",
        "cache-control: no-store\r\n",
        "content-length: 55\r\n",
        "date: …\r\n\r\n",
        r#"[{"id":"8f3k2a-1","topic":"demo","sent_us":5,"data":1}]"#,
    );
    assert_eq!(peer.answer().await.text(), expected);
}

#[tokio::test]
async fn what_is_already_there_is_answered_without_lingering() {
    let (here, _time) = (Running::start(), stop_time());
    here.publish("1");
    let mut peer = here.connect().await;
    peer.say("GET /longpoll?linger=50&last_event_id=earliest HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(peer.answer().await.header("last-event-id"), Some("8f3k2a-1"));
}

#[tokio::test]
async fn lingering_batches_a_burst() {
    let (here, time) = (Running::start(), stop_time());
    let mut peer = held(&here, "?linger=50").await;
    here.publish("1");
    time.passes(ms(49)).await;
    here.publish("2");
    assert!(peer.hears_nothing().await, "the first event was not lingered over");
    time.passes(ms(2)).await;
    assert_eq!(peer.at_once().await.answer().await.header("last-event-id"), Some("8f3k2a-2"));
}

#[tokio::test]
async fn lingering_never_outlasts_the_hold() {
    let (here, time) = (Running::start(), stop_time());
    let mut peer = held(&here, "?hold=1&linger=50").await;
    time.passes(ms(980)).await;
    here.publish("1");
    assert!(peer.hears_nothing().await, "the event was not lingered over");
    time.passes(ms(21)).await;
    assert_eq!(peer.at_once().await.answer().await.header("last-event-id"), Some("8f3k2a-1"));
}

#[tokio::test]
async fn an_abandoned_one_is_noticed_and_freed() {
    let here = Running::start();
    let peer = held(&here, "?hold=60").await;
    drop(peer);
    here.until_readers(0).await;
}
