//! The server over HTTP/2: the same answers, each on a stream of its own.

mod fifty;
pub(crate) mod floods;
mod ledger;
mod marks;
mod serving;
mod websocket;

use std::sync::Arc;

use bytes::Bytes;
use h2::RecvStream;
use h2::client::{self, SendRequest};
use h2::ext::Protocol;
use hyper::header::HeaderMap;
use hyper::{Method, Request};
use tokio::time::timeout;
use wirelanes::wire::{Books, End, Ledger, Wire};

use crate::support::{PATIENCE, Running};

/// One connection of HTTP/2.
pub(crate) struct Client {
    requests: SendRequest<Bytes>,
    origin: String,
    /// What its end of the connection has counted.
    ledger: Arc<Ledger>,
    /// Its socket, under a second name: the kernel is asked what it counted.
    #[cfg(target_os = "linux")]
    socket: std::os::fd::OwnedFd,
}

/// An answer, as far as it has come.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    body: RecvStream,
    /// What of it was read and not asked for yet.
    unread: String,
}

impl Client {
    pub(crate) async fn connect(here: &Running) -> Self {
        Self::with(here, &client::Builder::new()).await
    }

    pub(crate) async fn with(here: &Running, builder: &client::Builder) -> Self {
        let socket = tokio::net::TcpStream::connect(here.address).await.expect("the server listens");
        socket.set_nodelay(true).unwrap();
        #[cfg(target_os = "linux")]
        let second = std::os::fd::AsFd::as_fd(&socket).try_clone_to_owned().unwrap();
        let ledger = Arc::new(Ledger::default());
        let wire = Wire::new(socket, End::Client, Books::One(ledger.clone()));
        let (requests, connection) = builder.handshake(wire).await.expect("it speaks HTTP/2");
        tokio::spawn(connection);
        Self {
            requests,
            origin: format!("http://{}", here.address),
            ledger,
            #[cfg(target_os = "linux")]
            socket: second,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(self.request(Method::GET, path), Bytes::new()).await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> Request<()> {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.origin));
        request.body(()).expect("a path makes a URI")
    }

    pub(crate) async fn ask(&self, request: Request<()>, body: Bytes) -> Answer {
        let mut requests = self.requests.clone().ready().await.expect("the connection is open");
        let (answer, mut up) = requests.send_request(request, body.is_empty()).expect("it is a request");
        if !body.is_empty() {
            up.send_data(body, true).expect("it is taken");
        }
        Answer::of(answer).await
    }

    /// An extended CONNECT (RFC 8441): the answer, and where to write.
    pub(crate) async fn turn(&self, protocol: &'static str, path: &str) -> (Answer, h2::SendStream<Bytes>) {
        let mut requests = self.requests.clone().ready().await.expect("the connection is open");
        while !requests.is_extended_connect_protocol_enabled() {
            tokio::task::yield_now().await;
        }
        let mut request = self.request(Method::CONNECT, path);
        request.extensions_mut().insert(Protocol::from_static(protocol));
        request.headers_mut().insert("sec-websocket-version", "13".parse().unwrap());
        let (answer, up) = requests.send_request(request, false).expect("it is a request");
        (Answer::of(answer).await, up)
    }
}

impl Answer {
    async fn of(answer: client::ResponseFuture) -> Self {
        let answer = timeout(PATIENCE, answer).await.expect("it is answered").expect("with a head");
        let (head, body) = answer.into_parts();
        Self { status: head.status.as_u16(), headers: head.headers, body, unread: String::new() }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The bytes of the next frame; nothing at the end, and an error where the stream was reset.
    pub(crate) async fn frame(&mut self) -> Option<Result<Bytes, h2::Error>> {
        let data = timeout(PATIENCE, self.body.data()).await.expect("more comes, or the end");
        if let Some(Ok(data)) = &data {
            self.body.flow_control().release_capacity(data.len()).unwrap();
        }
        data
    }

    /// The rest of it.
    pub(crate) async fn rest(mut self) -> String {
        while let Some(data) = self.frame().await {
            self.unread += str::from_utf8(&data.expect("it comes whole")).unwrap();
        }
        self.unread
    }

    /// Reads through `end`.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        loop {
            if let Some(at) = self.unread.find(end) {
                let rest = self.unread.split_off(at + end.len());
                return std::mem::replace(&mut self.unread, rest);
            }
            let data = self.frame().await.unwrap_or_else(|| panic!("ended before {end:?}"));
            self.unread += str::from_utf8(&data.expect("it goes on")).unwrap();
        }
    }
}
