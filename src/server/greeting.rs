//! How a connection begins on a port that speaks TLS.
//!
//! ```text
//!                 16 …          handshake
//!  first byte ──────────▶ TLS ───────────▶ Line
//!      │ GET …
//!      └────────────────▶ 400, in plain, by HTTP/2 where that is spoken: `https://` is meant
//! ```
//!
//! To look at the first byte takes it from nobody: it stays with the kernel.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{CONNECTION, HOST, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::authority::Authority;
use super::limits::TLS_HANDSHAKE;
use super::line::Line;
use super::{Shared, head, http2};
use crate::tls::{HANDSHAKE, Identity, Secured};
use crate::transport::{Refusal, Reply};
use crate::wire::{Books, End, Wire};

/// Bytes that are read of a request in plain, at most: a browser's head, which names the `Host` to answer with.
const FIRST_READ: usize = 4 << 10;

/// Fields that are looked at in it: as many as hyper reads.
const MOST_FIELDS: usize = 100;

/// Ends with a secured connection, or with none where it is not to go on.
pub(super) type Greeting<S> = Pin<Box<dyn Future<Output = io::Result<Option<Box<Line<S>>>>> + Send>>;

/// Greets who has just connected.
pub(super) fn greet(
    shared: Arc<Shared>,
    identity: Identity,
    stream: TcpStream,
    books: Books,
) -> Greeting<Secured<TcpStream>> {
    Box::pin(async move {
        let greeting = secure(&identity, stream, &books);
        match timeout(TLS_HANDSHAKE, greeting).await {
            Err(_) => Err(ErrorKind::TimedOut.into()),
            Ok(Err(wrong)) => Err(wrong),
            Ok(Ok(None)) => Ok(None),
            Ok(Ok(Some(secured))) => {
                let beneath = secured.beneath();
                let wire = Wire::new(secured, End::Server, books).above(beneath);
                Ok(Some(Box::new(Line::new(wire, shared.config.write_stall))))
            }
        }
    })
}

async fn secure(
    identity: &Identity,
    stream: TcpStream,
    books: &Books,
) -> io::Result<Option<Secured<TcpStream>>> {
    let mut first = [0];
    match stream.peek(&mut first).await? {
        0 => Ok(None),
        _ if first == [HANDSHAKE] => identity.accept(stream).await.map(Some),
        _ => refuse(stream, books.clone()).await.map(|()| None),
    }
}

/// Answers who asks in plain. Browsers show it, and most people need no more.
async fn refuse(stream: TcpStream, books: Books) -> io::Result<()> {
    let mut wire = Wire::new(stream, End::Server, books);
    let mut asked = vec![0; FIRST_READ];
    let mut read = 0;
    while read < FIRST_READ && !asked[..read].windows(4).any(|end| end == b"\r\n\r\n") {
        match wire.read(&mut asked[read..]).await? {
            0 => break,
            more => read += more,
        }
    }
    if wire.streams().is_some() {
        let mut line = Line::new(wire, TLS_HANDSHAKE);
        line.unread(Bytes::copy_from_slice(&asked[..read]));
        return http2::refuse(line, refusal).await;
    }
    let mut reply = Reply::from(refused(&asked[..read]));
    reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    let mut answer = head::and_body(reply);
    std::future::poll_fn(|cx| answer.poll_write_to(cx, &mut wire)).await?;
    wire.shutdown().await?;
    // To close with something unread is to reset, and then the answer may be lost.
    while wire.read(&mut asked).await? > 0 {}
    Ok(())
}

fn refused(asked: &[u8]) -> Refusal {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    let _ = request.parse(asked);
    let host = request.headers.iter().find(|field| field.name.eq_ignore_ascii_case(HOST.as_str()));
    refusal(host.and_then(|field| str::from_utf8(field.value).ok()))
}

/// What helps, with the address that was asked for where it was told.
fn refusal(host: Option<&str>) -> Refusal {
    let message = match host.filter(|host| Authority::read(host).is_some()) {
        Some(host) => format!("this port speaks TLS: use `https://{host}`"),
        None => "this port speaks TLS: use `https://`".to_owned(),
    };
    Refusal::new(StatusCode::BAD_REQUEST, message)
}
