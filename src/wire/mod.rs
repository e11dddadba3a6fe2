//! The counted socket: every byte that a connection carries passes here, both ways, and is booked.
//!
//! A [`Wire`] sits below HTTP, WebSocket and everything else, at both ends: directly on the socket, or on TLS, which
//! tells it what it adds [beneath](Beneath). It never changes a byte. It keeps five kinds of record:
//!
//! - a [`Ledger`]: how many bytes were heads of HTTP messages, how many were what heads announce, and how many TLS's
//! - the instant of the last read that brought something: when an event *arrived*
//! - with a [`Census`], the segments that carried it all, as the kernel counted them
//! - for `watch --wire`, a [`Tap`] that is shown each [`Piece`] as it passes
//! - for a client that is watched, an [`Exchange`] for each request: when it came, and what became of it
//!
//! A connection of HTTP/2 is recognised by its first bytes, at both ends, and its [frames](Frame) are booked to the
//! request of their stream. Behind the last head of one of HTTP/1.1 there is nothing left to tell apart: a [`Rest`]
//! only counts.

mod beneath;
mod census;
mod conversation;
mod exchange;
pub(crate) mod framing;
mod http2;
#[cfg(target_os = "linux")]
pub mod kernel;
mod ledger;
mod now;
mod queue;
mod rest;
mod veil;

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

pub use beneath::{Added, Beneath};
pub use census::{Census, Segments, Watch};
use conversation::Conversation;
pub use conversation::{Direction, Piece};
pub use exchange::{Exchange, Sight, What, Witness};
pub use http2::{Fields, Frame};
pub(crate) use http2::{Heard, PREFACE, Streams};
pub use ledger::{Account, Books, Bytes, Choose, Counts, Handshake, Ledger, Sheet};
pub(crate) use now::WriteNow;
pub use rest::Rest;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
pub use veil::{veil, veiled};

use crate::clock::monotonic_us;

/// Which end of the connection a wire is at: a client's writes go up, a server's go down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It asks.
    Client,
    /// It answers.
    Server,
}

/// Is shown each piece of a conversation as it passes.
pub type Tap = Arc<dyn Fn(Direction, Piece<'_>) + Send + Sync>;

/// A stream that counts, both ways.
pub struct Wire<S> {
    socket: S,
    end: End,
    conversation: Conversation,
    tap: Option<Tap>,
    beneath: Option<Arc<Beneath>>,
    state: Arc<State>,
    is_stalled: bool,
    /// Ends with this wire.
    _watch: Option<Watch>,
}

/// What a wire knows about the conversation on it, for those above who cannot reach it.
#[derive(Debug, Default)]
pub struct State {
    is_stalled: AtomicBool,
    is_at_rest: AtomicBool,
    /// At a client: the first [`BEGINNING`] bytes that came, and a 1, so that it is 0 only where nothing came.
    beginning: AtomicU64,
}

/// Enough to know a protocol by: `SSH-2.0`, `HTTP/1.`, an alert of TLS.
const BEGINNING: usize = 7;

impl State {
    /// The last write found the socket full: something above may still hold bytes to be written.
    pub fn is_stalled(&self) -> bool {
        self.is_stalled.load(Ordering::Relaxed)
    }

    /// Every request that has begun to come was answered, to the last byte.
    pub fn is_at_rest(&self) -> bool {
        self.is_at_rest.load(Ordering::Relaxed)
    }

    /// At a client: what the first read brought begins so, with zeros where it brought less; nothing where nothing
    /// came yet.
    pub(crate) fn beginning(&self) -> Option<[u8; BEGINNING]> {
        let [beginning @ .., has_come] = self.beginning.load(Ordering::Relaxed).to_be_bytes();
        (has_come != 0).then_some(beginning)
    }

    fn begins_with(&self, bytes: &[u8]) {
        if self.beginning.load(Ordering::Relaxed) == 0 {
            let mut beginning = [0, 0, 0, 0, 0, 0, 0, 1];
            beginning.iter_mut().take(BEGINNING).zip(bytes).for_each(|(kept, byte)| *kept = *byte);
            self.beginning.store(u64::from_be_bytes(beginning), Ordering::Relaxed);
        }
    }
}

impl<S> Wire<S> {
    /// Counts what passes through `socket` from now on.
    pub fn new(socket: S, end: End, books: Books) -> Self {
        Self {
            socket,
            end,
            conversation: Conversation::new(books),
            tap: None,
            beneath: None,
            state: Arc::default(),
            is_stalled: false,
            _watch: None,
        }
    }

    /// Also shows each piece to `tap`.
    pub fn tapped(self, tap: Option<Tap>) -> Self {
        Self { tap, ..self }
    }

    /// Also is counted in, as long as it lasts.
    pub fn watched(self, watch: Option<Watch>) -> Self {
        Self { _watch: watch, ..self }
    }

    /// Also books what is added beneath it.
    pub fn above(self, beneath: Arc<Beneath>) -> Self {
        Self { beneath: Some(beneath), ..self }
    }

    /// Tells how it stands, also when this is out of reach.
    pub fn state(&self) -> Arc<State> {
        self.state.clone()
    }

    /// What it runs on.
    pub(crate) fn socket(&self) -> &S {
        &self.socket
    }

    /// The answer that is written next is the last: this head, then nothing but body.
    pub fn ends_with(self, head: &[u8]) -> Rest<S> {
        let account = self.conversation.into_asked();
        self.beneath.into_iter().for_each(|beneath| beneath.rests_with(account.clone()));
        Rest::new(self.socket, account, head)
    }

    /// The books of its streams, where the client speaks HTTP/2.
    pub(crate) fn streams(&self) -> Option<Streams> {
        self.conversation.streams().cloned()
    }

    /// The request that is to be answered next waits for something to say.
    pub fn holds(&self) {
        self.conversation.holds();
    }

    fn saw(&mut self, direction: Direction, bytes: &[u8]) {
        self.conversation.saw(direction, bytes, self.tap.as_ref());
        self.state.is_at_rest.store(self.conversation.is_at_rest(), Ordering::Relaxed);
    }

    /// Books what was added beneath, once it is known whose this connection is.
    fn settle(&self) {
        if let Some(beneath) = &self.beneath {
            self.conversation.with_asking(|account| beneath.book(self.end, account));
        }
    }

    fn stalls(&mut self, is_stalled: bool) {
        if self.is_stalled != is_stalled {
            self.is_stalled = is_stalled;
            self.state.is_stalled.store(is_stalled, Ordering::Relaxed);
        }
    }

    fn wrote(&mut self, outcome: Poll<io::Result<usize>>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.stalls(outcome.is_pending());
        let Poll::Ready(Ok(mut left)) = outcome else { return outcome };
        let direction = match self.end {
            End::Client => Direction::Up,
            End::Server => Direction::Down,
        };
        for slice in slices {
            let written = left.min(slice.len());
            self.saw(direction, &slice[..written]);
            left -= written;
        }
        self.settle();
        outcome
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.socket).poll_read(cx, buffer);
        let read = &buffer.filled()[before..];
        if matches!(outcome, Poll::Ready(Ok(()))) && !read.is_empty() {
            let direction = match self.end {
                End::Client => {
                    self.state.begins_with(read);
                    Direction::Down
                }
                End::Server => Direction::Up,
            };
            self.conversation.books.arrived(monotonic_us);
            self.saw(direction, read);
        }
        self.settle();
        outcome
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.wrote(outcome, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.wrote(outcome, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    /// What was written may be encrypted, and not with the socket yet: it is stalled as much as a write would be.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(cx);
        self.stalls(flushed.is_pending());
        self.settle();
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.socket).poll_shutdown(cx);
        self.settle();
        shut
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn both_ends_book_the_same_bytes_under_the_same_names() {
        let (client, server) = tokio::io::duplex(1 << 16);
        let (mine, theirs) = (Arc::new(Ledger::default()), Arc::new(Ledger::default()));
        let mut client = Wire::new(client, End::Client, Books::One(mine.clone()));
        let mut server = Wire::new(server, End::Server, Books::One(theirs.clone()));

        client.write_all(b"GET /poll HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut buffer = [0; 256];
        let _ = server.read(&mut buffer).await.unwrap();
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfour";
        let (head, body) = answer.split_at(answer.len() - 4);
        let written = server.write_vectored(&[IoSlice::new(head), IoSlice::new(body)]).await.unwrap();
        assert_eq!(written, answer.len());
        let _ = client.read(&mut buffer).await.unwrap();

        assert_eq!(mine.counts(), theirs.counts());
        let counts = mine.counts();
        assert_eq!((counts.up.http, counts.up.body, counts.requests), (31, 0, 1));
        assert_eq!((counts.down.http, counts.down.body), (head.len() as u64, 4));
        assert!(mine.last_read_us.load(Ordering::Relaxed) > 0, "the read was not stamped");
    }
}
