//! What a client of a WebSocket says: frames, messages, requests.

use std::sync::Arc;
use std::time::Duration;

use bytes::Buf;

use super::CUTS;
use crate::event::Position;
use crate::feed::{Feed, Retain};
use crate::transport::backlog::Backlog;
use crate::transport::speech::{Next, Speech};
use crate::transport::websocket::Peer;

/// Frames: they are answered alike however they are cut, in frames that a client can read; each ack is of an event.
pub fn websocket(bytes: &[u8]) {
    let whole = hear(bytes, usize::MAX);
    for cut in CUTS {
        assert_eq!(hear(bytes, cut), whole, "cut at {cut}");
    }
}

/// How it went on, and what was said: pongs aside, of which only the last to come is owed (RFC 6455, section 5.5.3).
fn hear(bytes: &[u8], cut: usize) -> (Next, Vec<String>) {
    let feed = Feed::new(Retain::of(100, 1 << 20));
    let reader =
        feed.subscribe("demo", Position::Latest, Arc::default()).expect("there is room for one topic");
    let mut peer = Peer::new(Duration::from_secs(25), None, None);
    let (mut said, mut next) = (Backlog::default(), Next::GoOn);
    for part in bytes.chunks(cut.min(bytes.len().max(1))) {
        next = peer.hear(part, &reader, &mut said);
        if next != Next::GoOn {
            break;
        }
    }
    let said = said.copy_to_bytes(said.remaining());
    let frames = frames(&said);
    let of = |kind| frames.iter().filter(move |(first, _)| *first == kind);
    let texts: Vec<String> = of(0x81).map(|(_, text)| answer(text)).collect();
    let acks = texts.iter().filter(|text| text.starts_with(r#"{"ack""#)).count();
    assert_eq!(feed.published(), acks as u64, "an ack is of an event");
    assert!(of(0x88).count() <= 1, "there is one goodbye");
    assert_eq!(frames.len(), texts.len() + of(0x88).count() + of(0x8a).count(), "{frames:x?}");
    let goodbye = of(0x88).map(|(_, payload)| format!("{payload:x?}"));
    (next, texts.iter().cloned().chain(goodbye).collect())
}

/// Without its id: each feed has an epoch of its own.
fn answer(text: &[u8]) -> String {
    let text = str::from_utf8(text).expect("a server says UTF-8");
    assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "{text}");
    match text.rfind(r#""id":""#).filter(|_| text.starts_with(r#"{"ack""#)) {
        Some(at) => text[..at].to_owned(),
        None => text.to_owned(),
    }
}

fn frames(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut frames = Vec::new();
    while let [first, short, rest @ ..] = bytes {
        assert_eq!(short & 0x80, 0, "a server does not mask");
        let size = match short {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let (long, rest) = rest.split_at(size);
        let length = match long {
            [] => usize::from(*short),
            _ => long.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)),
        };
        let (payload, rest) = rest.split_at(length);
        frames.push((*first, payload));
        bytes = rest;
    }
    assert!(bytes.is_empty(), "half a frame: {bytes:x?}");
    frames
}
