//! Bare sockets: what a client does that is none of ours.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;
use wirelanes::event::EventId;

use super::PATIENCE;

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// Sends a request and leaves the answer unread.
pub(crate) fn ask(address: SocketAddr, path: &str, fields: &str) -> TcpStream {
    let mut socket = connect(address);
    write!(socket, "GET {path} HTTP/1.1\r\nhost: {address}\r\n{fields}\r\n").unwrap();
    socket
}

/// What a client says to turn its connection into a WebSocket. The key is that of RFC 6455, section 1.3.
pub(crate) const UPGRADE: &str = "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                                  sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// The fields that a transport's request cannot do without.
pub(crate) fn fields(transport: wirelanes::transport::Transport) -> &'static str {
    match transport {
        wirelanes::transport::Transport::Websocket => UPGRADE,
        _ => "",
    }
}

/// All that comes until the server closes.
pub(crate) fn rest(socket: &mut TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    socket.read_to_end(&mut rest).unwrap();
    rest
}

/// The head of an answer, and not a byte more.
pub(crate) fn head(socket: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    String::from_utf8(head).unwrap()
}

/// Asks, and splits the answer into its head and its body.
pub(crate) fn get(address: SocketAddr, path: &str) -> (String, String) {
    split(&rest(&mut ask(address, path, "connection: close\r\n")))
}

pub(crate) fn publish(address: SocketAddr, data: &str) -> EventId {
    let (head, answer) = post(address, "/publish", "", data);
    assert!(head.starts_with("HTTP/1.1 201 "), "{head}{answer}");
    answer["id"].as_str().unwrap().parse().unwrap()
}

/// Posts a body, and splits the answer into its head and what it says.
pub(crate) fn post(address: SocketAddr, path: &str, fields: &str, body: &str) -> (String, Value) {
    let mut socket = connect(address);
    let length = body.len();
    write!(
        socket,
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{fields}content-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let (head, answer) = split(&rest(&mut socket));
    let answer = serde_json::from_str(&answer).unwrap_or_else(|wrong| panic!("{wrong}: {head}{answer}"));
    (head, answer)
}

fn split(answer: &[u8]) -> (String, String) {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: `{text}`"));
    (head.to_owned(), body.to_owned())
}

pub(crate) fn stats(address: SocketAddr) -> Value {
    serde_json::from_str(&get(address, "/stats").1).unwrap()
}

/// Where a reader stands that asks now.
pub(crate) fn position(address: SocketAddr) -> EventId {
    let (head, _) = get(address, "/poll");
    let line = head.lines().find_map(|line| line.strip_prefix("last-event-id: "));
    line.unwrap_or_else(|| panic!("no position in `{head}`")).parse().unwrap()
}

/// Closes with a reset rather than in good order.
pub(crate) fn reset(socket: TcpStream) {
    socket2::SockRef::from(&socket).set_linger(Some(Duration::ZERO)).unwrap();
    drop(socket);
}

/// A thousand connections have two thousand ends, and many systems allow a process 1,024 files.
pub(crate) fn allow_many_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        setrlimit(Resource::Nofile, limit).unwrap();
    }
}
