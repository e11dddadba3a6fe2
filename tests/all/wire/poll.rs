//! `GET /poll`.

use crate::support::Running;
use crate::wire::elements;

#[tokio::test]
async fn nothing_new_is_a_204_that_says_where_the_client_stands() {
    let here = Running::start();
    let answer = here.ask("GET /poll HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let expected = concat!(
        "HTTP/1.1 204 No Content\r\n",
        "last-event-id: 8f3k2a-0\r\n",
        "cache-control: no-store\r\n",
        "date: …\r\n\r\n",
    );
    assert_eq!(answer.text(), expected);
}

#[tokio::test]
async fn what_is_new_is_an_array_of_payloads_and_the_position_after_them() {
    let here = Running::start();
    here.publish("1");
    here.publish(r#"{"any":"json"}"#);
    let answer = here.ask("GET /poll?last_event_id=8f3k2a-0 HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let expected = concat!(
        "HTTP/1.1 200 OK\r\n",
        "content-type: application/json\r\n",
        "last-event-id: 8f3k2a-2\r\n",
        "cache-control: no-store\r\n",
        "content-length: 122\r\n",
        "date: …\r\n\r\n",
        r#"[{"id":"8f3k2a-1","topic":"demo","sent_us":5,"data":1},"#,
        r#"{"id":"8f3k2a-2","topic":"demo","sent_us":5,"data":{"any":"json"}}]"#,
    );
    assert_eq!(answer.text(), expected);
}

#[tokio::test]
async fn an_answer_ends_at_the_limit_and_the_next_goes_on_from_there() {
    let here = Running::start();
    for n in 1..=5 {
        here.publish(&n.to_string());
    }
    let mut peer = here.connect().await;
    for (from, expected, position) in [(0, 2, "8f3k2a-2"), (2, 2, "8f3k2a-4"), (4, 1, "8f3k2a-5")] {
        peer.say(&format!("GET /poll?limit=2&last_event_id=8f3k2a-{from} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
        let answer = peer.answer().await;
        assert_eq!((elements(&answer).len(), answer.header("last-event-id").unwrap()), (expected, position));
    }
}

#[tokio::test]
async fn an_answer_ends_at_a_thousand_events_unless_another_limit_is_asked_for() {
    let here = Running::start();
    for n in 0..1_001 {
        here.publish(&n.to_string());
    }
    for (limit, expected) in [("", 1_000), ("&limit=10000", 1_001), ("&limit=1", 1)] {
        let ask = format!("GET /poll?last_event_id=earliest{limit} HTTP/1.1\r\nhost: x\r\n\r\n");
        assert_eq!(elements(&here.ask(&ask).await).len(), expected, "`{limit}`");
    }
}

#[tokio::test]
async fn an_answer_ends_with_the_event_that_fills_it_to_a_mebibyte() {
    let here = Running::start();
    let data = format!("\"{}\"", "x".repeat(60_000));
    for _ in 0..30 {
        here.publish(&data);
    }
    let first = here.ask("GET /poll?last_event_id=earliest HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let messages = elements(&first);
    let bytes: usize = messages.iter().map(String::len).sum();
    let last = messages.last().unwrap().len();
    assert!(bytes >= 1 << 20, "an answer that was cut at {bytes} bytes looks like one that was not");
    assert!(bytes - last < 1 << 20, "{bytes} bytes are more than was needed");

    let position = first.header("last-event-id").unwrap();
    let ask = format!("GET /poll HTTP/1.1\r\nhost: x\r\nlast-event-id: {position}\r\n\r\n");
    assert_eq!(messages.len() + elements(&here.ask(&ask).await).len(), 30);
}
