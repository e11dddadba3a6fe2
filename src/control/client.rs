//! Reads lines from a bare socket.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, split};

use crate::client::{Http, Options, Socket, dial};
use crate::clock::monotonic_us;
use crate::event::Message;
use crate::wire::Ledger;

/// What the control row brings.
#[derive(Clone, Debug)]
pub enum Heard {
    /// The server has answered.
    Connected,
    /// A message, and when the read that completed it returned, in monotonic microseconds.
    Message(Message, u64),
}

/// Hands on each message of a topic with the instant it arrived, until the connection ends.
///
/// # Errors
/// Where the connection cannot be made, is lost, or carries something else.
pub async fn listen(options: &Options, mut hear: impl FnMut(Heard) + Send) -> io::Result<()> {
    let ledger = Arc::new(Ledger::default());
    let topic = options.topic.as_deref().unwrap_or("demo");
    let mut lines = open(options, &ledger, topic).await?.lines();
    hear(Heard::Connected);
    while let Some(line) = lines.next_line().await? {
        let arrived_us = ledger.last_read_us.load(Ordering::Relaxed);
        hear(Heard::Message(Message::from_json(Bytes::from(line))?, arrived_us));
    }
    Ok(())
}

/// A bare socket that gives back what it is sent.
pub struct Echo {
    socket: BufReader<Socket>,
    ledger: Arc<Ledger>,
    line: String,
}

impl Echo {
    /// Opens one.
    ///
    /// # Errors
    /// Where the connection cannot be made, or the server has no control row.
    pub async fn open(options: &Options) -> io::Result<Self> {
        let ledger = Arc::new(Ledger::default());
        // A topic that nobody publishes to: only the echo comes back.
        let socket = open(options, &ledger, "control.echo").await?;
        Ok(Self { socket, ledger, line: String::new() })
    }

    /// The round trip of five bytes, in microseconds.
    ///
    /// # Errors
    /// Where the connection is lost.
    pub async fn ping(&mut self) -> io::Result<u64> {
        self.round_trip(b"ping\n").await
    }

    /// From saying a line, with its end, until it is back, in microseconds.
    ///
    /// # Errors
    /// Where the connection is lost.
    pub async fn round_trip(&mut self, line: &[u8]) -> io::Result<u64> {
        self.line.clear();
        let before = monotonic_us();
        self.socket.write_all(line).await?;
        self.socket.flush().await?;
        if self.socket.read_line(&mut self.line).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(self.ledger.last_read_us.load(Ordering::Relaxed) - before)
    }

    /// Says each line as it comes, and hands on the instant at which each was back, in the same order, until
    /// the connection ends.
    ///
    /// # Errors
    /// Where the connection is lost.
    pub async fn converse(
        self,
        said: impl Stream<Item = String> + Send,
        mut back: impl FnMut(u64) + Send,
    ) -> io::Result<()> {
        let (ears, mut mouth) = split(self.socket);
        let speaking = async {
            let mut said = std::pin::pin!(said);
            while let Some(line) = said.next().await {
                mouth.write_all((line + "\n").as_bytes()).await?;
                mouth.flush().await?;
            }
            std::future::pending::<io::Result<()>>().await
        };
        let hearing = async {
            let mut lines = BufReader::new(ears).lines();
            while lines.next_line().await?.is_some() {
                back(self.ledger.last_read_us.load(Ordering::Relaxed));
            }
            Ok(())
        };
        tokio::select! {
            ended = speaking => ended,
            ended = hearing => ended,
        }
    }
}

async fn open(options: &Options, ledger: &Arc<Ledger>, topic: &str) -> io::Result<BufReader<Socket>> {
    // A bare socket has no streams: it is the same beside either HTTP.
    let options = &Options { http: Http::One, ..options.clone() };
    let mut socket = BufReader::new(dial(options, ledger).await?);
    let host = options.target.authority();
    let fields = options.headers.credentials();
    let ask = format!(
        "GET /tcp?topic={topic} HTTP/1.1\r\nhost: {host}\r\n{fields}connection: upgrade\r\nupgrade: tcp\r\n\r\n"
    );
    socket.write_all(ask.as_bytes()).await?;
    socket.flush().await?;
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
