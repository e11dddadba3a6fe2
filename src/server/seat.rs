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

pub(super) struct Seat<K, T> {
    inner: Mutex<Inner<K, T>>,
    /// Of the task that sees to all but news.
    waker: Waker,
}

struct Inner<K, T> {
    socket: Watched<K>,
    pump: Pump<T>,
}

impl<S, T> Seat<Rest<S>, T>
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
        Self::of(rest, pump, stall, waker)
    }
}

impl<K, T> Seat<K, T>
where
    K: AsyncRead + AsyncWrite + WriteNow + Unpin + Send + 'static,
    T: Speech + Send + 'static,
{
    /// Seats what bytes go into, a connection or a part of one.
    pub(super) fn of(socket: K, pump: Pump<T>, stall: Duration, waker: Waker) -> Arc<Self> {
        let socket = Watched { socket, stall: Stall::new(stall) };
        let seat = Arc::new(Self { inner: Mutex::new(Inner { socket, pump }), waker });
        let ring: Arc<dyn Ring> = seat.clone();
        seat.inner().pump.sit(Arc::downgrade(&ring));
        seat
    }

    fn inner(&self) -> MutexGuard<'_, Inner<K, T>> {
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

    /// Says that nothing more will come, where that is not said by closing.
    ///
    /// # Errors
    /// Where the peer is gone.
    fn poll_shut(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

impl<K, T> Seated for Seat<K, T>
where
    K: AsyncRead + AsyncWrite + WriteNow + Unpin + Send + 'static,
    T: Speech + Send + 'static,
{
    fn poll_pump(&self, cx: &mut Context<'_>, is_draining: bool) -> Poll<io::Result<()>> {
        let Inner { socket, pump } = &mut *self.inner();
        pump.poll(cx, socket, is_draining)
    }

    fn poll_shut(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner().socket).poll_shutdown(cx)
    }
}

impl<K, T> Ring for Seat<K, T>
where
    K: AsyncRead + AsyncWrite + WriteNow + Unpin + Send,
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
struct Watched<K> {
    socket: K,
    stall: Stall,
}

impl<K: WriteNow> WriteNow for Watched<K> {
    fn write_now(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.write_now(bytes)
    }
}

impl<K: AsyncRead + Unpin> AsyncRead for Watched<K> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}

impl<K: AsyncWrite + Unpin> AsyncWrite for Watched<K> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.stall.judge(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.stall.judge(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(cx);
        self.stall.judge(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
