//! What waits to be written to one connection: slices of encodings that all readers share.
//!
//! Nothing is copied to get here, and all of it leaves in one vectored write where the socket takes it.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;

/// Slices handed to one vectored write: a whole batch (see [`Limit`](crate::feed::Limit)), and a head.
const SLICES: usize = 260;

/// Bytes in order, in as many pieces as they came.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    slices: VecDeque<Bytes>,
    len: usize,
}

impl Backlog {
    pub(crate) fn push(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.len += bytes.len();
            self.slices.push_back(bytes);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Writes until nothing is left.
    ///
    /// # Errors
    /// Where the peer is gone, or took nothing for too long.
    pub(crate) async fn write_to<S: AsyncWrite + Unpin>(&mut self, socket: &mut S) -> io::Result<()> {
        poll_fn(|cx| self.poll_write_to(cx, socket)).await
    }

    pub(crate) fn poll_write_to<S: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        socket: &mut S,
    ) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let filled = self.chunks_vectored(&mut slices);
            let written = ready!(Pin::new(&mut *socket).poll_write_vectored(cx, &slices[..filled]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(written);
        }
        Pin::new(socket).poll_flush(cx)
    }
}

impl From<Bytes> for Backlog {
    fn from(bytes: Bytes) -> Self {
        let mut backlog = Self::default();
        backlog.push(bytes);
        backlog
    }
}

impl Extend<Bytes> for Backlog {
    fn extend<I: IntoIterator<Item = Bytes>>(&mut self, pieces: I) {
        pieces.into_iter().for_each(|bytes| self.push(bytes));
    }
}

impl Buf for Backlog {
    fn remaining(&self) -> usize {
        self.len
    }

    fn chunk(&self) -> &[u8] {
        self.slices.front().map_or(&[], |first| first)
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let pairs = slices.iter_mut().zip(&self.slices);
        pairs.map(|(slice, bytes)| *slice = IoSlice::new(bytes)).count()
    }

    fn advance(&mut self, mut count: usize) {
        self.len -= count;
        while count > 0 {
            let first = self.slices.front_mut().expect("advanced past the end");
            if count < first.len() {
                return first.advance(count);
            }
            count -= first.len();
            self.slices.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn everything_arrives_in_order_through_a_narrow_pipe() {
        let mut backlog = Backlog::default();
        backlog.extend((0..1000u32).map(|n| Bytes::from(format!("{n},"))));
        let expected: String = (0..1000u32).map(|n| format!("{n},")).collect();
        let (mut near, mut far) = tokio::io::duplex(7);
        let write = async move {
            backlog.write_to(&mut near).await.unwrap();
            assert!(backlog.is_empty());
        };
        let mut read = String::new();
        let (_, _) = tokio::join!(write, far.read_to_string(&mut read));
        assert_eq!(read, expected);
    }
}
