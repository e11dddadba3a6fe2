//! An event stream: lines, in chunks or without; an event is complete with the empty line behind it.
//!
//! A chunk is a matter of the connection: a line may end in a later one, though ours never does. So what is
//! left of a line at the end of a chunk is held here, and only a chunk's own first line waits to be brought
//! again.

use memchr::memchr2;

use super::answers::chunk_size;
use super::{Finding, Wrong};
use crate::bench::capacity::marker::Mark;

/// Where a stream stands.
#[derive(Default)]
pub struct Lines {
    /// Whether the lines come in chunks.
    pub is_chunked: bool,
    chunk: Chunk,
    /// The beginning of a line.
    held: Vec<u8>,
    /// Whether the last line ended with a carriage return: a line feed behind it ends nothing.
    is_returned: bool,
    /// The marks of an event that is not complete.
    marks: Vec<Mark>,
}

/// Where a stream stands in its chunks.
#[derive(Clone, Copy, Debug, Default)]
enum Chunk {
    /// Before the line that tells its size.
    #[default]
    Size,
    /// So many bytes before its end.
    Data(usize),
    /// So many bytes before the end of the line end behind it.
    End(usize),
}

impl Lines {
    /// Takes bytes; how many it is done with.
    ///
    /// # Errors
    /// Where the stream ends, or is none.
    pub fn take(&mut self, bytes: &[u8], finding: &mut Finding) -> Result<usize, Wrong> {
        if !self.is_chunked {
            self.lines(bytes, finding);
            return Ok(bytes.len());
        }
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            at += match self.chunk {
                Chunk::Size => {
                    let Some((size, head)) = chunk_size(rest)? else { break };
                    if size == 0 {
                        return Err(Wrong::Closed);
                    }
                    self.chunk = Chunk::Data(size);
                    head
                }
                Chunk::Data(left) => {
                    let part = left.min(rest.len());
                    self.lines(&rest[..part], finding);
                    self.chunk = if part < left { Chunk::Data(left - part) } else { Chunk::End(2) };
                    part
                }
                Chunk::End(left) => {
                    let part = left.min(rest.len());
                    self.chunk = if part < left { Chunk::End(left - part) } else { Chunk::Size };
                    part
                }
            };
        }
        Ok(at)
    }

    /// Takes text apart at its line ends: LF, CRLF or CR (HTML standard, section 9.2.5).
    fn lines(&mut self, mut text: &[u8], finding: &mut Finding) {
        if self.is_returned && text.first() == Some(&b'\n') {
            text = &text[1..];
            self.is_returned = false;
        }
        while let Some(end) = memchr2(b'\n', b'\r', text) {
            self.line(&text[..end], finding);
            let is_return = text[end] == b'\r';
            text = &text[end + 1..];
            self.is_returned = is_return && text.is_empty();
            if is_return && text.first() == Some(&b'\n') {
                text = &text[1..];
            }
        }
        self.held.extend_from_slice(text);
    }

    fn line(&mut self, end: &[u8], finding: &mut Finding) {
        if self.held.is_empty() {
            return self.whole(end, finding);
        }
        let mut line = std::mem::take(&mut self.held);
        line.extend_from_slice(end);
        self.whole(&line, finding);
        // Its memory is kept for the next.
        line.clear();
        self.held = line;
    }

    fn whole(&mut self, line: &[u8], finding: &mut Finding) {
        if line.is_empty() {
            finding.found.append(&mut self.marks);
        } else if line.starts_with(b"data:") {
            finding.marks.find(line, &mut self.marks);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{cut_everywhere, data, numbers};
    use super::*;

    fn chunk(text: &str) -> String {
        format!("{:X}\r\n{text}\r\n", text.len())
    }

    #[test]
    fn events_are_found_however_the_stream_is_cut() {
        let (one, two) = (data(1), data(2));
        let blocks = [
            format!(
                "retry: 100\nid: 8f3k2a-0\n\n:\n\nid: x\ndata: {one}\n\nid: y\ndata: {{\"data\":{two}}}\n\n"
            ),
            format!("data:{one}\r\n\r\n:{two}\r\n\r\ndata: {two}\r\n\r\n"),
            format!("data: {one}\rdata: {two}\r\revent: {one}\r\r"),
        ];
        for block in blocks {
            let new = |is_chunked| Lines { is_chunked, ..Lines::default() };
            cut_everywhere(block.as_bytes(), &[1, 2], || new(false), Lines::take);
            let (head, tail) = block.split_at(30);
            let chunks = chunk(head) + &chunk(tail);
            cut_everywhere(chunks.as_bytes(), &[1, 2], || new(true), Lines::take);
        }
    }

    #[test]
    fn an_event_counts_with_the_empty_line_behind_it() {
        let (mut lines, mut finding) = (Lines::default(), Finding::default());
        lines.take(format!("data: {}\n", data(1)).as_bytes(), &mut finding).unwrap();
        assert!(finding.found.is_empty());
        lines.take(b"\n", &mut finding).unwrap();
        assert_eq!(numbers(&finding), [1]);
    }

    #[test]
    fn the_last_chunk_is_the_end() {
        let mut lines = Lines { is_chunked: true, ..Lines::default() };
        assert_eq!(lines.take(b"0\r\n\r\n", &mut Finding::default()), Err(Wrong::Closed));
        assert_eq!(
            Lines { is_chunked: true, ..Lines::default() }.take(b"zz\r\n", &mut Finding::default()),
            Err(Wrong::Grammar("chunks"))
        );
    }
}
