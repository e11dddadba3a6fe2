//! A stream of HTTP/2 that both sides may write to, as if it were a socket (RFC 8441, section 5).
//!
//! ```text
//! up    HEADERS 1 :method CONNECT :protocol websocket :path /websocket …
//! down  HEADERS 1 :status 200 …
//! down  DATA 1 │ 81 7e 00 aa {"id":"8f3k2a-1042",…}
//! up    DATA 1 │ 8a 80 kk kk kk kk
//! ```

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::Connection;

/// Reads and writes a stream, and lets its connection go on meanwhile.
pub(crate) struct Tunnel {
    stream: TokioIo<Upgraded>,
    connection: Connection,
}

impl Tunnel {
    pub(super) fn new(stream: Upgraded, connection: Connection) -> Self {
        Self { stream: TokioIo::new(stream), connection }
    }

    /// What is written stays in the connection until that has had its turn.
    fn then_turn<T>(&mut self, cx: &mut Context<'_>, outcome: Poll<T>) -> Poll<T> {
        self.connection.turn(cx);
        outcome
    }
}

impl AsyncRead for Tunnel {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // What came with an earlier read is handed on before there is another.
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(cx, buffer) {
            return Poll::Ready(read);
        }
        self.connection.turn(cx);
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Tunnel {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if written.is_pending() {
            self.connection.turn(cx);
            written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        }
        self.then_turn(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.then_turn(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.then_turn(cx, shut)
    }
}
