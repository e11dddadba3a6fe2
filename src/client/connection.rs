//! One counted HTTP/1.1 connection.
//!
//! hyper's connection and the request that uses it are driven by one task, in turn: the socket is read only
//! while somebody waits for what it brings, so the stamp of the last read is the stamp of what was just
//! handed on.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use super::dial::Socket;
use super::ended::Ended;
use super::options::Options;
use super::received::{Answering, Received};

/// An answer that is read whole is no longer than this: eight times what the protocol lets a batch be.
const LONGEST_ANSWER: usize = 8 << 20;

/// A request for one of the server's own pages.
pub(crate) fn get(options: &Options, path: &'static str) -> Request<Bytes> {
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = hyper::Uri::from_static(path);
    *request.headers_mut() = options.headers.fields(&options.target, path);
    request
}

pub(crate) struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    driver: http1::Connection<TokioIo<Socket>, Full<Bytes>>,
    is_open: bool,
}

impl Connection {
    pub(crate) async fn over(socket: Socket) -> Result<Self, Ended> {
        let (sender, driver) = http1::handshake(TokioIo::new(socket)).await?;
        Ok(Self { sender, driver, is_open: true })
    }

    /// Asks, and waits for the head of the answer.
    pub(crate) async fn send<B: Into<Bytes>>(&mut self, request: Request<B>) -> Result<Answering, Ended> {
        let answer = self.sender.send_request(request.map(|body| Full::new(body.into())));
        let (head, body) = self.drive(answer).await?.into_parts();
        Ok(Answering { status: head.status, headers: head.headers, body })
    }

    /// The next piece of a body; nothing at its end.
    pub(crate) async fn more(&mut self, answer: &mut Answering) -> Result<Option<Bytes>, Ended> {
        loop {
            match self.drive(answer.body.frame()).await.transpose()? {
                None => return Ok(None),
                Some(frame) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
            }
        }
    }

    /// The whole of a body.
    pub(crate) async fn rest(&mut self, answer: Answering) -> Result<Received, Ended> {
        let whole = Limited::new(answer.body, LONGEST_ANSWER).collect();
        let body = self.drive(whole).await.map_err(|wrong| Ended::Lost(io::Error::other(wrong)))?;
        Ok(Received { status: answer.status, headers: answer.headers, body: body.to_bytes() })
    }

    /// Asks, and reads the whole answer.
    pub(crate) async fn exchange<B: Into<Bytes>>(&mut self, request: Request<B>) -> Result<Received, Ended> {
        let answer = self.send(request).await?;
        self.rest(answer).await
    }

    /// Whether another request may be sent. Looks at the socket: a server may have closed an idle connection.
    pub(crate) async fn is_reusable(&mut self) -> bool {
        poll_fn(|cx| {
            self.turn(cx);
            Poll::Ready(self.is_open && !self.sender.is_closed())
        })
        .await
    }

    fn turn(&mut self, cx: &mut std::task::Context<'_>) {
        if self.is_open {
            self.is_open = Pin::new(&mut self.driver).poll(cx).is_pending();
        }
    }

    async fn drive<F: Future>(&mut self, wanted: F) -> F::Output {
        let mut wanted = pin!(wanted);
        poll_fn(|cx| {
            if let Poll::Ready(output) = wanted.as_mut().poll(cx) {
                return Poll::Ready(output);
            }
            self.turn(cx);
            wanted.as_mut().poll(cx)
        })
        .await
    }
}
