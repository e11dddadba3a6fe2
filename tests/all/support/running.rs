//! A server in this process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use tokio::net::TcpSocket;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use wirelanes::event::EventId;
use wirelanes::feed::{Feed, Retain, Slow};
use wirelanes::server::{Config, Operator, Server};

use super::{Answer, PATIENCE, Peer};

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
        Peer::new(stream, epoch)
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
