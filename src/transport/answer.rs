//! What a server half gives back: an answer that has an end, now or later, or one that has none.

use std::fmt;
use std::pin::Pin;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::backlog::Backlog;
use super::{sse, websocket};

/// An HTTP answer with an end.
pub(crate) type Reply = Response<Full<Backlog>>;

/// What a transport answers.
pub(crate) enum Answer {
    /// At once.
    Now(Reply),
    /// When something is new or the hold time is over.
    Later(Pin<Box<dyn Future<Output = Reply> + Send>>),
    /// Until one side leaves.
    Endless(Endless),
}

/// An answer without an end: its head, and what goes on after it.
pub(crate) struct Endless {
    pub(crate) head: Response<()>,
    pub(crate) pump: Pump,
}

/// Moves shared bytes from the feed into a connection until one side leaves.
///
/// It knows neither sockets nor HTTP parsing: any stream of bytes will do.
pub(crate) enum Pump {
    Sse(sse::Pump),
    Websocket(Box<websocket::Pump>),
    Control(crate::control::Pump),
}

impl Pump {
    /// Writes `head`, then pumps. `early` is what the client sent before it was answered.
    pub(crate) async fn run<S>(
        self,
        socket: S,
        head: Bytes,
        early: Bytes,
        drain: CancellationToken,
    ) -> std::io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        match self {
            Self::Sse(pump) => pump.run(socket, head, drain).await,
            Self::Websocket(pump) => pump.run(socket, head, early, drain).await,
            Self::Control(pump) => pump.run(socket, head, drain).await,
        }
    }
}

/// An answer that says no, and what would help.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    message: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), headers: Vec::new() }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn with(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.push((name, HeaderValue::from_static(value)));
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<crate::feed::Full> for Refusal {
    fn from(full: crate::feed::Full) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, full.to_string()).with(hyper::header::RETRY_AFTER, "60")
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        let body = serde_json::json!({ "error": refusal.message }).to_string();
        let mut reply = Response::new(Full::new(Backlog::from(Bytes::from(body))));
        *reply.status_mut() = refusal.status;
        let headers = reply.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.extend(refusal.headers);
        reply
    }
}
