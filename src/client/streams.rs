//! One counted HTTP/2 connection: what drives it, and how a request is spelled on it (RFC 9113).
//!
//! ```text
//! up    PRI * HTTP/2.0 … │ SETTINGS │ WINDOW_UPDATE │ HEADERS 1 :method GET :path /poll …
//! down  SETTINGS │ SETTINGS, acknowledged │ HEADERS 1 :status 200 … │ DATA 1 [{"id":…}]
//! up    SETTINGS, acknowledged │ HEADERS 3 …
//! ```
//!
//! hyper hands parts of such a connection to an executor: usually they are tasks, which read the socket whenever
//! there is something. Here they stay beside the connection and are polled with it, by whoever waits for what it
//! brings; and a turn reads once. So the stamp of the last read is the stamp of what was just handed on, as on
//! HTTP/1.1.

mod turnwise;

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, Stream};
use http_body_util::Full;
use hyper::client::conn::http2;
use hyper::header::{CONNECTION, HOST, HeaderName, HeaderValue};
use hyper::rt::Executor;
use hyper::{Request, Uri, Version};
use hyper_util::rt::TokioIo;

use self::turnwise::{Turn, Turnwise};
use super::dial::Socket;
use super::early::Early;
use super::ended::Ended;
use super::received::Received;

/// A stream may bring so much that was not read yet: an answer of the protocol is no longer, so that none waits
/// for a WINDOW_UPDATE.
const STREAM_WINDOW: u32 = 1 << 20;

/// All streams together: up to fifteen may be full and unread at once, and the others do not stall.
const CONNECTION_WINDOW: u32 = 16 * STREAM_WINDOW;

/// What hyper would run as a task.
type Part = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(super) type Sender = http2::SendRequest<Full<Bytes>>;

/// hyper's own part of it.
type Requests = http2::Connection<TokioIo<Turnwise>, Full<Bytes>, Beside>;

/// All that makes a connection go on.
pub(super) struct Driver {
    /// Takes requests until the server takes no more (GOAWAY, section 6.8). Dropped then: one that it was given
    /// meanwhile would wait for ever.
    requests: Option<Requests>,
    beside: Beside,
    /// They go on where no more requests are taken: among them are the socket, and the streams that are open.
    parts: FuturesUnordered<Part>,
    turn: Arc<Turn>,
}

/// Says the preface; the server's is read when somebody waits for an answer.
pub(super) async fn open(socket: Socket) -> Result<(Sender, Driver), Ended> {
    let (beside, turn) = (Beside::default(), Arc::<Turn>::default());
    let socket = Turnwise::new(Early::new(socket), turn.clone());
    let mut builder = http2::Builder::new(beside.clone());
    builder.initial_stream_window_size(STREAM_WINDOW).initial_connection_window_size(CONNECTION_WINDOW);
    let (sender, requests) = builder.handshake(TokioIo::new(socket)).await?;
    Ok((sender, Driver { requests: Some(requests), beside, parts: FuturesUnordered::new(), turn }))
}

impl Driver {
    /// Goes on as far as it can with one read; ready where nothing is left to go on.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.turn.begin();
        loop {
            self.requests.take_if(|requests| Pin::new(requests).poll(cx).is_ready());
            self.parts.extend(self.beside.take());
            while let Poll::Ready(Some(())) = Pin::new(&mut self.parts).poll_next(cx) {}
            if self.beside.is_empty() {
                let has_ended = self.requests.is_none() && self.parts.is_empty();
                return if has_ended { Poll::Ready(()) } else { Poll::Pending };
            }
        }
    }

    /// Whether this turn has read something.
    pub(super) fn has_read(&self) -> bool {
        self.turn.has_read()
    }

    /// Whether what came begins with no SETTINGS: then it is not HTTP/2 (section 3.4).
    pub(super) fn is_misunderstood(&self) -> bool {
        self.turn.first_frame.is_something_else()
    }

    /// What it said in HTTP/1.1 then: who has no room says so before it knows which HTTP is spoken.
    pub(super) fn said_instead(&self) -> Option<Received> {
        self.turn.first_frame.older()
    }

    /// Whether the server lets a stream become a WebSocket; unknown until its SETTINGS are here, which come first
    /// (section 3.4; RFC 8441, section 3).
    pub(super) fn offers_websockets(&self) -> Option<bool> {
        let offers = self.requests.as_ref().is_some_and(Requests::is_extended_connect_protocol_enabled);
        (offers || self.turn.first_frame.is_whole()).then_some(offers)
    }
}

/// Takes the parts of a connection that hyper would have run by themselves.
#[derive(Clone, Default)]
pub(super) struct Beside(Arc<Mutex<Vec<Part>>>);

impl Beside {
    fn parts(&self) -> MutexGuard<'_, Vec<Part>> {
        self.0.lock().expect("no holder of this lock panics")
    }

    fn take(&self) -> Vec<Part> {
        std::mem::take(&mut self.parts())
    }

    fn is_empty(&self) -> bool {
        self.parts().is_empty()
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Beside {
    fn execute(&self, part: F) {
        self.parts().push(Box::pin(part));
    }
}

/// As HTTP/2 spells it: `Host` is `:authority`, there is a `:scheme`, and nothing concerns one connection alone
/// (sections 8.2.2 and 8.3.1).
pub(super) fn spelled<B>(mut request: Request<B>, scheme: &str) -> Request<B> {
    /// What a request of HTTP/1.1 says about its connection; an upgrade is a method of its own here.
    const OF_ONE_CONNECTION: [HeaderName; 3] = [CONNECTION, HOST, hyper::header::UPGRADE];
    let authority = request.headers().get(HOST).cloned().unwrap_or(HeaderValue::from_static(""));
    OF_ONE_CONNECTION.iter().for_each(|name| drop(request.headers_mut().remove(name)));
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let uri = Uri::builder().scheme(scheme).authority(authority.as_bytes()).path_and_query(path).build();
    *request.uri_mut() = uri.expect("`Host` is the authority of a URI, and the path is one already");
    *request.version_mut() = Version::HTTP_2;
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_loses_what_concerns_its_connection() {
        let request = Request::get("/poll?topic=demo")
            .header("host", "[::1]:8080")
            .header("connection", "keep-alive")
            .header("cookie", "a=b");
        let spelled = spelled(request.body(()).unwrap(), "http");
        assert_eq!(spelled.uri(), "http://[::1]:8080/poll?topic=demo");
        assert_eq!(spelled.headers().keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["cookie"]);
    }
}
