//! Who may: tokens, in the head and in the query, until they expire.

use data_encoding::BASE64;
use serde_json::Value;
use wirelanes::server::{Claims, Key, Operator, Tokens, now_s};
use wirelanes::transport::Transport;

use super::errors::names;
use super::websocket::{Frame, TEXT, UPGRADE, masked};
use crate::support::{Answer, Peer, Running, ms, stop_time};

fn tokens() -> Tokens {
    Tokens::with_key(&[7; 32]).unwrap()
}

/// Reads `demo`, and all that begins with `room.`; publishes to `room.7`; expires after so many seconds.
fn token(expires_s: f64) -> String {
    granting(expires_s, &["demo", "room.*"], &["room.7"])
}

fn granting(expires_s: f64, subscribe: &[&str], publish: &[&str]) -> String {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let expires_s = now_s() + expires_s;
    let (subscribe, publish) = (names(subscribe), names(publish));
    tokens().mint(&Claims { expires_s, begins_s: None, subject: "ann".to_owned(), subscribe, publish })
}

const HOUR: f64 = 3600.0;

/// A server that lets in only who has a token, and its operator's key.
fn here() -> (Running, Key) {
    let key = Key::draw().unwrap();
    let operator = Operator { key: Some(key), ..Operator::default() };
    (Running::prepared(|server| server.operated(operator).guarded(tokens())), key)
}

fn bearer(token: &str) -> String {
    format!("authorization: Bearer {token}\r\n")
}

async fn get(here: &Running, path: &str, fields: &str) -> Answer {
    here.ask(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n{fields}\r\n")).await
}

async fn post(here: &Running, path: &str, fields: &str) -> Answer {
    here.ask(&format!("POST {path} HTTP/1.1\r\nhost: x\r\n{fields}content-length: 1\r\n\r\n1")).await
}

/// A request on each transport, with these parameters and fields.
async fn asked(here: &Running, transport: Transport, query: &str, fields: &str) -> (Peer, Answer) {
    let upgrade = if transport == Transport::Websocket { UPGRADE } else { "" };
    let mut peer = here.connect().await;
    peer.say(&format!("GET /{transport}?{query} HTTP/1.1\r\nhost: x\r\n{fields}{upgrade}\r\n")).await;
    let answer = peer.answer().await;
    (peer, answer)
}

fn let_in(transport: Transport) -> u16 {
    match transport {
        Transport::Poll | Transport::Longpoll => 204,
        Transport::Sse => 200,
        Transport::Websocket => 101,
    }
}

#[tokio::test]
async fn who_has_no_token_gets_nothing_but_the_page_the_time_and_health() {
    let (here, _) = here();
    for path in
        ["/poll", "/longpoll", "/sse", "/websocket", "/tcp", "/control", "/stats", "/metrics", "/theory"]
    {
        for fields in ["", "authorization: Basic YTpi\r\n", "authorization: Bearer\r\n"] {
            let answer = get(&here, path, &format!("{fields}{UPGRADE}")).await;
            assert_eq!((answer.status(), answer.header("www-authenticate")), (401, Some("Bearer")), "{path}");
            names(&answer, "Authorization: Bearer TOKEN");
        }
    }
    assert_eq!(post(&here, "/publish", "").await.status(), 401);
    assert_eq!(here.feed.published(), 0);
    for path in ["/health", "/time", "/", "/page.js"] {
        assert_eq!(get(&here, path, "").await.status(), 200, "{path}");
    }
    assert_eq!(here.feed.topics().len(), 0, "nothing was subscribed");
}

#[tokio::test]
async fn a_token_lets_in_from_the_head_and_from_the_query_and_so_does_the_key_from_the_head() {
    let (here, key) = here();
    let token = token(HOUR);
    for transport in Transport::ALL {
        let expected = let_in(transport);
        for (query, fields) in [
            ("hold=0".to_owned(), bearer(&token)),
            (format!("hold=0&token={token}"), String::new()),
            (format!("hold=0&topic=room.8&token={token}"), "authorization: Basic YTpi\r\n".to_owned()),
            ("hold=0&topic=any".to_owned(), bearer(key.reveal())),
            ("hold=0&token=wrong".to_owned(), bearer(&token)),
        ] {
            let (_, answer) = asked(&here, transport, &query, &fields).await;
            assert_eq!(answer.status(), expected, "{transport} {query}: {}", answer.text());
        }
        let (_, answer) = asked(&here, transport, &format!("token={}", key.reveal()), "").await;
        assert_eq!(answer.status(), 401, "{transport}: a key is not for an address");
    }
    for path in ["/stats", "/metrics", "/control"] {
        assert_eq!(get(&here, path, &bearer(&token)).await.status(), 200, "{path}");
        assert_eq!(get(&here, path, &bearer(key.reveal())).await.status(), 200, "{path}");
    }
    assert_eq!(get(&here, "/control", &bearer(&token)).await.json()["operator"], false);
    assert_eq!(get(&here, "/control", &bearer(key.reveal())).await.json()["operator"], true);
    let commanded = post(&here, "/control", &bearer(&token)).await;
    assert_eq!(commanded.status(), 403, "a token is no operator's");
}

#[tokio::test]
async fn what_is_no_token_of_ours_or_of_no_use_any_more_is_told_so() {
    let (here, _) = here();
    let foreign = Tokens::with_key(&[8; 32]).unwrap();
    let claims = tokens().read(&token(HOUR), now_s()).unwrap();
    for (token, word) in [
        (token(-1.0), "expired"),
        (foreign.mint(&claims), "signed"),
        (tokens().mint(&Claims { begins_s: Some(now_s() + HOUR), ..claims }), "not valid yet"),
        ("a.b.c".to_owned(), "JSON Web Token"),
        ("nonsense".to_owned(), "JSON Web Token"),
    ] {
        for transport in Transport::ALL {
            let (_, answer) = asked(&here, transport, &format!("token={token}"), "").await;
            let challenge = answer.header("www-authenticate");
            assert_eq!((answer.status(), challenge), (401, Some(r#"Bearer error="invalid_token""#)));
            assert!(answer.body.contains(word) && !answer.body.contains(&token), "{}", answer.body);
        }
    }
}

#[tokio::test]
async fn a_topic_that_is_not_granted_is_neither_read_nor_made() {
    let (here, _) = here();
    for transport in Transport::ALL {
        for topic in ["other", "room", "control._a"] {
            let (_, answer) = asked(&here, transport, &format!("topic={topic}"), &bearer(&token(HOUR))).await;
            assert_eq!(answer.status(), 403, "{transport}");
            assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer error="insufficient_scope""#));
            names(&answer, &format!("--subscribe {topic}"));
        }
    }
    assert_eq!(here.feed.topics().len(), 0);
    for (topic, status) in [("room.7", 201), ("room.8", 403), ("demo", 403)] {
        let answer = post(&here, &format!("/publish?topic={topic}"), &bearer(&token(HOUR))).await;
        assert_eq!(answer.status(), status, "{topic}: {}", answer.text());
    }
    assert_eq!(here.feed.published(), 1);
}

/// The one that is refused hears why, under its own name for it, and the door.
#[tokio::test]
async fn who_publishes_on_a_websocket_without_leave_is_told_and_shown_the_door() {
    let (here, key) = here();
    let (mut peer, _) = asked(&here, Transport::Websocket, "topic=room.8", &bearer(&token(HOUR))).await;
    peer.write(&masked(TEXT, br#"{"publish":1,"ref":"1","topic":"room.7"}"#)).await;
    assert!(Frame::read(&mut peer).await.text().starts_with(r#"{"ack":{"ref":"1""#));
    let with_key = format!(r#"{{"publish":2,"ref":"2","topic":"any","key":"{}"}}"#, key.reveal());
    peer.write(&masked(TEXT, with_key.as_bytes())).await;
    assert!(Frame::read(&mut peer).await.text().starts_with(r#"{"ack":{"ref":"2""#));
    let both = [br#"{"publish":3,"ref":"3"}"#.as_slice(), br#"{"publish":4,"ref":"4","topic":"room.7"}"#];
    peer.write(&both.map(|text| masked(TEXT, text)).concat()).await;
    let said = Frame::read(&mut peer).await.text();
    assert!(said.starts_with(r#"{"error":{"ref":"3""#) && said.contains("`--publish room.8`"), "{said}");
    closed(&mut peer, "not allowed to publish").await;
    assert_eq!(here.feed.published(), 2, "nor is what came behind it heard");
}

async fn closed(peer: &mut Peer, reason: &str) {
    let expected = [&1008u16.to_be_bytes(), reason.as_bytes()].concat();
    let head = peer.exactly(2).await;
    assert_eq!(head, [0x88, expected.len() as u8]);
    assert_eq!(peer.exactly(expected.len()).await, expected);
}

#[tokio::test]
async fn when_its_token_expires_a_stream_ends_a_held_poll_is_answered_and_a_websocket_closed() {
    let (here, _) = here();
    let time = stop_time();
    // It expires by the wall clock, which goes on: half of it is for a machine that is slow to connect four.
    let token = token(14.0);
    let (mut stream, _) = asked(&here, Transport::Sse, &format!("token={token}"), "").await;
    stream.chunk().await;
    let (mut websocket, _) = asked(&here, Transport::Websocket, &format!("token={token}"), "").await;
    let mut held = Vec::new();
    for close in ["", "connection: close\r\n"] {
        let mut peer = here.connect().await;
        peer.say(&format!("GET /longpoll?token={token} HTTP/1.1\r\nhost: x\r\n{close}\r\n")).await;
        held.push(peer);
    }
    here.until_readers(4).await;
    time.passes(ms(7_000)).await;
    for peer in held.iter_mut().chain([&mut stream, &mut websocket]) {
        assert!(peer.hears_nothing().await, "it is not over yet");
    }
    time.passes(ms(7_100)).await;
    assert_eq!(stream.at_once().await.rest().await, "11\r\n: token expired\n\n\r\n0\r\n\r\n");
    closed(websocket.at_once().await, "token expired").await;
    for peer in &mut held {
        assert_eq!(peer.at_once().await.answer().await.status(), 204);
    }
    let [mut first, _] = held.try_into().ok().unwrap();
    drop(time);
    first.say("GET /longpoll?token=x.y.z HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(first.answer().await.status(), 401, "the same connection is asked anew");
}

#[tokio::test]
async fn a_token_that_outlives_all_clocks_is_good() {
    let (here, _) = here();
    for transport in [Transport::Sse, Transport::Websocket] {
        let (mut peer, answer) = asked(&here, transport, "", &bearer(&granting(1e18, &["*"], &[]))).await;
        assert_eq!(answer.status(), let_in(transport), "{}", answer.text());
        here.publish("1");
        peer.at_once().await;
    }
}

/// Its query is as long as it was: what is shown are the bytes that were counted.
#[tokio::test]
async fn a_token_is_shown_to_nobody() {
    let (here, _) = here();
    let all = granting(HOUR, &["*"], &["*"]);
    let mut watch = here.connect().await;
    watch.say(&format!("GET /sse?topic=control.eve&token={all} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
    watch.answer().await;
    watch.chunk().await;
    let one = token(HOUR);
    asked(&here, Transport::Poll, &format!("client=eve&token={one}"), "").await;
    asked(&here, Transport::Poll, "client=eve", &bearer(&one)).await;
    let mut shown = String::new();
    while shown.matches("GET /poll").count() < 2 {
        let block = watch.chunk().await;
        let Some(line) = block.lines().find_map(|line| line.strip_prefix("data: ")) else { continue };
        let event: Value = serde_json::from_str(line).unwrap();
        for mark in event["data"]["marks"].as_array().unwrap() {
            let bytes = BASE64.decode(mark["shown"].as_str().unwrap().as_bytes()).unwrap();
            shown += &String::from_utf8(bytes).unwrap();
        }
    }
    let stars = "*".repeat(one.len());
    for line in [format!("GET /poll?client=eve&token={stars} HTTP/1.1\r\n"), bearer(&stars)] {
        assert!(shown.contains(&line), "{shown}");
    }
    let signature = one.rsplit('.').next().unwrap();
    let stats = get(&here, "/stats", &bearer(&all)).await.text();
    assert!(!shown.contains(signature) && !stats.contains(signature), "{shown}\n{stats}");
}

#[tokio::test]
async fn a_page_may_read_why_it_is_not_let_in_and_ask_first_without_a_token() {
    let (here, _) = here();
    let origin = format!("http://x:{}", here.address.port());
    for (path, fields) in [("/poll", String::new()), ("/poll?topic=other", bearer(&token(HOUR)))] {
        let answer = get(&here, path, &format!("origin: {origin}\r\n{fields}")).await;
        assert!([401, 403].contains(&answer.status()));
        assert_eq!(answer.header("access-control-allow-origin"), Some(&*origin));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
    let ask = format!(
        "OPTIONS /poll HTTP/1.1\r\nhost: x\r\norigin: {origin}\r\naccess-control-request-method: GET\r\n\
         access-control-request-headers: authorization\r\n\r\n"
    );
    assert_eq!(here.ask(&ask).await.status(), 204);
}

/// A server that asks nobody for a token does not look at one.
#[tokio::test]
async fn where_no_token_is_needed_a_wrong_one_changes_nothing() {
    let here = Running::start();
    for transport in Transport::ALL {
        let (_, answer) = asked(&here, transport, "hold=0&token=wrong", &bearer("wrong")).await;
        assert_eq!(answer.status(), let_in(transport), "{transport}");
    }
}
