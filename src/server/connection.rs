//! One connection: hyper reads the head of each request; an answer with an end goes back through hyper, an
//! answer without one takes the socket.
//!
//! hyper holds about 16 KiB of buffers for a connection, and would copy and chunk what is streamed through
//! it. A reader of an endless answer needs neither: once its request is read, hyper is taken off the socket
//! and dropped, and the pump writes bytes that all readers share.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use http_body_util::Full;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio_io_timeout::TimeoutStream;

use super::{Shared, head, routes};
use crate::transport::backlog::Backlog;
use crate::transport::{Endless, Reply};
use crate::wire::{Books, End, Wire};

/// A connection that sends no whole head for so long is closed, an idle one too: longer than any poll
/// interval worth keeping a connection for.
const IDLE: Duration = Duration::from_secs(75);

/// A request's head is no longer, or it is refused with 431: a browser's with all its cookies is a tenth.
const LARGEST_HEAD: usize = 64 << 10;

/// Where a request handler leaves an answer without an end for the connection to find.
#[derive(Clone, Default)]
pub(super) struct Handover(Arc<Mutex<Option<Endless>>>);

impl Handover {
    /// Leaves it there. The handler never returns: the connection drops it.
    pub(super) async fn take_the_socket(&self, endless: Endless) -> Reply {
        *self.0.lock().expect("no holder of this lock panics") = Some(endless);
        std::future::pending().await
    }

    fn is_ready(&self) -> bool {
        self.0.lock().expect("no holder of this lock panics").is_some()
    }

    fn take(&self) -> Option<Endless> {
        self.0.lock().expect("no holder of this lock panics").take()
    }
}

pub(super) async fn serve(shared: &Arc<Shared>, stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(shared.config.write_stall));
    let accounts = shared.accounts.clone();
    let books = Books::ByTarget(Arc::new(move |target| accounts.of(target)));
    let wire = Wire::new(Box::pin(stream), End::Server, books);
    let stalled = wire.stalled();

    let handover = Handover::default();
    let service = service_fn(|request: Request<Incoming>| {
        let (shared, handover) = (shared.clone(), handover.clone());
        async move { Ok::<_, hyper::Error>(routes::answer(&shared, &handover, request).await) }
    });
    let mut http = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(wire), service);
    match until_handover(&mut http, &handover, &stalled, shared).await {
        Outcome::Done(result) => return result.map_err(io::Error::other),
        Outcome::Handover => {}
    }
    let parts = http.into_parts();
    let Some(Endless { head, pump }) = handover.take() else { return Ok(()) };
    pump.run(parts.io.into_inner(), head::text(&head), parts.read_buf, shared.drain.clone()).await
}

enum Outcome {
    Done(hyper::Result<()>),
    Handover,
}

/// Runs hyper until it is done, or until an answer without an end waits and all that was answered before it
/// has left.
async fn until_handover<S, E>(
    http: &mut http1::Connection<impl hyper::rt::Read + hyper::rt::Write + Unpin, S>,
    handover: &Handover,
    stalled: &AtomicBool,
    shared: &Shared,
) -> Outcome
where
    S: hyper::service::HttpService<Incoming, ResBody = Full<Backlog>, Error = E>,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut drain = pin!(shared.drain.cancelled());
    let mut is_draining = false;
    poll_fn(|cx| {
        if !is_draining && drain.as_mut().poll(cx).is_ready() {
            is_draining = true;
            Pin::new(&mut *http).graceful_shutdown();
        }
        if let Poll::Ready(result) = Pin::new(&mut *http).poll(cx) {
            return Poll::Ready(Outcome::Done(result));
        }
        // hyper flushes before it pauses. What is still in its buffers is there because the socket is full.
        match handover.is_ready() && !stalled.load(Ordering::Relaxed) {
            true => Poll::Ready(Outcome::Handover),
            false => Poll::Pending,
        }
    })
    .await
}
