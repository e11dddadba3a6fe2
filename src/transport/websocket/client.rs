//! Asks for the upgrade, then reads one frame after the other, and at the same time writes what there is to say.

use std::convert::Infallible;
use std::future::pending;
use std::io::{self, ErrorKind};

use bytes::Bytes;
use futures_util::stream::{BoxStream, SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use hyper::header::{CONNECTION, HeaderValue, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use hyper::{Request, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message as Frame};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::config;
use crate::client::{Ended, Http, News, Reader, Received, harmless};
use crate::event::{LAST_EVENT_ID, Message};

/// A few reads' worth of small frames.
const READ_BUFFER: usize = 16 << 10;

/// What another server may send in one message, at most.
const LARGEST_MESSAGE: usize = 16 << 20;

pub(crate) async fn subscribe<F>(reader: &mut Reader<F>) -> Result<Infallible, Ended>
where
    F: FnMut(News) + Send,
{
    let request = reader.request("/websocket", &reader.options().heartbeat_parameters());
    match reader.options().http {
        Http::One => {
            let wire = reader.dial().await?;
            let request = upgrade(request, &reader.options().target.authority());
            let handshake = client_async_with_config(request, wire, Some(settings()));
            let detour = reader.detour();
            let shaking = Box::pin(async { handshake.await.map_err(|wrong| unshaken(wrong, detour)) });
            let (socket, answer) = reader.upgraded(shaking).await?;
            let position = answer.headers().get(LAST_EVENT_ID).and_then(|value| value.to_str().ok());
            converse(socket, position.unwrap_or_default(), reader).await
        }
        Http::Two => {
            let (answer, stream) = {
                let tunnel = Box::pin(reader.connect().await?.tunnel(connect(request), reader.detour()));
                reader.upgraded(tunnel).await?
            };
            let socket = WebSocketStream::from_raw_socket(stream, Role::Client, Some(settings())).await;
            converse(socket, &answer.header(LAST_EVENT_ID).unwrap_or_default(), reader).await
        }
    }
}

fn settings() -> WebSocketConfig {
    config(READ_BUFFER, LARGEST_MESSAGE)
}

/// Listens and speaks, from a position that the server told.
async fn converse<S, F>(
    mut socket: WebSocketStream<S>,
    position: &str,
    reader: &mut Reader<F>,
) -> Result<Infallible, Ended>
where
    S: AsyncRead + AsyncWrite + Unpin,
    F: FnMut(News) + Send,
{
    reader.connected();
    reader.stands_at(position)?;
    if let Some(text) = reader.options().send.clone() {
        socket.send(Frame::text(text)).await.map_err(ended)?;
    }
    let (mut mouth, mut ears) = socket.split();
    let mut said = reader.take_said();
    // Who stops listening while it writes may wait for a server that waits for it.
    let ended = tokio::select! {
        ended = hear(&mut ears, reader) => ended,
        ended = speak(&mut mouth, &mut said) => ended,
    };
    reader.give_back_said(said);
    ended
}

async fn speak<S: AsyncRead + AsyncWrite + Unpin>(
    mouth: &mut SplitSink<WebSocketStream<S>, Frame>,
    said: &mut BoxStream<'static, String>,
) -> Result<Infallible, Ended> {
    while let Some(text) = said.next().await {
        mouth.send(Frame::text(text)).await.map_err(ended)?;
    }
    pending().await
}

async fn hear<S, F>(
    ears: &mut SplitStream<WebSocketStream<S>>,
    reader: &mut Reader<F>,
) -> Result<Infallible, Ended>
where
    S: AsyncRead + AsyncWrite + Unpin,
    F: FnMut(News) + Send,
{
    // Said by the server before it closes.
    let mut told = None;
    loop {
        match ears.next().await {
            Some(Ok(Frame::Text(text))) => take(reader, Bytes::from(text)),
            Some(Ok(Frame::Binary(bytes))) => reader.took_foreign("binary".to_owned(), String::new(), bytes),
            // Read on: the codec answers it.
            Some(Ok(Frame::Close(why))) => told = why,
            Some(Ok(_control)) => {}
            Some(Err(wrong)) => return Err(told.map_or_else(|| ended(wrong), said)),
            None => return Err(told.map_or(Ended::Closed, said)),
        }
    }
}

/// Adds what RFC 6455, section 4.1, asks of a client. The codec takes the address from an absolute URI, whose scheme
/// says nothing to it: the connection is there.
fn upgrade(mut request: Request<()>, authority: &str) -> Request<()> {
    let absolute = format!("ws://{authority}{}", request.uri());
    *request.uri_mut() = absolute.parse().expect("an authority and a path make a URI");
    let headers = request.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    headers.insert(SEC_WEBSOCKET_KEY, HeaderValue::try_from(generate_key()).expect("base64 is ASCII"));
    request
}

fn said(CloseFrame { code, reason }: CloseFrame) -> Ended {
    Ended::Told { code: code.into(), reason: harmless(&reason) }
}

/// What RFC 8441, section 5, asks of a client: no key, and no `Upgrade`, which the method says.
fn connect(mut request: Request<()>) -> Request<()> {
    request.headers_mut().insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    request
}

/// Copies what it keeps: a frame is a part of the codec's whole read buffer.
fn take<F: FnMut(News) + Send>(reader: &mut Reader<F>, text: Bytes) {
    match Message::from_json(Bytes::copy_from_slice(&text)) {
        Ok(message) => {
            reader.took([message]);
        }
        Err(_foreign) => reader.took_foreign(String::new(), String::new(), text),
    }
}

/// Why there is no WebSocket.
fn unshaken(wrong: tungstenite::Error, detour: &str) -> Ended {
    match wrong {
        Error::Http(answer) if !is_error(answer.status()) => Ended::Unreadable(format!(
            "there is no WebSocket here: it answered `{}`; {ANOTHER}",
            answer.status()
        )),
        Error::Http(answer) => {
            let (head, body) = answer.into_parts();
            let body = body.unwrap_or_default().into();
            Ended::refused_upgrade(&Received { status: head.status, headers: head.headers, body }, detour)
        }
        Error::Protocol(ProtocolError::WrongHttpVersion) => Ended::Unreadable(format!(
            "there is no WebSocket here: it answered in HTTP/1.0, which has none; {ANOTHER}"
        )),
        Error::Protocol(ProtocolError::HandshakeIncomplete) => {
            io::Error::from(ErrorKind::UnexpectedEof).into()
        }
        other => ended(other),
    }
}

fn ended(wrong: tungstenite::Error) -> Ended {
    match wrong {
        Error::Io(lost) => lost.into(),
        Error::ConnectionClosed | Error::AlreadyClosed => Ended::Closed,
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            Ended::Lost(ErrorKind::ConnectionReset.into())
        }
        other => Ended::unreadable("WebSocket", other),
    }
}

/// What helps where a server knows of no WebSocket.
const ANOTHER: &str = "look at the path, or ask with another transport";

fn is_error(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}
