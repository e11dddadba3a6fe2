//! Peers that take their time: a byte now and then, of a head, of a body, of a frame, of a handshake.
//!
//! Each deadline counts from the first byte to the last, so that no drip puts it off.

use wirelanes::server::Config;
use wirelanes::tls::Identity;

use crate::http2::floods::{END, PREFACE, PUBLISH, frame, greeted, next};
use crate::support::{Peer, Running, StoppedTime, ms, settle, stop_time};

/// Writes a byte a second for so many seconds, as far as the server listens.
async fn drip(time: &StoppedTime, peer: &mut Peer, bytes: &[u8], seconds: usize) {
    for byte in bytes.iter().cycle().take(seconds) {
        let _ = peer.try_write(&[*byte]).await;
        time.passes(ms(1_000)).await;
    }
}

#[tokio::test]
async fn a_head_that_is_dripped_is_waited_for_ten_seconds_and_no_longer() {
    let (here, time) = (Running::start(), stop_time());
    for begun in ["G", "GET /poll HTTP/1.1\r\nhost: x\r\n", "GET /poll HTTP/1.1\r\nhost: x\r\n\r\nGET "] {
        let mut peer = here.connect().await;
        peer.say(begun).await;
        drip(&time, &mut peer, b"x-a: b\r\n", 8).await;
        assert_eq!(here.open().await, 1, "{begun:?}: it had 10 s");
        drip(&time, &mut peer, b"x-a: b\r\n", 4).await;
        here.until_open(0).await;
    }
}

#[tokio::test]
async fn a_body_that_is_dripped_is_waited_for_half_a_minute_and_no_longer() {
    let (here, time) = (Running::start(), stop_time());
    let chunked = "POST /publish HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    let announced = "POST /publish HTTP/1.1\r\nhost: x\r\ncontent-length: 60000\r\n\r\n";
    for (head, body) in [(announced, "1"), (chunked, "1\r\n1\r\n")] {
        let mut peer = here.connect().await;
        peer.say(head).await;
        drip(&time, &mut peer, body.as_bytes(), 24).await;
        assert!(peer.hears_nothing().await, "it had 30 s");
        drip(&time, &mut peer, body.as_bytes(), 8).await;
        assert_eq!(peer.at_once().await.answer().await.status(), 408);
    }
    assert_eq!(here.feed.published(), 0);
}

/// Over HTTP/2 a body is waited for as long, and its stream answered alone. A connection that says nothing whole is
/// let go after the 10 s of a head where it is not greeted yet, after the 75 s of one that asks for nothing later.
#[tokio::test]
async fn frames_that_are_dripped_are_waited_for_no_longer_than_requests() {
    let (here, time) = (Running::start(), stop_time());
    let mut preface = here.connect().await;
    preface.write(&PREFACE[..3]).await;
    drip(&time, &mut preface, &PREFACE[3..], 8).await;
    assert_eq!(here.open().await, 1, "it had 10 s");
    drip(&time, &mut preface, &PREFACE[11..], 4).await;
    here.until_open(0).await;

    let mut settings = here.connect().await;
    settings.write(PREFACE).await;
    drip(&time, &mut settings, &frame(4, 0, 0, &[])[..8], 8).await;
    time.passes(ms(66_000)).await;
    assert_eq!(here.open().await, 1, "it had 75 s");
    time.passes(ms(2_000)).await;
    here.until_open(0).await;

    let mut headers = greeted(&here).await;
    let request =
        frame(1, END, 1, &[b"\x82\x86\x84".as_slice(), &[0x40, 1, b'x', 60], &[b'y'; 100]].concat());
    drip(&time, &mut headers, &request[..74], 74).await;
    assert_eq!(here.open().await, 1, "it had 75 s");
    time.passes(ms(2_000)).await;
    here.until_open(0).await;

    let mut body = greeted(&here).await;
    body.write(&frame(1, 4, 1, PUBLISH)).await;
    for _ in 0..29 {
        body.write(&frame(0, 0, 1, b"1")).await;
        time.passes(ms(1_000)).await;
    }
    assert_eq!(here.open().await, 1);
    time.passes(ms(2_000)).await;
    settle().await;
    assert!(has_status(&mut body, 408).await, "the stream was not answered 408");
    assert_eq!(here.open().await, 1, "its connection goes on");
}

/// Whether the next HEADERS are those of this status.
async fn has_status(peer: &mut Peer, status: u16) -> bool {
    loop {
        if let (1, _, payload) = next(peer).await.expect("the connection goes on") {
            let mut decoder = loona_hpack::Decoder::new();
            let fields = decoder.decode(&payload).expect("the server's fields can be read");
            return fields.contains(&(b":status".to_vec(), status.to_string().into_bytes()));
        }
    }
}

#[tokio::test]
async fn a_handshake_that_is_dripped_is_waited_for_ten_seconds_and_no_longer() {
    let identity = Identity::self_signed([]).unwrap();
    let here = Running::prepared(|server| server.secured(identity));
    let time = stop_time();
    // The head of a record of 512 bytes, and of a ClientHello that fills it.
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    for first in [&hello[..0], &hello[..1], hello] {
        let mut peer = here.connect().await;
        peer.write(first).await;
        drip(&time, &mut peer, if first.len() > 5 { b"\0" } else { b"" }, 8).await;
        time.passes(ms(if first.len() > 5 { 3_000 } else { 11_000 })).await;
        assert_eq!(peer.at_once().await.rest().await, "", "{first:x?}");
    }
}

/// One byte of an answer in 29 s is progress: such a peer holds its own connection, and what of the answer is in the
/// socket. Nobody else waits for it.
#[tokio::test]
async fn one_that_takes_a_byte_now_and_then_holds_up_nobody() {
    let here = Running::with(Config { send_buffer: Some(16 << 10), ..Config::default() });
    for _ in 0..50 {
        here.publish(&format!("\"{}\"", "x".repeat(60_000)));
    }
    let mut neighbour = here.connect().await;
    neighbour.say("GET /sse HTTP/1.1\r\nhost: x\r\n\r\n").await;
    neighbour.until("\n\n\r\n").await;
    let mut lazy = here.connect_narrowly().await;
    lazy.say("GET /sse?last_event_id=earliest HTTP/1.1\r\nhost: x\r\n\r\n").await;
    here.until_readers(2).await;
    for _ in 0..20 {
        lazy.exactly(1).await;
        here.publish("1");
        neighbour.until("\"data\":1}\n\n\r\n").await;
    }
}
