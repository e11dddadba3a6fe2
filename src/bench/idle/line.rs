//! The connection of one idle client, in plain or under TLS: its life speaks over it, while what measures it asks
//! the kernel about the same socket.
//!
//! ```text
//! Life ─▶ Line ─▶ (TLS) ─▶ Shared ─▶ TcpStream ◀─ Idle ◀─ Traffic
//! ```

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_util::either::Either;

use crate::client::Target;
use crate::tls::{Cipher, HTTP_1, Secured};

/// In plain, or under TLS. Boxed, so that a connection in plain does not take the room of the other.
pub(super) type Line = Either<Shared, Box<Secured<Shared>>>;

/// A socket that somebody else may look at.
pub(super) struct Shared(Arc<TcpStream>);

/// Shakes hands where the target asks for it.
pub(super) async fn line(target: &Target, socket: &Arc<TcpStream>) -> io::Result<Line> {
    let shared = Shared(socket.clone());
    if !target.is_secured() {
        return Ok(Either::Left(shared));
    }
    let (host, _) = target.address();
    let secured = target.trust().connect(host, &[HTTP_1], shared).await?;
    Ok(Either::Right(Box::new(secured)))
}

/// What it is encrypted with, where it is.
pub(super) fn cipher(line: &Line) -> Option<Cipher> {
    match line {
        Either::Left(_) => None,
        Either::Right(secured) => Some(secured.cipher()),
    }
}

/// Waits for bytes, shows them, and tells how many they are. The buffer is on the stack while there is something to
/// read: a client that waits has none.
///
/// # Errors
/// Where the server has closed the connection.
pub(super) async fn take(line: &mut Line, mut see: impl FnMut(&[u8])) -> io::Result<usize> {
    poll_fn(|cx| {
        let mut bytes = [0; 4 << 10];
        let mut buffer = ReadBuf::new(&mut bytes);
        ready!(Pin::new(&mut *line).poll_read(cx, &mut buffer))?;
        Poll::Ready(match buffer.filled() {
            [] => Err(io::Error::new(ErrorKind::UnexpectedEof, "closed by the server")),
            read => {
                see(read);
                Ok(read.len())
            }
        })
    })
    .await
}

/// Writes all of it.
pub(super) async fn say(line: &mut Line, bytes: &[u8]) -> io::Result<()> {
    line.write_all(bytes).await?;
    line.flush().await
}

impl AsyncRead for Shared {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.poll_read_ready(cx))?;
            match self.0.try_read_buf(buffer) {
                Err(wait) if wait.kind() == ErrorKind::WouldBlock => {}
                read => return Poll::Ready(read.map(drop)),
            }
        }
    }
}

impl AsyncWrite for Shared {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(cx))?;
            match self.0.try_write(bytes) {
                Err(wait) if wait.kind() == ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }

    /// What was written is the kernel's.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// It closes when the last who looks at it has gone.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
