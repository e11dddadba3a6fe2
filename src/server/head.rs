//! The head of an answer that leaves without hyper.

use std::cell::RefCell;
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::{Buf, Bytes};
use hyper::header::DATE;
use hyper::{Response, StatusCode};

use crate::transport::Reply;
use crate::transport::backlog::Backlog;

/// The status line and the fields, as RFC 9112 writes them, with the date that RFC 9110 (section 6.6.1) asks
/// of a server with a clock. A 101 is interim and needs none.
pub(super) fn text<B>(answer: &Response<B>, length: Option<usize>) -> Bytes {
    let mut text = Vec::with_capacity(256);
    let status = answer.status();
    line(&mut text, &[b"HTTP/1.1 ", status.as_str().as_bytes(), b" ", reason(status)]);
    for (name, value) in answer.headers() {
        line(&mut text, &[name.as_str().as_bytes(), b": ", value.as_bytes()]);
    }
    if let Some(length) = length {
        write!(text, "content-length: {length}\r\n").expect("a Vec takes all that is written to it");
    }
    if !status.is_informational() {
        with_date(|date| line(&mut text, &[DATE.as_str().as_bytes(), b": ", date.as_bytes()]));
    }
    text.extend_from_slice(b"\r\n");
    text.into()
}

/// An answer as it goes over the wire.
pub(super) fn and_body(reply: Reply) -> Backlog {
    // RFC 9110, section 8.6: no length where there cannot be a body.
    let length = (reply.status() != StatusCode::NO_CONTENT).then(|| reply.body().remaining());
    let mut answer = Backlog::from(text(&reply, length));
    answer.append(reply.into_body());
    answer
}

fn reason(status: StatusCode) -> &'static [u8] {
    status.canonical_reason().unwrap_or_default().as_bytes()
}

fn line(text: &mut Vec<u8>, parts: &[&[u8]]) {
    parts.iter().for_each(|part| text.extend_from_slice(part));
    text.extend_from_slice(b"\r\n");
}

/// A date is good for a second, and for everybody on this thread.
pub(super) fn with_date(write: impl FnOnce(&str)) {
    thread_local! {
        static DATE: RefCell<(u64, String)> = RefCell::default();
    }
    let second = second();
    DATE.with_borrow_mut(|(made, date)| {
        if *made != second {
            (*made, *date) = (second, httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(second)));
        }
        write(date);
    });
}

/// The second it is, since the UNIX epoch.
pub(super) fn second() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
