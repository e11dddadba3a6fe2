//! One WebSocket connection, seen from the server: the codec, the queue under it, and what happens next.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role};

use super::frames::FrameQueue;
use super::{LARGEST_MESSAGE, config};

/// What a client sends at a time is small; a larger message makes the buffer grow.
const READ_BUFFER: usize = 2 << 10;

/// While so much of what a client was answered waits to be taken, it is not listened to: a client that asks
/// and does not read cannot make the queue grow.
const ENOUGH_WAITING: usize = LARGEST_MESSAGE;

/// How long a client has for its half of the closing handshake.
const FAREWELL: Duration = Duration::from_secs(1);

pub(super) struct Peer<S> {
    socket: WebSocketStream<FrameQueue<S>>,
    was_idle: bool,
    is_stalled: bool,
}

/// What happened on a connection.
pub(super) enum Turn {
    /// The client said something.
    Said(Message),
    /// The socket has taken all that was queued.
    Drained,
    /// The client broke the protocol: close with this code.
    Broke(CloseCode),
    /// The client is gone.
    Left,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    /// A connection whose head is still to be written; `early` came behind the client's request.
    pub(super) async fn new(socket: S, head: Bytes, early: Bytes) -> Self {
        let config = config(READ_BUFFER, LARGEST_MESSAGE);
        let queue = FrameQueue::new(socket, head);
        let socket =
            WebSocketStream::from_partially_read(queue, early.into(), Role::Server, Some(config)).await;
        Self { socket, was_idle: false, is_stalled: false }
    }

    /// Nothing waits to be written.
    pub(super) fn is_idle(&self) -> bool {
        self.socket.get_ref().waiting() == 0
    }

    /// The socket did not take all that was offered to it: what the client was sent last, it may not have yet.
    pub(super) fn is_stalled(&self) -> bool {
        self.is_stalled
    }

    /// Queues frames that all readers share.
    pub(super) fn share(&mut self, frames: impl IntoIterator<Item = Bytes>) {
        self.socket.get_mut().extend(frames);
        self.was_idle = false;
    }

    /// Queues a message to this client alone.
    pub(super) async fn say(&mut self, message: Message) -> Result<(), Error> {
        self.was_idle = false;
        self.socket.feed(message).await
    }

    /// Writes what waits and listens, until something happens. May be given up and called again.
    pub(super) async fn turn(&mut self) -> Turn {
        poll_fn(|cx| self.poll_turn(cx)).await
    }

    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        match self.poll_drain(cx) {
            Poll::Ready(Err(_)) => return Poll::Ready(Turn::Left),
            Poll::Ready(Ok(())) if !self.was_idle => {
                self.was_idle = true;
                return Poll::Ready(Turn::Drained);
            }
            _ => {}
        }
        if self.socket.get_ref().waiting() > ENOUGH_WAITING {
            return Poll::Pending;
        }
        let Poll::Ready(heard) = self.socket.poll_next_unpin(cx) else {
            // The codec may have queued a pong while it listened.
            return match self.poll_drain(cx) {
                Poll::Ready(Err(_)) => Poll::Ready(Turn::Left),
                _ => Poll::Pending,
            };
        };
        match heard {
            Some(Ok(message)) => Poll::Ready(Turn::Said(message)),
            Some(Err(wrong)) => Poll::Ready(close_code(&wrong).map_or(Turn::Left, Turn::Broke)),
            None => self.poll_farewell(cx),
        }
    }

    /// The client has said goodbye, and the codec has queued the answer: section 5.5.1 wants it sent, and
    /// nothing behind it.
    fn poll_farewell(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        self.was_idle = true;
        self.socket.get_mut().poll_drain(cx).map(|_| Turn::Left)
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let drained = self.socket.get_mut().poll_drain(cx);
        self.is_stalled = drained.is_pending();
        drained
    }

    /// Says why, waits a moment for the client to say it too, and leaves.
    ///
    /// What the client still sends is read and dropped: closing a socket with unread bytes resets it, and the
    /// reset would overtake the reason.
    pub(super) async fn close(mut self, code: CloseCode, reason: &'static str) -> io::Result<()> {
        let farewell = async {
            let frame = CloseFrame { code, reason: reason.into() };
            let _ = self.socket.close(Some(frame)).await;
            let queue = self.socket.get_mut();
            queue.shutdown().await?;
            let mut unheard = [0; 512];
            while queue.read(&mut unheard).await? > 0 {}
            Ok(())
        };
        timeout(FAREWELL, farewell).await.unwrap_or(Ok(()))
    }
}

/// RFC 6455, section 7.4.1. An error of the connection itself has no code: there is nobody left to hear it.
fn close_code(wrong: &Error) -> Option<CloseCode> {
    match wrong {
        Error::Protocol(_) => Some(CloseCode::Protocol),
        Error::Utf8(_) => Some(CloseCode::Invalid),
        Error::Capacity(CapacityError::MessageTooLong { .. }) => Some(CloseCode::Size),
        Error::Capacity(_) => Some(CloseCode::Policy),
        _ => None,
    }
}
