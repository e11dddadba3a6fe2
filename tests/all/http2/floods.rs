//! Floods of HTTP/2, in frames: who sends them is let go, and nobody else notices.

use crate::support::{Peer, Running, ms, settle, stop_time};

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// `:method: GET`, `:scheme: http`, `:path: /longpoll`.
pub(crate) const ASK: &[u8] = b"\x82\x86\x04\x09/longpoll";

/// `:method: GET`, `:scheme: http`, `:path: /sse`.
pub(crate) const SSE: &[u8] = b"\x82\x86\x04\x04/sse";

/// `:method: POST`, `:scheme: http`, `:path: /publish`.
pub(crate) const PUBLISH: &[u8] = b"\x83\x86\x04\x08/publish";

/// Ended, and whole.
pub(crate) const END: u8 = 0x01 | 0x04;

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A connection that has greeted.
pub(crate) async fn greeted(here: &Running) -> Peer {
    let mut peer = here.connect().await;
    peer.write(&[PREFACE, &frame(4, 0, 0, &[])].concat()).await;
    peer
}

/// The next frame: its kind, its flags and what is in it; nothing where the connection ends before.
pub(crate) async fn next(peer: &mut Peer) -> Option<(u8, u8, Vec<u8>)> {
    let head = peer.try_exactly(9).await?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
    Some((head[3], head[4], peer.try_exactly(length).await?))
}

/// What a server says last: the reason of a GOAWAY, if it said one.
pub(crate) async fn goodbye(peer: &mut Peer) -> Option<u32> {
    loop {
        if let (7, _, payload) = next(peer).await?
            && let Some(reason) = farewell(&payload)
        {
            return Some(reason);
        }
    }
}

/// The reason in a GOAWAY; nothing where it only announces another, and names the last stream there can be.
pub(crate) fn farewell(payload: &[u8]) -> Option<u32> {
    let reason = u32::from_be_bytes(payload[4..8].try_into().unwrap());
    (payload[..4] != [0x7f, 0xff, 0xff, 0xff]).then_some(reason)
}

/// The frames of each turn.
type Flood<'a> = &'a dyn Fn(u32) -> Vec<u8>;

pub(crate) const ENHANCE_YOUR_CALM: u32 = 11;

#[tokio::test]
async fn floods_of_frames_that_bring_nothing_end_their_connection_alone() {
    let here = Running::start();
    let mut neighbour = here.connect().await;
    neighbour.say("GET /sse HTTP/1.1\r\nhost: x\r\n\r\n").await;
    neighbour.until("\n\n\r\n").await;
    let reset: Flood<'_> = &|n| {
        let stream = 2 * n + 1;
        [frame(1, END, stream, ASK), frame(3, 0, stream, &[0, 0, 0, 8])].concat()
    };
    let floods: [(&str, Flood<'_>); 6] = [
        ("PING", &|_| frame(6, 0, 0, &[7; 8])),
        ("SETTINGS", &|_| frame(4, 0, 0, &[])),
        ("PRIORITY", &|_| frame(2, 0, 1, &[0, 0, 0, 0, 7])),
        ("empty DATA", &|n| match n {
            0 => frame(1, 4, 1, PUBLISH),
            _ => frame(0, 0, 1, &[]),
        }),
        ("unknown frames", &|_| frame(0xfa, 0, 0, b"?")),
        ("rapid reset", reset),
    ];
    for (what, flood) in floods {
        let mut peer = greeted(&here).await;
        for n in 0..100 {
            let many: Vec<u8> = (n * 100..(n + 1) * 100).flat_map(flood).collect();
            if peer.try_write(&many).await.is_err() {
                break;
            }
            settle().await;
        }
        // A reset may overtake the reason.
        let said = goodbye(&mut peer).await;
        assert!(matches!(said, None | Some(ENHANCE_YOUR_CALM)), "{what}: {said:?}");
        here.publish("1");
        neighbour.until("\"data\":1}\n\n\r\n").await;
        here.until_readers(1).await;
    }
    here.until_open(1).await;
}

#[tokio::test]
async fn streams_opened_and_reset_one_by_one_end_their_connection_too() {
    let here = Running::start();
    let mut peer = greeted(&here).await;
    for n in 0..5_000 {
        let stream = 2 * n + 1;
        let begun = peer.try_write(&frame(1, END, stream, ASK)).await;
        // Time to be looked at, and to take a place in the feed.
        tokio::task::yield_now().await;
        if begun.is_err() || peer.try_write(&frame(3, 0, stream, &[0, 0, 0, 8])).await.is_err() {
            break;
        }
    }
    let said = goodbye(&mut peer).await;
    assert!(matches!(said, None | Some(ENHANCE_YOUR_CALM)), "{said:?}");
    here.until_readers(0).await;
    here.until_open(0).await;
}

#[tokio::test]
async fn fields_without_an_end_are_not_kept() {
    let here = Running::start();
    let mut peer = greeted(&here).await;
    peer.write(&frame(1, 1, 1, b"\x82\x86\x84")).await;
    // `x: xxx…`, a literal that is not indexed, over and over.
    let field = [b"\x00\x01x\x7f\x81\x7e".as_slice(), &[b'x'; 16_000 - 6]].concat();
    for _ in 0..1_000 {
        if peer.try_write(&frame(9, 0, 1, &field)).await.is_err() {
            break;
        }
    }
    goodbye(&mut peer).await;
    here.until_open(0).await;
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused_alone() {
    let here = Running::start();
    let client = super::Client::connect(&here).await;
    let mut large = client.request(hyper::Method::GET, "/poll");
    for n in 0..20 {
        let name = hyper::header::HeaderName::try_from(format!("x-{n}")).unwrap();
        large.headers_mut().insert(name, "x".repeat(4_000).parse().unwrap());
    }
    assert_eq!(client.ask(large, bytes::Bytes::new()).await.status, 431);
    assert_eq!(client.get("/poll").await.status, 204);
}

#[tokio::test]
async fn more_streams_than_allowed_are_refused_alone() {
    let here = Running::start();
    let mut peer = greeted(&here).await;
    let many: Vec<u8> = (0..200).flat_map(|n| frame(1, END, 2 * n + 1, ASK)).collect();
    peer.write(&many).await;
    let mut refused = 0;
    while refused < 72 {
        let (kind, _, payload) = next(&mut peer).await.expect("the connection goes on");
        match kind {
            3 => {
                assert_eq!(payload, [0, 0, 0, 7], "REFUSED_STREAM");
                refused += 1;
            }
            kind => assert!([4, 8].contains(&kind), "a frame of kind {kind}: {payload:?}"),
        }
    }
    here.until_readers(128).await;
}

#[tokio::test]
async fn a_client_that_vanished_is_pinged_and_let_go() {
    let (here, time) = (Running::start(), stop_time());
    let mut silent = greeted(&here).await;
    silent.write(&frame(1, END, 1, SSE)).await;
    let living = super::Client::connect(&here).await;
    let sse = living.get("/sse").await;
    here.until_readers(2).await;
    // Asked after 25 s of silence at the earliest, given up 10 s later.
    for _ in 0..5 {
        time.passes(ms(12_000)).await;
    }
    here.until_readers(1).await;
    drop(sse);
}
