//! Every endpoint, on streams of one connection.

use bytes::Bytes;
use h2::Reason;
use hyper::Method;
use wirelanes::server::{Config, Limits};

use super::Client;
use crate::support::{Running, ms, settle, stop_time};
use crate::wire::masked;

#[tokio::test]
async fn a_batch_is_the_same_as_over_http_1() {
    let here = Running::start();
    let client = Client::connect(&here).await;
    let nothing = client.get("/poll").await;
    assert_eq!((nothing.status, nothing.header("content-length")), (204, ""));
    assert_eq!(nothing.header("last-event-id"), here.feed.newest("demo").to_string());
    assert_eq!(nothing.rest().await, "");
    for n in 0..3 {
        here.publish(&n.to_string());
    }
    let old = here.ask("GET /poll?last_event_id=earliest HTTP/1.1\r\nhost: x\r\n\r\n").await;
    for path in ["/poll?last_event_id=earliest", "/longpoll?last_event_id=earliest"] {
        let answer = client.get(path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
        assert_eq!(answer.header("content-length"), old.header("content-length").unwrap());
        assert!(!answer.header("date").is_empty());
        assert_eq!(
            answer.rest().await.replace(&here.feed.newest("demo").epoch.to_string(), "8f3k2a"),
            old.body
        );
    }
}

#[tokio::test]
async fn a_long_poll_waits_while_other_streams_are_answered() {
    let here = Running::start();
    let client = Client::connect(&here).await;
    let held = client.get("/longpoll");
    let meanwhile = async {
        here.until_readers(1).await;
        assert_eq!(client.get("/health").await.rest().await, r#"{"status":"ok"}"#);
        let posted = client.ask(client.request(Method::POST, "/publish"), Bytes::from_static(b"\"hello\""));
        let posted = posted.await;
        assert_eq!(posted.status, 201);
        posted.rest().await
    };
    let (held, id) = tokio::join!(held, meanwhile);
    let id = id.trim_start_matches(r#"{"id":""#).trim_end_matches(r#""}"#);
    assert_eq!((held.status, held.header("last-event-id")), (200, id));
    assert!(held.rest().await.contains(r#""data":"hello""#));
}

#[tokio::test]
async fn a_stream_begins_with_its_position_and_says_each_event_as_it_is() {
    let here = Running::start();
    let client = Client::connect(&here).await;
    let mut sse = client.get("/sse").await;
    assert_eq!((sse.status, sse.header("content-type")), (200, "text/event-stream"));
    assert_eq!((sse.header("transfer-encoding"), sse.header("connection")), ("", ""));
    let position = sse.header("last-event-id").to_owned();
    let opening = sse.until("\n\n").await;
    assert!(opening.starts_with("retry: ") && opening.contains(&format!("id: {position}\n")), "{opening}");
    let id = here.publish("1");
    let event = sse.until("\n\n").await;
    assert!(event.starts_with(&format!("id: {id}\ndata: {{\"id\":\"{id}\"")), "{event}");
    here.drain();
    assert_eq!(sse.rest().await, "", "the end, and no error");
}

#[tokio::test]
async fn events_that_are_there_together_come_in_one_frame() {
    let here = Running::start();
    for n in 0..50 {
        here.publish(&n.to_string());
    }
    let mut sse = Client::connect(&here).await.get("/sse?last_event_id=earliest").await;
    let mut frames = 0;
    let mut text = String::new();
    while text.matches("data:").count() < 50 {
        text += str::from_utf8(&sse.frame().await.unwrap().unwrap()).unwrap();
        frames += 1;
    }
    assert!(frames <= 3, "{frames} frames for 50 events that had been there");
}

#[tokio::test]
async fn a_long_poll_that_is_given_up_is_freed_at_once_and_its_neighbours_stay() {
    let here = Running::start();
    let client = Client::connect(&here).await;
    let mut sse = client.get("/sse").await;
    sse.until("\n\n").await;
    let mut requests = client.requests.clone().ready().await.unwrap();
    let (held, _) = requests.send_request(client.request(Method::GET, "/longpoll"), true).unwrap();
    here.until_readers(2).await;
    drop(held);
    here.until_readers(1).await;
    here.publish("1");
    assert!(sse.until("\n\n").await.contains("\"data\":1"));
    drop(sse);
    here.until_readers(0).await;
}

#[tokio::test]
async fn refusals_leave_the_connection_usable_and_name_the_remedy() {
    let here = Running::start();
    let client = Client::connect(&here).await;
    for (method, path, status, remedy) in [
        (Method::GET, "/nope", 404, "`/poll`"),
        (Method::GET, "/poll?limit=0", 400, "from 1 to 10000"),
        (Method::POST, "/poll", 405, "`GET, HEAD`"),
        (Method::GET, "/websocket", 405, "CONNECT"),
        (Method::GET, "/tcp", 426, "Upgrade"),
    ] {
        let answer = client.ask(client.request(method, path), Bytes::new()).await;
        assert_eq!(answer.status, status, "{path}");
        let text = answer.rest().await;
        assert!(text.contains(remedy), "{path}: {text}");
    }
    let mut foreign = client.request(Method::POST, "/publish");
    foreign.headers_mut().insert("origin", "http://evil.example".parse().unwrap());
    assert_eq!(client.ask(foreign, Bytes::from_static(b"1")).await.status, 403);
    let mut own = client.request(Method::POST, "/publish");
    own.headers_mut().insert("origin", client.origin.parse().unwrap());
    let own = client.ask(own, Bytes::from_static(b"1")).await;
    assert_eq!((own.status, own.header("access-control-allow-origin")), (201, &*client.origin));
    let page = client.ask(client.request(Method::HEAD, "/"), Bytes::new()).await;
    assert!(page.header("content-length").parse::<u64>().unwrap() > 0);
    assert_eq!(page.rest().await, "", "a head only");
}

#[tokio::test]
async fn a_drain_answers_the_held_ends_the_streams_and_closes() {
    let here = Running::start();
    let client = Client::connect(&here).await;
    let sse = client.get("/sse").await;
    let held = client.get("/longpoll");
    let drain = async {
        here.until_readers(2).await;
        here.drain();
    };
    let (held, ()) = tokio::join!(held, drain);
    assert_eq!(held.status, 204);
    assert!(sse.rest().await.starts_with("retry: "));
    let refused = client.requests.clone().ready().await;
    assert!(refused.is_err() || refused.unwrap().ready().await.is_err(), "the connection was to end");
}

#[tokio::test]
async fn the_preface_may_come_byte_by_byte_and_idle_connections_end() {
    let (here, time) = (Running::start(), stop_time());
    let mut peer = here.connect().await;
    for byte in b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" {
        peer.write(&[*byte]).await;
        settle().await;
    }
    peer.write(b"\0\0\0\x04\0\0\0\0\0").await;
    let settings = peer.exactly(9).await;
    assert_eq!(settings[3..], [4, 0, 0, 0, 0, 0], "SETTINGS come first");
    here.until_open(1).await;
    time.passes(ms(74_000)).await;
    assert_eq!(here.open().await, 1, "it had 75 s");
    time.passes(ms(2_000)).await;
    here.until_open(0).await;
}

#[tokio::test]
async fn a_stream_that_takes_nothing_is_reset_alone() {
    let (here, time) = (Running::with(Config::default()), stop_time());
    // A window for both, so that one cannot take it all.
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(16 << 10).initial_connection_window_size(1 << 20);
    let client = Client::with(&here, &builder).await;
    let mut lazy = client.get("/sse").await;
    let mut eager = client.get("/sse").await;
    eager.until("\n\n").await;
    let large = format!("\"{}\"", "x".repeat(6_000));
    for _ in 0..10 {
        here.publish(&large);
        assert!(eager.until("\n\n").await.contains("xxxx"));
    }
    time.passes(ms(29_000)).await;
    here.until_readers(2).await;
    time.passes(ms(2_000)).await;
    here.until_readers(1).await;
    let mut taken = 0;
    let reason = loop {
        match lazy.body.data().await.expect("a reset, not an end") {
            Ok(data) => taken += data.len(),
            Err(wrong) => break wrong.reason(),
        }
    };
    assert_eq!((reason, taken), (Some(Reason::CANCEL), 16 << 10));
    here.publish(&large);
    assert!(eager.until("\n\n").await.starts_with(':'), "heartbeats went on");
}

#[tokio::test]
async fn who_publishes_too_fast_is_told_so_on_every_stream_of_every_connection() {
    let limits = Limits { publishes_per_s: Some(1.0 / 60.0), ..Limits::default() };
    let here = Running::with(Config { limits, ..Config::default() });
    let (client, another) = (Client::connect(&here).await, Client::connect(&here).await);
    let publish = async |client: &Client| {
        client.ask(client.request(Method::POST, "/publish"), Bytes::from_static(b"1")).await
    };
    assert_eq!(publish(&client).await.status, 201);
    for client in [&client, &another] {
        let answer = publish(client).await;
        assert_eq!(answer.status, 429);
        let wait: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        let (mut answer, mut up) = client.turn("websocket", "/websocket").await;
        up.send_data(masked(0x81, br#"{"publish":1,"ref":"7"}"#).into(), false).unwrap();
        let said = String::from_utf8_lossy(&answer.frame().await.unwrap().unwrap()).into_owned();
        assert!(said.contains(r#"{"error":{"ref":"7","message":"too many events"#), "{said}");
    }
    assert_eq!(here.feed.published(), 1);
}

#[tokio::test]
async fn who_does_not_answer_is_not_waited_for_longer_than_a_goodbye_takes() {
    let here = Running::start();
    let mut peer = here.connect().await;
    // The preface, and an empty SETTINGS: this client will say no more, and answer no PING.
    peer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
    // Its own SETTINGS, and the answer to ours.
    peer.exactly(9 + 24 + 9).await;
    let time = stop_time();
    settle().await;
    here.drain();
    time.passes(ms(990)).await;
    assert!(!here.is_over(), "a second was not over");
    time.passes(ms(20)).await;
    assert!(here.is_over(), "it waits for who says nothing");
}
