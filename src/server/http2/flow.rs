//! A stream of HTTP/2 as a socket: what is written leaves as DATA frames, as far as the peer has room for them.
//!
//! ```text
//! write "data: …⏎⏎"   ─▶   00 00 b9 │ 00 │ 00 │ 00 00 00 05 │ data: …⏎⏎       length, DATA, no flags, stream 5
//! shut down           ─▶   00 00 00 │ 00 │ 01 │ 00 00 00 05                    END_STREAM
//! ```
//!
//! There is room while neither the stream's window nor its share of the connection's is used up, and what this stream
//! was given before has left for the socket. A write takes what there is in one frame: a hundred events that are there
//! together cost nine bytes, and not a hundred times nine.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use h2::{RecvStream, SendStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::wire::{Streams, WriteNow};

/// One stream, both ways.
pub(super) struct Flow {
    down: SendStream<Bytes>,
    /// What the client says; nothing where its request was all of it.
    up: Option<RecvStream>,
    /// Came, and was not read yet.
    unread: Bytes,
    is_shut: bool,
    /// Bytes that were sent.
    given: u64,
    books: Streams,
}

impl Flow {
    pub(super) fn new(down: SendStream<Bytes>, up: Option<RecvStream>, books: &Streams) -> Self {
        Self { down, up, unread: Bytes::new(), is_shut: false, given: 0, books: books.clone() }
    }

    /// Waits for room, for so many bytes at most.
    pub(super) fn poll_room(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<io::Result<usize>> {
        let share = ready!(self.books.poll_share(cx, self.down.stream_id().as_u32(), self.given));
        let wanted = wanted.min(usize::try_from(share).unwrap_or(usize::MAX));
        self.down.reserve_capacity(wanted);
        while self.down.capacity() == 0 {
            match ready!(self.down.poll_capacity(cx)) {
                Some(Ok(_)) => {}
                Some(Err(wrong)) => return Poll::Ready(Err(io::Error::other(wrong))),
                // It was reset.
                None => return Poll::Ready(Err(ErrorKind::BrokenPipe.into())),
            }
        }
        Poll::Ready(Ok(self.down.capacity().min(wanted)))
    }

    /// Sends one frame, for which there is room.
    pub(super) fn send(&mut self, data: Bytes, is_last: bool) -> io::Result<()> {
        self.given += data.len() as u64;
        self.down.send_data(data, is_last).map_err(io::Error::other)
    }

    /// Waits until the client gives the stream up, or the connection ends.
    fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.down.poll_reset(cx).map(|_| ())
    }
}

impl WriteNow for Flow {
    fn write_now(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(ErrorKind::WouldBlock.into())
    }
}

impl AsyncRead for Flow {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // An empty frame says nothing.
        while self.unread.is_empty() {
            let Some(up) = &mut self.up else { return self.poll_left(cx).map(Ok) };
            match ready!(up.poll_data(cx)) {
                Some(Ok(data)) => self.unread = data,
                Some(Err(wrong)) => return Poll::Ready(Err(io::Error::other(wrong))),
                None => return Poll::Ready(Ok(())),
            }
        }
        let length = self.unread.len().min(buffer.remaining());
        buffer.put_slice(&self.unread[..length]);
        self.unread.advance(length);
        // A client may send more once it is read, and not before.
        let released = self.up.as_mut().map(|up| up.flow_control().release_capacity(length));
        Poll::Ready(released.unwrap_or(Ok(())).map_err(io::Error::other))
    }
}

impl AsyncWrite for Flow {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let room = ready!(self.poll_room(cx, bytes.len()))?;
        self.send(Bytes::copy_from_slice(&bytes[..room]), false)?;
        Poll::Ready(Ok(room))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let room = ready!(self.poll_room(cx, slices.iter().map(|slice| slice.len()).sum()))?;
        let mut data = BytesMut::with_capacity(room);
        for slice in slices {
            data.extend_from_slice(&slice[..slice.len().min(room - data.len())]);
        }
        self.send(data.freeze(), false)?;
        Poll::Ready(Ok(room))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match std::mem::replace(&mut self.is_shut, true) {
            true => Poll::Ready(Ok(())),
            false => Poll::Ready(self.send(Bytes::new(), true)),
        }
    }
}
