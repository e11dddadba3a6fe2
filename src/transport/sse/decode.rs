//! Reads any event stream, from this server or another, in whatever pieces it comes.
//!
//! ```text
//! retry: 1742␊                     when to come back
//! id: 8f3k2a-1041␊
//! ␊                                a blank line ends a block: without data it only commits the id
//! event: gap␊                      the block's type; without one it is a `message`
//! data: {"gap":␊data: …}␊          data lines are joined with ␊
//! ␊                                dispatched: a [`Block`]
//! :␊                               a comment
//! data: cut o                      never dispatched: its blank line did not come
//! ```
//!
//! The rules are those of the HTML standard, §9.2.6 "Interpreting an event stream". A line that came whole is
//! read where it lies; only one that is cut by the end of a read is put together first.

use std::borrow::Cow;
use std::mem;

use memchr::{memchr, memchr2};

/// The longest line, and the most data in one block: the 1 MiB at which `/poll` ends an answer, and 1 KiB for
/// the name of the field. Events published here stay below 64 KiB; other servers know no such limit.
pub const LIMIT: usize = (1 << 20) + (1 << 10);

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Why a stream cannot be read on: to keep what it sends would take ever more memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event stream has a line or a block longer than {} bytes", LIMIT)]
pub struct TooLong;

/// One dispatched block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    /// Its type; empty stands for `message`.
    pub event: String,
    /// Its data lines, joined.
    pub data: String,
    /// The last event id as of this block, whichever block set it; empty where there is none.
    pub id: &'a str,
}

/// One stream's state. A new connection begins with a new one.
#[derive(Debug, Default)]
pub struct Decoder {
    /// The beginning of a line whose end has not come yet.
    partial: Vec<u8>,
    after_cr: bool,
    begun: bool,
    event: String,
    /// `None` until a data line comes: an empty one counts.
    data: Option<String>,
    /// What the last `id` field said, in effect from the next blank line.
    id: String,
    last_event_id: String,
    retry_ms: Option<u64>,
}

impl Decoder {
    /// For the first byte of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads `input` from its front up to the end of the next block. `None`: all is read, no block ended.
    ///
    /// ```
    /// use wirelanes::transport::sse::decode::Decoder;
    ///
    /// let mut decoder = Decoder::new();
    /// for mut read in [&b"id: 7\ndata: on"[..], b"e\n\ndata: two\n\n"] {
    ///     while let Some(block) = decoder.next_block(&mut read)? {
    ///         println!("{}: {}", block.id, block.data); // 7: one, 7: two
    ///     }
    /// }
    /// # Ok::<(), wirelanes::transport::sse::decode::TooLong>(())
    /// ```
    ///
    /// # Errors
    /// Where a line or a block's data is longer than [`LIMIT`]. The stream must be given up.
    pub fn next_block(&mut self, input: &mut &[u8]) -> Result<Option<Block<'_>>, TooLong> {
        while let Some(line) = self.split_line(input) {
            if !self.ends_block(line)? {
                continue;
            }
            // A blank line commits the id and forgets the type, always; it dispatches only where data came.
            self.last_event_id.clone_from(&self.id);
            let event = mem::take(&mut self.event);
            if let Some(data) = self.data.take() {
                return Ok(Some(Block { event, data, id: &self.last_event_id }));
            }
        }
        self.keep(mem::take(input))?;
        Ok(None)
    }

    /// The last event id: what to ask for after a reconnect. Empty where there is none.
    pub fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    /// How long the server asks to wait before a reconnect, if it said so. The cap is the caller's.
    pub fn retry_ms(&self) -> Option<u64> {
        self.retry_ms
    }

    /// CR, LF and CRLF each end one line. A CR ends it at once; an LF after it belongs to it, even one that
    /// comes with the next read.
    fn split_line<'i>(&mut self, input: &mut &'i [u8]) -> Option<&'i [u8]> {
        if self.after_cr && !input.is_empty() {
            *input = input.strip_prefix(b"\n").unwrap_or(input);
            self.after_cr = false;
        }
        let end = memchr2(b'\n', b'\r', input)?;
        let line = &input[..end];
        self.after_cr = input[end] == b'\r';
        *input = &input[end + 1..];
        Some(line)
    }

    /// Reads a line, or the end of one whose beginning was kept; whether it was the blank one.
    fn ends_block(&mut self, line: &[u8]) -> Result<bool, TooLong> {
        if self.partial.is_empty() {
            within_limit(line.len())?;
            return self.whole_line(line);
        }
        self.keep(line)?;
        let mut line = mem::take(&mut self.partial);
        let ended = self.whole_line(&line);
        line.clear();
        self.partial = line;
        ended
    }

    fn keep(&mut self, part: &[u8]) -> Result<(), TooLong> {
        within_limit(self.partial.len() + part.len())?;
        self.partial.extend_from_slice(part);
        Ok(())
    }

    fn whole_line(&mut self, mut line: &[u8]) -> Result<bool, TooLong> {
        // One byte order mark is ignored where the stream begins; a second one is part of a name.
        if !mem::replace(&mut self.begun, true) {
            line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        }
        match memchr(b':', line) {
            None if line.is_empty() => return Ok(true),
            // No colon: the whole line is a name, its value is empty.
            None => self.field(line, b"")?,
            // A line that begins with a colon is a comment.
            Some(0) => {}
            // One space after the colon is not part of the value; a second one is.
            Some(colon) => {
                let value = &line[colon + 1..];
                self.field(&line[..colon], value.strip_prefix(b" ").unwrap_or(value))?;
            }
        }
        Ok(false)
    }

    /// Names are compared as they stand: `Data` is unknown, and what is unknown is ignored.
    fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), TooLong> {
        match name {
            b"data" => self.append(text(value))?,
            // An id with a NUL is ignored, as no header could carry it back. An empty one resets.
            b"id" if !value.contains(&0) => text(value).as_ref().clone_into(&mut self.id),
            b"event" => self.event = text(value).into_owned(),
            b"retry" => self.retry_ms = milliseconds(value).or(self.retry_ms),
            _ => {}
        }
        Ok(())
    }

    /// The standard ends each data line with LF and drops the last one at the dispatch: it joins.
    fn append(&mut self, line: Cow<'_, str>) -> Result<(), TooLong> {
        let before = self.data.as_ref().map_or(0, |data| data.len() + 1);
        within_limit(before + line.len())?;
        match &mut self.data {
            None => self.data = Some(line.into_owned()),
            Some(data) => data.extend(["\n", &line]),
        }
        Ok(())
    }
}

fn within_limit(length: usize) -> Result<(), TooLong> {
    if length > LIMIT { Err(TooLong) } else { Ok(()) }
}

/// A stream is always UTF-8, whatever its content type says; what is not becomes U+FFFD. All that separates
/// fields is ASCII, which never stands inside a longer character: each value can be decoded by itself.
fn text(value: &[u8]) -> Cow<'_, str> {
    // The strict check reads many bytes at a time, the lossy one each.
    std::str::from_utf8(value).map_or_else(|_| String::from_utf8_lossy(value), Cow::Borrowed)
}

/// `retry` counts only if it is digits and nothing else; one beyond all numbers is the largest of them.
fn milliseconds(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |sum: u64, digit: &u8| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
    Some(value.iter().fold(0, digit))
}

#[cfg(test)]
mod tests;
