//! `POST /publish`.

use wirelanes::feed::MAX_TOPICS;

use crate::support::{Answer, Running};
use crate::wire::elements;

async fn publish(here: &Running, query: &str, fields: &str, body: &str) -> Answer {
    let length = body.len();
    let head =
        format!("POST /publish{query} HTTP/1.1\r\nhost: x\r\n{fields}content-length: {length}\r\n\r\n");
    here.ask(&(head + body)).await
}

/// The events of `demo`.
async fn events(here: &Running) -> Vec<String> {
    elements(&here.ask("GET /poll?last_event_id=earliest HTTP/1.1\r\nhost: x\r\n\r\n").await)
}

#[tokio::test]
async fn what_is_published_is_answered_with_its_id() {
    let here = Running::start();
    let expected = concat!(
        "HTTP/1.1 201 Created\r\n",
        "content-type: application/json\r\n",
        "cache-control: no-store\r\n",
        "content-length: 17\r\n",
        "date: …\r\n\r\n",
        r#"{"id":"8f3k2a-1"}"#,
    );
    assert_eq!(publish(&here, "", "", "\"hello\"").await.text(), expected);
    assert!(events(&here).await[0].ends_with(r#""data":"hello"}"#));
}

#[tokio::test]
async fn whatever_type_it_is_called_it_is_json() {
    let here = Running::start();
    for kind in [
        "application/x-www-form-urlencoded",
        "text/plain",
        "application/json; charset=utf-8",
        "nonsense",
        "é",
    ] {
        let fields = format!("content-type: {kind}\r\n");
        assert_eq!(publish(&here, "", &fields, "1").await.status(), 201, "`{kind}` was refused");
    }
    assert_eq!(publish(&here, "", "content-encoding: identity\r\n", "1").await.status(), 201);
}

#[tokio::test]
async fn what_cannot_be_json_by_its_type_is_refused() {
    let here = Running::start();
    for fields in [
        "content-type: multipart/form-data; boundary=x\r\n",
        "Content-Type: Multipart/Mixed\r\n",
        "content-encoding: gzip\r\n",
        "content-encoding: identity, br\r\n",
    ] {
        let answer = publish(&here, "", fields, "1").await;
        assert_eq!(answer.status(), 415, "`{}` was taken", fields.trim_end());
    }
    assert_eq!(here.feed.published(), 0);
}

#[tokio::test]
async fn sixty_four_kibibytes_may_be_published_and_not_one_more() {
    let here = Running::start();
    let sized = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    assert_eq!(publish(&here, "", "", &sized(64 << 10)).await.status(), 201);
    assert_eq!(publish(&here, "", "", &sized((64 << 10) + 1)).await.status(), 413);
    let chunk = sized((64 << 10) + 1);
    let head = "POST /publish HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    let answer = here.ask(&format!("{head}{:x}\r\n{chunk}\r\n0\r\n\r\n", chunk.len())).await;
    assert_eq!(answer.status(), 413);
    assert_eq!(here.feed.published(), 1);
}

#[tokio::test]
async fn what_is_no_json_is_refused() {
    let here = Running::start();
    for body in ["", "hello", "{", "{'a':1}", "1 2", "[1,]", "NaN", "\u{feff}1", "\"\n\""] {
        assert_eq!(publish(&here, "", "", body).await.status(), 400, "`{body}` was taken for JSON");
    }
    let mut peer = here.connect().await;
    peer.write(b"POST /publish HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n\"\xff\"").await;
    assert_eq!(peer.answer().await.status(), 400, "bytes that are no UTF-8 were taken for JSON");
    assert_eq!(here.feed.published(), 0);
}

#[tokio::test]
async fn spelling_and_order_are_kept_and_white_space_is_not() {
    let here = Running::start();
    let spelled = " { \"b\" : 1.50 ,\r\n\t\"a\" : [ 1E400 , -0.0 , 12345678901234567890123 ], \"a\":\"\\u00e9 \\/ é\" } ";
    assert_eq!(publish(&here, "", "", spelled).await.status(), 201);
    let expected = r#""data":{"b":1.50,"a":[1E400,-0.0,12345678901234567890123],"a":"\u00e9 \/ é"}}"#;
    assert!(events(&here).await[0].ends_with(expected), "{:?}", events(&here).await);
}

#[tokio::test]
async fn an_event_was_sent_when_the_head_of_its_request_arrived() {
    let here = Running::start();
    let mut peer = here.connect().await;
    let before_us = here.feed.clock().now_us();
    peer.say("POST /publish HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n").await;
    assert!(peer.hears_nothing().await);
    let between_us = here.feed.clock().now_us();
    peer.say("1").await;
    assert_eq!(peer.answer().await.status(), 201);
    let event: serde_json::Value = serde_json::from_str(&events(&here).await[0]).unwrap();
    let sent_us = event["sent_us"].as_u64().unwrap();
    assert!((before_us..=between_us).contains(&sent_us), "{sent_us} is not in {before_us}..={between_us}");
}

#[tokio::test]
async fn a_topic_is_named_by_one_to_sixty_four_letters() {
    let here = Running::start();
    let longest = "x".repeat(64);
    for topic in ["demo", "A-Z_a.z-0", "%64emo", &longest] {
        assert_eq!(publish(&here, &format!("?topic={topic}"), "", "1").await.status(), 201, "`{topic}`");
    }
    assert_eq!(here.feed.newest("demo").sequence, 2, "`%64emo` is `demo`");
    let too_long = "x".repeat(65);
    for topic in ["", "a/b", "a+b", "%C3%A9", "%00", "a,b", &too_long] {
        assert_eq!(publish(&here, &format!("?topic={topic}"), "", "1").await.status(), 400, "`{topic}`");
    }
}

#[tokio::test]
async fn one_topic_too_many_is_refused_until_later() {
    let here = Running::start();
    for n in 0..MAX_TOPICS {
        here.feed.publish(&format!("topic-{n}"), 5, "1").unwrap();
    }
    let answer = publish(&here, "", "", "1").await;
    assert_eq!((answer.status(), answer.header("retry-after").is_some()), (503, true));
    assert_eq!(publish(&here, "?topic=topic-0", "", "1").await.status(), 201);
}

#[tokio::test]
async fn a_client_that_asks_first_is_told_to_go_on() {
    let here = Running::start();
    let mut peer = here.connect().await;
    peer.say("POST /publish HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 1\r\n\r\n").await;
    assert_eq!(peer.answer().await.text(), "HTTP/1.1 100 Continue\r\n\r\n");
    peer.say("1").await;
    assert_eq!(peer.answer().await.status(), 201);
}
