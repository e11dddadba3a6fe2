//! What goes on after the head of an answer without an end: news go down, and what the client says is heard.
//!
//! ```text
//!            ┌────────────── news, in the envelope of this transport
//! feed ──▶ backlog ──▶ socket
//!            └────────────── what this client alone is told: an answer, a sign of life, a farewell
//! socket ──▶ hear
//! ```
//!
//! A pump reads the feed only when all that it had is written: a peer that takes nothing lags in the log, and
//! nothing piles up here. At rest it holds a place in the feed and a timer, and no buffer. It writes into any
//! stream of bytes, and knows neither sockets nor HTTP.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Weak;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::backlog::Backlog;
use super::patience::Patience;
use super::speech::{Next, Speech};
use crate::feed::{Limit, Piece, Ring, Subscription};
use crate::wire::WriteNow;

/// While what waits to be taken by a client takes more memory than this, it is not listened to: one that asks and does
/// not read cannot make the backlog grow.
const ENOUGH_WAITING: usize = 64 << 10;

/// What a client says at a time is small; more of it takes another turn.
const HEARD_AT_ONCE: usize = 4 << 10;

/// How long a client has for its half of a goodbye.
pub(crate) const FAREWELL: Duration = Duration::from_secs(1);

/// Moves shared bytes from the feed into a connection until one side leaves.
pub(crate) struct Pump<T> {
    subscription: Subscription,
    backlog: Backlog,
    speech: T,
    patience: Patience,
    /// When the right to listen ends.
    until: Option<Instant>,
    next: Next,
    /// The client has been told something: what it missed from now on, it missed because it was slow.
    has_told: bool,
    has_shut: bool,
}

impl<T: Speech> Pump<T> {
    /// A pump that first says `opening`.
    pub(crate) fn new(subscription: Subscription, speech: T, opening: Bytes) -> Self {
        let backlog = Backlog::from(opening);
        Self {
            subscription,
            backlog,
            speech,
            patience: Patience::default(),
            until: None,
            next: Next::GoOn,
            has_told: false,
            has_shut: false,
        }
    }

    /// Is over then, whatever else there is to say.
    pub(crate) fn ends_by(&mut self, until: Instant) {
        self.until = Some(until);
    }

    /// Begins with a head; `early` is what the client said before it was answered.
    pub(crate) fn begin(&mut self, head: Bytes, early: &[u8]) {
        let opening = std::mem::replace(&mut self.backlog, Backlog::from(head));
        self.backlog.append(opening);
        if !early.is_empty() {
            let next = self.speech.hear(early, &self.subscription, &mut self.backlog);
            self.end(next);
        }
    }

    /// Has `seat` told of everything new: it then calls [`tell`](Self::tell).
    pub(crate) fn sit(&mut self, seat: Weak<dyn Ring>) {
        self.subscription.sit(seat);
    }

    /// Writes what is new, where nothing else waits to be written.
    ///
    /// # Errors
    /// Where the peer is gone.
    pub(crate) fn tell<S>(&mut self, cx: &mut Context<'_>, socket: &mut S, now: Instant) -> io::Result<()>
    where
        S: AsyncWrite + WriteNow + Unpin,
    {
        while self.next == Next::GoOn && self.backlog.is_empty() && self.take_news(now) {
            self.backlog.write_now_to(socket)?;
            if self.backlog.poll_write_to(cx, socket)?.is_pending() {
                break;
            }
        }
        // Its task ends the connection, and has to be woken for that: behind a full socket nothing else would wake it.
        if self.is_too_slow() {
            cx.waker().wake_by_ref();
        }
        Ok(())
    }

    /// Pumps; ready when the connection is to be closed.
    ///
    /// # Errors
    /// Where the peer is gone, or took nothing for too long.
    pub(crate) fn poll<S>(
        &mut self,
        cx: &mut Context<'_>,
        socket: &mut S,
        is_draining: bool,
    ) -> Poll<io::Result<()>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if is_draining && self.next == Next::GoOn {
            let next = self.speech.farewell(&mut self.backlog);
            self.end(next);
        }
        if self.is_too_slow() {
            self.complain();
            let next = self.speech.too_slow(&mut self.backlog);
            self.end(next);
        }
        loop {
            let is_written = self.backlog.poll_write_to(cx, socket)?.is_ready();
            if self.next == Next::GoOn && self.is_over() {
                let next = self.speech.expired(&mut self.backlog);
                self.end(next);
                continue;
            }
            if self.next != Next::GoOn {
                return self.poll_end(cx, socket, is_written);
            }
            let goes_on = self.poll_hear(cx, socket)?
                || (is_written && self.take_news(Instant::now()))
                || self.poll_due(cx, is_written).is_ready();
            if !goes_on {
                return Poll::Pending;
            }
        }
    }

    /// Whether the client has fallen off the log since it was told something, and is not to go on.
    fn is_too_slow(&self) -> bool {
        self.next == Next::GoOn && self.has_told && self.subscription.is_too_slow()
    }

    /// The operator is told, too: the client learns of it late, behind all that it has not read.
    fn complain(&self) {
        let (topic, lane) = (self.subscription.topic(), self.speech.name());
        tracing::warn!(
            "closed a reader of `{topic}` over {lane}, too slow for what the topic remembers: `--retain` and \
             `--retain-bytes` have it remember more, `--slow gap` keeps such a reader"
        );
    }

    /// Whether the right to listen has ended. The clock is asked, and not a timer alone: a client that never stops
    /// talking uses up all that tokio lets a task do at a time (its budget), and then a due timer is not polled.
    fn is_over(&self) -> bool {
        self.until.is_some_and(|until| until <= Instant::now())
    }

    fn take_news(&mut self, now: Instant) -> bool {
        let Self { subscription, speech, backlog, .. } = self;
        let is_new = subscription.read_wrapped(Limit::default(), speech.envelope(), |piece| {
            backlog.push(match piece {
                Piece::Run(events) => events,
                Piece::Gap(gap) => speech.gap(&gap),
            });
        });
        if is_new {
            speech.told(now);
            self.has_told = true;
        }
        is_new
    }

    /// Whether something was heard.
    fn poll_hear<S: AsyncRead + Unpin>(&mut self, cx: &mut Context<'_>, socket: &mut S) -> io::Result<bool> {
        if self.backlog.weight() > ENOUGH_WAITING {
            return Ok(false);
        }
        let mut buffer = [MaybeUninit::uninit(); HEARD_AT_ONCE];
        let mut heard = ReadBuf::uninit(&mut buffer);
        if Pin::new(socket).poll_read(cx, &mut heard)?.is_pending() {
            return Ok(false);
        }
        let next = match heard.filled() {
            [] => {
                // Nobody is there to be told.
                self.backlog = Backlog::default();
                Next::Leave
            }
            bytes => self.speech.hear(bytes, &self.subscription, &mut self.backlog),
        };
        self.end(next);
        Ok(true)
    }

    /// Ready where something was due.
    fn poll_due(&mut self, cx: &mut Context<'_>, is_written: bool) -> Poll<()> {
        let Some(due) = self.speech.due().into_iter().chain(self.until).min() else { return Poll::Pending };
        self.patience.lasts_until(due);
        self.patience.poll(cx).map(|()| {
            if !self.is_over() {
                let next = self.speech.on_due(!is_written, &mut self.backlog);
                self.end(next);
            }
        })
    }

    fn end(&mut self, next: Next) {
        self.next = next;
        if next == Next::Close {
            self.patience.lasts_until(Instant::now() + FAREWELL);
        }
    }

    fn poll_end<S>(&mut self, cx: &mut Context<'_>, socket: &mut S, is_written: bool) -> Poll<io::Result<()>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if self.next == Next::Leave {
            return if is_written { Poll::Ready(Ok(())) } else { Poll::Pending };
        }
        if self.patience.poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        if is_written && !self.has_shut {
            self.has_shut = Pin::new(&mut *socket).poll_shutdown(cx)?.is_ready();
        }
        let mut unheard = [0; 512];
        loop {
            let mut buffer = ReadBuf::new(&mut unheard);
            match Pin::new(&mut *socket).poll_read(cx, &mut buffer)? {
                Poll::Ready(()) if buffer.filled().is_empty() => return Poll::Ready(Ok(())),
                Poll::Ready(()) => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

#[cfg(test)]
#[path = "pump_tests.rs"] // A folder here is a transport.
mod tests;
