//! A socket under TLS: counts all that passes, and follows where records end.
//!
//! ```text
//! 16 │ 03 01 │ 02 00 │ …         type, version, length, and so many bytes (RFC 8446, section 5.1)
//! ```
//!
//! Which record brought the first byte of a request cannot be seen from outside: all that TLS 1.3 encrypts looks
//! alike. So until it came, records are given upwards one at a time, and then it was the last, or the one before a
//! goodbye.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const HEAD: usize = 5;

/// A counted socket.
pub(super) struct Records<S> {
    socket: S,
    /// Bytes that the socket was given.
    pub(super) written: u64,
    /// Bytes of all records that have come whole.
    pub(super) read: u64,
    /// Bytes of the last of them.
    pub(super) last: u64,
    /// Bytes of the one before.
    pub(super) last_but_one: u64,
    /// Whether no read may go beyond the end of a record.
    pub(super) one_at_a_time: bool,
    head: [u8; HEAD],
    /// Bytes of the current record that have come, its head included.
    begun: usize,
}

impl<S> Records<S> {
    pub(super) fn new(socket: S) -> Self {
        let (written, read, last, last_but_one) = (0, 0, 0, 0);
        Self { socket, written, read, last, last_but_one, one_at_a_time: true, head: [0; HEAD], begun: 0 }
    }

    pub(super) fn socket(&self) -> &S {
        &self.socket
    }

    /// How many bytes the current record still needs, or its head.
    fn missing(&self) -> usize {
        match self.begun {
            0..HEAD => HEAD - self.begun,
            _ => HEAD + usize::from(u16::from_be_bytes([self.head[3], self.head[4]])) - self.begun,
        }
    }

    fn saw(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (part, rest) = bytes.split_at(bytes.len().min(self.missing()));
            if self.begun < HEAD {
                self.head[self.begun..][..part.len()].copy_from_slice(part);
            }
            self.begun += part.len();
            bytes = rest;
            if self.begun >= HEAD && self.missing() == 0 {
                self.last_but_one = std::mem::replace(&mut self.last, self.begun as u64);
                self.read += self.last;
                self.begun = 0;
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Records<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = match self.one_at_a_time {
            true => buffer.remaining().min(self.missing()),
            false => buffer.remaining(),
        };
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(room));
        ready!(Pin::new(&mut self.socket).poll_read(cx, &mut part))?;
        self.saw(part.filled());
        let read = part.filled().len();
        buffer.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Records<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.socket).poll_write(cx, bytes))?;
        self.written += written as u64;
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.socket).poll_write_vectored(cx, slices))?;
        self.written += written as u64;
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Records of three, no and five bytes, and the begin of another.
    const FOUR: &[u8] = b"\x16\x03\x01\0\x03abc\x17\x03\x03\0\0\x17\x03\x03\0\x05defgh\x17\x03\x03";

    #[tokio::test]
    async fn whole_records_are_counted_however_they_come() {
        for step in 1..FOUR.len() {
            let mut records = Records::new(tokio::io::empty());
            FOUR.chunks(step).for_each(|part| records.saw(part));
            assert_eq!((records.read, records.last, records.begun), (8 + 5 + 10, 10, 3), "by {step}");
        }
    }

    #[tokio::test]
    async fn records_come_one_at_a_time_until_told_otherwise() {
        let (mut near, far) = tokio::io::duplex(64);
        near.write_all(FOUR).await.unwrap();
        let (mut records, mut buffer) = (Records::new(far), [0; 64]);
        let mut reads = Vec::new();
        for _ in 0..4 {
            reads.push(records.read(&mut buffer).await.unwrap());
        }
        records.one_at_a_time = false;
        reads.push(records.read(&mut buffer).await.unwrap());
        assert_eq!(reads, [5, 3, 5, 5, 5 + 3], "heads and what they announce; then all that is there");
    }
}
