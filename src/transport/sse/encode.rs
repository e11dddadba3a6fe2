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
//! HTTP/1.0 knows no chunks: it is sent what stands inside, see [`unchunked`].

use std::fmt::{self, Write};

use bytes::Bytes;

use crate::event::{Envelope, Event, EventId, Gap};

/// The first chunk: when to come back, and where this stream starts.
pub(crate) fn opening(retry_ms: u64, position: EventId) -> Bytes {
    chunk(format_args!("retry: {retry_ms}\nid: {position}\n\n"))
}

/// An event's chunk, made for its first reader and shared by the rest.
pub(crate) fn event(event: &Event) -> Bytes {
    event.enveloped(Envelope::Sse, |event| {
        // §9.2.6: `data` ends with its line, so a raw line end would cut it. Compact JSON has none.
        let json = std::str::from_utf8(event.json()).expect("JSON is UTF-8");
        chunk(format_args!("id: {}\ndata: {json}\n\n", event.id()))
    })
}

/// A gap's chunk. Its id is the position after it: who reconnects now is not told of it again.
pub(crate) fn gap(gap: &Gap) -> Bytes {
    let json = gap.json();
    let json = std::str::from_utf8(&json).expect("JSON is UTF-8");
    chunk(format_args!("event: gap\nid: {}\ndata: {json}\n\n", gap.position()))
}

/// A comment after a silence: proxies drop a connection that is quiet for long, so §9.2.7 advises one about
/// every 15 s.
pub(crate) fn heartbeat() -> Bytes {
    Bytes::from_static(b"3\r\n:\n\n\r\n")
}

/// The last chunk (RFC 9112 §7.1): without it the stream was cut.
pub(crate) fn end() -> Bytes {
    Bytes::from_static(b"0\r\n\r\n")
}

/// The block inside a chunk: the same memory, without its first line and the last line end.
pub(crate) fn unchunked(chunk: &Bytes) -> Bytes {
    let head = chunk.iter().position(|&byte| byte == b'\n').expect("a chunk begins with its length");
    chunk.slice(head + 1..chunk.len() - "\r\n".len())
}

/// RFC 9112 §7.1: the length in hexadecimal, a line end, so many bytes, a line end.
fn chunk(block: fmt::Arguments<'_>) -> Bytes {
    let length = Length::of(block);
    let room = Length::of(format_args!("{length:X}\r\n{block}\r\n"));
    let mut chunk = String::with_capacity(room);
    write!(chunk, "{length:X}\r\n{block}\r\n").expect("a String takes all that is written to it");
    // `Bytes` takes a String as it is only where nothing is left over.
    debug_assert_eq!(chunk.len(), room);
    chunk.into()
}

/// Counts what is written to it. Measuring first costs no memory, growing would.
struct Length(usize);

impl Length {
    fn of(text: fmt::Arguments<'_>) -> usize {
        let mut length = Self(0);
        length.write_fmt(text).expect("counting cannot fail");
        length.0
    }
}

impl Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> EventId {
        text.parse().unwrap()
    }

    fn some_event(data: &str) -> Event {
        Event::new(id("8f3k2a-1042"), "demo", 1763751234567890, data)
    }

    #[test]
    fn an_event_is_one_chunk_with_its_id_and_its_payload() {
        let expected = concat!(
            "6C\r\n",
            "id: 8f3k2a-1042\n",
            r#"data: {"id":"8f3k2a-1042","topic":"demo","sent_us":1763751234567890,"data":{"any":"json"}}"#,
            "\n\n\r\n",
        );
        assert_eq!(event(&some_event(r#"{"any":"json"}"#)), expected);
    }

    #[test]
    fn an_event_is_encoded_once_for_all_its_readers() {
        let one = some_event("1");
        assert_eq!(event(&one).as_ptr(), event(&one.clone()).as_ptr());
    }

    #[test]
    fn a_gap_names_the_position_after_it() {
        let expected = concat!(
            "60\r\n",
            "event: gap\nid: 8f3k2a-56\n",
            r#"data: {"gap":{"after":"8f3k2a-10","resumes":"8f3k2a-57","missed":46}}"#,
            "\n\n\r\n",
        );
        assert_eq!(gap(&Gap::new(id("8f3k2a-10"), id("8f3k2a-57"))), expected);
    }

    #[test]
    fn the_opening_says_when_to_come_back_and_where_it_starts() {
        assert_eq!(opening(1742, id("8f3k2a-0")), "1A\r\nretry: 1742\nid: 8f3k2a-0\n\n\r\n");
    }

    #[test]
    fn the_length_of_a_chunk_is_that_of_its_block_without_leading_zeros() {
        for size in [1, 15, 16, 255, 256, 4095, 4096, 65535] {
            let chunk = event(&some_event(&"7".repeat(size)));
            let head = chunk.iter().position(|&byte| byte == b'\r').unwrap();
            let length = std::str::from_utf8(&chunk[..head]).unwrap();
            assert_eq!(length, format!("{:X}", unchunked(&chunk).len()));
        }
    }

    #[test]
    fn what_stands_inside_a_chunk_is_a_slice_of_it() {
        let chunk = event(&some_event("1"));
        let block = unchunked(&chunk);
        assert!(block.starts_with(b"id: 8f3k2a-1042\n") && block.ends_with(b"\"data\":1}\n\n"));
        assert_eq!(block.as_ptr(), chunk[4..].as_ptr());
        assert_eq!(unchunked(&heartbeat()), ":\n\n");
        assert_eq!(unchunked(&end()), "");
    }
}
