//! The page: files under `static/`, part of the binary.

use bytes::Bytes;
use hyper::Response;
use hyper::header::{CONTENT_TYPE, HeaderValue};

use super::reply::not_found;
use crate::transport::backlog::Backlog;
use crate::transport::{Refusal, Reply};

const HTML: &str = "text/html; charset=utf-8";

/// Path, type and content of each file.
const FILES: &[(&str, &str, &[u8])] = &[("/", HTML, include_bytes!("../../static/index.html"))];

pub(super) fn find(path: &str) -> Option<(&'static str, &'static [u8])> {
    FILES.iter().find(|(at, ..)| *at == path).map(|(_, kind, bytes)| (*kind, *bytes))
}

pub(super) fn answer(path: &str) -> Result<Reply, Refusal> {
    let (kind, bytes) = find(path).ok_or_else(|| not_found(path))?;
    let mut reply = Response::new(Backlog::from(Bytes::from_static(bytes)));
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    Ok(reply)
}
