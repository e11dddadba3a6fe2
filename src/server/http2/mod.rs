//! A connection of HTTP/2 (RFC 9113): many requests at a time, each on a stream of its own.
//!
//! ```text
//! PRI * HTTP/2.0␍␊␍␊SM␍␊␍␊                      the client's first 24 bytes: over TLS as without
//! SETTINGS  stream 0  …                          what each side allows the other
//! HEADERS   stream 1  :method: GET, :path: /sse  stream 1 is open
//! HEADERS   stream 3  :method: GET, :path: /poll
//! HEADERS   stream 1  :status: 200               down
//! HEADERS   stream 3  :status: 204, END_STREAM   down: stream 3 is done
//! DATA      stream 1  data: {"id":"8f3k2a-1042",…}
//! ```
//!
//! A stream is to its answer what a connection is under HTTP/1.1: the same handlers, the same [pumps](crate::transport)
//! with a [`Flow`](flow::Flow) for a socket. All streams of a connection live in its one task, and end with it. The
//! library is h2, below hyper: what a stream has room for, and when it is given up, is each stream's own affair there.

mod flow;
mod limits;
mod pulse;
mod refuse;
mod request;
mod stream;

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout};

use super::Shared;
use super::door::{Caller, called_by};
use super::limits::HEAD;
use super::line::Line;
use crate::transport::patience::Patience;
use crate::transport::pump::FAREWELL;
use crate::wire::Streams;
use pulse::Pulse;
pub(super) use refuse::refuse;

/// Answers what the client asks on each stream, until it or the server leaves.
pub(super) async fn streams<S>(
    shared: Arc<Shared>,
    line: Box<Line<S>>,
    books: Streams,
    caller: Option<Caller>,
) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let greeting = timeout(HEAD, limits::builder().handshake(line));
    let mut connection = greeting.await?.map_err(io::Error::other)?;
    let mut pulse = Pulse::new(books.clone(), connection.ping_pong());
    let mut open = FuturesUnordered::new();
    let mut leaving = Leaving::default();
    poll_fn(|cx| {
        loop {
            if shared.drain.is_on() && leaving.begins() {
                connection.graceful_shutdown();
            }
            let was_busy = !open.is_empty();
            while let Poll::Ready(Some(())) = open.poll_next_unpin(cx) {}
            if leaving.poll_over(cx, !open.is_empty()).is_ready() {
                return Poll::Ready(Ok(()));
            }
            let goes_on = match connection.poll_accept(cx) {
                Poll::Ready(Some(asked)) => {
                    let (request, respond) = asked.map_err(io::Error::other)?;
                    let request = called_by(caller, request);
                    open.push(stream::serve(shared.clone(), books.clone(), request, respond));
                    true
                }
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Pending => false,
            };
            match pulse.poll(cx, was_busy || goes_on) {
                Poll::Ready(reason) if leaving.begins() => connection.abrupt_shutdown(reason),
                _ if goes_on => {}
                _ => return Poll::Pending,
            }
        }
    })
    .await
}

/// Whether a connection is being left. Its client has a moment to say goodbye, too, once no stream is open any more:
/// one that has vanished would hold up who waits for all to be gone.
#[derive(Default)]
struct Leaving {
    is_on: bool,
    patience: Patience,
}

impl Leaving {
    /// Whether it begins now, and has not before.
    fn begins(&mut self) -> bool {
        let begins = !std::mem::replace(&mut self.is_on, true);
        if begins {
            self.patience.lasts_until(Instant::now() + FAREWELL);
        }
        begins
    }

    fn poll_over(&mut self, cx: &mut Context<'_>, is_busy: bool) -> Poll<()> {
        match (self.is_on, is_busy) {
            (false, _) => Poll::Pending,
            (true, false) => self.patience.poll(cx),
            (true, true) => {
                self.patience.lasts_until(Instant::now() + FAREWELL);
                Poll::Pending
            }
        }
    }
}
