//! `/control`: what the server does now, and how that is changed; `/theory`: what it should come to.
//!
//! ```text
//! GET /control                                       200  {"operator":false,"version":…,"source":{…},"links":[…],…}
//!
//! POST /control
//! authorization: Bearer KEY
//! content-type: application/json
//!
//! {"link":{"name":"lab","spec":"rtt=300ms"}}         200  {"operator":true,…}
//! ```
//!
//! Everybody who is let in may look. A change takes the operator's key, and every page is told of it.

use std::sync::Arc;

use hyper::header::{CONTENT_TYPE, HeaderMap};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use serde_json::{Map, Value};

use super::gate::Pass;
use super::operator::{Commands, Refused};
use super::publish::Asked;
use super::reply::{json, not_allowed};
use super::state::State;
use super::{Shared, publish};
use crate::transport::ask::parameter;
use crate::transport::{Refusal, Reply};

pub(super) async fn control(
    shared: &Shared,
    pass: &Pass,
    head: &Parts,
    body: impl Asked,
) -> Result<Reply, Refusal> {
    match head.method {
        Method::GET | Method::HEAD => {
            let is_operator = match pass {
                Pass::Anyone => shared.operator.is_operator(&head.headers)?,
                Pass::Operator => true,
                Pass::Holder(_) => false,
            };
            Ok(json(&State::of(shared, Some(is_operator))))
        }
        Method::POST => {
            shared.operator.check_operator(pass, &head.headers)?;
            check_type(&head.headers)?;
            let command = read(&publish::read(body, "/control").await?)?;
            // One after another, so that what pages are told last is what came last.
            let mut told = shared.told.lock().await;
            let commands = shared.operator.commands.clone();
            apart(move || commands.carry_out(&command)).await.map_err(Refusal::from)?;
            State::of(shared, None).tell(shared, &mut told);
            Ok(json(&State::of(shared, Some(true))))
        }
        _ => Err(not_allowed("GET, HEAD, POST")),
    }
}

pub(super) async fn theory(shared: &Shared, head: Parts) -> Result<Reply, Refusal> {
    let commands: Arc<dyn Commands> = shared.operator.commands.clone();
    let answer = apart(move || {
        commands.theory(&|name: &str| parameter(&head, name).map(std::borrow::Cow::into_owned))
    });
    answer.await.map(|said| json(&said)).map_err(Refusal::bad_request)
}

/// On a thread beside those that serve: a source that is opened, or a curve, would keep the news of everybody
/// waiting who is served by the same one.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}

/// A page of another origin cannot call its body JSON without asking first (Fetch standard, section 2.2.2).
fn check_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    match essence.eq_ignore_ascii_case("application/json") {
        true => Ok(()),
        false => Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "a command is JSON: send it with `Content-Type: application/json`",
        )),
    }
}

fn read(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    serde_json::from_slice(body).map_err(|wrong| {
        Refusal::bad_request(format!(
            "the body is no JSON object: {wrong}; send one such as `{{\"source\":{{\"rate\":\"1/s\"}}}}`"
        ))
    })
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let (status, message) = match refused {
            Refused::Malformed(message) => (StatusCode::BAD_REQUEST, message),
            Refused::Forbidden(message) => (StatusCode::FORBIDDEN, message),
            Refused::NoSuch(message) => (StatusCode::NOT_FOUND, message),
        };
        Self::new(status, message)
    }
}
