//! A connection while hyper is not on it: a counted socket, and what of the next request has come already.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::limits::HEAD;
use super::stall::Stall;
use crate::tls::HANDSHAKE;
use crate::transport::patience::Patience;
use crate::wire::{PREFACE, Rest, State, Streams, Wire};

/// A request's head without a browser's cookies fits; what is longer is read by who reads it.
const FIRST_READ: usize = 2 << 10;

/// While a client waits for an answer, so much of its next requests is kept for later, four heads of a browser; then it
/// is not listened to any more. A thousand such clients take 8 MiB.
const MOST_EARLY: usize = 8 << 10;

/// A counted socket that is given up where the peer takes nothing for too long.
pub(super) struct Line<S> {
    wire: Wire<S>,
    /// Came before it was asked for.
    early: Bytes,
    stall: Stall,
    /// With a client that has nothing to ask, or has begun to.
    pub(super) patience: Patience,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    pub(super) fn new(wire: Wire<S>, longest_stall: Duration) -> Self {
        Self { wire, early: Bytes::new(), stall: Stall::new(longest_stall), patience: Patience::default() }
    }

    pub(super) fn state(&self) -> Arc<State> {
        self.wire.state()
    }

    /// Takes it apart for an answer that has no end: what came early, and the socket.
    pub(super) fn ends_with(self, head: &[u8]) -> (Bytes, Rest<S>) {
        (self.early, self.wire.ends_with(head))
    }

    /// The request that it is at waits for something to say.
    pub(super) fn holds(&self) {
        self.wire.holds();
    }

    /// Gives back what was read and not needed.
    pub(super) fn unread(&mut self, bytes: Bytes) {
        self.early = match (bytes.is_empty(), self.early.is_empty()) {
            (true, _) => return,
            (_, true) => bytes,
            _ => [bytes, std::mem::take(&mut self.early)].concat().into(),
        };
    }

    /// Waits for the first bytes of a request, until they tell its version; `false` where the client has left
    /// instead. From the first on it is a head that is waited for, whatever it turns out to be.
    pub(super) fn poll_request(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        while self.early.len() < PREFACE.len() && PREFACE.starts_with(&self.early) {
            let was_silent = self.is_silent();
            if !ready!(self.poll_early(cx))? {
                return Poll::Ready(Ok(false));
            }
            if was_silent {
                self.patience.lasts_until(Instant::now() + HEAD);
            }
        }
        Poll::Ready(Ok(true))
    }

    /// Whether nothing has come of the next request.
    pub(super) fn is_silent(&self) -> bool {
        self.early.is_empty()
    }

    /// The books of its streams, where the client speaks HTTP/2.
    pub(super) fn streams(&self) -> Option<Streams> {
        self.wire.streams()
    }

    /// Whether what has come begins as TLS does, and no request can.
    pub(super) fn is_tls(&self) -> bool {
        self.early.first() == Some(&HANDSHAKE)
    }

    /// Waits until the client leaves. What it says meanwhile is kept.
    pub(super) fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.early.len() < MOST_EARLY {
            match ready!(self.poll_early(cx)) {
                Ok(true) => {}
                Ok(false) | Err(_) => return Poll::Ready(()),
            }
        }
        Poll::Pending
    }

    fn poll_early(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut room = [MaybeUninit::uninit(); FIRST_READ];
        let mut read = ReadBuf::uninit(&mut room);
        ready!(Pin::new(&mut self.wire).poll_read(cx, &mut read))?;
        let early = std::mem::take(&mut self.early);
        self.early = match early.is_empty() {
            true => Bytes::copy_from_slice(read.filled()),
            false => [&early, read.filled()].concat().into(),
        };
        Poll::Ready(Ok(!read.filled().is_empty()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Line<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.early.is_empty() {
            return Pin::new(&mut self.wire).poll_read(cx, buffer);
        }
        let length = self.early.len().min(buffer.remaining());
        buffer.put_slice(&self.early[..length]);
        self.early.advance(length);
        if self.early.is_empty() {
            self.early = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Line<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.wire).poll_write(cx, bytes);
        self.stall.judge(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.wire).poll_write_vectored(cx, slices);
        self.stall.judge(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.wire).poll_flush(cx);
        self.stall.judge(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::io::{AsyncWriteExt, Empty, empty};

    use super::*;
    use crate::wire::{Books, End};

    /// Takes all that it is given, and never gets rid of it.
    struct Full(Empty);

    impl AsyncRead for Full {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_read(cx, buffer)
        }
    }

    impl AsyncWrite for Full {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_of_what_was_encrypted_for_it_is_given_up() {
        let wire = Wire::new(Full(empty()), End::Server, Books::One(Arc::default()));
        let mut line = Line::new(wire, Duration::from_secs(30));
        line.write_all(b"as good as sent").await.unwrap();
        let begun = tokio::time::Instant::now();
        let given_up = line.flush().await.unwrap_err();
        assert_eq!((given_up.kind(), begun.elapsed().as_secs()), (io::ErrorKind::TimedOut, 30));
    }
}
