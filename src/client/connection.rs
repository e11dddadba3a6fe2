//! One counted HTTP connection.
//!
//! hyper's connection and the request that uses it are driven by one task, in turn: the socket is read only
//! while somebody waits for what it brings, so the stamp of the last read is the stamp of what was just
//! handed on.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::Either;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::CONTENT_LENGTH;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;

use super::dial::dial;
use super::early::Early;
use super::ended::Ended;
use super::http::Http;
use super::options::Options;
use super::received::{Answering, Received};
use super::streams;
use super::tunnel::Tunnel;
use crate::wire::{Ledger, State};

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
    sender: Sender,
    driver: Driver,
    wire: Arc<State>,
    is_open: bool,
    /// Of the URL of each request.
    scheme: &'static str,
    /// Whether it may be used again after its first request.
    keep_alive: bool,
    has_asked: bool,
}

enum Sender {
    One(http1::SendRequest<Full<Bytes>>),
    Two(streams::Sender),
}

enum Driver {
    One(Box<http1::Connection<TokioIo<Early>, Full<Bytes>>>),
    Two(Box<streams::Driver>),
}

impl Connection {
    /// Dials, and agrees on nothing yet but which HTTP it is.
    pub(crate) async fn open(options: &Options, ledger: &Arc<Ledger>) -> Result<Self, Ended> {
        let socket = dial(options, ledger).await?;
        let wire = socket.state();
        let (sender, driver) = match options.http {
            Http::One => {
                let (sender, driver) = http1::handshake(TokioIo::new(Early::new(socket))).await?;
                (Sender::One(sender), Driver::One(Box::new(driver)))
            }
            Http::Two => {
                let (sender, driver) = streams::open(socket).await?;
                (Sender::Two(sender), Driver::Two(Box::new(driver)))
            }
        };
        let scheme = if options.target.is_secured() { "https" } else { "http" };
        let keep_alive = options.keep_alive;
        Ok(Self { sender, driver, wire, is_open: true, scheme, keep_alive, has_asked: false })
    }

    /// What is known of what passes it.
    pub(super) fn wire(&self) -> &Arc<State> {
        &self.wire
    }

    /// Asks, and waits for the head of the answer.
    pub(crate) async fn send<B: Into<Bytes>>(&mut self, request: Request<B>) -> Result<Answering, Ended> {
        Ok(self.answer(request).await?.into())
    }

    async fn answer<B: Into<Bytes>>(&mut self, request: Request<B>) -> Result<Response<Incoming>, Ended> {
        self.has_asked = true;
        let request = request.map(|body| Full::new(body.into()));
        let answer = match &mut self.sender {
            Sender::One(sender) => Either::Left(sender.send_request(request)),
            Sender::Two(sender) => Either::Right(sender.send_request(streams::spelled(request, self.scheme))),
        };
        self.drive(answer).await.map_err(|wrong| self.judged(wrong.into()))
    }

    /// Tells who does not speak this HTTP at all from who is gone, and from who has no room now.
    fn judged(&self, ended: Ended) -> Ended {
        match (&self.driver, &ended) {
            (Driver::Two(driver), _) if driver.is_misunderstood() => match driver.said_instead() {
                Some(said) if has_no_room(said.status) => Ended::refused(&said),
                _ => ended.recognised(&self.wire, Http::Two),
            },
            (Driver::One(_), Ended::Unreadable(_)) => ended.recognised(&self.wire, Http::One),
            _ => ended,
        }
    }

    /// Asks for a stream of HTTP/2 that both sides may write to (RFC 8441), and gives it with the head of the answer.
    pub(crate) async fn tunnel(
        mut self,
        mut request: Request<()>,
        detour: &str,
    ) -> Result<(Answering, Tunnel), Ended> {
        if !self.offers_websockets().await? {
            return Err(Ended::Unreadable(NO_WEBSOCKETS.to_owned()));
        }
        *request.method_mut() = Method::CONNECT;
        request.extensions_mut().insert(hyper::ext::Protocol::from_static("websocket"));
        let mut answer = self.answer(request.map(|()| Bytes::new())).await?;
        if answer.status() != StatusCode::OK {
            return Err(Ended::refused_upgrade(&self.rest(answer.into()).await?, detour));
        }
        let stream = self.drive(hyper::upgrade::on(&mut answer)).await?;
        Ok((answer.into(), Tunnel::new(stream, self)))
    }

    async fn offers_websockets(&mut self) -> Result<bool, Ended> {
        poll_fn(|cx| {
            self.turn(cx);
            match &self.driver {
                Driver::Two(driver) => match driver.offers_websockets() {
                    Some(offers) => Poll::Ready(Ok(offers)),
                    None if self.is_open => Poll::Pending,
                    None => Poll::Ready(Err(self.judged(Ended::lost(io::ErrorKind::UnexpectedEof.into())))),
                },
                Driver::One(_) => Poll::Ready(Ok(false)),
            }
        })
        .await
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
        let body = self.drive(whole).await.map_err(Ended::cut_off)?.to_bytes();
        let announced =
            answer.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if let Some(announced) = announced.filter(|announced: &usize| *announced != body.len()) {
            // hyper takes a stream of HTTP/2 that was reset with CANCEL, or without an error, for one that ended.
            let why = format!("the answer was cut off after {} of {announced} bytes", body.len());
            return Err(Ended::Lost(io::Error::new(io::ErrorKind::UnexpectedEof, why)));
        }
        Ok(Received { status: answer.status, headers: answer.headers, body })
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
            while self.has_read() {
                self.turn(cx);
            }
            let is_closed = match &self.sender {
                Sender::One(sender) => sender.is_closed(),
                Sender::Two(sender) => sender.is_closed(),
            };
            Poll::Ready(self.is_open && !is_closed && (self.keep_alive || !self.has_asked))
        })
        .await
    }

    /// Lets the connection go on; what it has for somebody then waits for them.
    pub(super) fn turn(&mut self, cx: &mut Context<'_>) {
        if self.is_open {
            self.is_open = match &mut self.driver {
                Driver::One(driver) => Pin::new(driver).poll(cx).is_pending(),
                Driver::Two(driver) => driver.poll(cx).is_pending(),
            };
        }
    }

    /// Whether the last turn read something, so that there may be more.
    fn has_read(&self) -> bool {
        match &self.driver {
            // It reads until there is nothing.
            Driver::One(_) => false,
            Driver::Two(driver) => self.is_open && driver.has_read(),
        }
    }

    /// Waits for what the connection is to bring, and lets the connection go on meanwhile.
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

/// Whether it may be otherwise later, whichever HTTP is spoken.
fn has_no_room(status: StatusCode) -> bool {
    use StatusCode as Of;
    matches!(status, Of::REQUEST_TIMEOUT | Of::TOO_MANY_REQUESTS | Of::SERVICE_UNAVAILABLE)
}

const NO_WEBSOCKETS: &str =
    "this server takes no WebSockets over HTTP/2 (RFC 8441); ask with `--http 1`, or another transport";
