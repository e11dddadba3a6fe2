//! A server in this process, and a client that speaks in bytes.
//!
//! Tests are written with the ids of the protocol's own examples: `8f3k2a` stands for the epoch of the topic
//! `demo`, on the way to the server and on the way back.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use wirelanes::event::EventId;
use wirelanes::feed::{Feed, Retain, Slow};
use wirelanes::server::{Config, Operator, Server};

/// Nothing here takes so long, unless it is stuck.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// The epoch that tests are written with.
const WRITTEN: &str = "8f3k2a";

/// A server that runs until the test ends, or [`drain`](Running::drain)s.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) feed: Feed,
    stop: CancellationToken,
    running: JoinHandle<std::io::Result<()>>,
}

impl Running {
    pub(crate) fn start() -> Self {
        Self::with(Config::default())
    }

    /// A server whose topics remember only so many events.
    pub(crate) fn remembering(events: usize) -> Self {
        Self::with(Config { retain: Retain { events, ..Retain::default() }, ..Config::default() })
    }

    pub(crate) fn with(config: Config) -> Self {
        Self::run_by(config, Operator::default())
    }

    /// A server that somebody operates.
    pub(crate) fn operated(operator: Operator) -> Self {
        Self::run_by(Config::default(), operator)
    }

    /// A server that `prepare` adds something to.
    pub(crate) fn prepared(prepare: impl FnOnce(Server) -> Server) -> Self {
        Self::run(Config::default(), Slow::default(), prepare)
    }

    fn run_by(config: Config, operator: Operator) -> Self {
        Self::run(config, Slow::default(), |server| server.operated(operator))
    }

    /// A server with a way of its own to treat those who do not keep up.
    pub(crate) fn treating(slow: Slow, config: Config) -> Self {
        Self::run(config, slow, |server| server)
    }

    fn run(config: Config, slow: Slow, prepare: impl FnOnce(Server) -> Server) -> Self {
        let config = Config { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..config };
        let feed = Feed::with(config.retain, slow);
        let server = Server::bind(config, feed.clone(), Arc::new(|| None)).expect("port 0 is always free");
        let (address, stop) = (server.address(), CancellationToken::new());
        let running = tokio::spawn(prepare(server).run(stop.clone().cancelled_owned()));
        Self { address, feed, stop, running }
    }

    /// Publishes to `demo`, at the instant 5.
    pub(crate) fn publish(&self, data: &str) -> EventId {
        self.feed.publish("demo", 5, data).expect("there is room for one topic")
    }

    /// Lets go of everyone.
    pub(crate) fn drain(&self) {
        self.stop.cancel();
    }

    /// Whether it has let go of everyone.
    pub(crate) fn is_over(&self) -> bool {
        self.running.is_finished()
    }

    /// Asks how it goes, on a connection that may be turned away.
    pub(crate) async fn connect_and_ask(&self) -> Answer {
        let mut peer = self.connect().await;
        peer.try_say("GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await;
        peer.answer().await
    }

    pub(crate) async fn connect(&self) -> Peer {
        self.peer(TcpSocket::new_v4().expect("there are sockets")).await
    }

    /// A client into whose socket hardly anything fits that it has not read.
    pub(crate) async fn connect_narrowly(&self) -> Peer {
        let socket = TcpSocket::new_v4().expect("there are sockets");
        socket.set_recv_buffer_size(4 << 10).expect("a size that is allowed");
        self.peer(socket).await
    }

    async fn peer(&self, socket: TcpSocket) -> Peer {
        let stream = socket.connect(self.address).await.expect("the server listens");
        let epoch = self.feed.newest("demo").epoch.to_string();
        Peer { stream, unread: Vec::new(), epoch, sent: 0, received: 0 }
    }

    /// Asks on a connection of its own.
    pub(crate) async fn ask(&self, request: &str) -> Answer {
        let mut peer = self.connect().await;
        peer.say(request).await;
        peer.answer().await
    }

    /// Waits until `demo` has so many readers.
    pub(crate) async fn until_readers(&self, expected: usize) {
        let readers = async || {
            let topics = self.feed.topics();
            topics.iter().find(|topic| topic.name == "demo").map_or(0, |demo| demo.subscribers)
        };
        until("readers of `demo`", readers, expected).await;
    }

    /// How many connections are open, the one that asks aside.
    pub(crate) async fn open(&self) -> usize {
        let stats = self.ask("GET /stats HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.json();
        stats["connections"]["open"].as_u64().expect("a number") as usize - 1
    }

    /// Waits until so many connections are open.
    pub(crate) async fn until_open(&self, expected: usize) {
        until("open connections", async || self.open().await, expected).await;
    }
}

async fn until(what: &str, count: impl AsyncFn() -> usize, expected: usize) {
    let begun = Instant::now();
    while count().await != expected {
        assert!(begun.elapsed() < PATIENCE, "{what}: {}, not {expected}", count().await);
        tokio::task::yield_now().await;
    }
}

/// One connection, in bytes.
pub(crate) struct Peer {
    stream: TcpStream,
    unread: Vec<u8>,
    epoch: String,
    /// Bytes written so far.
    pub(crate) sent: usize,
    /// Bytes read so far.
    pub(crate) received: usize,
}

impl Peer {
    /// Writes a text: `8f3k2a` becomes the epoch that is meant.
    pub(crate) async fn say(&mut self, text: &str) {
        let text = text.replace(WRITTEN, &self.epoch);
        self.write(text.as_bytes()).await;
    }

    /// Writes, and minds neither a server that stops listening nor one that leaves.
    pub(crate) async fn try_say(&mut self, text: &str) {
        let _ = tokio::time::timeout(PATIENCE, self.stream.write_all(text.as_bytes())).await;
    }

    /// The same in bytes: whether they were taken.
    pub(crate) async fn try_write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        tokio::time::timeout(PATIENCE, self.stream.write_all(bytes)).await.unwrap_or(Ok(()))
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        let written = tokio::time::timeout(PATIENCE, self.stream.write_all(bytes)).await;
        written.expect("the server takes what it is sent").expect("the connection is open");
        self.sent += bytes.len();
    }

    /// Reads an HTTP answer: a head, and as much of a body as it announces.
    pub(crate) async fn answer(&mut self) -> Answer {
        let head = self.until("\r\n\r\n").await;
        let mut answer = Answer { head: undated(&head), body: String::new() };
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        answer.body = self.text(length).await;
        answer
    }

    /// Reads one chunk, its size line and its last line end included.
    pub(crate) async fn chunk(&mut self) -> String {
        let line = self.until("\r\n").await;
        let size = usize::from_str_radix(line.trim_end(), 16).expect("a chunk begins with its size");
        line + &self.text(size + "\r\n".len()).await
    }

    /// Reads through `end`.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        loop {
            let found = self.unread.windows(end.len()).position(|window| window == end.as_bytes());
            if let Some(at) = found {
                return self.text(at + end.len()).await;
            }
            self.must_fill(end).await;
        }
    }

    /// Reads so many bytes of text: the epoch becomes `8f3k2a`.
    pub(crate) async fn text(&mut self, length: usize) -> String {
        let bytes = self.exactly(length).await;
        String::from_utf8(bytes).expect("the server writes UTF-8").replace(&self.epoch, WRITTEN)
    }

    pub(crate) async fn exactly(&mut self, length: usize) -> Vec<u8> {
        while self.unread.len() < length {
            self.must_fill(&format!("{length} bytes")).await;
        }
        self.unread.drain(..length).collect()
    }

    /// The same, where there is so much before the server closes.
    pub(crate) async fn try_exactly(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.unread.len() < length {
            if !self.fill(&format!("{length} bytes")).await {
                return None;
            }
        }
        Some(self.unread.drain(..length).collect())
    }

    /// Reads until the server closes.
    pub(crate) async fn rest(&mut self) -> String {
        while self.fill("the end").await {}
        let length = self.unread.len();
        self.text(length).await
    }

    /// Closes this side: there will be nothing more to hear from here.
    pub(crate) async fn hang_up(&mut self) {
        self.stream.shutdown().await.expect("the connection is open");
    }

    /// Leaves without a word: with a linger of zero, closing resets.
    pub(crate) fn vanish(self) {
        SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).expect("the connection is open");
    }

    /// Whether nothing has come that was not read.
    pub(crate) async fn hears_nothing(&mut self) -> bool {
        settle().await;
        let mut byte = [0];
        match self.stream.try_read(&mut byte) {
            Err(nothing) if nothing.kind() == ErrorKind::WouldBlock => self.unread.is_empty(),
            Ok(1) => {
                self.unread.push(byte[0]);
                self.received += 1;
                false
            }
            _ended => false,
        }
    }

    /// Holds that something has come by now.
    pub(crate) async fn at_once(&mut self) -> &mut Self {
        assert!(!self.hears_nothing().await, "it is time, and nothing came");
        self
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    async fn must_fill(&mut self, wanted: &str) {
        let more = self.fill(wanted).await;
        assert!(more, "closed before {wanted:?}; unread: {:?}", String::from_utf8_lossy(&self.unread));
    }

    /// One read; `false` at the end.
    async fn fill(&mut self, wanted: &str) -> bool {
        let read = tokio::time::timeout(PATIENCE, self.stream.read_buf(&mut self.unread)).await;
        let unread = || String::from_utf8_lossy(&self.unread);
        let read = read.unwrap_or_else(|_| panic!("{wanted:?} did not come; unread: {:?}", unread()));
        self.received += *read.as_ref().unwrap_or(&0);
        read.is_ok_and(|read| read > 0)
    }
}

/// An HTTP answer. The value of `date` is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        let code = self.head.split(' ').nth(1).and_then(|code| code.parse().ok());
        code.unwrap_or_else(|| panic!("no status in {:?}", self.head))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.into_iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Its body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|wrong| panic!("{wrong} in {:?}", self.body))
    }

    /// All of it.
    pub(crate) fn text(&self) -> String {
        format!("{}{}", self.head, self.body)
    }
}

/// A head without the one value that differs from second to second.
fn undated(head: &str) -> String {
    let line = |line: &str| match line.strip_prefix("date: ") {
        Some(date) => {
            httpdate::parse_http_date(date.trim_end()).expect("`date` is a date of HTTP");
            "date: …\r\n".to_owned()
        }
        None => line.to_owned(),
    };
    head.split_inclusive('\n').map(line).collect()
}

/// Lets everybody do what there is to do now, without waiting for a clock.
pub(crate) async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// Time that stands still, but for what a test lets pass; for as long as this lives.
///
/// A clock of tokio's that is paused jumps ahead whenever everybody waits, unless a blocking task is under
/// way: bytes between two sockets are not always there at once. So one is, until the test is through, or is
/// stuck: then time jumps, and whoever waits in vain says so.
pub(crate) struct StoppedTime(#[expect(dead_code, reason = "its end ends the blocking task")] Sender<()>);

pub(crate) fn stop_time() -> StoppedTime {
    let (running, ended) = channel();
    tokio::task::spawn_blocking(move || ended.recv_timeout(PATIENCE));
    tokio::time::pause();
    StoppedTime(running)
}

impl StoppedTime {
    /// Lets everybody do what there is to do, then so much time pass at once.
    pub(crate) async fn passes(&self, time: Duration) {
        settle().await;
        tokio::time::advance(time).await;
        settle().await;
    }
}

pub(crate) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
