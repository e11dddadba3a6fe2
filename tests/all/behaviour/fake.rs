//! A server that answers whatever a test writes down for it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// What a request is answered.
pub(crate) enum Script {
    /// These bytes, and then it waits for the next request.
    Say(Vec<u8>),
    /// These bytes, and then it closes.
    SayAndClose(Vec<u8>),
    /// Nothing, for as long as the client waits.
    Hold,
}

/// Answers the n-th request, counted from 0 over all connections, by its head.
pub(crate) async fn serve<A>(answer: A) -> SocketAddr
where
    A: Fn(usize, &str) -> Script + Send + Sync + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (answer, asked) = (Arc::new(answer), Arc::new(AtomicUsize::new(0)));
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (answer, asked) = (answer.clone(), asked.clone());
            tokio::spawn(converse(socket, move |head| answer(asked.fetch_add(1, Ordering::Relaxed), head)));
        }
    });
    address
}

async fn converse(mut socket: TcpStream, answer: impl Fn(&str) -> Script) {
    while let Some(head) = read_head(&mut socket).await {
        match answer(&head) {
            Script::Say(bytes) => socket.write_all(&bytes).await.unwrap(),
            Script::SayAndClose(bytes) => return socket.write_all(&bytes).await.unwrap(),
            Script::Hold => {}
        }
    }
}

async fn read_head(socket: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.ok()?);
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

/// These messages, in the envelope of the transport that asks, and a field of the head.
pub(crate) fn tell(head: &str, field: &str, messages: &[String]) -> Script {
    match path(head) {
        "/sse" => stream(field, &messages.iter().map(|json| format!("data: {json}\n\n")).collect::<String>()),
        "/websocket" => Script::Say(
            [accept(head, field)].into_iter().chain(messages.iter().map(frame)).flatten().collect(),
        ),
        _ if messages.is_empty() => Script::Say(answer("204 No Content", field, "")),
        _ => Script::Say(answer("200 OK", field, &format!("[{}]", messages.join(",")))),
    }
}

/// The path that is asked for, without its query.
pub(crate) fn path(head: &str) -> &str {
    head.split([' ', '?']).nth(1).unwrap_or_default()
}

/// `field` is a whole line, or nothing.
pub(crate) fn answer(status: &str, field: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{field}\r\n{body}").into()
}

/// An event stream that begins so and goes on.
pub(crate) fn stream(field: &str, blocks: &str) -> Script {
    Script::Say(format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n{field}\r\n{blocks}").into())
}

/// The 101 to a client's handshake.
fn accept(head: &str, field: &str) -> Vec<u8> {
    let mut fields = head.lines().filter_map(|line| line.split_once(": "));
    let (_, key) = fields.find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key")).unwrap();
    let accept = derive_accept_key(key.as_bytes());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
         sec-websocket-accept: {accept}\r\n{field}\r\n"
    )
    .into()
}

/// A text frame of up to 125 bytes.
fn frame(json: &String) -> Vec<u8> {
    assert!(json.len() <= 125, "`{json}` takes a longer header");
    [&[0x81, json.len() as u8], json.as_bytes()].concat()
}
