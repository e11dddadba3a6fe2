//! Reads lines from a bare socket.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use crate::client::{Options, Socket, dial};
use crate::clock::monotonic_us;
use crate::event::Message;
use crate::wire::Ledger;

/// Hands on each event of a topic with the instant it arrived, until the connection ends.
///
/// # Errors
/// Where the connection cannot be made, is lost, or carries something else.
pub async fn listen(options: &Options, mut on_event: impl FnMut(Message, u64) + Send) -> io::Result<()> {
    let ledger = Arc::new(Ledger::default());
    let topic = options.topic.as_deref().unwrap_or("demo");
    let mut lines = open(options, &ledger, topic).await?.lines();
    while let Some(line) = lines.next_line().await? {
        let arrived_us = ledger.last_read_us.load(Ordering::Relaxed);
        on_event(Message::from_json(Bytes::from(line))?, arrived_us);
    }
    Ok(())
}

/// The round trips of so many bytes sent and given back, one after another, in microseconds.
///
/// # Errors
/// Where the connection cannot be made or is lost.
pub async fn ping_pong(options: &Options, times: usize) -> io::Result<Vec<u64>> {
    let ledger = Arc::new(Ledger::default());
    // A topic that nobody publishes to: only the echo comes back.
    let mut socket = open(options, &ledger, "control.echo").await?;
    let mut round_trips = Vec::with_capacity(times);
    let mut line = String::new();
    for _ in 0..times {
        let before = monotonic_us();
        socket.write_all(b"ping\n").await?;
        socket.read_line(&mut line).await?;
        round_trips.push(ledger.last_read_us.load(Ordering::Relaxed) - before);
        line.clear();
    }
    Ok(round_trips)
}

async fn open(options: &Options, ledger: &Arc<Ledger>, topic: &str) -> io::Result<BufReader<Socket>> {
    let mut socket = BufReader::new(dial(options, ledger).await?);
    let host = options.target.authority();
    let ask = format!(
        "GET /tcp?topic={topic} HTTP/1.1\r\nhost: {host}\r\nconnection: upgrade\r\nupgrade: tcp\r\n\r\n"
    );
    socket.write_all(ask.as_bytes()).await?;
    let mut line = String::new();
    socket.read_line(&mut line).await?;
    if !line.starts_with("HTTP/1.1 101") {
        return Err(io::Error::new(ErrorKind::Unsupported, format!("no control row here: {}", line.trim())));
    }
    while line != "\r\n" {
        line.clear();
        if socket.read_line(&mut line).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(socket)
}
