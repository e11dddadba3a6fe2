//! Where marks end: too many of them, topics of nobody, and who may not speak.

use serde_json::json;
use wirelanes::server::Config;
use wirelanes::transport::Transport;

use super::Watcher;
use crate::support::{PATIENCE, Running, ms, stop_time};
use crate::wire::websocket::{Frame, TEXT, UPGRADE, masked};

#[tokio::test]
async fn where_there_are_too_many_marks_the_ledgers_stay_exact() {
    const REQUESTS: usize = 300;
    let here = Running::start();
    let time = stop_time();
    let mut watcher = Watcher::new(&here, Transport::Sse, "_page").await;
    let mut peer = here.connect().await;
    let ask = "GET /poll?client=_page&n=1 HTTP/1.1\r\nhost: x\r\n\r\n";
    for _ in 0..REQUESTS {
        peer.say(ask).await;
        peer.answer().await;
    }
    assert!(watcher.peer.hears_nothing().await, "the time of a batch has not passed");
    time.passes(ms(101)).await;
    watcher.more().await;
    assert_eq!((watcher.marks.len(), watcher.unshown), (500, 2 * REQUESTS as u64 - 500));
    let ledger = &watcher.ledgers["poll"];
    assert_eq!([&ledger["requests"], &ledger["empty_answers"]], [REQUESTS, REQUESTS]);
    let total = |way: &str| ledger[way]["http"].as_u64().unwrap() as usize;
    assert_eq!((total("up"), total("down")), (peer.sent, peer.received));
}

#[tokio::test]
async fn nobody_but_the_server_speaks_on_a_control_topic() {
    let here = Running::start();
    let post = "POST /publish?topic=control._page HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n1";
    let answer = here.ask(post).await;
    assert_eq!(answer.status(), 403);
    assert!(answer.body.contains("publish to another topic, such as `demo`"), "{}", answer.body);
    for (topic, message, remedy) in [
        ("demo", r#"{"publish":1,"topic":"control._page"}"#, "publish to another topic, such as `demo`"),
        ("control._page", r#"{"publish":1}"#, "publish to another topic, such as `demo`"),
        ("control._page", r#"{"publish":1,"topic":"demo"}"#, "publish on another one"),
    ] {
        let mut peer = here.connect().await;
        peer.say(&format!("GET /websocket?topic={topic} HTTP/1.1\r\nhost: x\r\n{UPGRADE}\r\n")).await;
        assert_eq!(peer.answer().await.status(), 101);
        peer.write(&masked(TEXT, message.as_bytes())).await;
        let answer = Frame::read(&mut peer).await.text();
        assert!(answer.starts_with(r#"{"error":"#) && answer.contains(remedy), "{message}: {answer}");
    }
    assert_eq!(here.feed.published(), 0);
}

#[tokio::test]
async fn a_control_topic_needs_a_name() {
    let answer = Running::start().ask("GET /sse?topic=control. HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(answer.status(), 400);
    assert!(answer.body.contains("the `client` of your requests"), "{}", answer.body);
}

#[tokio::test]
async fn pages_and_their_topics_are_not_in_the_statistics() {
    let here = Running::start();
    let mut watcher = Watcher::new(&here, Transport::Sse, "_page").await;
    here.ask("GET /poll?client=_page&n=1 HTTP/1.1\r\nhost: x\r\n\r\n").await;
    here.ask("GET /poll?client=eve HTTP/1.1\r\nhost: x\r\n\r\n").await;
    watcher.until("answered", 1).await;
    let stats = here.ask("GET /stats HTTP/1.1\r\nhost: x\r\n\r\n").await.json();
    assert_eq!(stats["clients"].as_object().unwrap().keys().collect::<Vec<_>>(), ["eve"]);
    assert_eq!((&stats["topics"], &stats["published"]), (&json!([]), &json!(0)));
    let sse = &stats["transports"]["sse"];
    assert_eq!((&sse["requests"], &sse["subscribers"]), (&json!(0), &json!(0)), "to watch is no traffic");
    assert_eq!(stats["transports"]["poll"]["requests"], 2);
}

#[tokio::test]
async fn a_control_topic_that_nobody_reads_is_forgotten() {
    let here = Running::with(Config { forget: ms(40), ..Config::default() });
    let watcher = Watcher::new(&here, Transport::Sse, "_page").await;
    let position = async |name| Watcher::new(&here, Transport::Poll, name).await.at;
    let (other, read) = (position("_other").await, position("_page").await);
    let begun = std::time::Instant::now();
    while position("_other").await == other {
        assert!(begun.elapsed() < PATIENCE, "it is still known");
        tokio::time::sleep(ms(100)).await;
    }
    assert_eq!(position("_page").await, read, "it is read all the while");
    drop(watcher);
}
