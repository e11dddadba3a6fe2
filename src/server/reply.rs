//! Answers that are not a transport's.

use bytes::Bytes;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};

use crate::transport::backlog::Backlog;
use crate::transport::{Refusal, Reply, Transport};

pub(super) fn json(value: &impl serde::Serialize) -> Reply {
    let body = serde_json::to_vec(value).expect("our own structs are JSON");
    typed(body, "application/json")
}

pub(super) fn text(body: String) -> Reply {
    // The format that Prometheus scrapes, version 0.0.4.
    typed(body.into_bytes(), "text/plain; version=0.0.4; charset=utf-8")
}

fn typed(body: Vec<u8>, kind: &'static str) -> Reply {
    let mut reply = Response::new(Backlog::from(Bytes::from(body)));
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

pub(super) fn not_allowed(allowed: &'static str) -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, format!("only `{allowed}` is allowed here"))
        .with(ALLOW, allowed)
}

pub(super) fn not_found(path: &str) -> Refusal {
    let names = Transport::ALL.map(|transport| format!("`/{transport}`")).join(", ");
    Refusal::new(
        StatusCode::NOT_FOUND,
        format!(
            "there is no `{path}`; there are {names}, `/publish`, `/time`, `/health`, `/stats`, `/metrics`, \
             `/control` and `/theory`"
        ),
    )
}
