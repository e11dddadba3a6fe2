//! The frames a server sends (RFC 6455, section 5.2), and the queue under the codec that lets all readers
//! share them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::event::{Envelope, Event};
use crate::transport::backlog::Backlog;

/// The first byte of a text message in one frame: FIN, opcode 1.
const WHOLE_TEXT: u8 = 0x81;

/// An event as a frame, made once and shared by all its readers.
pub(crate) fn event(event: &Event) -> Bytes {
    event.enveloped(Envelope::WebSocket, |event| text(event.json()))
}

/// A text message in one frame. A server does not mask (section 5.1).
///
/// ```text
/// 81 │ 7d          │ payload     up to 125 bytes
/// 81 │ 7e │ 00 aa  │ payload     up to 65,535
/// 81 │ 7f │ 8 bytes│ payload     beyond
/// ```
pub(super) fn text(payload: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(10 + payload.len());
    frame.put_u8(WHOLE_TEXT);
    match payload.len() {
        length @ 0..=125 => frame.put_u8(length as u8),
        length @ 126..=0xffff => {
            frame.put_u8(126);
            frame.put_u16(length as u16);
        }
        length => {
            frame.put_u8(127);
            frame.put_u64(length as u64);
        }
    }
    frame.put_slice(payload);
    frame.freeze()
}

/// An ordered queue of whole frames between the codec and the socket.
///
/// The codec would copy each frame into a buffer of its own for each connection. Shared frames go around it:
/// they are queued here, in order with what the codec writes. That is sound because the codec's bytes are
/// taken whole, always: no frame of its own is ever left half in its buffer.
pub(super) struct FrameQueue<S> {
    socket: S,
    backlog: Backlog,
}

impl<S: AsyncWrite + Unpin> FrameQueue<S> {
    /// A queue that begins with what must be written before the first frame: the head of the 101.
    pub(super) fn new(socket: S, head: Bytes) -> Self {
        Self { socket, backlog: Backlog::from(head) }
    }

    pub(super) fn extend(&mut self, frames: impl IntoIterator<Item = Bytes>) {
        self.backlog.extend(frames);
    }

    /// Bytes that the socket has not taken yet.
    pub(super) fn waiting(&self) -> usize {
        bytes::Buf::remaining(&self.backlog)
    }

    pub(super) fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.backlog.poll_write_to(cx, &mut self.socket)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FrameQueue<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FrameQueue<S> {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, frames: &[u8]) -> Poll<io::Result<usize>> {
        self.backlog.push(Bytes::copy_from_slice(frames));
        Poll::Ready(Ok(frames.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_drain(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_header_grows_with_the_length_of_the_payload() {
        let header = |length: usize| {
            let frame = text(&vec![b'x'; length]);
            frame[..frame.len() - length].to_vec()
        };
        assert_eq!(header(0), [0x81, 0]);
        assert_eq!(header(125), [0x81, 125]);
        assert_eq!(header(126), [0x81, 126, 0, 126]);
        assert_eq!(header(65_535), [0x81, 126, 0xff, 0xff]);
        assert_eq!(header(65_536), [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }
}
