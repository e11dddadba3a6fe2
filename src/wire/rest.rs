//! A wire on whose last head everything has been said: what follows is booked, and not looked at.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::exchange::{Exchange, Extent, SHOWN};
use super::ledger::Account;
use super::now::WriteNow;

/// The server's end of a connection whose answer has no end: a head, then nothing but body, both ways.
pub struct Rest<S> {
    socket: S,
    account: Option<Account>,
    /// Bytes of the head that are still to be written.
    head: u32,
    status: u16,
}

impl<S> Rest<S> {
    pub(super) fn new(socket: S, account: Option<Account>, head: &[u8]) -> Self {
        Self { socket, account, head: head.len() as u32, status: status_of(head) }
    }

    fn wrote(&mut self, written: Poll<io::Result<usize>>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = written {
            self.book(bytes, slices);
        }
        written
    }

    fn book(&mut self, bytes: usize, slices: &[IoSlice<'_>]) {
        let head = bytes.min(self.head as usize);
        self.head -= head as u32;
        let Some(account) = &self.account else { return };
        for ledger in account.ledgers() {
            if head > 0 {
                ledger.down.http.fetch_add(head as u64, Relaxed);
            }
            ledger.down.body.fetch_add((bytes - head) as u64, Relaxed);
        }
        if let Some(exchange) = account.exchange() {
            self.tell(exchange, head, bytes - head, slices);
        }
    }

    /// Tells of a write: so many bytes of head, then so many of body.
    fn tell(&self, exchange: &Exchange, head: usize, body: usize, slices: &[IoSlice<'_>]) {
        let (mut shown, mut left) = (Vec::new(), head);
        for slice in slices {
            let part = left.min(slice.len());
            left -= part;
            if part > 0 {
                exchange.head(part, &slice[..part]);
            }
            let room = body.min(SHOWN) - shown.len();
            shown.extend_from_slice(&slice[part..slice.len().min(part + room)]);
        }
        if head > 0 && self.head == 0 {
            exchange.has_head(self.status, Extent::Endless);
        }
        exchange.wrote(body, &shown);
    }
}

/// The status that a head tells, or 0.
fn status_of(head: &[u8]) -> u16 {
    let code = head.get("HTTP/1.1 ".len().."HTTP/1.1 200".len());
    code.and_then(|digits| str::from_utf8(digits).ok()?.parse().ok()).unwrap_or(0)
}

impl<S: WriteNow> WriteNow for Rest<S> {
    fn write_now(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.socket.write_now(bytes)?;
        self.book(written, &[IoSlice::new(bytes)]);
        Ok(written)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Rest<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.socket).poll_read(cx, buffer);
        let read = &buffer.filled()[before..];
        if !read.is_empty()
            && let Some(account) = &self.account
        {
            for ledger in account.ledgers() {
                ledger.up.body.fetch_add(read.len() as u64, Relaxed);
            }
            if let Some(exchange) = account.exchange() {
                exchange.heard(read);
            }
        }
        outcome
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Rest<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.wrote(written, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.wrote(written, slices)
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
    use std::sync::Arc;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::super::{Books, End, Ledger, Wire};

    #[tokio::test]
    async fn the_head_is_booked_as_a_head_however_it_is_cut_and_all_else_as_body() {
        let (mut client, server) = tokio::io::duplex(1 << 10);
        let ledger = Arc::new(Ledger::default());
        let mut wire = Wire::new(server, End::Server, Books::One(ledger.clone()));
        client.write_all(b"GET /sse HTTP/1.1\r\n\r\n").await.unwrap();
        let mut buffer = [0; 64];
        let _ = wire.read(&mut buffer).await.unwrap();
        let mut rest = wire.ends_with(b"0123456789");
        for written in [4, 9, 7] {
            rest.write_all(&[b'x'; 9][..written]).await.unwrap();
        }
        client.write_all(b"more\r\n\r\n").await.unwrap();
        let _ = rest.read(&mut buffer).await.unwrap();
        let counts = ledger.counts();
        assert_eq!((counts.down.http, counts.down.body), (10, 10));
        assert_eq!((counts.up.http, counts.up.body, counts.requests), (21, 8, 1));
    }
}
