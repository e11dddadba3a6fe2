//! One connection: hyper reads the head of each request; an answer with an end that is there goes back through
//! hyper, one that is not there yet, or has no end, takes the socket.
//!
//! ```text
//!            first byte           answered
//!  parked ──────────────▶ hyper ──────────▶ parked
//!                           │ nothing new yet: the request is held
//!                           ├──────────────▶ held ──── news, or the hold time is over ────▶ parked
//!                           │ an answer without an end
//!                           └──────────────▶ pumped ── one side leaves ──▶ closed
//! ```
//!
//! hyper and its buffers are there for as long as it takes to read a request that has come. What is parked,
//! held or pumped costs a task, a socket and a place in the feed.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Buf;
use hyper::StatusCode;
use hyper::header::{CONNECTION, HeaderValue};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::drain::Guest;
use super::http::{self, Turn};
use super::line::Line;
use super::{Shared, head};
use crate::event::EventId;
use crate::transport::backlog::Backlog;
use crate::transport::{Later, Reply, batch};
use crate::wire::{End, Wire};

/// A connection that sends no whole head for so long is closed, an idle one too: longer than any poll
/// interval worth keeping a connection for.
pub(super) const IDLE: Duration = Duration::from_secs(75);

/// A connection that has just been accepted.
///
/// # Errors
/// Where the socket has failed already.
pub(super) fn line(shared: &Shared, stream: TcpStream) -> io::Result<Box<Line<TcpStream>>> {
    stream.set_nodelay(true)?;
    let wire = Wire::new(stream, End::Server, shared.books.clone());
    Ok(Box::new(Line::new(wire, shared.config.write_stall)))
}

/// Serves a connection until it is over.
///
/// Its task is as large as all that it holds across a wait: so what goes from hand to hand here is in boxes, and
/// each stage brings a box of its own.
pub(super) async fn serve<S>(shared: &Arc<Shared>, mut line: Box<Line<S>>) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let _guest = guest(shared).await;
    while parked(shared, &mut line).await? {
        line = match Box::pin(http::turn(shared, line)).await? {
            Turn::Over => return Ok(()),
            Turn::AtRest(line) => line,
            Turn::News(mut line, reply, position) => {
                let is_answered = held(shared, &mut line, reply, position).await?;
                if !is_answered || shared.drain.is_on() {
                    return Ok(());
                }
                line
            }
            Turn::Endless(seat) => return poll_fn(|cx| seat.poll_pump(cx, shared.drain.is_on())).await,
        };
    }
    Ok(())
}

/// Leaves this task's waker with the drain.
async fn guest(shared: &Shared) -> Guest<'_> {
    poll_fn(|cx| Poll::Ready(shared.drain.guest(cx.waker()))).await
}

/// Waits for the first byte of a request; `false` where none will come.
async fn parked<S>(shared: &Shared, line: &mut Line<S>) -> io::Result<bool>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    line.patience.lasts_until(Instant::now() + IDLE);
    poll_fn(|cx| {
        if shared.drain.is_on() {
            return Poll::Ready(Ok(false));
        }
        match line.poll_request(cx) {
            Poll::Ready(begun) => Poll::Ready(begun),
            Poll::Pending => line.patience.poll(cx).map(|()| Ok(false)),
        }
    })
    .await
}

/// Waits with a client for its answer, and writes it; `false` where the client has left.
async fn held<S>(shared: &Shared, line: &mut Line<S>, mut reply: Later, position: EventId) -> io::Result<bool>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    line.patience.ends();
    let mut unwritten: Option<Box<Backlog>> = None;
    poll_fn(|cx| {
        let answer = match &mut unwritten {
            Some(answer) => answer,
            None => match poll_answer(shared, line, &mut reply, position, cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(Ok(false)),
                Poll::Ready(Some(answer)) => unwritten.insert(Box::new(answer)),
            },
        };
        answer.poll_write_to(cx, line).map_ok(|()| true)
    })
    .await
}

/// The answer to a held request; nothing where its client has left.
fn poll_answer<S>(
    shared: &Shared,
    line: &mut Line<S>,
    reply: &mut Later,
    position: EventId,
    cx: &mut Context<'_>,
) -> Poll<Option<Backlog>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if shared.drain.is_on() {
        // Nothing yet: ask somebody else.
        let mut reply = batch::nothing_new(position);
        reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        return Poll::Ready(Some(written(reply)));
    }
    match reply.as_mut().poll(cx) {
        Poll::Ready(reply) => Poll::Ready(Some(written(reply))),
        Poll::Pending => line.poll_left(cx).map(|()| None),
    }
}

/// An answer as it goes over the wire.
fn written(reply: Reply) -> Backlog {
    // RFC 9110, section 8.6: no length where there cannot be a body.
    let length = (reply.status() != StatusCode::NO_CONTENT).then(|| reply.body().remaining());
    let mut answer = Backlog::from(head::text(&reply, length));
    answer.append(reply.into_body());
    answer
}
