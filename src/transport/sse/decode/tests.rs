use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::event::{Epoch, Event, EventId, Gap, Message};
use crate::transport::sse::encode;

/// All that can be learnt from a stream.
#[derive(Debug, Default, PartialEq)]
struct Told {
    blocks: Vec<(String, String, String)>,
    last_event_id: String,
    retry_ms: Option<u64>,
}

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Told, TooLong> {
    let (mut decoder, mut told) = (Decoder::new(), Told::default());
    for mut piece in pieces {
        while let Some(Block { event, data, id }) = decoder.next_block(&mut piece)? {
            told.blocks.push((event, data, id.to_owned()));
        }
        assert!(piece.is_empty(), "{piece:?} was left over");
    }
    told.last_event_id = decoder.last_event_id().to_owned();
    told.retry_ms = decoder.retry_ms();
    Ok(told)
}

/// The stream's outcome, the same whole, byte by byte and at every split into two.
fn decode_in_every_way(name: &str, stream: &[u8]) -> Told {
    let whole = decode([stream]).unwrap();
    assert_eq!(decode(stream.chunks(1)).unwrap(), whole, "{name}: byte by byte");
    for split in 0..=stream.len() {
        let (one, two) = stream.split_at(split);
        assert_eq!(decode([one, two]).unwrap(), whole, "{name}: split after byte {split}");
    }
    whole
}

/// A name, a stream, and what it dispatches: type, data, last event id.
type Row = (&'static str, &'static [u8], &'static [(&'static str, &'static str, &'static str)]);

/// The behaviours that the web platform tests hold browsers to (`eventsource/format-*`), under their names.
const FORMATS: &[Row] = &[
    ("bom", b"\xEF\xBB\xBFdata: first\n\ndata: next\n\n", &[("", "first", ""), ("", "next", "")]),
    ("bom-2", b"\xEF\xBB\xBF\xEF\xBB\xBFdata: lost\n\ndata: next\n\n", &[("", "next", "")]),
    ("bom later", b"data: 1\n\n\xEF\xBB\xBFdata: lost\n\n", &[("", "1", "")]),
    ("bom half", b"\xEF\xBBdata: lost\n\ndata: next\n\n", &[("", "next", "")]),
    ("bom alone", b"\xEF\xBB\xBF\ndata: 1\n\n", &[("", "1", "")]),
    (
        "comments",
        b": hello\rdata: a\r\n:\r:\0\ndata: b\n:data: not this\r\n: \xFF\ndata: c\n\n",
        &[("", "a\nb\nc", "")],
    ),
    ("data-before-final-empty-line", b"data: whole\n\nid: late\ndata: cut\n", &[("", "whole", "")]),
    (
        "field-data",
        b"data:\n\ndata\n\ndata\ndata:\n\ndata:x\n\n",
        &[("", "", ""), ("", "", ""), ("", "\n", ""), ("", "x", "")],
    ),
    (
        "field-event",
        b"event: alarm\ndata: 1\n\ndata: 2\n\nevent: lost\n\ndata: 3\n\nevent:a\nevent:b\ndata\n\n",
        &[("alarm", "1", ""), ("", "2", ""), ("", "3", ""), ("b", "", "")],
    ),
    (
        "field-event-empty",
        b"event: \ndata: 1\n\nevent: x\nevent\ndata: 2\n\n",
        &[("", "1", ""), ("", "2", "")],
    ),
    ("field-id", b"data: 1\nid: \xE2\x80\xA6\n\n", &[("", "1", "\u{2026}")]),
    (
        "field-id-2",
        b"id: a\ndata: 1\n\ndata: 2\n\nid: b\nid: c\ndata: 3\n\n",
        &[("", "1", "a"), ("", "2", "a"), ("", "3", "c")],
    ),
    (
        "field-id-3",
        b"id:1\ndata:a\n\nid:2\n\ndata:b\n\nid:\ndata:c\n\ndata:d\n\nid:3\ndata:e\n\nid\n\ndata:f\n\n",
        &[("", "a", "1"), ("", "b", "2"), ("", "c", ""), ("", "d", ""), ("", "e", "3"), ("", "f", "")],
    ),
    (
        "field-id-null",
        b"id: kept\ndata: 1\n\nid: a\0b\ndata: 2\n\nid: \0\ndata: 3\n\n",
        &[("", "1", "kept"), ("", "2", "kept"), ("", "3", "kept")],
    ),
    (
        "field-parsing",
        b"DATA: no\rdata\0: no\n\0data: no\nda ta: no\ndata : no\n data: no\ndata:   b: 2\ndata::\n\n",
        &[("", "  b: 2\n:", "")],
    ),
    (
        "field-unknown",
        b"data: 1\n data\nidx: no\nanother: field\njust words\n:\ndata: 2\n\n",
        &[("", "1\n2", "")],
    ),
    (
        "leading-space",
        b"data: \ndata:  \ndata:\tx\ndata:\xC2\xA0y\nid:  7\nevent:  e\n\n",
        &[(" e", "\n \n\tx\n\u{A0}y", " 7")],
    ),
    (
        "newlines",
        b"data: 1\r\ndata: 2\rdata: 3\ndata: 4\r\n\rdata: 5\n\r\ndata: 6\r\r\n\ndata: 7\n\n",
        &[("", "1\n2\n3\n4", ""), ("", "5", ""), ("", "6", ""), ("", "7", "")],
    ),
    ("newlines only", b"\n\r\n\r\r\n\n", &[]),
    ("newlines elsewhere", b"data: \x0B\x0C\xC2\x85\xE2\x80\xA8\n\n", &[("", "\x0B\x0C\u{85}\u{2028}", "")]),
    ("null-character", b"event: \0\ndata:\0\n\n", &[("\0", "\0", "")]),
    ("utf-8", b"data: \xC3\xA9\xF0\x9F\x8C\x8D\n\n", &[("", "\u{E9}\u{1F30D}", "")]),
    (
        "utf-8 broken",
        b"id: \xFF\nevent: \xC3\ndata: \xF0\x9F\x8C\ndata: \xC3(\xED\xA0\x80\n\n",
        &[("\u{FFFD}", "\u{FFFD}\n\u{FFFD}(\u{FFFD}\u{FFFD}\u{FFFD}", "\u{FFFD}")],
    ),
];

#[test]
fn every_format_is_read_as_a_browser_reads_it_however_it_is_cut() {
    for (name, stream, expected) in FORMATS {
        let told = decode_in_every_way(name, stream);
        let blocks = told.blocks.iter().map(|(event, data, id)| (&event[..], &data[..], &id[..]));
        assert_eq!(blocks.collect::<Vec<_>>(), *expected, "{name}");
    }
}

#[test]
fn retry_is_taken_from_digits_only_and_at_once() {
    for (name, stream, expected) in [
        ("field-retry", "retry: 3000\n", Some(3000)),
        (
            "field-retry-bogus",
            "retry: 2000\nretry: 1000x\nretry: -1\nretry: +1\nretry: 1.5\nretry:  1\n",
            Some(2000),
        ),
        ("field-retry-empty", "retry: 1000\nretry\nretry:\nretry: \n", Some(1000)),
        ("a later one counts", "retry: 1\n\nretry: 0\ndata: x\n\n", Some(0)),
        ("leading zeros", "retry: 007\n", Some(7)),
        ("beyond all numbers", "retry: 99999999999999999999999999\n", Some(u64::MAX)),
        ("digits of other alphabets", "retry: \u{0663}\n", None),
        ("an unterminated line", "retry: 1000", None),
    ] {
        assert_eq!(decode_in_every_way(name, stream.as_bytes()).retry_ms, expected, "{name}");
    }
}

#[test]
fn the_last_event_id_is_committed_by_a_blank_line_even_without_data() {
    for (name, stream, expected) in [
        ("an opening", "retry: 1742\nid: 8f3k2a-1041\n\n", "8f3k2a-1041"),
        ("not yet", "id: a\n\nid: b\ndata: cut\n", "a"),
        ("a heartbeat changes nothing", "id: a\n\n:\n\n", "a"),
        ("reset", "id: a\n\nid\n\n", ""),
    ] {
        let told = decode_in_every_way(name, stream.as_bytes());
        assert_eq!((told.blocks.len(), told.last_event_id.as_str()), (0, expected), "{name}");
    }
}

#[test]
fn a_block_whose_last_byte_is_cr_does_not_wait_for_the_next_read() {
    let mut decoder = Decoder::new();
    let mut read = &b"data: now\r\n\r"[..];
    assert_eq!(decoder.next_block(&mut read).unwrap().unwrap().data, "now");
    let mut read = &b"\ndata: then\r\r"[..];
    assert_eq!(decoder.next_block(&mut read).unwrap().unwrap().data, "then");
}

#[test]
fn endless_lines_and_blocks_end_in_an_error() {
    let letters = vec![b'x'; LIMIT - "data:".len()];
    let longest = [b"data:", &letters[..], b"\n\n"].concat();
    assert_eq!(decode([&longest[..]]).unwrap().blocks[0].1.len(), letters.len());
    assert_eq!(decode(longest.chunks(4096)).unwrap().blocks.len(), 1);

    let too_long = [b"data:x", &letters[..], b"\n\n"].concat();
    assert_eq!(decode([&too_long[..]]), Err(TooLong));
    assert_eq!(decode(too_long.chunks(4096)), Err(TooLong));

    let without_end = std::iter::repeat_n(&letters[..1000], LIMIT);
    assert_eq!(decode(without_end), Err(TooLong));
    let without_blank_line = std::iter::repeat_n(&b"data: and more\n"[..], LIMIT);
    assert_eq!(decode(without_blank_line), Err(TooLong));
    let thrice_as_long_once_replaced = [b"data:", &vec![0xFF; LIMIT / 2][..], b"\n\n"].concat();
    assert_eq!(decode([&thrice_as_long_once_replaced[..]]), Err(TooLong));
}

/// The standard's rules one after the other, for a stream that is all there: decoded, cut into lines, read.
fn by_the_book(stream: &[u8]) -> Told {
    let text = String::from_utf8_lossy(stream);
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text).replace("\r\n", "\n").replace('\r', "\n");
    let whole_lines = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
    let (mut told, mut event, mut data, mut id) = (Told::default(), "", String::new(), "");
    for line in whole_lines.lines() {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "" if line.is_empty() => {
                told.last_event_id = id.into();
                if let Some(data) = data.strip_suffix('\n') {
                    told.blocks.push((event.into(), data.into(), id.into()));
                }
                (event, data) = ("", String::new());
            }
            "event" => event = value,
            "data" => data = data + value + "\n",
            "id" if !value.contains('\0') => id = value,
            "retry" if value.chars().all(|c| c.is_ascii_digit()) => {
                told.retry_ms = value.parse().ok().or(told.retry_ms);
            }
            _ => {}
        }
    }
    told
}

/// Streams made of what can go wrong.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "data|data:|data: |event:|id:|id: |retry:|:| |x|17|\0|\n|\n\n|\r|\r\n|\r\n\r\n".as_bytes(),
        b"\xEF\xBB\xBF|\xEF|\xBB|\xE2\x80|\xA6|\xFF",
    ];
    let words: Vec<_> = words.iter().flat_map(|words| words.split(|&byte| byte == b'|')).collect();
    vec(select(words), 0..60).prop_map(|words| words.concat())
}

fn cut<'a>(stream: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut rest = stream;
    let mut cut = |length: &usize| {
        let piece;
        (piece, rest) = rest.split_at((*length).min(rest.len()));
        piece
    };
    let mut pieces: Vec<_> = lengths.iter().map(&mut cut).collect();
    pieces.push(rest);
    pieces
}

fn message() -> impl Strategy<Value = Message> {
    let id = |(number, sequence)| EventId { epoch: Epoch::from_number(number), sequence };
    let id = || (any::<u64>(), 1..u64::MAX).prop_map(id);
    let event = |(id, sent_us, words): (EventId, u64, String)| {
        let data = serde_json::to_string(&words).expect("a text is JSON");
        Message::Event(Event::new(id, "demo", sent_us, &data))
    };
    prop_oneof![
        (id(), any::<u64>(), any::<String>()).prop_map(event),
        (id(), id()).prop_map(|(after, resumes)| Message::Gap(Gap::new(after, resumes))),
    ]
}

/// A message as a stream has it, and a heartbeat after it.
fn encoded(message: &Message) -> [Bytes; 2] {
    let block = match message {
        Message::Event(event) => {
            let mut block = Vec::new();
            (encode::BLOCKS.write)(event, &mut block);
            block.into()
        }
        Message::Gap(gap) => encode::gap(gap).into(),
    };
    [block, Bytes::from_static(encode::HEARTBEAT.as_bytes())]
}

proptest! {
    #[test]
    fn a_stream_is_read_by_the_book_under_every_chunking(stream in stream(), cuts in vec(0..9usize, 0..40)) {
        let told = decode(cut(&stream, &cuts)).unwrap();
        prop_assert_eq!(&told, &decode([&stream[..]]).unwrap());
        prop_assert_eq!(told, by_the_book(&stream));
    }

    #[test]
    fn what_was_encoded_is_decoded(messages in vec(message(), 0..9), cuts in vec(0..99usize, 0..40)) {
        let stream: Vec<_> = messages.iter().flat_map(encoded).collect();
        let told = decode(cut(&stream.concat(), &cuts)).unwrap();
        prop_assert_eq!(told.blocks.len(), messages.len());
        for ((event, data, id), message) in told.blocks.into_iter().zip(messages) {
            prop_assert_eq!(event, if matches!(message, Message::Gap(_)) { "gap" } else { "" });
            prop_assert_eq!(id, message.position().to_string());
            prop_assert_eq!(Message::from_json(data.into()).unwrap(), message);
        }
    }
}
