//! `POST /publish`: any JSON becomes an event.

use std::error::Error;

use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::StatusCode;
use hyper::body::Body;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;

use super::Shared;
use super::door::Caller;
use super::gate::Pass;
use super::limits::BODY;
use super::reply::json;
use crate::event::compact;
use crate::transport::ask::{check_public, too_fast};
use crate::transport::websocket::LARGEST_PUBLISH;
use crate::transport::{Ask, Refusal, Reply};

/// The body of a request, over whichever version of HTTP.
pub(super) trait Asked:
    Body<Data = bytes::Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send
{
}

impl<B: Body<Data = bytes::Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send> Asked for B {}

pub(super) async fn publish(
    shared: &Shared,
    pass: &Pass,
    head: &Parts,
    body: impl Asked,
    received_us: u64,
) -> Result<Reply, Refusal> {
    let ask = Ask::read(head)?;
    check_public(&ask.topic)?;
    match pass {
        Pass::Anyone => shared.operator.check_publisher(&head.headers)?,
        pass => pass.check_publisher(&ask.topic)?,
    }
    check_type(head)?;
    check_pace(shared, head)?;
    let body = read(body, "/publish").await?;
    let data = compact(&body).map_err(|wrong| {
        Refusal::bad_request(format!("the body is no JSON: {wrong}; try `curl -d '\"hello\"'`"))
    })?;
    let id = shared.feed.publish(&ask.topic, received_us, &data)?;
    let mut reply = json(&serde_json::json!({ "id": id }));
    *reply.status_mut() = StatusCode::CREATED;
    Ok(reply)
}

fn check_pace(shared: &Shared, head: &Parts) -> Result<(), Refusal> {
    let Some(Caller(address)) = head.extensions.get() else { return Ok(()) };
    shared
        .door
        .check_pace(*address)
        .map_err(|wait| Refusal::new(StatusCode::TOO_MANY_REQUESTS, too_fast(wait)).retry_after(wait))
}

/// curl calls whatever it sends a form, so a type is believed only where JSON cannot be inside.
fn check_type(head: &Parts) -> Result<(), Refusal> {
    let text = |value: &HeaderValue| value.to_str().unwrap_or("?").to_ascii_lowercase();
    let kind = head.headers.get(CONTENT_TYPE).map(text).unwrap_or_default();
    let encoding = head.headers.get(CONTENT_ENCODING).map(text);
    let wrong = match encoding {
        Some(encoding) if encoding != "identity" => format!("`{encoding}` is not decoded here"),
        _ if kind.starts_with("multipart/") => format!("`{kind}` is no JSON"),
        _ => return Ok(()),
    };
    Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("{wrong}; send the JSON as it is")))
}

/// All of a body, where it is no longer than the longest that may be published.
pub(super) async fn read(body: impl Asked, path: &str) -> Result<bytes::Bytes, Refusal> {
    let late =
        |_| Refusal::new(StatusCode::REQUEST_TIMEOUT, format!("the body did not come within {BODY:?}"));
    let whole = Limited::new(body, LARGEST_PUBLISH).collect();
    match tokio::time::timeout(BODY, whole).await.map_err(late)? {
        Ok(body) => Ok(body.to_bytes()),
        Err(wrong) if wrong.is::<LengthLimitError>() => Err(Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("`{path}` takes {LARGEST_PUBLISH} bytes at most: send less, or a link to what is larger"),
        )),
        Err(wrong) => Err(Refusal::bad_request(format!("the body could not be read: {wrong}"))),
    }
}
