//! What a request asks for: the parts that are the same on every endpoint.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::{HeaderValue, UPGRADE};
use hyper::http::request::Parts;
use hyper::{StatusCode, Version};

use super::answer::{Refusal, whole_seconds};
use crate::event::{LAST_EVENT_ID, Position};

/// The topic of those who name none.
pub(crate) const DEFAULT_TOPIC: &str = "demo";

/// Decides whether one message may be published on a connection that is open already: there is no head that could carry
/// a key. It is given the key in the message, empty where there is none, and the topic; its error says why not.
pub(crate) type Lock = Arc<dyn Fn(&str, &str) -> Result<(), String> + Send + Sync>;

/// Decides whether one message more may be published now on such a connection; its error says how long to wait.
pub(crate) type Pace = Arc<dyn Fn() -> Result<(), Duration> + Send + Sync>;

/// What the names of control topics begin with: what follows is the name of a client.
pub(crate) const CONTROL: &str = "control.";

/// How an answer without a length ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With the connection: HTTP/1.0.
    Close,
    /// With a last chunk: HTTP/1.1.
    Chunk,
    /// With its stream: HTTP/2 frames it anyway.
    OfStream,
}

/// A request, taken at its word.
pub(crate) struct Ask<'a> {
    pub(crate) request: &'a Parts,
    pub(crate) topic: Cow<'a, str>,
    pub(crate) from: Position,
    /// What a publisher has to open, where not everybody may publish.
    pub(crate) lock: Option<Lock>,
    /// How fast a publisher may go, where that is limited.
    pub(crate) pace: Option<Pace>,
}

impl<'a> Ask<'a> {
    /// Reads the parameters that all endpoints share.
    ///
    /// # Errors
    /// 400 for a topic, a client's name or a position that cannot be.
    pub(crate) fn read(request: &'a Parts) -> Result<Self, Refusal> {
        let topic = parameter(request, "topic").unwrap_or(Cow::Borrowed(DEFAULT_TOPIC));
        check_name("topic", &topic)?;
        if let Some(client) = parameter(request, "client") {
            check_name("client", &client)?;
        }
        Ok(Self { from: position(request)?, topic, request, lock: None, pace: None })
    }

    /// A parameter in seconds.
    pub(crate) fn seconds(
        &self,
        name: &str,
        range: RangeInclusive<u64>,
        default: u64,
    ) -> Result<Duration, Refusal> {
        self.number(name, range, default).map(Duration::from_secs)
    }

    /// A parameter that is a whole number.
    ///
    /// # Errors
    /// 400 where it is no number or out of range.
    pub(crate) fn number(
        &self,
        name: &str,
        range: RangeInclusive<u64>,
        default: u64,
    ) -> Result<u64, Refusal> {
        let Some(text) = parameter(self.request, name) else { return Ok(default) };
        match text.parse() {
            Ok(number) if range.contains(&number) => Ok(number),
            _ => Err(Refusal::bad_request(format!(
                "`{name}={text}`: a whole number from {} to {} is meant",
                range.start(),
                range.end()
            ))),
        }
    }

    /// How an answer without a length ends: see RFC 9112, section 6.3, and RFC 9113, section 8.1.
    pub(crate) fn ending(&self) -> Ending {
        match self.request.version {
            Version::HTTP_2 => Ending::OfStream,
            Version::HTTP_11 => Ending::Chunk,
            _ => Ending::Close,
        }
    }

    /// The protocol that the connection is to be turned to, where it names one.
    pub(crate) fn upgrade(&self) -> Option<&[u8]> {
        self.request.headers.get(UPGRADE).map(HeaderValue::as_bytes)
    }
}

/// The first value of a query parameter.
pub(crate) fn parameter<'a>(request: &'a Parts, name: &str) -> Option<Cow<'a, str>> {
    let query = request.uri.query()?;
    // Most parameters are not there, and to look for a name costs less than to take a query apart.
    if !query.contains(name) && !query.contains('%') {
        return None;
    }
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value)
}

/// Topics and clients are named alike.
///
/// # Errors
/// 400 for any other spelling.
pub(crate) fn check_name(what: &str, name: &str) -> Result<(), Refusal> {
    match is_name(name) {
        true => Ok(()),
        false => {
            Err(Refusal::bad_request(format!("`{what}` is 1 to 64 of `A-Z a-z 0-9 _ . -`, such as `demo`")))
        }
    }
}

/// Clients may publish to any topic that is not the server's own.
///
/// # Errors
/// 403 for a control topic.
pub(crate) fn check_public(topic: &str) -> Result<(), Refusal> {
    match topic.starts_with(CONTROL) {
        false => Ok(()),
        true => Err(Refusal::new(
            StatusCode::FORBIDDEN,
            format!(
                "`{topic}` is the server's own, like all that begin with `{CONTROL}`; publish to another topic, such as `{DEFAULT_TOPIC}`"
            ),
        )),
    }
}

/// What somebody is told who publishes faster than one address may.
pub(crate) fn too_fast(wait: Duration) -> String {
    let seconds = whole_seconds(wait);
    format!(
        "too many events from one address: wait {seconds} s, or have the server started with more `--publish-rate`"
    )
}

/// Whether this can name a topic or a client: `[A-Za-z0-9_.-]{1,64}`.
pub(crate) fn is_name(name: &str) -> bool {
    let fits = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'_' | b'.' | b'-');
    (1..=64).contains(&name.len()) && name.bytes().all(fits)
}

/// The header comes first: a browser's EventSource that reconnects sends it beside the URL it began with.
fn position(request: &Parts) -> Result<Position, Refusal> {
    let header = request.headers.get(LAST_EVENT_ID).map(|value| value.to_str().unwrap_or("?").into());
    let text = header
        .or_else(|| parameter(request, "last_event_id"))
        .or_else(|| parameter(request, "lastEventId"))
        .unwrap_or_default();
    text.parse().map_err(|wrong| Refusal::bad_request(format!("`last_event_id={text}`: {wrong}")))
}
