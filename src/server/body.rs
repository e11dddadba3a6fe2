//! The body of a request of HTTP/1.1, which has to be read to its end, whoever asks for what.
//!
//! ```text
//! POST /publish … content-length: 25 ⏎ ⏎ │ GET /control HTTP/1.1 ⏎ ⏎ │ GET /poll …
//!                                        ▲                           ▲
//!                                        │                           the next request begins here
//!                                        refused here: whoever reads on takes a body for a request
//! ```
//!
//! "A server MUST read the entire request message body or close the connection after sending its response" (RFC 9112,
//! section 9.3). A short one that is on its way is read, and the connection goes on; else it ends with the answer.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};

use crate::transport::websocket::LARGEST_PUBLISH;

/// A body that was sent with its head is here within two round trips over a satellite.
const ON_ITS_WAY: Duration = Duration::from_secs(1);

/// What a connection knows of the body of the request that it is at.
#[derive(Clone, Default)]
pub(super) struct Reading(Arc<Progress>);

#[derive(Default)]
struct Progress {
    is_open: AtomicBool,
    /// What nobody has begun to read, and nobody will.
    left: Mutex<Option<Incoming>>,
}

impl Reading {
    /// The body of the next request.
    pub(super) fn of(&self, body: Incoming) -> Read {
        self.0.is_open.store(!body.is_end_stream(), Relaxed);
        Read { body: Some(body), is_begun: false, progress: self.0.clone() }
    }

    /// Whether its end has not been read.
    pub(super) fn is_open(&self) -> bool {
        self.0.is_open.load(Relaxed)
    }

    /// Reads it where its handler has not begun to, and it is short and on its way: it is not where the client waits
    /// to be told to go on. Whether the end was read.
    pub(super) async fn finish(&self, is_awaited: bool) -> bool {
        let left = self.0.left.lock().expect("no holder of this lock panics").take();
        if let Some(body) = left.filter(|_| !is_awaited) {
            let whole = Limited::new(
                Read { body: Some(body), is_begun: true, progress: self.0.clone() },
                LARGEST_PUBLISH,
            );
            let _ = tokio::time::timeout(ON_ITS_WAY, whole.collect()).await;
        }
        !self.is_open()
    }
}

/// A body that tells when its end was read.
pub(super) struct Read {
    body: Option<Incoming>,
    is_begun: bool,
    progress: Arc<Progress>,
}

impl Read {
    fn body(&mut self) -> &mut Incoming {
        self.body.as_mut().expect("it is taken when this is dropped")
    }
}

impl Body for Read {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.is_begun = true;
        let frame = ready!(Pin::new(self.body()).poll_frame(cx));
        if frame.is_none() {
            self.progress.is_open.store(false, Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(Incoming::size_hint).unwrap_or_default()
    }
}

impl Drop for Read {
    fn drop(&mut self) {
        if !self.is_begun && self.progress.is_open.load(Relaxed) {
            *self.progress.left.lock().expect("no holder of this lock panics") = self.body.take();
        }
    }
}
