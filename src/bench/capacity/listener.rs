//! One reader: a connection, and what comes over it.
//!
//! ```text
//! sse, websocket   ask ─▶ head │ message message mess…  …age message      until the step ends
//! poll, longpoll   ask ─▶ answer     ask ─▶ answer     ask ─▶ …           each from where the last one ended
//! ```

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_util::either::Either;

use super::crowd::Listening;
use super::desk::{Desk, Shared};
use super::frames::answers::next_answer;
use super::frames::{Finding, Opening, Stream, Wrong};
use crate::client::line;
use crate::clock::monotonic_us;
use crate::event::LAST_EVENT_ID;
use crate::tls::Secured;
use crate::transport::Transport;

/// An answer ends at so many events, or with the one that fills it to so many bytes: then there is more.
const FULL_EVENTS: usize = 1_000;
const FULL_BYTES: usize = 1 << 20;

/// In plain, or under TLS.
pub(super) type Socket = Either<TcpStream, Box<Secured<TcpStream>>>;

/// A reader.
pub(super) struct Listener {
    pub(super) number: usize,
    pub(super) socket: Socket,
    pub(super) shared: Arc<Shared>,
    /// What a read brought of a message that was not all there.
    pub(super) carry: Vec<u8>,
}

impl Listener {
    /// Reads until the connection ends; tells once when it has begun.
    pub(super) async fn listen(
        mut self,
        listening: &Listening,
        connected: impl FnOnce() + Send,
    ) -> io::Error {
        let ended = match listening.transport {
            Transport::Poll => self.ask(listening, Some(listening.poll_interval), connected).await,
            Transport::Longpoll => self.ask(listening, None, connected).await,
            Transport::Sse => self.stream(listening, Opening::sse(), connected).await,
            Transport::Websocket => self.stream(listening, Opening::websocket(), connected).await,
        };
        ended.err().unwrap_or_else(|| ErrorKind::UnexpectedEof.into())
    }

    async fn stream(
        &mut self,
        listening: &Listening,
        mut opening: Opening,
        connected: impl FnOnce() + Send,
    ) -> io::Result<()> {
        let Listening { path, target, token, .. } = listening;
        let (authority, credentials) = (target.authority(), line(token.as_ref()));
        let fields = match opening.stream {
            Stream::Sse(_) => "accept: text/event-stream\r\n".to_owned(),
            Stream::Websocket(_) => format!(
                "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                 sec-websocket-key: {}\r\n",
                generate_key()
            ),
        };
        let request = format!("GET {path} HTTP/1.1\r\nhost: {authority}\r\n{credentials}{fields}\r\n");
        self.say(request.as_bytes()).await?;
        while !opening.is_open {
            self.read(&mut |bytes, finding| opening.take(bytes, finding)).await?;
        }
        connected();
        loop {
            self.read(&mut |bytes, finding| opening.take(bytes, finding)).await?;
            if let Stream::Websocket(frames) = &mut opening.stream
                && !frames.pongs.is_empty()
            {
                let pongs = std::mem::take(&mut frames.pongs);
                self.say(&pongs).await?;
            }
        }
    }

    /// Asks again and again: at each interval, or at once where there is none.
    async fn ask(
        &mut self,
        listening: &Listening,
        interval: Option<Duration>,
        connected: impl FnOnce() + Send,
    ) -> io::Result<()> {
        let Listening { path, poll_path, target, token, .. } = listening;
        let fields = format!("host: {}\r\n{}", target.authority(), line(token.as_ref()));
        // Where the feed stands: what is published from now on is all to come.
        let (mut position, _) = self.exchange(poll_path, &fields, "").await?;
        connected();
        let mut ticks = interval.map(|interval| {
            let phase = interval.mul_f64(fastrand::f64());
            let mut ticks = interval_at(Instant::now() + phase, interval);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
            ticks
        });
        let mut is_cut = false;
        loop {
            if let Some(ticks) = &mut ticks
                && !is_cut
            {
                ticks.tick().await;
            }
            (position, is_cut) = self.exchange(path, &fields, &position).await?;
        }
    }

    /// One request: gives the position after it, and whether the answer was cut short.
    async fn exchange(&mut self, path: &str, fields: &str, position: &str) -> io::Result<(String, bool)> {
        let after =
            if position.is_empty() { String::new() } else { format!("{LAST_EVENT_ID}: {position}\r\n") };
        let request = format!("GET {path} HTTP/1.1\r\n{fields}{after}\r\n");
        self.say(request.as_bytes()).await?;
        let mut answered = None;
        while answered.is_none() {
            self.read(&mut |bytes, finding| answer(bytes, finding, position, &mut answered)).await?;
        }
        Ok(answered.expect("it was waited for"))
    }

    async fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.socket.write_all(bytes).await?;
        self.socket.flush().await
    }

    /// Reads once, and has what came taken apart. What is complete arrived now.
    async fn read(
        &mut self,
        take: &mut (impl FnMut(&[u8], &mut Finding) -> Result<usize, Wrong> + Send),
    ) -> io::Result<()> {
        let Self { number, socket, shared, carry } = self;
        std::future::poll_fn(|cx| {
            let held = carry.len();
            let desk = &mut *shared.desk(held);
            let Desk { buffer, finding, .. } = desk;
            buffer[..held].copy_from_slice(carry);
            let mut into = ReadBuf::new(&mut buffer[held..]);
            ready!(Pin::new(&mut *socket).poll_read(cx, &mut into))?;
            let read = into.filled().len();
            if read == 0 {
                return Poll::Ready(Err(ErrorKind::UnexpectedEof.into()));
            }
            let arrived_us = monotonic_us();
            let bytes = &buffer[..held + read];
            let done = take(bytes, finding).map_err(io::Error::other)?;
            carry.clear();
            carry.extend_from_slice(&bytes[done..]);
            shared.note(desk, *number, arrived_us);
            Poll::Ready(Ok(()))
        })
        .await
    }
}

/// Takes one answer apart.
fn answer(
    bytes: &[u8],
    finding: &mut Finding,
    position: &str,
    answered: &mut Option<(String, bool)>,
) -> Result<usize, Wrong> {
    let Some(answer) = next_answer(bytes)? else { return Ok(0) };
    if !answer.head.is_success() {
        return Err(answer.head.refusal(answer.body));
    }
    finding.complete(answer.body);
    let is_cut = finding.found.len() >= FULL_EVENTS || answer.body.len() >= FULL_BYTES;
    let position = answer.head.position.unwrap_or_else(|| position.to_owned());
    *answered = Some((position, is_cut));
    Ok(answer.length)
}
