//! One event a line: JSON stays JSON, all other text becomes a JSON string.
//!
//! ```text
//! {"any": "json"}   →   {"any":"json"}
//! 42                →   42
//! hello             →   "hello"
//! ```

use std::io::{self, BufRead, Read};
use std::sync::mpsc::SyncSender;
use std::thread::Thread;

use super::MAX_DATA;
use crate::clock::Clock;
use crate::event::compact;

/// A line's `data`, and when it was read.
pub(super) struct Line {
    pub(super) read_us: u64,
    pub(super) data: String,
}

/// Hands the lines over until there are no more, or no player.
pub(super) fn read_lines(mut reader: impl BufRead, clock: Clock, player: SyncSender<Line>, thread: &Thread) {
    loop {
        match read_data(&mut reader) {
            Ok(Some(data)) => {
                if player.send(Line { read_us: clock.now_us(), data }).is_err() {
                    break;
                }
                thread.unpark();
            }
            Ok(None) => break,
            Err(error) => {
                tracing::warn!("cannot read `stdin` further: {error}");
                break;
            }
        }
    }
    drop(player);
    thread.unpark();
}

enum Raw {
    Whole(Vec<u8>),
    TooLong,
    End,
}

/// The `data` of the next line that is neither empty nor too long; `None` at the end.
///
/// Bytes that are not UTF-8 are replaced by `U+FFFD`. Never holds more of a line than is published.
fn read_data(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    loop {
        let data = match read_line(reader)? {
            Raw::End => return Ok(None),
            Raw::Whole(line) if line.trim_ascii().is_empty() => continue,
            Raw::Whole(line) => Some(to_json(&line)).filter(|data| data.len() <= MAX_DATA),
            Raw::TooLong => None,
        };
        match data {
            Some(data) => return Ok(Some(data)),
            None => tracing::warn!("skipped a line of `stdin` over {MAX_DATA} bytes: split it"),
        }
    }
}

/// A line without its end, which is `\n` or `\r\n`.
fn read_line(reader: &mut impl BufRead) -> io::Result<Raw> {
    let mut line = Vec::new();
    let longest = MAX_DATA + "\r\n".len();
    let read = reader.by_ref().take(longest as u64).read_until(b'\n', &mut line)?;
    if line.pop_if(|last| *last == b'\n').is_some() {
        line.pop_if(|last| *last == b'\r');
    } else if read == longest {
        reader.skip_until(b'\n')?;
    }
    Ok(match line.len() {
        _ if read == 0 => Raw::End,
        length if length > MAX_DATA => Raw::TooLong,
        _ => Raw::Whole(line),
    })
}

fn to_json(line: &[u8]) -> String {
    compact(line).unwrap_or_else(|_| serde_json::Value::from(String::from_utf8_lossy(line)).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut input: &[u8]) -> Vec<String> {
        std::iter::from_fn(|| read_data(&mut input).unwrap()).collect()
    }

    #[test]
    fn json_stays_json_and_text_becomes_a_string() {
        let input =
            b"{\"a\" : 1.50}\n[1, 2]\r\n42\n\"s\"\nnull\nhello \"you\"\n  spaced \r\n{\"a\":\n1 2\nlast";
        let read = [
            r#"{"a":1.50}"#,
            "[1,2]",
            "42",
            r#""s""#,
            "null",
            r#""hello \"you\"""#,
            r#""  spaced ""#,
            r#""{\"a\":""#,
            r#""1 2""#,
            r#""last""#,
        ];
        assert_eq!(all(input), read);
    }

    #[test]
    fn empty_lines_are_skipped() {
        assert_eq!(all(b"\n\r\n  \t\n1\n\n"), ["1"]);
        assert_eq!(all(b""), [""; 0]);
    }

    #[test]
    fn what_is_not_utf8_is_replaced() {
        assert_eq!(all(b"caf\xe9\n\"\xff\"\n"), ["\"caf\u{fffd}\"", "\"\\\"\u{fffd}\\\"\""]);
    }

    #[test]
    fn a_line_too_long_is_skipped_and_the_next_is_read() {
        let fits = "1".repeat(MAX_DATA);
        for over in [MAX_DATA + 1, MAX_DATA + 2, MAX_DATA + 3, 20 * MAX_DATA] {
            let input = format!("{fits}\r\n{}\n2\n{}", "1".repeat(over), "1".repeat(over));
            assert_eq!(all(input.as_bytes()), [&fits, "2"], "{over} bytes");
        }
    }

    #[test]
    fn text_that_grows_too_long_as_json_is_skipped() {
        let quotes = "\"".repeat(MAX_DATA / 2);
        assert_eq!(all(format!("{quotes}\n2\n").as_bytes()), ["2"]);
    }
}
