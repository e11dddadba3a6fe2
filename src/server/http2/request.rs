//! A request of HTTP/2, put as HTTP/1.1 would have it: the handlers are the same for both.
//!
//! ```text
//! :method: CONNECT                    GET /websocket HTTP/2.0
//! :protocol: websocket         ─▶     host: 10.0.0.7:8080
//! :path: /websocket                   upgrade: websocket
//! :authority: 10.0.0.7:8080
//! ```
//!
//! An extended CONNECT (RFC 8441) asks for what `Upgrade` asks for. Nobody can forge that field: a request of HTTP/2
//! that bears it is malformed (RFC 9113, section 8.2.2), and does not come here.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::RecvStream;
use h2::ext::Protocol;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{HOST, HeaderValue, UPGRADE};
use hyper::{Method, Request};

use crate::transport::Transport;

/// Reads a request; where it is to turn its stream to another protocol, what the client says on it comes apart.
pub(super) fn read(request: Request<RecvStream>) -> (Request<Asking>, Option<RecvStream>) {
    let (mut head, up) = request.into_parts();
    // RFC 9113, section 8.3.1: where both are there, `:authority` is meant.
    if let Some(authority) = head.uri.authority()
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        head.headers.insert(HOST, host);
    }
    let protocol = head
        .extensions
        .remove::<Protocol>()
        .filter(|_| head.method == Method::CONNECT && may_turn(head.uri.path()));
    match protocol.and_then(|name| HeaderValue::from_str(name.as_str()).ok()) {
        None => (Request::from_parts(head, Asking(Some(up))), None),
        Some(name) => {
            head.method = Method::GET;
            head.headers.insert(UPGRADE, name);
            (Request::from_parts(head, Asking(None)), Some(up))
        }
    }
}

/// Whether a stream may be turned there. Elsewhere an `Upgrade` is nothing but a field, and the answer has no 101; here
/// any 200 would say that it was (RFC 8441, section 5).
fn may_turn(path: &str) -> bool {
    Transport::at(path) == Some(Transport::Websocket) || path == "/tcp"
}

/// The body of a request, where it has one.
pub(super) struct Asking(Option<RecvStream>);

impl Body for Asking {
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        let Some(up) = &mut self.0 else { return Poll::Ready(None) };
        let Some(data) = ready!(up.poll_data(cx)) else { return Poll::Ready(None) };
        Poll::Ready(Some(data.and_then(|data| {
            up.flow_control().release_capacity(data.len())?;
            Ok(Frame::data(data))
        })))
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(RecvStream::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
