//! One idle client: a connection, and hardly anything else. Ten thousand of them fit into one process beside what
//! measures them.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::answer::{self, Answer};
use super::frames::Frames;
use super::line::{Line, cipher, line, say, take};
use super::request::Asking;
use crate::tls::Cipher;
use crate::transport::Transport;

/// A connection on which nothing happens but what keeps it alive.
pub(super) struct Idle {
    pub(super) socket: Arc<TcpStream>,
    /// When its first period began.
    pub(super) since: Instant,
    /// Bytes of a request for news.
    pub(super) request_bytes: usize,
    /// Bytes of the first answer; that of a stream does not end, and only its head came.
    pub(super) answer_bytes: usize,
    /// What it is encrypted with, where it is.
    pub(super) cipher: Option<Cipher>,
}

/// What it does from then on.
pub(super) struct Life {
    asking: Arc<Asking>,
    line: Line,
    since: Instant,
    position: Option<String>,
    frames: Frames,
}

/// How long it may take until a connection is idle, while others are opened beside it.
const OPENING: Duration = Duration::from_secs(30);

/// Opens the connection with this number.
pub(super) async fn open(asking: &Arc<Asking>, number: usize) -> io::Result<(Idle, Life)> {
    let opening = async {
        let socket = connect(asking.address, number).await?;
        begin(asking.clone(), Arc::new(socket)).await
    };
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, format!("not answered within {OPENING:?}"));
    timeout(OPENING, opening).await.map_err(late)?
}

/// Connections from one address of this machine, at most: by default Linux has 28,232 ports for them, of
/// which others, and those closed within the last minute, hold some.
const PORTS: usize = 20_000;

async fn connect(address: SocketAddr, number: usize) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(source) = source(address, number) {
        socket.set_reuseaddr(true)?;
        socket.bind(source)?;
    }
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// All of 127.0.0.0/8 is this machine: from the second 20,000 on, each has an address of its own.
fn source(address: SocketAddr, number: usize) -> Option<SocketAddr> {
    let block = u32::try_from(number / PORTS).expect("there are not so many connections");
    let is_v4_loopback = address.is_ipv4() && address.ip().is_loopback();
    let source = Ipv4Addr::from_bits(Ipv4Addr::LOCALHOST.to_bits() + block);
    (is_v4_loopback && block > 0).then(|| SocketAddr::from((source, 0)))
}

async fn begin(asking: Arc<Asking>, socket: Arc<TcpStream>) -> io::Result<(Idle, Life)> {
    let line = line(&asking.target, &socket).await?;
    let cipher = cipher(&line);
    let mut life = Life { asking, line, since: Instant::now(), position: None, frames: Frames::default() };
    say(&mut life.line, life.asking.first().as_bytes()).await?;
    let answer_bytes = life.first_answer().await?;
    let again = life.asking.again(life.position.as_deref());
    if life.asking.transport == Transport::Longpoll && life.asking.target.is_server() {
        say(&mut life.line, again.as_bytes()).await?;
    }
    life.since = Instant::now();
    let idle = Idle { socket, since: life.since, request_bytes: again.len(), answer_bytes, cipher };
    Ok((idle, life))
}

impl Life {
    /// Waits for what comes before idleness, and tells how many bytes it was.
    async fn first_answer(&mut self) -> io::Result<usize> {
        let Asking { transport, target, .. } = &*self.asking;
        let answer = match transport {
            // Somebody's holds the first request already.
            Transport::Longpoll if !target.is_server() => return Ok(0),
            Transport::Poll | Transport::Longpoll => news(answer::whole(&mut self.line).await?)?,
            Transport::Sse => stream(answer::head(&mut self.line).await?.answer)?,
            Transport::Websocket => {
                let begun = answer::head(&mut self.line).await?;
                expect(begun.answer.status == 101, &begun.answer)?;
                say(&mut self.line, &self.frames.saw(&begun.early)).await?;
                begun.answer
            }
        };
        self.position = answer.last_event_id;
        Ok(answer.bytes)
    }

    /// Keeps the connection, until it ends: why, is what this gives.
    pub(super) async fn run(self) -> io::Error {
        let Err(why) = match self.asking.transport {
            Transport::Poll => self.poll().await,
            Transport::Longpoll => self.longpoll().await,
            Transport::Sse => self.listen().await,
            Transport::Websocket => self.pong().await,
        };
        why
    }

    async fn poll(mut self) -> io::Result<Infallible> {
        let period = self.asking.poll_interval;
        let mut ticks = interval_at(self.since + period, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                why = end(&mut self.line) => return Err(why),
            }
            let request = self.asking.again(self.position.as_deref());
            say(&mut self.line, request.as_bytes()).await?;
            self.position = news(answer::whole(&mut self.line).await?)?.last_event_id;
        }
    }

    async fn longpoll(mut self) -> io::Result<Infallible> {
        loop {
            self.position = news(answer::whole(&mut self.line).await?)?.last_event_id;
            let request = self.asking.again(self.position.as_deref());
            say(&mut self.line, request.as_bytes()).await?;
        }
    }

    async fn listen(mut self) -> io::Result<Infallible> {
        Err(end(&mut self.line).await)
    }

    async fn pong(mut self) -> io::Result<Infallible> {
        loop {
            let mut pongs = Vec::new();
            take(&mut self.line, |bytes| pongs = self.frames.saw(bytes)).await?;
            say(&mut self.line, &pongs).await?;
        }
    }
}

fn news(answer: Answer) -> io::Result<Answer> {
    expect((200..300).contains(&answer.status), &answer)?;
    Ok(answer)
}

fn stream(answer: Answer) -> io::Result<Answer> {
    expect(answer.status == 200, &answer)?;
    match answer.kind.as_deref().unwrap_or_default() {
        kind if kind.starts_with("text/event-stream") => Ok(answer),
        kind => Err(io::Error::other(format!("the answer's type is `{kind}`, not `text/event-stream`"))),
    }
}

fn expect(is_so: bool, answer: &Answer) -> io::Result<()> {
    match is_so {
        true => Ok(()),
        false => Err(io::Error::other(format!("the server refused with {}", answer.status))),
    }
}

/// Waits until the connection ends: between two polls there is nothing else to read.
async fn end(line: &mut Line) -> io::Error {
    loop {
        if let Err(why) = take(line, |_| {}).await {
            return why;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_one_address_runs_out_of_ports_the_next_one_is_taken() {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 8080));
        let at = |number| source(loopback, number).map(|source| source.ip().to_string());
        assert_eq!((at(0), at(19_999)), (None, None));
        assert_eq!((at(20_000).as_deref(), at(59_999).as_deref()), (Some("127.0.0.2"), Some("127.0.0.3")));
        let elsewhere = SocketAddr::from(([192, 0, 2, 1], 80));
        assert_eq!(source(elsewhere, 20_000), None, "only the system knows from where it reaches others");
    }
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_server_sees_where_each_block_comes_from() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        for (number, from) in [(0, "127.0.0.1"), (PORTS, "127.0.0.2"), (PORTS * 300, "127.0.1.45")] {
            let (connected, accepted) = tokio::join!(connect(address, number), listener.accept());
            let (_, peer) = accepted.unwrap();
            assert_eq!((connected.is_ok(), peer.ip().to_string().as_str()), (true, from));
        }
    }
}
