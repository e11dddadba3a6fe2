//! A WebSocket on a stream (RFC 8441).

use h2::Reason;

use super::{Answer, Client};
use crate::support::{Running, ms, stop_time};
use crate::wire::masked;

/// Reads so many bytes.
async fn exactly(answer: &mut Answer, length: usize) -> Vec<u8> {
    let mut read = Vec::new();
    while read.len() < length {
        read.extend_from_slice(&answer.frame().await.expect("more comes").expect("without a reset"));
    }
    assert_eq!(read.len(), length, "one frame at a time: {read:?}");
    read
}

#[tokio::test]
async fn it_carries_frames_both_ways() {
    let here = Running::start();
    let client = Client::connect(&here).await;
    let (mut answer, mut up) = client.turn("websocket", "/websocket").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("last-event-id"), here.feed.newest("demo").to_string());
    assert_eq!((answer.header("sec-websocket-accept"), answer.header("upgrade")), ("", ""));
    up.send_data(masked(0x81, br#"{"publish":1,"ref":"7"}"#).into(), false).unwrap();
    let mut heard = String::new();
    while !(heard.contains(r#"{"ack":{"ref":"7""#) && heard.contains(r#""data":1"#)) {
        heard += &String::from_utf8_lossy(&answer.frame().await.unwrap().unwrap());
    }
    up.send_data(masked(0x88, &1000u16.to_be_bytes()).into(), false).unwrap();
    assert_eq!(exactly(&mut answer, 4).await, [0x88, 2, 3, 0xe8]);
    // Both have said goodbye: the server ends the stream, and wants no more of it.
    match answer.frame().await {
        None => {}
        Some(Ok(more)) => assert_eq!(more, "", "an empty frame, for its flag"),
        Some(Err(reset)) => assert_eq!(reset.reason(), Some(Reason::NO_ERROR)),
    }
    here.until_readers(0).await;
}

#[tokio::test]
async fn it_is_pinged_and_let_go_without_a_pong() {
    let (here, time) = (Running::start(), stop_time());
    let client = Client::connect(&here).await;
    let (mut answer, _up) = client.turn("websocket", "/websocket?heartbeat=20").await;
    time.passes(ms(20_001)).await;
    assert_eq!(exactly(&mut answer, 2).await, [0x89, 0]);
    time.passes(ms(10_001)).await;
    let goodbye = exactly(&mut answer, 4 + "no pong".len()).await;
    assert_eq!(goodbye[..4], [0x88, 9, 3, 0xe9]);
}

#[tokio::test]
async fn a_drain_says_1001() {
    let here = Running::start();
    let client = Client::connect(&here).await;
    let (mut answer, _up) = client.turn("websocket", "/websocket").await;
    here.until_readers(1).await;
    here.drain();
    let goodbye = exactly(&mut answer, 4 + "server is going away".len()).await;
    assert_eq!(goodbye[2..4], 1001u16.to_be_bytes());
}

#[tokio::test]
async fn what_is_not_offered_is_refused() {
    let here = Running::start();
    let client = Client::connect(&here).await;
    for (protocol, path, status) in [
        ("websocket", "/poll", 405),
        ("websocket", "/sse", 405),
        ("mqtt", "/websocket", 405),
        ("websocket", "/nope", 404),
        ("tcp", "/tcp", 200),
    ] {
        let (answer, _up) = client.turn(protocol, path).await;
        assert_eq!(answer.status, status, "{protocol} at {path}");
    }
}
