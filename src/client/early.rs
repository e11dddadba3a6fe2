//! A socket on which an answer may come before its request.
//!
//! ```text
//! down  HTTP/1.1 503 Service Unavailable │ retry-after: 10 │ {"error":"…"} │ end      there is no room for you
//! up    GET /poll HTTP/1.1 …                                                          nobody reads it any more
//! ```
//!
//! A server may say so as soon as it is connected to, or while a request is still being written (RFC 9112, section
//! 9.5), and then close. To hyper what comes before the first request is an error, and so is a request that finds
//! nobody: the server's word would be lost. So nothing is read until something was written; and what nobody takes any
//! more counts as written, for what came is read first, and then the end.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::dial::Socket;

pub(super) struct Early {
    socket: Socket,
    has_asked: bool,
    /// Why nothing is written any more.
    deaf: Option<io::Error>,
}

impl Early {
    pub(super) fn new(socket: Socket) -> Self {
        Self { socket, has_asked: false, deaf: None }
    }

    /// What came of a write of so many bytes.
    fn wrote(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<usize>>,
        all: usize,
    ) -> Poll<io::Result<usize>> {
        // Who was told that there is nothing to read yet, may look now.
        if outcome.is_ready() && !self.has_asked {
            self.has_asked = true;
            cx.waker().wake_by_ref();
        }
        match outcome {
            Poll::Ready(Err(gone)) if is_gone(&gone) => {
                self.deaf = Some(gone);
                Poll::Ready(Ok(all))
            }
            outcome => outcome,
        }
    }
}

/// Whether the peer takes nothing more, though it may have said something.
fn is_gone(wrong: &io::Error) -> bool {
    matches!(wrong.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted)
}

impl AsyncRead for Early {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.has_asked {
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.socket).poll_read(cx, buffer);
        let is_end = matches!(outcome, Poll::Ready(Ok(()))) && buffer.filled().len() == before;
        match self.deaf.take_if(|_| is_end) {
            Some(gone) => Poll::Ready(Err(gone)),
            None => outcome,
        }
    }
}

impl AsyncWrite for Early {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.deaf.is_some() {
            return Poll::Ready(Ok(bytes.len()));
        }
        let outcome = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.wrote(cx, outcome, bytes.len())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let all = slices.iter().map(|slice| slice.len()).sum();
        if self.deaf.is_some() {
            return Poll::Ready(Ok(all));
        }
        let outcome = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.wrote(cx, outcome, all)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.deaf.is_some() {
            return Poll::Ready(Ok(()));
        }
        match Pin::new(&mut self.socket).poll_flush(cx) {
            Poll::Ready(Err(gone)) if is_gone(&gone) => {
                self.deaf = Some(gone);
                Poll::Ready(Ok(()))
            }
            outcome => outcome,
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
