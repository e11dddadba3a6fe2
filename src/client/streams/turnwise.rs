//! A socket that is read once a turn, and what is known of it from outside the connection that owns it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::client::dial::Socket;

/// What is known of the socket from outside the connection that owns it.
#[derive(Default)]
pub(super) struct Turn {
    /// Something was read in this turn.
    has_read: AtomicBool,
    pub(super) first_frame: FirstFrame,
}

impl Turn {
    pub(super) fn begin(&self) {
        self.has_read.store(false, Relaxed);
    }
}

/// How much of the first frame came.
#[derive(Default)]
pub(super) struct FirstFrame {
    /// Its first four bytes: three for its length, one for its type.
    head: AtomicU32,
    came: AtomicUsize,
}

impl FirstFrame {
    /// Bytes of a frame's head (RFC 9113, section 4.1).
    const HEAD: usize = 9;
    const SETTINGS: u32 = 4;

    fn pass(&self, bytes: &[u8]) {
        let before = self.came.fetch_add(bytes.len(), Relaxed);
        let of_head = bytes.iter().take(4_usize.saturating_sub(before));
        of_head.for_each(|byte| self.head.store(self.head.load(Relaxed) << 8 | u32::from(*byte), Relaxed));
    }

    pub(super) fn is_whole(&self) -> bool {
        self.came.load(Relaxed) >= Self::HEAD + (self.head.load(Relaxed) >> 8) as usize
    }

    pub(super) fn is_something_else(&self) -> bool {
        self.came.load(Relaxed) >= 4 && self.head.load(Relaxed) & 0xff != Self::SETTINGS
    }
}

/// A socket that is read once a turn.
pub(super) struct Turnwise {
    socket: Socket,
    turn: Arc<Turn>,
}

impl Turnwise {
    pub(super) fn new(socket: Socket, turn: Arc<Turn>) -> Self {
        Self { socket, turn }
    }
}

impl AsyncRead for Turnwise {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.turn.has_read.load(Relaxed) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.socket).poll_read(cx, buffer);
        self.turn.has_read.store(outcome.is_ready(), Relaxed);
        self.turn.first_frame.pass(&buffer.filled()[before..]);
        outcome
    }
}

impl AsyncWrite for Turnwise {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, slices)
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
    use super::*;

    #[test]
    fn the_first_frame_is_whole_however_it_is_cut() {
        // SETTINGS of 6 bytes, and the head of what follows.
        let bytes =
            [&[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 1][..], &[0, 0, 0, 4, 1, 0, 0, 0, 0]].concat();
        for cut in 1..=bytes.len() {
            let frame = FirstFrame::default();
            let mut came = 0;
            for run in bytes.chunks(cut) {
                assert_eq!(frame.is_whole(), came >= 15, "cut into runs of {cut}, after {came} bytes");
                frame.pass(run);
                came += run.len();
            }
            assert!(frame.is_whole() && !frame.is_something_else());
        }
        let frame = FirstFrame::default();
        b"HTTP".chunks(1).for_each(|byte| frame.pass(byte));
        assert!(frame.is_something_else());
    }
}
