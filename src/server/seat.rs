//! A connection whose answer has no end: whoever goes round with the news writes them to it on the spot.
//!
//! Its task sleeps, and is woken for the rest: what the client says, a socket that was full and is no longer,
//! a sign of life that is due. To write to a thousand connections without waking a thousand tasks is most of
//! what makes a fan-out cheap.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::line::Line;
use super::stall::Stall;
use crate::feed::Ring;
use crate::transport::pump::Pump;
use crate::transport::speech::Speech;
use crate::wire::{Rest, WriteNow};

pub(super) struct Seat<S, T> {
    inner: Mutex<Inner<S, T>>,
    /// Of the task that sees to all but news.
    waker: Waker,
}

struct Inner<S, T> {
    socket: Watched<S>,
    pump: Pump<T>,
}

impl<S, T> Seat<S, T>
where
    S: AsyncRead + AsyncWrite + WriteNow + Unpin + Send + 'static,
    T: Speech + Send + 'static,
{
    /// Seats a connection: it begins with `head`. `waker` is that of the task which then calls
    /// [`poll_pump`](Seated::poll_pump).
    pub(super) fn take(
        line: Line<S>,
        mut pump: Pump<T>,
        head: Bytes,
        stall: Duration,
        waker: Waker,
    ) -> Arc<Self> {
        let (early, rest) = line.ends_with(&head);
        pump.begin(head, &early);
        let socket = Watched { rest, stall: Stall::new(stall) };
        let seat = Arc::new(Self { inner: Mutex::new(Inner { socket, pump }), waker });
        let ring: Arc<dyn Ring> = seat.clone();
        seat.inner().pump.sit(Arc::downgrade(&ring));
        seat
    }

    fn inner(&self) -> MutexGuard<'_, Inner<S, T>> {
        self.inner.lock().expect("no holder of this lock panics")
    }
}

/// A seat of any kind.
pub(super) trait Seated: Send + Sync {
    /// Pumps; ready when the connection is to be closed.
    ///
    /// # Errors
    /// Where the peer is gone, or took nothing for too long.
    fn poll_pump(&self, cx: &mut Context<'_>, is_draining: bool) -> Poll<io::Result<()>>;
}

impl<S, T> Seated for Seat<S, T>
where
    S: AsyncRead + AsyncWrite + WriteNow + Unpin + Send + 'static,
    T: Speech + Send + 'static,
{
    fn poll_pump(&self, cx: &mut Context<'_>, is_draining: bool) -> Poll<io::Result<()>> {
        let Inner { socket, pump } = &mut *self.inner();
        pump.poll(cx, socket, is_draining)
    }
}

impl<S, T> Ring for Seat<S, T>
where
    S: AsyncRead + AsyncWrite + WriteNow + Unpin + Send,
    T: Speech + Send,
{
    fn ring(&self, now: Instant) {
        let is_told = self.inner.try_lock().is_ok_and(|mut inner| {
            let Inner { socket, pump } = &mut *inner;
            pump.tell(&mut Context::from_waker(&self.waker), socket, now).is_ok()
        });
        if !is_told {
            // Its task is at work on another thread, or will find what is wrong with the connection.
            self.waker.wake_by_ref();
        }
    }
}

/// A socket that is given up where the peer takes nothing for too long.
struct Watched<S> {
    rest: Rest<S>,
    stall: Stall,
}

impl<S: WriteNow> WriteNow for Watched<S> {
    fn write_now(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.rest.write_now(bytes)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.rest).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.rest).poll_write(cx, bytes);
        self.stall.judge(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.rest).poll_write_vectored(cx, slices);
        self.stall.judge(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.rest.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.rest).poll_flush(cx);
        self.stall.judge(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.rest).poll_shutdown(cx)
    }
}
