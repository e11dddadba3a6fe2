//! Frames of a WebSocket that break its rules (RFC 6455), and the close code that each is answered with.

use crate::behaviour::raw::UPGRADE;
use crate::support::{Peer, Running};
use crate::wire::websocket::{CLOSE, PING, PONG, TEXT, masked, upgraded};

const PROTOCOL: u16 = 1002;
const NOT_UTF_8: u16 = 1007;
const TOO_LARGE: u16 = 1009;

/// Text that goes on, what goes on, the last of it.
const BEGUN: u8 = 0x01;
const MORE: u8 = 0x00;
const LAST: u8 = 0x80;

/// A topic to which nothing is published.
const QUIET: &str = "?topic=quiet";

/// The code of the close frame that ends what is said, and whether it gives a reason; nothing where there is none.
async fn goodbye(peer: &mut Peer) -> Option<(u16, bool)> {
    loop {
        let head = peer.try_exactly(2).await?;
        let length = match head[1] {
            126 => peer.exactly(2).await.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)),
            length => usize::from(length),
        };
        let payload = peer.exactly(length).await;
        if head[0] == CLOSE {
            let (code, reason) = payload.split_at_checked(2)?;
            return Some((u16::from_be_bytes([code[0], code[1]]), !reason.is_empty()));
        }
    }
}

/// The head of a frame that announces so many bytes, and none of them.
fn announced(first: u8, length: u64) -> Vec<u8> {
    [&[first, 0xff], &length.to_be_bytes()[..], &[0; 4]].concat()
}

fn wrong_frames() -> Vec<(&'static str, Vec<u8>, u16)> {
    let half = vec![b'x'; 40_000];
    let close = |payload: &[u8]| masked(CLOSE, payload);
    let unmasked = [&[TEXT, 13], &br#"{"publish":1}"#[..]].concat();
    vec![
        ("unmasked", unmasked, PROTOCOL),
        ("the first reserved bit: compression that was declined", masked(0xc1, b"1"), PROTOCOL),
        ("the second reserved bit", masked(0xa1, b"1"), PROTOCOL),
        ("the last reserved bit", masked(0x91, b"1"), PROTOCOL),
        ("a reserved kind of data", masked(0x83, b"1"), PROTOCOL),
        ("a reserved kind of control", masked(0x8b, b""), PROTOCOL),
        ("a ping in pieces", masked(0x09, b""), PROTOCOL),
        ("a ping of 126 bytes", masked(PING, &[0; 126]), PROTOCOL),
        ("a ping of 2^62 bytes", announced(PING, 1 << 62), TOO_LARGE),
        ("the end of nothing", masked(LAST, b"1"), PROTOCOL),
        ("a message within a message", [masked(BEGUN, b"1"), masked(TEXT, b"1")].concat(), PROTOCOL),
        ("text that is not UTF-8", masked(TEXT, b"{\"publish\":\"\xff\"}"), NOT_UTF_8),
        ("text that ends within a letter", masked(TEXT, b"\xe2\x82"), NOT_UTF_8),
        ("an overlong letter", masked(TEXT, b"\xc0\xae"), NOT_UTF_8),
        ("a surrogate", masked(TEXT, b"\xed\xa0\x80"), NOT_UTF_8),
        ("not UTF-8 in pieces", [masked(BEGUN, b"\xe2\x82"), masked(LAST, b"\xff")].concat(), NOT_UTF_8),
        ("a frame too large", announced(TEXT, (65 << 10) + 1), TOO_LARGE),
        ("a frame of 2^40 bytes", announced(TEXT, 1 << 40), TOO_LARGE),
        ("pieces that come to too much", [masked(BEGUN, &half), masked(LAST, &half)].concat(), TOO_LARGE),
        ("a goodbye of one byte", close(b"\x03"), PROTOCOL),
        ("a goodbye with a code that is never sent", close(&1005u16.to_be_bytes()), PROTOCOL),
        ("a goodbye with a code of nobody's", close(&999u16.to_be_bytes()), PROTOCOL),
        ("a goodbye with a reason that is not UTF-8", close(b"\x03\xe8\xff"), NOT_UTF_8),
    ]
}

#[tokio::test]
async fn each_frame_that_breaks_a_rule_is_answered_with_its_code_and_the_end() {
    let here = Running::start();
    let mut neighbour = upgraded(&here, QUIET).await;
    for (what, bytes, code) in wrong_frames() {
        for cut in [usize::MAX, 1] {
            let mut peer = upgraded(&here, QUIET).await;
            // Sent in single bytes where that is not too many, and never beyond the end that it is answered with.
            for bytes in bytes.chunks(if bytes.len() > 1_000 { usize::MAX } else { cut }) {
                if peer.try_write(bytes).await.is_err() {
                    break;
                }
            }
            assert_eq!(goodbye(&mut peer).await, Some((code, true)), "{what}");
            assert_eq!(peer.rest().await, "", "{what}: nothing comes behind a goodbye");
        }
        neighbour.write(&masked(PING, b"still there?")).await;
        assert_eq!(neighbour.exactly(14).await, [b"\x8a\x0c".as_slice(), b"still there?"].concat(), "{what}");
    }
    assert_eq!(here.feed.published(), 0);
    here.until_open(1).await;
}

/// Legal, and all it costs is time: a message in pieces of one byte, with pings and empty pieces between them.
#[tokio::test]
async fn a_message_in_frames_of_one_byte_is_a_message() {
    let here = Running::start();
    let mut peer = upgraded(&here, QUIET).await;
    let request = br#"{"publish":"in many pieces","ref":"7"}"#;
    let mut frames = masked(BEGUN, b"");
    for byte in request {
        frames.extend([masked(MORE, &[*byte]), masked(MORE, b""), masked(PONG, b"")].concat());
    }
    frames.extend(masked(LAST, b""));
    for byte in frames.chunks(1) {
        peer.write(byte).await;
    }
    let mut said = String::new();
    while !said.contains("ack") {
        let head = peer.exactly(2).await;
        said = peer.text(usize::from(head[1])).await;
    }
    assert!(said.starts_with(r#"{"ack":{"ref":"7""#), "{said}");
    assert_eq!(here.feed.published(), 1);
}

/// Who asks for pongs and never takes one is not listened to any more: the socket fills, and with it the sender's.
#[tokio::test]
async fn one_that_asks_and_never_reads_is_not_listened_to() {
    let here = Running::with(wirelanes::server::Config { send_buffer: Some(16 << 10), ..Default::default() });
    let mut peer = here.connect_narrowly().await;
    peer.say(&format!("GET /websocket HTTP/1.1\r\nhost: x\r\n{UPGRADE}\r\n")).await;
    // An ack is three times as large as the request for it; what is not taken waits at the server, 64 KiB of it.
    let request = masked(TEXT, br#"{"publish":1,"topic":"other"}"#).repeat(100);
    let mut taken = 0;
    while taken < 64 << 20 {
        match tokio::time::timeout(crate::support::ms(300), peer.try_write(&request)).await {
            Ok(Ok(())) => taken += request.len(),
            _stopped => break,
        }
    }
    assert!(taken < 16 << 20, "the server took {taken} bytes of one that never reads");
}
