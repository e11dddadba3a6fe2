//! A secured connection, which knows to the byte what that adds.
//!
//! ```text
//! written   bytes the socket was given − bytes that were to be written                  never too much, and right as
//!                                                                                       soon as all has left
//! read      bytes of records that came whole − bytes handed on                          right when nothing is left
//!                                                                                       to hand on
//! ```
//!
//! What came before the first byte each way is the handshake: its own records, tickets too where a server sends them
//! before it answers.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsStream;
use tokio_rustls::rustls::IoState;

use super::cipher::Cipher;
use super::records::Records;
use crate::wire::{Added, Beneath, WriteNow};

/// So much may be encrypted and wait for the socket: one record. A peer that takes nothing is then found as soon as
/// without TLS.
pub(super) const WAITING: usize = 16 << 10;

/// A connection under TLS.
pub struct Secured<S: AsyncRead + AsyncWrite + Unpin> {
    stream: TlsStream<Records<S>>,
    beneath: Arc<Beneath>,
    read: Way,
    written: Way,
    is_shut: bool,
}

/// What passed one way above TLS, and what was told of what is below.
#[derive(Default)]
struct Way {
    passed: u64,
    handshake: u64,
    tls: u64,
}

impl Way {
    /// Tells of all that was not told: so many bytes passed below.
    fn settle(&mut self, below: u64, added: &Added) {
        match self.passed {
            0 => {
                added.handshake(below.saturating_sub(self.handshake));
                self.handshake = self.handshake.max(below);
            }
            passed => {
                let tls = below.saturating_sub(self.handshake + passed);
                added.tls(tls.saturating_sub(self.tls));
                self.tls = self.tls.max(tls);
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Secured<S> {
    pub(super) fn new(stream: TlsStream<Records<S>>) -> Self {
        let (read, written) = (Way::default(), Way::default());
        let mut secured = Self { stream, beneath: Arc::default(), read, written, is_shut: false };
        secured.settle_written();
        secured
    }

    /// Where it tells what it adds.
    pub fn beneath(&self) -> Arc<Beneath> {
        self.beneath.clone()
    }

    /// The protocol that both ends agreed on in the handshake, where one named any (RFC 7301).
    pub fn protocol(&self) -> Option<&[u8]> {
        self.stream.get_ref().1.alpn_protocol()
    }

    /// What both ends agreed to protect it with.
    pub fn cipher(&self) -> Cipher {
        Cipher::of(self.stream.get_ref().1)
    }

    /// What it runs on.
    pub fn socket(&self) -> &S {
        self.stream.get_ref().0.socket()
    }

    fn settle_written(&mut self) {
        self.written.settle(self.stream.get_ref().0.written, self.beneath.written());
        self.beneath.settle();
    }

    fn settle_read(&mut self) {
        self.read.settle(self.stream.get_ref().0.read, self.beneath.read());
        self.beneath.settle();
    }

    /// How it stands after all that has come. Nothing new is read.
    fn state(&mut self) -> Option<IoState> {
        let state = match &mut self.stream {
            TlsStream::Client(stream) => stream.get_mut().1.process_new_packets(),
            TlsStream::Server(stream) => stream.get_mut().1.process_new_packets(),
        };
        state.ok()
    }

    /// Whether all that came whole was handed on. Behind a goodbye no more is wanted, whether it was or not.
    fn is_handed_on(&mut self) -> bool {
        self.stream.get_ref().1.wants_read()
            || self.state().is_some_and(|state| state.plaintext_bytes_to_read() == 0)
    }

    /// So many bytes were handed on: the first are what the last record carried, or the one before it, where the last
    /// is the goodbye of who has no more to say.
    fn handed_on(&mut self, bytes: u64) {
        if self.read.passed == 0 {
            let has_closed = self.state().is_some_and(|state| state.peer_has_closed());
            let records = self.stream.get_mut().0;
            records.one_at_a_time = false;
            let first = if has_closed { records.last_but_one + records.last } else { records.last };
            let before = records.read - first;
            self.read.settle(before, self.beneath.read());
        }
        self.read.passed += bytes;
        // An answer's records are booked with its last byte.
        if self.is_handed_on() {
            self.settle_read();
        }
    }

    /// What was encrypted goes first.
    fn poll_write_with(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut TlsStream<Records<S>>>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if self.stream.get_ref().1.wants_write() {
            ready!(Pin::new(&mut *self).poll_flush(cx))?;
        }
        let written = write(Pin::new(&mut self.stream), cx);
        if let Poll::Ready(Ok(bytes)) = written {
            self.written.passed += bytes as u64;
        }
        self.settle_written();
        written
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Secured<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buffer);
        match buffer.filled().len() - before {
            0 => self.settle_read(),
            read => self.handed_on(read as u64),
        }
        match outcome {
            // Who vanishes says no goodbye. What is cut short by it is found by HTTP's own framing.
            Poll::Ready(Err(end)) if end.kind() == ErrorKind::UnexpectedEof => Poll::Ready(Ok(())),
            outcome => outcome,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Secured<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_with(cx, |stream, cx| stream.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_with(cx, |stream, cx| stream.poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.settle_written();
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.is_shut = true;
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.settle_written();
        shut
    }
}

/// Never at once: to encrypt takes longer than to ask the runtime whether there is room, so to go past the runtime
/// would gain nothing.
impl<S: AsyncRead + AsyncWrite + Unpin> WriteNow for Secured<S> {
    fn write_now(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(ErrorKind::WouldBlock.into())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Drop for Secured<S> {
    /// Says goodbye where nobody has, as far as there is room for it: else the other end takes it for an accident
    /// (RFC 8446, section 6.1). Its wire is gone, so it is booked from here.
    fn drop(&mut self) {
        if !self.is_shut {
            self.stream.get_mut().1.send_close_notify();
            let _ = Pin::new(&mut self.stream).poll_flush(&mut Context::from_waker(Waker::noop()));
        }
        self.settle_written();
        self.beneath.leave();
    }
}
