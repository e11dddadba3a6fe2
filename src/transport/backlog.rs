//! What waits to be written to one connection: slices of encodings that all readers share.
//!
//! Nothing is copied to get here, and all of it leaves in one write where the socket takes it.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::io::AsyncWrite;

use crate::wire::WriteNow;

/// Slices handed to one vectored write: a whole batch (see [`Limit`](crate::feed::Limit)), and a head.
const SLICES: usize = 260;

/// What a piece takes beside its bytes: the slice itself, and an allocation's smallest block.
const PIECE: usize = size_of::<Bytes>() + 32;

/// Bytes in order, in as many pieces as they came.
///
/// Most of the time there is one piece or none: that costs no memory beyond it, and to write one slice costs
/// the kernel less than to write a list of one.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    first: Bytes,
    /// In a box: it is seldom there.
    #[expect(
        clippy::box_collection,
        reason = "most connections wait most of the time, each with one of these"
    )]
    rest: Option<Box<VecDeque<Bytes>>>,
    len: usize,
}

impl Backlog {
    pub(crate) fn push(&mut self, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        let was_empty = self.is_empty();
        self.len += bytes.len();
        match was_empty {
            true => self.first = bytes,
            false => self.rest.get_or_insert_default().push_back(bytes),
        }
    }

    /// Puts all of another behind this.
    pub(crate) fn append(&mut self, other: Self) {
        self.push(other.first);
        self.extend(other.rest.into_iter().flat_map(|rest| *rest));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What it takes of memory, about: a client that asks for a thousand short answers has a thousand pieces here.
    pub(crate) fn weight(&self) -> usize {
        self.len + PIECE * self.rest.as_ref().map_or(0, |rest| rest.len())
    }

    /// Writes what there is, where it is one piece and the socket has room: the rest is for
    /// [`poll_write_to`](Self::poll_write_to).
    ///
    /// # Errors
    /// Where the peer is gone.
    pub(crate) fn write_now_to(&mut self, socket: &mut impl WriteNow) -> io::Result<()> {
        if self.rest.is_some() {
            return Ok(());
        }
        match socket.write_now(&self.first) {
            Ok(written) => self.advance(written),
            Err(wrong) if wrong.kind() == io::ErrorKind::WouldBlock => {}
            Err(wrong) => return Err(wrong),
        }
        Ok(())
    }

    /// Writes until nothing is left.
    ///
    /// # Errors
    /// Where the peer is gone, or took nothing for too long.
    pub(crate) fn poll_write_to<S: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        socket: &mut S,
    ) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            let written = match self.rest.is_none() {
                true => ready!(Pin::new(&mut *socket).poll_write(cx, &self.first))?,
                false => ready!(self.poll_write_vectored(cx, socket))?,
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(written);
        }
        Pin::new(socket).poll_flush(cx)
    }

    fn poll_write_vectored<S: AsyncWrite + Unpin>(
        &self,
        cx: &mut Context<'_>,
        socket: &mut S,
    ) -> Poll<io::Result<usize>> {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let filled = self.chunks_vectored(&mut slices);
        Pin::new(socket).poll_write_vectored(cx, &slices[..filled])
    }
}

impl From<Bytes> for Backlog {
    fn from(bytes: Bytes) -> Self {
        Self { len: bytes.len(), first: bytes, rest: None }
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
        &self.first
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let pieces = std::iter::once(&self.first)
            .chain(self.rest.iter().flat_map(|rest| rest.iter()))
            .take_while(|_| self.len > 0);
        slices.iter_mut().zip(pieces).map(|(slice, bytes)| *slice = IoSlice::new(bytes)).count()
    }

    fn copy_to_bytes(&mut self, count: usize) -> Bytes {
        if count <= self.first.len() {
            let part = self.first.slice(..count);
            self.advance(count);
            return part;
        }
        let mut part = BytesMut::with_capacity(count);
        part.put(self.take(count));
        part.freeze()
    }

    fn advance(&mut self, mut count: usize) {
        assert!(count <= self.len, "advanced past the end");
        self.len -= count;
        while count >= self.first.len() && count > 0 {
            count -= self.first.len();
            self.first = self.rest.as_mut().and_then(|rest| rest.pop_front()).unwrap_or_default();
        }
        self.first.advance(count);
        if self.rest.as_ref().is_some_and(|rest| rest.is_empty()) {
            self.rest = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn everything_arrives_in_order_through_a_narrow_pipe() {
        let mut backlog = Backlog::default();
        backlog.extend((0..1000u32).map(|n| Bytes::from(format!("{n},"))));
        let expected: String = (0..1000u32).map(|n| format!("{n},")).collect();
        let (mut near, mut far) = tokio::io::duplex(7);
        let write = async move {
            poll_fn(|cx| backlog.poll_write_to(cx, &mut near)).await.unwrap();
            assert!(backlog.is_empty());
        };
        let mut read = String::new();
        let (_, _) = tokio::join!(write, far.read_to_string(&mut read));
        assert_eq!(read, expected);
    }

    #[test]
    fn it_is_read_as_one_piece_after_the_other() {
        let mut backlog = Backlog::from(Bytes::from_static(b"one"));
        backlog.push(Bytes::new());
        backlog.push(Bytes::from_static(b"two"));
        assert_eq!((backlog.remaining(), backlog.chunk()), (6, &b"one"[..]));
        backlog.advance(4);
        assert_eq!((backlog.remaining(), backlog.chunk()), (2, &b"wo"[..]));
        backlog.advance(2);
        backlog.push(Bytes::from_static(b"three"));
        assert_eq!((backlog.remaining(), backlog.chunk()), (5, &b"three"[..]));
    }
}
