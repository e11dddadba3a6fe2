//! Hyper's turn: it reads heads and writes answers that have an end.
//!
//! hyper holds about 16 KiB of buffers for a connection. So it is put on a connection when the first byte of a
//! request is there, and taken off it again
//!
//! - when every request that came is answered: an idle connection costs no buffer
//! - when a request waits for news, or its answer has no end: that is then written without hyper
//!
//! The trick is `into_parts()`, which gives the socket back also while hyper waits for our answer, together
//! with what it has read of the next request. What it has read of a body must not be taken for one: see
//! [`body`](super::body).

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, EXPECT, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::body::Reading;
use super::door::{Caller, called_by};
use super::limits::{HEAD, LARGEST_HEAD, LAST_HEAD};
use super::line::Line;
use super::origin::Page;
use super::seat::{Seat, Seated};
use super::{Shared, head, routes};
use crate::transport::held::Held;
use crate::transport::pump::Pump;
use crate::transport::speech::Speech;
use crate::transport::{AnyPump, Reply};
use crate::wire::{State, WriteNow};

/// What is not hyper's to answer.
pub(super) enum Waiting {
    /// Something new, or the end of the hold time.
    News(Box<Awaited>),
    /// Until one side leaves.
    Endless(Response<()>, Box<AnyPump>),
}

/// A request that is held, and the page that may read its answer, where one asks.
pub(super) struct Awaited {
    pub(super) held: Held,
    pub(super) page: Option<Page>,
}

/// How hyper's turn ended.
pub(super) enum Turn<S> {
    /// The connection is over.
    Over,
    /// Every request is answered.
    AtRest(Box<Line<S>>),
    /// A request waits for news.
    News(Box<Line<S>>, Box<Awaited>),
    /// An answer has no end.
    Endless(Arc<dyn Seated>),
}

/// Where a request handler leaves what waits, for the connection to find.
#[derive(Clone, Default)]
pub(super) struct Handover(Arc<Shelf>);

#[derive(Default)]
struct Shelf {
    waiting: Mutex<Option<Waiting>>,
    is_ready: AtomicBool,
    /// A request has come since this was last asked, and may be answered by now.
    has_begun: AtomicBool,
    /// A request is being answered.
    is_busy: AtomicBool,
    reading: Reading,
}

impl Handover {
    /// Leaves it there. The handler never returns: the connection drops it.
    pub(super) async fn leave(&self, waiting: Waiting) -> Reply {
        *self.0.waiting.lock().expect("no holder of this lock panics") = Some(waiting);
        self.0.is_ready.store(true, Ordering::Relaxed);
        std::future::pending().await
    }

    /// Answers a request. The connection ends with the answer where the end of its body was not read.
    async fn answer(&self, shared: &Shared, request: Request<Incoming>) -> Reply {
        self.0.has_begun.store(true, Ordering::Relaxed);
        self.0.is_busy.store(true, Ordering::Relaxed);
        let is_awaited = request.headers().contains_key(EXPECT);
        let request = request.map(|body| self.0.reading.of(body));
        let mut reply = routes::answer(shared, self, request).await;
        if !self.0.reading.finish(is_awaited).await {
            reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        self.0.is_busy.store(false, Ordering::Relaxed);
        reply
    }

    /// Whether a request was being answered since this was last asked.
    fn was_busy(&self) -> bool {
        self.0.has_begun.swap(false, Ordering::Relaxed) || self.0.is_busy.load(Ordering::Relaxed)
    }

    /// Whether hyper has nothing more to do: an answer waits that is not its own, or every request is answered.
    fn needs_no_hyper(&self, state: &State) -> bool {
        let is_waiting = self.0.is_ready.load(Ordering::Relaxed);
        let is_at_rest = state.is_at_rest() && !self.0.reading.is_open();
        // hyper flushes before it pauses. What is still in its buffers is there because the socket is full.
        (is_waiting || is_at_rest) && !state.is_stalled()
    }

    /// What waits, if anything was left there.
    pub(super) fn take(&self) -> Option<Waiting> {
        self.0.waiting.lock().expect("no holder of this lock panics").take()
    }
}

/// Has hyper answer what the client asks, until there is nothing more to answer for it.
pub(super) async fn turn<S>(
    shared: Arc<Shared>,
    mut line: Box<Line<S>>,
    caller: Option<Caller>,
) -> io::Result<Turn<S>>
where
    S: AsyncRead + AsyncWrite + WriteNow + Unpin + Send + 'static,
{
    let state = line.state();
    let mut patience = std::mem::take(&mut line.patience);
    let handover = Handover::default();
    let service = service_fn(|request: Request<Incoming>| {
        let (request, shared, handover) = (called_by(caller, request), shared.clone(), handover.clone());
        async move { Ok::<_, hyper::Error>(handover.answer(&shared, request).await.map(Full::new)) }
    });
    let mut http =
        http1::Builder::new().max_buf_size(LARGEST_HEAD).serve_connection(TokioIo::new(line), service);
    patience.lasts_until(Instant::now() + HEAD);
    let mut is_draining = false;
    let is_over = poll_fn(|cx| {
        if !is_draining && shared.drain.is_on() {
            is_draining = true;
            if !handover.was_busy() {
                patience.lasts_until(Instant::now() + LAST_HEAD);
            }
        }
        if let Poll::Ready(result) = Pin::new(&mut http).poll(cx) {
            return Poll::Ready(result.map(|()| true));
        }
        if handover.needs_no_hyper(&state) {
            return Poll::Ready(Ok(false));
        }
        // Handlers have deadlines of their own, and so has a peer that takes nothing; each head has this one, from
        // the answer before it on.
        if handover.was_busy() || state.is_stalled() {
            patience.lasts_until(Instant::now() + if is_draining { LAST_HEAD } else { HEAD });
        }
        patience.poll(cx).map(|()| Ok(true))
    })
    .await
    .map_err(io::Error::other)?;
    if is_over {
        return Ok(Turn::Over);
    }
    let parts = http.into_parts();
    let mut line = parts.io.into_inner();
    line.unread(parts.read_buf);
    line.patience = patience;
    Ok(without_hyper(&shared, line, handover.take()).await)
}

/// What a connection turns to that hyper was taken off.
async fn without_hyper<S>(shared: &Shared, line: Box<Line<S>>, waiting: Option<Waiting>) -> Turn<S>
where
    S: AsyncRead + AsyncWrite + WriteNow + Unpin + Send + 'static,
{
    match waiting {
        // Every request is answered. Bytes that are left over belong to one of them, and cannot begin the next.
        None if !line.is_silent() => Turn::Over,
        None => Turn::AtRest(line),
        Some(Waiting::News(awaited)) => Turn::News(line, awaited),
        Some(Waiting::Endless(head, pump)) => {
            let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
            Turn::Endless(match *pump {
                AnyPump::Sse(pump) => seated(shared, *line, pump, &head, waker),
                AnyPump::Websocket(pump) => seated(shared, *line, pump, &head, waker),
                AnyPump::Control(pump) => seated(shared, *line, pump, &head, waker),
            })
        }
    }
}

fn seated<S, T>(
    shared: &Shared,
    line: Line<S>,
    pump: Pump<T>,
    head: &Response<()>,
    waker: Waker,
) -> Arc<dyn Seated>
where
    S: AsyncRead + AsyncWrite + WriteNow + Unpin + Send + 'static,
    T: Speech + Send + 'static,
{
    Seat::take(line, pump, head::text(head, None), shared.config.write_stall, waker)
}
