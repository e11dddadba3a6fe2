//! A reader of which a test can have thousands: a socket, what has come and is not read yet, and where it
//! stands. It speaks just enough of each transport to hold that every event is the next one.

use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use memchr::memmem;
use serde_json::value::RawValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};
use wirelanes::event::EventId;
use wirelanes::transport::Transport;

use super::{PATIENCE, raw};

/// First bytes of frames: FIN, and the opcode.
const TEXT: u8 = 0x81;
const PING: u8 = 0x89;

/// An empty pong, masked with zeros.
const PONG: &[u8] = &[0x8a, 0x80, 0, 0, 0, 0];

/// One that listens on one connection.
pub(super) struct Light {
    transport: Transport,
    socket: Socket,
    /// From one poll to the next.
    pause: Duration,
    /// Where it began, and the last event that it was told of.
    began: EventId,
    at: EventId,
}

impl Light {
    /// Connects from one of this machine's addresses, asks for all that is new from now on, and is told where
    /// that begins.
    pub(super) async fn arrive(
        transport: Transport,
        from: Ipv4Addr,
        server: SocketAddr,
        pause: Duration,
    ) -> Result<Self> {
        let mut socket = Socket::connect(from, server).await?;
        // The answer to a long poll says where it ends, not where it began.
        let first = if transport == Transport::Longpoll { Transport::Poll } else { transport };
        let fields = raw::fields(first);
        socket.say(format!("GET /{first} HTTP/1.1\r\nhost: x\r\n{fields}\r\n").as_bytes()).await?;
        let head = socket.until(b"\r\n\r\n").await?;
        let expected = match first {
            Transport::Poll | Transport::Longpoll => "204",
            Transport::Sse => "200",
            Transport::Websocket => "101",
        };
        ensure!(head.starts_with(&format!("HTTP/1.1 {expected} ")), "{transport} was answered {head:?}");
        let began = field(&head, "last-event-id")?;
        Ok(Self { transport, socket, pause, began, at: began })
    }

    /// Listens until it is told of `last`, once that is known. Anything but the next event is an error.
    pub(super) async fn follow(mut self, last: Arc<OnceLock<EventId>>) -> Result<Self> {
        while last.get().is_none_or(|last| self.at.sequence < last.sequence) {
            let heard = self.listen().await;
            heard.with_context(|| format!("{} after {}", self.transport, self.at))?;
        }
        Ok(self)
    }

    async fn listen(&mut self) -> Result<()> {
        match self.transport {
            Transport::Poll => {
                sleep(self.pause).await;
                self.ask().await
            }
            Transport::Longpoll => self.ask().await,
            Transport::Sse => self.take_chunk().await,
            Transport::Websocket => self.take_frame().await,
        }
    }

    async fn ask(&mut self) -> Result<()> {
        let Self { transport, at, .. } = self;
        let request = format!("GET /{transport} HTTP/1.1\r\nhost: x\r\nlast-event-id: {at}\r\n\r\n");
        self.socket.say(request.as_bytes()).await?;
        let head = self.socket.until(b"\r\n\r\n").await?;
        if head.starts_with("HTTP/1.1 200 ") {
            let body = self.socket.exactly(field(&head, "content-length")?).await?;
            for event in serde_json::from_slice::<Vec<&RawValue>>(&body)? {
                self.take(event.get())?;
            }
        } else {
            ensure!(head.starts_with("HTTP/1.1 204 "), "this is no batch: {head:?}");
        }
        let position: EventId = field(&head, "last-event-id")?;
        ensure!(position == self.at, "the answer ended with {}, and says with {position}", self.at);
        Ok(())
    }

    /// Each block of the stream is a chunk: the opening, an event, or a comment.
    async fn take_chunk(&mut self) -> Result<()> {
        let size = self.socket.until(b"\r\n").await?;
        let size = usize::from_str_radix(size.trim_end(), 16)?;
        let chunk = self.socket.exactly(size + "\r\n".len()).await?;
        let chunk = str::from_utf8(&chunk)?;
        match chunk.split_once("\ndata: ") {
            Some((id, data)) => {
                self.take(data.trim_end())?;
                ensure!(id == format!("id: {}", self.at), "{id:?} stands above {}", self.at);
            }
            None => ensure!(chunk.starts_with("retry: ") || chunk == ":\n\n\r\n", "{chunk:?} is no block"),
        }
        Ok(())
    }

    async fn take_frame(&mut self) -> Result<()> {
        let header = self.socket.exactly(2).await?;
        let length = match header[1] {
            126 => {
                self.socket.exactly(2).await?.iter().fold(0, |length, byte| length << 8 | usize::from(*byte))
            }
            length => usize::from(length),
        };
        let payload = self.socket.exactly(length).await?;
        match header[0] {
            TEXT => self.take(str::from_utf8(&payload)?),
            PING => self.socket.say(PONG).await,
            other => bail!("a frame that begins with {other:#x}: {payload:x?}"),
        }
    }

    fn take(&mut self, event: &str) -> Result<()> {
        let id = event.strip_prefix(r#"{"id":""#).and_then(|rest| rest.split('"').next());
        let id: EventId = id.with_context(|| format!("this is no event: {event}"))?.parse()?;
        ensure!(id == self.at.next(), "it was told of {id}");
        self.at = id;
        Ok(())
    }

    /// How many events it was told of.
    pub(super) fn heard(&self) -> u64 {
        self.at.sequence - self.began.sequence
    }

    /// Leaves with a FIN, or with a reset.
    pub(super) fn leave(self, politely: bool) -> Result<()> {
        if !politely {
            socket2::SockRef::from(&self.socket.stream).set_linger(Some(Duration::ZERO))?;
        }
        Ok(())
    }
}

/// A socket, and what came from it before it was asked for.
struct Socket {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Socket {
    async fn connect(from: Ipv4Addr, to: SocketAddr) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((from, 0).into())?;
        let stream = timeout(PATIENCE, socket.connect(to)).await.context("nobody takes the connection")??;
        stream.set_nodelay(true)?;
        Ok(Self { stream, unread: Vec::new() })
    }

    async fn say(&mut self, bytes: &[u8]) -> Result<()> {
        timeout(PATIENCE, self.stream.write_all(bytes)).await.context("the server does not listen")??;
        Ok(())
    }

    /// Reads through `end`.
    async fn until(&mut self, end: &[u8]) -> Result<String> {
        loop {
            if let Some(at) = memmem::find(&self.unread, end) {
                return Ok(String::from_utf8(self.exactly(at + end.len()).await?)?);
            }
            self.fill().await?;
        }
    }

    async fn exactly(&mut self, length: usize) -> Result<Vec<u8>> {
        while self.unread.len() < length {
            self.fill().await?;
        }
        Ok(self.unread.drain(..length).collect())
    }

    async fn fill(&mut self) -> Result<()> {
        self.unread.reserve(1 << 10);
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.unread)).await;
        let read = read.with_context(|| format!("nothing came for {PATIENCE:?}"))??;
        ensure!(read > 0, "the server has closed the connection");
        Ok(())
    }
}

fn field<T>(head: &str, name: &str) -> Result<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    let mut fields = head.lines().filter_map(|line| line.split_once(": "));
    let (_, value) =
        fields.find(|(found, _)| *found == name).with_context(|| format!("no `{name}` in {head:?}"))?;
    Ok(value.parse()?)
}
