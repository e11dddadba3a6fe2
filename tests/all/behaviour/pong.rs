//! WebSockets whose peer has vanished. Time is paused: it jumps to the next timer when everybody waits.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;
use wirelanes::feed::Feed;
use wirelanes::server::{Config, Server};

use super::raw::UPGRADE;

const PING: [u8; 2] = [0x89, 0x00];
/// Masked with zeros.
const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];
/// `1001` and `no pong`.
const CLOSE: &[u8] = b"\x88\x09\x03\xe9no pong";

/// A WebSocket that is pinged every second, from behind its handshake on.
async fn websocket() -> TcpStream {
    let config = Config { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..Config::default() };
    let server = Server::bind(config, Feed::new(config.retain), Arc::new(|| None)).unwrap();
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    tokio::spawn(server.run(pending()));
    let ask = format!("GET /websocket?heartbeat=1 HTTP/1.1\r\nhost: x\r\n{UPGRADE}\r\n");
    socket.write_all(ask.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
    socket
}

#[tokio::test(start_paused = true)]
async fn who_owes_a_pong_for_ten_seconds_is_closed() {
    let mut socket = websocket().await;
    let begun = Instant::now();
    let mut frames = Vec::new();
    socket.read_to_end(&mut frames).await.unwrap();
    let took = begun.elapsed();
    // The first ping after 1 s, ten more to wait for its pong, one for the farewell.
    assert!((Duration::from_secs(11)..Duration::from_secs(14)).contains(&took), "closed after {took:?}");
    let pings = frames.strip_suffix(CLOSE).unwrap_or_else(|| panic!("no farewell: {frames:x?}"));
    assert!(pings.chunks(2).all(|ping| ping == PING), "{pings:x?}");
}

#[tokio::test(start_paused = true)]
async fn who_answers_every_ping_stays() {
    let mut socket = websocket().await;
    for _ in 0..60 {
        let mut ping = [0; 2];
        socket.read_exact(&mut ping).await.unwrap();
        assert_eq!(ping, PING);
        socket.write_all(&PONG).await.unwrap();
    }
}
