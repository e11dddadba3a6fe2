//! One request of HTTP/2, and its answer: the same handlers, on a stream instead of a connection.
//!
//! ```text
//!            answered
//!  asked ─────────────▶ written, with its end on the last frame
//!    │ nothing new yet
//!    ├─────────────▶ held ─── news, or the hold time is over ──▶ written
//!    │ no end
//!    └─────────────▶ seated ── one side leaves ──▶ ended
//! ```
//!
//! Whatever it is at, a stream that the client resets is over at once. One that takes nothing for too long is reset, and
//! the others on its connection go on: each stream has a deadline of its own, which runs while the peer gives no room.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use hyper::header::{CONNECTION, CONTENT_LENGTH, DATE, HeaderMap, HeaderValue, TRANSFER_ENCODING, UPGRADE};
use hyper::{Method, Request, Response, StatusCode};

use super::flow::Flow;
use super::request::{self, Asking};
use crate::server::drain::Stay;
use crate::server::http::{Awaited, Handover, Waiting};
use crate::server::seat::{Seat, Seated};
use crate::server::stall::Stall;
use crate::server::{Shared, head, routes};
use crate::transport::batch::Batch;
use crate::transport::patience::Patience;
use crate::transport::{AnyPump, Reply};
use crate::wire::Streams;

/// Answers a request.
pub(super) async fn serve(
    shared: Arc<Shared>,
    books: Streams,
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
) {
    let number = respond.stream_id().as_u32();
    if let Err(ended) = answer(&shared, &books, request, &mut respond).await {
        tracing::debug!("stream {number} ended: {ended}");
        respond.send_reset(Reason::CANCEL);
    }
}

async fn answer(
    shared: &Shared,
    books: &Streams,
    request: Request<RecvStream>,
    respond: &mut SendResponse<Bytes>,
) -> io::Result<()> {
    let mut staying = Staying::enter(shared).await;
    let is_head = request.method() == Method::HEAD;
    let (request, up) = request::read(request);
    let reply = match first(shared, request, respond).await {
        First::Left => return Ok(()),
        First::Answered(reply) => reply,
        First::Waits(Waiting::Endless(head, pump)) => {
            return endless(&mut staying, books, respond, head, *pump, up).await;
        }
        First::Waits(Waiting::News(awaited)) => {
            if awaited.held.waits() {
                books.holds(respond.stream_id().as_u32());
            }
            let Some(reply) = held(&mut staying, *awaited, respond).await else { return Ok(()) };
            reply
        }
    };
    whole(books, respond, reply, is_head, shared.config.write_stall).await
}

/// What becomes of a request.
enum First {
    Answered(Reply),
    Waits(Waiting),
    /// The client has given it up.
    Left,
}

async fn first(shared: &Shared, request: Request<Asking>, respond: &mut SendResponse<Bytes>) -> First {
    let handover = Handover::default();
    let mut answer = Box::pin(routes::answer(shared, &handover, request));
    poll_fn(|cx| {
        if let Poll::Ready(reply) = answer.as_mut().poll(cx) {
            return Poll::Ready(First::Answered(reply));
        }
        match handover.take() {
            Some(waiting) => Poll::Ready(First::Waits(waiting)),
            None => respond.poll_reset(cx).map(|_| First::Left),
        }
    })
    .await
}

/// Waits with a client for its answer; nothing where it has given up.
async fn held(
    staying: &mut Staying<'_>,
    awaited: Awaited,
    respond: &mut SendResponse<Bytes>,
) -> Option<Reply> {
    let Awaited { mut held, page } = awaited;
    let mut patience = Patience::default();
    let batch = poll_fn(|cx| {
        if staying.poll_turn(cx) && held.waits() {
            return Poll::Ready(Some(Batch::nothing_new(held.position())));
        }
        match held.poll_answer(cx, &mut patience) {
            Poll::Ready(batch) => Poll::Ready(Some(batch)),
            Poll::Pending => respond.poll_reset(cx).map(|_| None),
        }
    });
    let mut reply = Reply::from(batch.await?);
    page.into_iter().for_each(|page| page.let_read(reply.headers_mut()));
    Some(reply)
}

/// Writes an answer that has an end.
async fn whole(
    books: &Streams,
    respond: &mut SendResponse<Bytes>,
    reply: Reply,
    is_head: bool,
    stall: Duration,
) -> io::Result<()> {
    let (mut head, mut body) = reply.into_parts();
    if ![StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&head.status) {
        head.headers.insert(CONTENT_LENGTH, body.remaining().into());
    }
    dress(&mut head.headers);
    let is_over = is_head || body.is_empty();
    let down = respond.send_response(Response::from_parts(head, ()), is_over).map_err(io::Error::other)?;
    let (mut flow, mut stall) = (Flow::new(down, None, books), Stall::new(stall));
    while !is_over && !body.is_empty() {
        let room = poll_fn(|cx| {
            let room = flow.poll_room(cx, body.remaining());
            stall.judge(cx, room)
        });
        let data = body.copy_to_bytes(room.await?);
        flow.send(data, body.is_empty())?;
    }
    Ok(())
}

/// Writes an answer that goes on until one side leaves.
async fn endless(
    staying: &mut Staying<'_>,
    books: &Streams,
    respond: &mut SendResponse<Bytes>,
    mut head: Response<()>,
    pump: AnyPump,
    up: Option<RecvStream>,
) -> io::Result<()> {
    dress(head.headers_mut());
    let flow = Flow::new(respond.send_response(head, false).map_err(io::Error::other)?, up, books);
    let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
    let stall = staying.shared.config.write_stall;
    let seat: Arc<dyn Seated> = match pump {
        AnyPump::Sse(pump) => Seat::of(flow, pump, stall, waker),
        AnyPump::Websocket(pump) => Seat::of(flow, pump, stall, waker),
        AnyPump::Control(pump) => Seat::of(flow, pump, stall, waker),
    };
    poll_fn(|cx| {
        let leaves = staying.poll_turn(cx);
        seat.poll_pump(cx, leaves)
    })
    .await?;
    poll_fn(|cx| seat.poll_shut(cx)).await
}

/// A head of HTTP/2 names no connection (RFC 9113, section 8.2.2), and bears a date as any does.
fn dress(headers: &mut HeaderMap) {
    [CONNECTION, TRANSFER_ENCODING, UPGRADE].iter().for_each(|name| drop(headers.remove(name)));
    head::with_date(|date| {
        headers.insert(DATE, HeaderValue::from_str(date).expect("a date is ASCII"));
    });
}

/// A stream among those that a drain tells to leave, for as long as this lives.
struct Staying<'a> {
    shared: &'a Shared,
    stay: Stay,
}

impl<'a> Staying<'a> {
    async fn enter(shared: &'a Shared) -> Self {
        let mut stay = Stay::default();
        poll_fn(|cx| {
            stay.enter(&shared.drain, cx.waker());
            Poll::Ready(())
        })
        .await;
        Self { shared, stay }
    }

    /// Whether it is its turn.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> bool {
        self.stay.poll_turn(&self.shared.drain, cx)
    }
}

impl Drop for Staying<'_> {
    fn drop(&mut self) {
        self.stay.leave(&self.shared.drain);
    }
}
