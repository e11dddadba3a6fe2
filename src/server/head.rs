//! The head of an answer that leaves without hyper.

use std::time::SystemTime;

use bytes::{BufMut, Bytes, BytesMut};
use hyper::Response;
use hyper::header::DATE;

/// The status line and the fields, as RFC 9112 writes them, with the date that RFC 9110 (section 6.6.1) asks
/// of a server with a clock. A 101 is interim and needs none.
pub(super) fn text(answer: &Response<()>) -> Bytes {
    let mut text = BytesMut::with_capacity(256);
    let status = answer.status();
    let line = format!("HTTP/1.1 {} {}\r\n", status.as_str(), status.canonical_reason().unwrap_or_default());
    text.put_slice(line.as_bytes());
    for (name, value) in answer.headers() {
        field(&mut text, name.as_str(), value.as_bytes());
    }
    if !status.is_informational() {
        field(&mut text, DATE.as_str(), httpdate::fmt_http_date(SystemTime::now()).as_bytes());
    }
    text.put_slice(b"\r\n");
    text.freeze()
}

fn field(text: &mut BytesMut, name: &str, value: &[u8]) {
    text.put_slice(name.as_bytes());
    text.put_slice(b": ");
    text.put_slice(value);
    text.put_slice(b"\r\n");
}
