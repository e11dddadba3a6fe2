use std::sync::{Arc, Mutex};

use super::*;
use crate::wire::Ledger;

/// Runs a conversation, each part cut into runs of `cut` bytes, and tells what was seen.
fn watch(parts: &[(Direction, &str)], cut: usize) -> (Vec<String>, crate::wire::Counts) {
    let ledger = Arc::new(Ledger::default());
    let seen = Arc::new(Mutex::new(Vec::<(Direction, &'static str, String)>::new()));
    let tap: Tap = {
        let seen = seen.clone();
        Arc::new(move |direction, piece| {
            let (kind, bytes) = match piece {
                Piece::Head(bytes) => ("head", bytes),
                Piece::Body(bytes) => ("body", bytes),
                Piece::Framing(bytes) => ("framing", bytes),
                Piece::Raw(bytes) => ("raw", bytes),
                Piece::Frame(_, bytes) => ("frame", bytes),
                Piece::Fields(_) => return,
            };
            let text = String::from_utf8_lossy(bytes).into_owned();
            let mut seen = seen.lock().unwrap();
            match seen.last_mut() {
                Some(last) if (last.0, last.1) == (direction, kind) && kind != "head" => last.2 += &text,
                _ => seen.push((direction, kind, text)),
            }
        })
    };
    let mut conversation = Conversation::new(Books::One(ledger.clone()));
    for (direction, text) in parts {
        for bytes in text.as_bytes().chunks(cut) {
            conversation.saw(*direction, bytes, Some(&tap));
        }
    }
    let seen = seen.lock().unwrap();
    let told = seen.iter().map(|(direction, kind, text)| format!("{direction:?} {kind} {text}"));
    (told.collect(), ledger.counts())
}

const ASK: &str = "GET /x HTTP/1.1\r\nhost: x\r\n\r\n";

#[test]
fn messages_are_told_apart_however_they_are_cut() {
    let two = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfourHTTP/1.1 204 No Content\r\n\r\n";
    let chunked =
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nfour\r\nA\r\n0123456789\r\n0\r\n\r\n";
    let parts = [
        (Direction::Up, ASK),
        (Direction::Up, ASK),
        (Direction::Down, two),
        (Direction::Up, ASK),
        (Direction::Down, chunked),
    ];
    let (whole, counts) = watch(&parts, usize::MAX);
    assert_eq!(
        whole[3..],
        [
            "Down body four".to_owned(),
            "Down head HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
            format!("Up head {ASK}"),
            "Down head HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_owned(),
            "Down framing 4\r\n".to_owned(),
            "Down body four".to_owned(),
            "Down framing \r\nA\r\n".to_owned(),
            "Down body 0123456789".to_owned(),
            "Down framing \r\n0\r\n\r\n".to_owned(),
        ]
    );
    assert_eq!((counts.requests, counts.empty_answers), (3, 1));
    assert_eq!(counts.up.total() as usize, 3 * ASK.len());
    assert_eq!(counts.down.total() as usize, two.len() + chunked.len());
    for cut in 1..40 {
        assert_eq!(watch(&parts, cut), (whole.clone(), counts), "cut into runs of {cut}");
    }
}

#[test]
fn after_a_101_both_directions_are_raw() {
    let parts = [
        (Direction::Up, "GET /websocket HTTP/1.1\r\nupgrade: websocket\r\n\r\n"),
        (Direction::Down, "HTTP/1.1 101 Switching Protocols\r\n\r\n\u{1}\u{4}four"),
        (Direction::Up, "\u{1}\u{3}abc"),
    ];
    let (seen, counts) = watch(&parts, usize::MAX);
    assert_eq!(seen[2..], ["Down raw \u{1}\u{4}four", "Up raw \u{1}\u{3}abc"]);
    assert_eq!((counts.down.body, counts.up.body), (6, 5));
}

#[test]
fn a_body_without_a_length_lasts_until_the_connection_closes() {
    let parts = [
        (Direction::Up, ASK),
        (Direction::Down, "HTTP/1.0 200 OK\r\n\r\ndata: 1\n\nHTTP/1.1 200 OK\r\n\r\n"),
    ];
    let (seen, _) = watch(&parts, usize::MAX);
    assert_eq!(seen[2..], ["Down body data: 1\n\nHTTP/1.1 200 OK\r\n\r\n"]);
}

#[test]
fn a_request_body_is_followed_and_the_answer_to_head_has_none() {
    let parts = [
        (Direction::Up, "POST /publish HTTP/1.1\r\ncontent-length: 2\r\n\r\n42HEAD / HTTP/1.1\r\n\r\n"),
        (Direction::Down, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 1\r\n\r\n1"),
        (
            Direction::Down,
            "HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        ),
    ];
    let (seen, counts) = watch(&parts, usize::MAX);
    assert_eq!(seen[1], "Up body 42");
    assert_eq!(seen.iter().filter(|line| line.starts_with("Down head")).count(), 4, "{seen:#?}");
    assert_eq!(counts.requests, 2);
}

#[test]
fn empty_lines_before_a_head_and_lone_line_feeds_are_part_of_it() {
    let parts = [(Direction::Up, "\r\n\r\nGET /x HTTP/1.1\nhost: x\n\nGET /y HTTP/1.1\r\nhost: x\n\r\n")];
    for cut in [1, 2, 3, 5, usize::MAX] {
        let (seen, counts) = watch(&parts, cut);
        assert_eq!(seen.len(), 2, "cut into runs of {cut}: {seen:#?}");
        assert_eq!((counts.requests, counts.up.http as usize), (2, parts[0].1.len()));
    }
}

#[test]
fn what_is_not_http_is_raw_and_harms_nobody() {
    let parts = [(Direction::Up, "\u{16}\u{3}\u{1} nonsense\r\n\r\nmore")];
    let (seen, _) = watch(&parts, 3);
    assert_eq!(seen.last().unwrap(), "Up raw more");
}
