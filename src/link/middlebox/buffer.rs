//! `buffer=8k`: holds an answer until there are so many bytes of it, or all.
//!
//! ```text
//! server   head│ event │ event │ …                          (an SSE answer, which has no end)
//! client                                 head│event│event…  when 8 KiB are full
//! ```

use bytes::{Bytes, BytesMut};

#[derive(Debug)]
pub(super) struct Buffer {
    size: usize,
    held: BytesMut,
}

impl Buffer {
    pub(super) fn new(size: usize) -> Self {
        Self { size, held: BytesMut::new() }
    }

    /// Takes bytes of an answer, and gives what is full.
    pub(super) fn take(&mut self, bytes: &[u8], out: &mut Vec<Bytes>) {
        self.held.extend_from_slice(bytes);
        while self.held.len() >= self.size {
            out.push(self.held.split_to(self.size).freeze());
        }
    }

    /// The answer is over: gives the rest.
    pub(super) fn flush(&mut self, out: &mut Vec<Bytes>) {
        if !self.held.is_empty() {
            out.push(self.held.split().freeze());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_full_is_let_go_and_the_next_is_held_again() {
        let (mut buffer, mut out) = (Buffer::new(8), Vec::new());
        buffer.take(b"0123456", &mut out);
        assert!(out.is_empty(), "one byte is missing");
        buffer.take(b"7 and more, up", &mut out);
        assert_eq!(out, ["01234567", " and mor"], "each as large as asked for, however it came");
        buffer.flush(&mut out);
        buffer.flush(&mut out);
        assert_eq!(out[2..], ["e, up"]);
    }
}
