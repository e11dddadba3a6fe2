//! What a server answered.

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::HeaderMap;
use hyper::{Response, StatusCode};

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its status.
    pub status: StatusCode,
    /// The fields of its head.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// An answer whose body is still to be read.
pub(crate) struct Answering {
    pub(crate) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Incoming,
}

impl From<Response<Incoming>> for Answering {
    fn from(answer: Response<Incoming>) -> Self {
        let (head, body) = answer.into_parts();
        Self { status: head.status, headers: head.headers, body }
    }
}

fn field<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

impl Received {
    /// The value of a field, where it is ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        field(&self.headers, name)
    }
}

impl Answering {
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        field(&self.headers, name).map(str::to_owned)
    }
}
