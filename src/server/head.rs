//! The head of an answer that leaves without hyper.

use std::cell::RefCell;
use std::io::Write;
use std::time::SystemTime;

use bytes::Bytes;
use hyper::Response;
use hyper::header::DATE;

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

fn reason(status: hyper::StatusCode) -> &'static [u8] {
    status.canonical_reason().unwrap_or_default().as_bytes()
}

fn line(text: &mut Vec<u8>, parts: &[&[u8]]) {
    parts.iter().for_each(|part| text.extend_from_slice(part));
    text.extend_from_slice(b"\r\n");
}

/// A date is good for a second, and for everybody on this thread.
fn with_date(write: impl FnOnce(&str)) {
    thread_local! {
        static DATE: RefCell<(u64, String)> = RefCell::default();
    }
    let now = SystemTime::now();
    let second = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    DATE.with_borrow_mut(|(made, date)| {
        if *made != second {
            (*made, *date) = (second, httpdate::fmt_http_date(now));
        }
        write(date);
    });
}
