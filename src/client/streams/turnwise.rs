//! A socket that is read once a turn, and what is known of it from outside the connection that owns it.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::HeaderValue;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::client::early::Early;
use crate::client::received::Received;

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

    pub(super) fn has_read(&self) -> bool {
        self.has_read.load(Relaxed)
    }
}

/// How much of the first frame came.
#[derive(Default)]
pub(super) struct FirstFrame {
    /// Its first four bytes: three for its length, one for its type.
    head: AtomicU32,
    came: AtomicUsize,
    /// What came, where it begins as HTTP/1.1 does.
    older: Mutex<Vec<u8>>,
}

/// Of an answer in HTTP/1.1, so much is kept: a refusal of ours has 400 bytes.
const KEPT: usize = 4 << 10;

impl FirstFrame {
    /// Bytes of a frame's head (RFC 9113, section 4.1).
    const HEAD: usize = 9;
    const SETTINGS: u32 = 4;

    fn pass(&self, bytes: &[u8]) {
        let before = self.came.fetch_add(bytes.len(), Relaxed);
        let of_head = bytes.iter().take(4_usize.saturating_sub(before));
        of_head.for_each(|byte| self.head.store(self.head.load(Relaxed) << 8 | u32::from(*byte), Relaxed));
        let mut older = self.older.lock().expect("no holder of this lock panics");
        // A frame that begins so would be longer than any that may come first.
        if older.first().or(bytes.first()) == Some(&b'H') {
            let room = KEPT - older.len();
            older.extend(bytes.iter().take(room));
        }
    }

    /// What the server said in HTTP/1.1, if it did.
    pub(super) fn older(&self) -> Option<Received> {
        let bytes = self.older.lock().expect("no holder of this lock panics");
        let mut fields = [httparse::EMPTY_HEADER; 64];
        let mut answer = httparse::Response::new(&mut fields);
        let httparse::Status::Complete(head) = answer.parse(&bytes).ok()? else { return None };
        let named = answer
            .headers
            .iter()
            .filter_map(|field| Some((field.name.parse().ok()?, HeaderValue::from_bytes(field.value).ok()?)));
        let (status, headers) = (StatusCode::from_u16(answer.code?).ok()?, named.collect());
        Some(Received { status, headers, body: Bytes::copy_from_slice(&bytes[head..]) })
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
    socket: Early,
    turn: Arc<Turn>,
}

impl Turnwise {
    pub(super) fn new(socket: Early, turn: Arc<Turn>) -> Self {
        Self { socket, turn }
    }
}

impl AsyncRead for Turnwise {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.turn.has_read() {
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

    #[test]
    fn what_is_said_in_http_1_instead_is_kept() {
        let frame = FirstFrame::default();
        assert!(frame.older().is_none());
        b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 7\r\n\r\nfull"
            .chunks(5)
            .for_each(|bytes| frame.pass(bytes));
        let said = frame.older().unwrap();
        assert_eq!(
            (said.status.as_u16(), said.header("retry-after"), &*said.body),
            (503, Some("7"), &b"full"[..])
        );
        (0..9).for_each(|_| frame.pass(&[b'x'; KEPT]));
        assert_eq!(frame.older.lock().unwrap().len(), KEPT);
    }
}
