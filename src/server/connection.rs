//! One connection: hyper reads the head of each request; an answer with an end that is there goes back through
//! hyper, one that is not there yet, or has no end, takes the socket.
//!
//! ```text
//!  Greeted, on a port that speaks TLS
//!     │      first byte           answered
//!  Parked ──────────────▶ Hyper ──────────▶ Parked
//!                           │ nothing new yet
//!                           ├──────────────▶ Held ──── news, or the hold time is over ────▶ Parked
//!                           │ an answer without an end
//!                           └──────────────▶ Seated ── one side leaves ──▶ closed
//!  Parked ─ PRI * HTTP/2.0 ▶ Streams ─ one side leaves, or nobody asks for anything ──▶ closed
//! ```
//!
//! hyper and its buffers are there for as long as it takes to read a request that has come. What is parked,
//! held or seated costs a task, a socket and a place in the feed. The task is as small as this enum: written
//! as one `async fn` it would be as large as all that such a function ever holds at a time.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use hyper::header::{CONNECTION, HeaderValue};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::door::{Caller, Whence};
use super::drain::Stay;
use super::greeting::{Greeting, greet};
use super::http::{self, Awaited, Turn};
use super::limits::{HEAD, IDLE};
use super::line::Line;
use super::origin::Page;
use super::seat::Seated;
use super::{Shared, head, http2, same_answer};
use crate::tls::{Identity, Secured};
use crate::transport::Reply;
use crate::transport::backlog::Backlog;
use crate::transport::batch::Batch;
use crate::wire::{Books, End, Wire, WriteNow};

/// A connection, from its accept to its end.
pub(super) struct Connection<S> {
    shared: Arc<Shared>,
    stay: Stay,
    /// Where that is limited.
    whence: Option<Box<Whence>>,
    stage: Stage<S>,
}

enum Stage<S> {
    /// It is being made secure.
    Greeted(Greeting<S>),
    /// Nobody wants anything.
    Parked(Box<Line<S>>),
    /// A request is being read, and answered where its answer is there.
    Hyper(Pin<Box<dyn Future<Output = io::Result<Turn<S>>> + Send>>),
    /// A request waits for news.
    Held(Box<Line<S>>, Box<Awaited>),
    /// The answer to it did not leave in one write.
    Answering(Box<Line<S>>, Box<Backlog>),
    /// An answer has no end.
    Seated(Arc<dyn Seated>),
    /// It speaks HTTP/2, until it ends.
    Streams(Pin<Box<dyn Future<Output = io::Result<()>> + Send>>),
    /// On the way from one stage to the next, or over.
    Nowhere,
}

enum Step<S> {
    /// It goes on in another stage.
    Goes(Stage<S>),
    /// It waits in this one.
    Waits(Stage<S>),
    Over,
}

impl Connection<TcpStream> {
    /// A connection that has just been accepted.
    ///
    /// # Errors
    /// Where the socket has failed already.
    pub(super) fn accepted(
        shared: &Arc<Shared>,
        stream: TcpStream,
        whence: Option<Box<Whence>>,
    ) -> io::Result<Self> {
        let stall = shared.config.write_stall;
        Self::begin(shared, stream, whence, |stream, books| {
            parked(Box::new(Line::new(Wire::new(stream, End::Server, books), stall)))
        })
    }
}

impl Connection<Secured<TcpStream>> {
    /// The same, on a port that speaks TLS.
    ///
    /// # Errors
    /// Where the socket has failed already.
    pub(super) fn greeted(
        shared: &Arc<Shared>,
        identity: &Identity,
        stream: TcpStream,
        whence: Option<Box<Whence>>,
    ) -> io::Result<Self> {
        Self::begin(shared, stream, whence, |stream, books| {
            Stage::Greeted(greet(shared.clone(), identity.clone(), stream, books))
        })
    }
}

impl<S> Connection<S> {
    fn begin(
        shared: &Arc<Shared>,
        stream: TcpStream,
        whence: Option<Box<Whence>>,
        first: impl FnOnce(TcpStream, Books) -> Stage<S>,
    ) -> io::Result<Self> {
        // From here on it is counted out.
        let mut connection =
            Self { shared: shared.clone(), stay: Stay::default(), whence, stage: Stage::Nowhere };
        stream.set_nodelay(true)?;
        let number = 1 + shared.accepted.fetch_add(1, Ordering::Relaxed);
        connection.stage = first(stream, Books::ByTarget(shared.account.clone(), number));
        Ok(connection)
    }
}

impl<S> Future for Connection<S>
where
    S: AsyncRead + AsyncWrite + WriteNow + Unpin + Send + 'static,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { shared, stay, .. } = &mut *self;
        stay.enter(&shared.drain, cx.waker());
        loop {
            match self.step(cx) {
                Ok(Step::Goes(stage)) => self.stage = stage,
                Ok(Step::Waits(stage)) => {
                    let is_resting = matches!(stage, Stage::Parked(_));
                    let Self { shared, stay, stage: own, .. } = &mut *self;
                    *own = stage;
                    stay.rests(&shared.drain, is_resting);
                    return Poll::Pending;
                }
                Ok(Step::Over) => return Poll::Ready(()),
                Err(ended) => {
                    tracing::debug!("connection ended: {ended}");
                    return Poll::Ready(());
                }
            }
        }
    }
}

impl<S> Connection<S>
where
    S: AsyncRead + AsyncWrite + WriteNow + Unpin + Send + 'static,
{
    fn step(&mut self, cx: &mut Context<'_>) -> io::Result<Step<S>> {
        let Self { shared, stay, whence, .. } = self;
        Ok(match std::mem::replace(&mut self.stage, Stage::Nowhere) {
            Stage::Greeted(_) if shared.drain.is_on() => Step::Over,
            Stage::Greeted(mut greeting) => match greeting.as_mut().poll(cx)? {
                Poll::Pending => Step::Waits(Stage::Greeted(greeting)),
                Poll::Ready(None) => Step::Over,
                Poll::Ready(Some(line)) => Step::Goes(parked(line)),
            },
            Stage::Parked(mut line) => match poll_parked(shared, &mut line, cx)? {
                Poll::Pending => Step::Waits(Stage::Parked(line)),
                Poll::Ready(false) => Step::Over,
                Poll::Ready(true) => {
                    let caller = whence.as_ref().map(|whence| Caller(whence.address));
                    Step::Goes(match line.streams() {
                        None => Stage::Hyper(Box::pin(http::turn(shared.clone(), line, caller))),
                        Some(books) => {
                            Stage::Streams(Box::pin(http2::streams(shared.clone(), line, books, caller)))
                        }
                    })
                }
            },
            Stage::Hyper(mut turn) => match turn.as_mut().poll(cx)? {
                Poll::Pending => Step::Waits(Stage::Hyper(turn)),
                Poll::Ready(Turn::Over) => Step::Over,
                Poll::Ready(Turn::AtRest(line)) => Step::Goes(parked(line)),
                Poll::Ready(Turn::News(line, awaited)) => {
                    if awaited.held.waits() {
                        line.holds();
                    }
                    Step::Goes(Stage::Held(line, awaited))
                }
                Poll::Ready(Turn::Endless(seat)) => Step::Goes(Stage::Seated(seat)),
            },
            Stage::Held(mut line, mut awaited) => {
                let leaves = stay.poll_turn(&shared.drain, cx);
                match poll_held(shared, &mut line, &mut awaited, leaves, cx) {
                    Poll::Pending => Step::Waits(Stage::Held(line, awaited)),
                    Poll::Ready(None) => Step::Over,
                    Poll::Ready(Some(answer)) => self.answer(line, answer, cx)?,
                }
            }
            Stage::Answering(line, answer) => self.answer(line, *answer, cx)?,
            Stage::Seated(seat) => {
                let leaves = stay.poll_turn(&shared.drain, cx);
                match seat.poll_pump(cx, leaves)? {
                    Poll::Pending => Step::Waits(Stage::Seated(seat)),
                    Poll::Ready(()) => Step::Over,
                }
            }
            Stage::Streams(mut streams) => match streams.as_mut().poll(cx)? {
                Poll::Pending => Step::Waits(Stage::Streams(streams)),
                Poll::Ready(()) => Step::Over,
            },
            Stage::Nowhere => unreachable!("a connection that is over is not polled"),
        })
    }

    /// Writes the answer to a held request. Most leave in one write.
    fn answer(
        &self,
        mut line: Box<Line<S>>,
        mut answer: Backlog,
        cx: &mut Context<'_>,
    ) -> io::Result<Step<S>> {
        Ok(match answer.poll_write_to(cx, &mut *line)? {
            Poll::Pending => Step::Waits(Stage::Answering(line, Box::new(answer))),
            Poll::Ready(()) if self.shared.drain.is_on() => Step::Over,
            Poll::Ready(()) => Step::Goes(parked(line)),
        })
    }
}

impl<S> Drop for Connection<S> {
    fn drop(&mut self) {
        self.stay.leave(&self.shared.drain);
        self.shared.door.leave();
    }
}

/// Begins to wait for the next request.
fn parked<S: AsyncRead + AsyncWrite + Unpin>(mut line: Box<Line<S>>) -> Stage<S> {
    line.patience.lasts_until(Instant::now() + if line.is_silent() { IDLE } else { HEAD });
    Stage::Parked(line)
}

/// Waits for the first byte of a request; `false` where none will come. A browser that tries `https` first (Safari
/// does) goes on to `http` when it is closed, and waits for as long as it is not.
fn poll_parked<S>(shared: &Shared, line: &mut Line<S>, cx: &mut Context<'_>) -> io::Result<Poll<bool>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if shared.drain.is_last_call() {
        return Ok(Poll::Ready(false));
    }
    Ok(match line.poll_request(cx)? {
        Poll::Pending => line.patience.poll(cx).map(|()| false),
        Poll::Ready(begun) => Poll::Ready(begun && !line.is_tls()),
    })
}

/// Waits with a client for its answer, no longer where it `leaves`; nothing where the client has left.
fn poll_held<S>(
    shared: &Shared,
    line: &mut Line<S>,
    awaited: &mut Awaited,
    leaves: bool,
    cx: &mut Context<'_>,
) -> Poll<Option<Backlog>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Awaited { held, page } = awaited;
    let batch = match leaves && held.waits() {
        true => Batch::nothing_new(held.position()),
        false => match held.poll_answer(cx, &mut line.patience) {
            Poll::Ready(batch) => batch,
            Poll::Pending => return line.poll_left(cx).map(|()| None),
        },
    };
    Poll::Ready(Some(match shared.drain.is_on() {
        true => last_answer(batch, page.as_ref()),
        false => same_answer::of(batch, page.as_ref()),
    }))
}

/// The next request is for somebody else.
fn last_answer(batch: Batch, page: Option<&Page>) -> Backlog {
    let mut reply = Reply::from(batch);
    reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    page.into_iter().for_each(|page| page.let_read(reply.headers_mut()));
    head::and_body(reply)
}
