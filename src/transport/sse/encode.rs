//! What `/sse` writes: blocks of an event stream, each in a chunk of its own.
//!
//! ```text
//! 1D␍␊retry: 1742␊id: 8f3k2a-1041␊␊␍␊                       the opening: names where it starts
//! 6C␍␊id: 8f3k2a-1042␊data: {"id":"8f3k2a-1042",…}␊␊␍␊      an event
//! 60␍␊event: gap␊id: 8f3k2a-56␊data: {"gap":{…}}␊␊␍␊        a gap
//! 3␍␊:␊␊␍␊                                                  a comment after a silence
//! 0␍␊␍␊                                                     the end
//! ```
//!
//! The chunk's length is part of an event's shared encoding, so that a thousand readers cost one formatting.
//! HTTP/1.0 knows no chunks: it is sent what stands inside.

use std::io::Write;

use bytes::Bytes;

use crate::event::{Event, EventId, Gap};
use crate::feed::Envelope;

/// Events, each in a chunk of its own: HTTP/1.1.
pub(crate) static CHUNKS: Envelope =
    Envelope { write: |event, out| chunk(out, |block| write_event(event, block)) };

/// Events as they are: HTTP/1.0, which ends a stream by closing.
pub(crate) static BLOCKS: Envelope = Envelope { write: write_event };

/// §9.2.6: `data` ends with its line, so a raw line end would cut it. Compact JSON has none.
fn write_event(event: &Event, block: &mut Vec<u8>) {
    write!(block, "id: {}\ndata: ", event.id()).expect("a Vec takes all that is written to it");
    block.extend_from_slice(event.json());
    block.extend_from_slice(b"\n\n");
}

/// The first block: when to come back, and where this stream starts.
pub(crate) fn opening(retry_ms: u64, position: EventId) -> String {
    format!("retry: {retry_ms}\nid: {position}\n\n")
}

/// A gap's block. Its id is the position after it: who reconnects now is not told of it again.
pub(crate) fn gap(gap: &Gap) -> String {
    let json = gap.json();
    let json = std::str::from_utf8(&json).expect("JSON is UTF-8");
    format!("event: gap\nid: {}\ndata: {json}\n\n", gap.position())
}

/// A comment after a silence: proxies drop a connection that is quiet for long, so §9.2.7 advises one about
/// every 15 s.
pub(crate) const HEARTBEAT: &str = ":\n\n";

/// What is said last where the token expires that a stream was asked for with. No program sees it: comments are for
/// eyes.
pub(crate) const EXPIRED: &str = ": token expired\n\n";

/// The same where the server has no patience with the slow.
pub(crate) const TOO_SLOW: &str = ": too slow: events were forgotten before they were taken\n\n";

/// The last chunk (RFC 9112 §7.1): without it the stream was cut.
pub(crate) const END: &[u8] = b"0\r\n\r\n";

/// A block in a chunk of its own.
pub(crate) fn chunked(block: &str) -> Bytes {
    let mut out = Vec::new();
    chunk(&mut out, |inside| inside.extend_from_slice(block.as_bytes()));
    out.into()
}

/// RFC 9112 §7.1: the length in hexadecimal, a line end, so many bytes, a line end.
fn chunk(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let mut block = Vec::with_capacity(256);
    write(&mut block);
    write!(out, "{:X}\r\n", block.len()).expect("a Vec takes all that is written to it");
    out.extend_from_slice(&block);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> EventId {
        text.parse().unwrap()
    }

    fn wrapped(envelope: &Envelope, data: &str) -> String {
        let mut out = Vec::new();
        (envelope.write)(&Event::new(id("8f3k2a-1042"), "demo", 1763751234567890, data), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_event_is_one_chunk_with_its_id_and_its_payload() {
        let block = concat!(
            "id: 8f3k2a-1042\n",
            r#"data: {"id":"8f3k2a-1042","topic":"demo","sent_us":1763751234567890,"data":{"any":"json"}}"#,
            "\n\n",
        );
        assert_eq!(wrapped(&BLOCKS, r#"{"any":"json"}"#), block);
        assert_eq!(wrapped(&CHUNKS, r#"{"any":"json"}"#), format!("6C\r\n{block}\r\n"));
    }

    #[test]
    fn a_gap_names_the_position_after_it() {
        let expected = concat!(
            "60\r\n",
            "event: gap\nid: 8f3k2a-56\n",
            r#"data: {"gap":{"after":"8f3k2a-10","resumes":"8f3k2a-57","missed":46}}"#,
            "\n\n\r\n",
        );
        assert_eq!(chunked(&gap(&Gap::new(id("8f3k2a-10"), id("8f3k2a-57")))), expected);
    }

    #[test]
    fn the_opening_says_when_to_come_back_and_where_it_starts() {
        assert_eq!(chunked(&opening(1742, id("8f3k2a-0"))), "1A\r\nretry: 1742\nid: 8f3k2a-0\n\n\r\n");
        assert_eq!(chunked(HEARTBEAT), "3\r\n:\n\n\r\n");
    }

    #[test]
    fn the_length_of_a_chunk_is_that_of_its_block_without_leading_zeros() {
        for size in [1, 15, 16, 255, 256, 4095, 4096, 65535] {
            let data = "7".repeat(size);
            let (chunk, block) = (wrapped(&CHUNKS, &data), wrapped(&BLOCKS, &data));
            assert_eq!(chunk, format!("{:X}\r\n{block}\r\n", block.len()));
        }
    }
}
