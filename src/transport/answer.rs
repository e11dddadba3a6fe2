//! What a server half gives back: an answer that has an end, now or later, or one that has none.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use tokio::time::Instant;

use super::backlog::Backlog;
use super::held::Held;
use super::pump::Pump;
use super::{sse, websocket};
use crate::control;

/// An HTTP answer with an end.
pub(crate) type Reply = Response<Backlog>;

/// What a transport answers.
pub(crate) enum Answer {
    /// At once.
    Now(Reply),
    /// When something is new or the hold time is over.
    Later(Held),
    /// Until one side leaves: a head, and what goes on after it.
    Endless(Response<()>, AnyPump),
}

impl Answer {
    /// The same answer, which ends no later than `until`, where that is given.
    pub(crate) fn ends_by(mut self, until: Option<Instant>) -> Self {
        let Some(until) = until else { return self };
        match &mut self {
            Self::Now(_) => {}
            Self::Later(held) => held.ends_by(until),
            Self::Endless(_, AnyPump::Sse(pump)) => pump.ends_by(until),
            Self::Endless(_, AnyPump::Websocket(pump)) => pump.ends_by(until),
            Self::Endless(_, AnyPump::Control(pump)) => pump.ends_by(until),
        }
        self
    }
}

/// A pump of any transport that has one.
pub(crate) enum AnyPump {
    Sse(Pump<sse::Stream>),
    Websocket(Pump<websocket::Peer>),
    Control(Pump<control::Line>),
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

    /// Asks to come back no sooner.
    pub(crate) fn retry_after(mut self, wait: Duration) -> Self {
        self.headers.push((RETRY_AFTER, whole_seconds(wait).into()));
        self
    }
}

/// As `Retry-After` has them (RFC 9110, section 10.2.3): at least one, or it would say nothing.
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs_f64().ceil().max(1.0) as u64
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<crate::feed::Full> for Refusal {
    fn from(full: crate::feed::Full) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, full.to_string()).with(RETRY_AFTER, "60")
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        let body = serde_json::json!({ "error": refusal.message }).to_string();
        let mut reply = Response::new(Backlog::from(Bytes::from(body)));
        *reply.status_mut() = refusal.status;
        let headers = reply.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.extend(refusal.headers);
        reply
    }
}
