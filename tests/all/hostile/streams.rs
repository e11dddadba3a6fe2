//! Frames of HTTP/2 (RFC 9113) that break its rules or play games with them, and the reason each is let go with.

use crate::http2::Client;
use crate::http2::floods::{ASK, END, ENHANCE_YOUR_CALM, PREFACE, PUBLISH, SSE};
use crate::http2::floods::{farewell, frame, goodbye, greeted, next};
use crate::support::{Peer, Running, settle};

const PROTOCOL: u32 = 1;
const FLOW_CONTROL: u32 = 3;
const STREAM_CLOSED: u32 = 5;
const FRAME_SIZE: u32 = 6;
const COMPRESSION: u32 = 9;

/// Where more than one reason will do, h2 gives the general one.
fn wrong_frames() -> Vec<(&'static str, Vec<u8>, &'static [u32])> {
    let window = |stream, more: u32| frame(8, 0, stream, &more.to_be_bytes());
    vec![
        ("a frame of 16 KiB and a byte", frame(6, 0, 0, &[0; (16 << 10) + 1]), &[FRAME_SIZE]),
        ("a frame of 2^24 bytes", b"\xff\xff\xff\x00\x00\x00\x00\x00\x01".to_vec(), &[FRAME_SIZE]),
        ("a PING of seven bytes", frame(6, 0, 0, &[0; 7]), &[FRAME_SIZE, PROTOCOL]),
        ("a PING on a stream", frame(6, 0, 1, &[0; 8]), &[PROTOCOL]),
        ("SETTINGS of five bytes", frame(4, 0, 0, &[0; 5]), &[FRAME_SIZE, PROTOCOL]),
        ("SETTINGS on a stream", frame(4, 0, 1, &[]), &[PROTOCOL]),
        ("a window beyond 2^31", frame(4, 0, 0, &[0, 4, 0x80, 0, 0, 0]), &[FLOW_CONTROL, PROTOCOL]),
        ("a frame size that is too small", frame(4, 0, 0, &[0, 5, 0, 0, 0, 1]), &[PROTOCOL]),
        ("HEADERS on the connection", frame(1, END, 0, ASK), &[PROTOCOL]),
        ("HEADERS on a stream of the server's", frame(1, END, 2, ASK), &[PROTOCOL]),
        ("DATA before HEADERS", frame(0, 0, 1, b"1"), &[PROTOCOL]),
        ("DATA on the connection", frame(0, 0, 0, b"1"), &[PROTOCOL]),
        ("padding beyond the frame", frame(0, 8, 1, &[9, 1]), &[PROTOCOL]),
        ("a promise", frame(5, 4, 1, &[0, 0, 0, 2, 0x82]), &[PROTOCOL]),
        ("CONTINUATION of nothing", frame(9, 4, 1, ASK), &[PROTOCOL]),
        ("a reset of nothing", frame(3, 0, 1, &[0, 0, 0, 8]), &[PROTOCOL]),
        ("fields that are none", frame(1, END, 1, &[0xff; 20]), &[COMPRESSION, PROTOCOL]),
        ("a field that is not there", frame(1, END, 1, &[0xfe]), &[COMPRESSION, PROTOCOL]),
        ("a window widened by nothing", window(0, 0), &[PROTOCOL]),
        ("a window widened too far", window(0, 0x7fff_ffff), &[FLOW_CONTROL]),
        ("HEADERS amid HEADERS", [frame(1, 1, 1, ASK), frame(1, END, 3, ASK)].concat(), &[PROTOCOL]),
        (
            "streams that count down",
            [frame(1, END, 5, ASK), frame(1, END, 3, ASK)].concat(),
            &[PROTOCOL, STREAM_CLOSED],
        ),
    ]
}

#[tokio::test]
async fn each_frame_that_breaks_a_rule_ends_its_connection_with_the_reason() {
    let here = Running::start();
    let client = Client::connect(&here).await;
    let mut neighbour = client.get("/sse").await;
    neighbour.until("\n\n").await;
    for (what, bytes, reasons) in wrong_frames() {
        let mut peer = greeted(&here).await;
        let _ = peer.try_write(&bytes).await;
        let said = goodbye(&mut peer).await;
        assert!(said.is_some_and(|said| reasons.contains(&said)), "{what}: {said:?}, not {reasons:?}");
        drop(peer);
        here.publish("1");
        neighbour.until("\"data\":1}\n\n").await;
    }
    here.until_open(1).await;
}

/// Sends the frames of each turn until the server has enough; says why it had.
async fn flood(here: &Running, opening: Vec<u8>, turns: u32, turn: impl Fn(u32) -> Vec<u8>) -> Option<u32> {
    let mut peer = here.connect().await;
    peer.write(&[PREFACE, &opening].concat()).await;
    for n in 0..turns {
        if peer.try_write(&turn(n)).await.is_err() {
            break;
        }
        settle().await;
    }
    goodbye_soon(&mut peer).await
}

/// The same as `goodbye`, where there may be none: then the connection is still good.
async fn goodbye_soon(peer: &mut Peer) -> Option<u32> {
    let nonce = *b"are you?";
    if peer.try_write(&frame(6, 0, 0, &nonce)).await.is_err() {
        return goodbye(peer).await;
    }
    loop {
        match next(peer).await? {
            (6, 1, payload) if payload == nonce => return None,
            (7, _, payload) if farewell(&payload).is_some() => return farewell(&payload),
            _ => {}
        }
    }
}

/// Word of a window that nobody has used: it costs its sender 13 bytes, and the server a look each.
#[tokio::test]
async fn windows_that_are_widened_by_a_byte_again_and_again_end_their_connection() {
    let here = Running::start();
    let settings = frame(4, 0, 0, &[]);
    let ask = [settings.clone(), frame(1, END, 1, SSE)].concat();
    for stream in [0, 1] {
        let reason = flood(&here, ask.clone(), 200, |_| frame(8, 0, stream, &[0, 0, 0, 1]).repeat(100)).await;
        assert_eq!(reason, Some(ENHANCE_YOUR_CALM), "on {stream}");
    }
    here.until_open(0).await;
}

/// Who reads in small steps, and says so, is a client like any other: the more frames it was sent, the more it may say.
#[tokio::test]
async fn windows_that_are_widened_as_they_are_used_are_welcome() {
    let here = Running::start();
    for _ in 0..3_000 {
        here.publish("1");
    }
    let mut peer = here.connect().await;
    // A window of 100 bytes a stream.
    let narrow = frame(4, 0, 0, &[0, 4, 0, 0, 0, 100]);
    let ask = frame(1, END, 1, b"\x82\x86\x04\x1d/sse?last_event_id=earliest&a");
    peer.write(&[PREFACE, &narrow, &ask].concat()).await;
    let mut seen = 0;
    while seen < 60_000 {
        match next(&mut peer).await.expect("the connection goes on") {
            (0, _, data) => {
                seen += data.len();
                let more = (data.len() as u32).to_be_bytes();
                peer.write(&[frame(8, 0, 1, &more), frame(8, 0, 0, &more)].concat()).await;
            }
            (7, ..) => panic!("let go after {seen} bytes"),
            _ => {}
        }
    }
}

/// What is sent behind a request on its stream.
type Trick = fn(u32) -> Vec<u8>;

/// Has the server reset streams, which costs the same as to reset them, and is counted by nobody who counts RST_STREAM
/// of clients only (CVE-2025-8671).
#[tokio::test]
async fn streams_that_the_server_is_made_to_reset_end_their_connection() {
    let here = Running::start();
    let tricks: [(&str, Trick); 3] = [
        ("a window too wide", |stream| frame(8, 0, stream, &[0x7f, 0xff, 0xff, 0xff])),
        ("a window widened by nothing", |stream| frame(8, 0, stream, &[0; 4])),
        ("a stream that depends on itself", |stream| {
            frame(2, 0, stream, &[&stream.to_be_bytes()[..], &[7]].concat())
        }),
    ];
    for (what, trick) in tricks {
        let reason = flood(&here, frame(4, 0, 0, &[]), 6_000, |n| {
            let stream = 2 * n + 1;
            [frame(1, END, stream, ASK), trick(stream)].concat()
        });
        let reason = reason.await;
        assert!(matches!(reason, Some(ENHANCE_YOUR_CALM | PROTOCOL)), "{what}: {reason:?}");
        here.until_readers(0).await;
    }
    here.until_open(0).await;
}

#[tokio::test]
async fn settings_that_change_their_mind_again_and_again_end_their_connection() {
    let here = Running::start();
    let open: Vec<u8> = (0..100).flat_map(|n| frame(1, END, 2 * n + 1, SSE)).collect();
    // Each has the server look at every stream that is open.
    let reason = flood(&here, [frame(4, 0, 0, &[]), open].concat(), 100, |n| {
        (0..100).flat_map(|m| frame(4, 0, 0, &[0, 4, 0, 0, (n + m) as u8, 1])).collect()
    });
    assert_eq!(reason.await, Some(ENHANCE_YOUR_CALM));
    here.until_open(0).await;
}

#[tokio::test]
async fn fields_that_go_on_and_on_end_their_connection() {
    let here = Running::start();
    let begun = [frame(4, 0, 0, &[]), frame(1, 1, 1, ASK)].concat();
    for (what, more) in [("empty", frame(9, 0, 1, &[])), ("of one byte", frame(9, 0, 1, &[0]))] {
        let reason = flood(&here, begun.clone(), 1_000, |_| more.repeat(20)).await;
        assert!(matches!(reason, Some(ENHANCE_YOUR_CALM | COMPRESSION)), "{what}: {reason:?}");
    }
    here.until_open(0).await;
}

/// A body in frames of one byte each: nine bytes around each, and more than that in memory.
#[tokio::test]
async fn bodies_in_frames_of_a_byte_end_their_connection_or_are_read() {
    let here = Running::start();
    let begun = [frame(4, 0, 0, &[]), frame(1, 4, 1, PUBLISH)].concat();
    let reason = flood(&here, begun, 800, |_| frame(0, 0, 1, b"1").repeat(100)).await;
    assert!(matches!(reason, None | Some(ENHANCE_YOUR_CALM)), "{reason:?}");
    assert_eq!(here.feed.published(), 0);
    // The connection is its only cost: one that begins anew is served.
    let mut peer = greeted(&here).await;
    peer.write(&[frame(1, 4, 1, PUBLISH), frame(0, 1, 1, b"1")].concat()).await;
    while here.feed.published() == 0 {
        settle().await;
    }
}
