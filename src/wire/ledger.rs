//! Where the bytes went.

use std::ops::{Add, Sub};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;

use super::conversation::Direction;
use super::exchange::Exchange;

/// Bytes that went one way, by layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bytes {
    /// Heads of HTTP requests or answers, from the first letter to the empty line; of HTTP/2, all frames but DATA.
    pub http: u64,
    /// All that follows a head: payload and envelope, of HTTP/2 with the heads of DATA frames. Who knows the payload
    /// can tell them apart.
    pub body: u64,
    /// What TLS puts around both: heads of records, tags, alerts. None of it without TLS.
    pub tls: u64,
}

impl Bytes {
    /// All three layers: what the socket carried, but for the [`Handshake`] that came before.
    pub fn total(self) -> u64 {
        self.http + self.body + self.tls
    }
}

/// What TLS took before the first byte of a request or an answer: paid once a connection, and so told apart from
/// what every message costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Handshake {
    /// Bytes from client to server.
    pub up: u64,
    /// Bytes from server to client.
    pub down: u64,
}

/// A reading of a [`Ledger`]. Subtract two of them to know what happened in between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// From client to server.
    pub up: Bytes,
    /// From server to client.
    pub down: Bytes,
    /// Request heads.
    pub requests: u64,
    /// Answers with status 204: nothing was new.
    pub empty_answers: u64,
    /// Connections opened.
    pub connections: u64,
    /// What it took to make them secure.
    pub handshake: Handshake,
}

impl Sub for Handshake {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self { up: self.up - earlier.up, down: self.down - earlier.down }
    }
}

impl Add for Handshake {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { up: self.up + other.up, down: self.down + other.down }
    }
}

impl Sub for Bytes {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self { http: self.http - earlier.http, body: self.body - earlier.body, tls: self.tls - earlier.tls }
    }
}

impl Add for Bytes {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { http: self.http + other.http, body: self.body + other.body, tls: self.tls + other.tls }
    }
}

impl Sub for Counts {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            up: self.up - earlier.up,
            down: self.down - earlier.down,
            requests: self.requests - earlier.requests,
            empty_answers: self.empty_answers - earlier.empty_answers,
            connections: self.connections - earlier.connections,
            handshake: self.handshake - earlier.handshake,
        }
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            up: self.up + other.up,
            down: self.down + other.down,
            requests: self.requests + other.requests,
            empty_answers: self.empty_answers + other.empty_answers,
            connections: self.connections + other.connections,
            handshake: self.handshake + other.handshake,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Layers {
    pub(super) http: AtomicU64,
    pub(super) body: AtomicU64,
    pub(super) tls: AtomicU64,
    pub(super) handshake: AtomicU64,
}

impl Layers {
    fn read(&self) -> Bytes {
        Bytes { http: self.http.load(Relaxed), body: self.body.load(Relaxed), tls: self.tls.load(Relaxed) }
    }
}

/// Counts what passes a wire, or several: all connections of one lane may share a ledger.
#[derive(Debug, Default)]
pub struct Ledger {
    pub(super) up: Layers,
    pub(super) down: Layers,
    pub(super) requests: AtomicU64,
    pub(super) empty_answers: AtomicU64,
    /// Connections opened: counted by who opens them.
    pub connections: AtomicU64,
    /// The instant of the last read that brought something, in monotonic microseconds.
    pub last_read_us: AtomicU64,
}

impl Ledger {
    pub(super) fn of(&self, direction: Direction) -> &Layers {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }

    /// What has been counted so far.
    pub fn counts(&self) -> Counts {
        Counts {
            up: self.up.read(),
            down: self.down.read(),
            requests: self.requests.load(Relaxed),
            empty_answers: self.empty_answers.load(Relaxed),
            connections: self.connections.load(Relaxed),
            handshake: Handshake {
                up: self.up.handshake.load(Relaxed),
                down: self.down.handshake.load(Relaxed),
            },
        }
    }

    /// Books heads by which a proxy was asked for a tunnel. The server sees none of it: it is no request.
    pub(crate) fn tunnelled(&self, up: usize, down: usize) {
        self.up.http.fetch_add(up as u64, Relaxed);
        self.down.http.fetch_add(down as u64, Relaxed);
    }
}

/// The ledgers that one request is booked in: on a server, its transport's and its client's.
#[derive(Clone, Debug)]
pub struct Account {
    /// The ledger of the transport.
    pub transport: Arc<Ledger>,
    /// Of the client that gave a name.
    pub client: Option<Arc<Sheet>>,
}

/// A client's part of an account. All requests of a client that nobody watches share one; else each has its own.
#[derive(Debug)]
pub struct Sheet {
    /// The ledger of the client.
    pub ledger: Arc<Ledger>,
    /// This request, where it is watched.
    pub exchange: Option<Exchange>,
}

impl Account {
    pub(super) fn ledgers(&self) -> impl Iterator<Item = &Ledger> {
        std::iter::once(&*self.transport).chain(self.client.as_ref().map(|sheet| &*sheet.ledger))
    }

    pub(super) fn exchange(&self) -> Option<&Exchange> {
        self.client.as_ref()?.exchange.as_ref()
    }
}

/// The account of a request: by its target, and the number of the connection that it came on.
pub type Choose = Arc<dyn Fn(&str, u64) -> Account + Send + Sync>;

/// Which account a request belongs to.
#[derive(Clone)]
pub enum Books {
    /// All to one ledger: a client's lane.
    One(Arc<Ledger>),
    /// Chosen for each request, on the connection with this number: a server.
    ByTarget(Choose, u64),
}

impl Books {
    pub(super) fn account(&self, target: &str) -> Account {
        match self {
            Self::One(ledger) => Account { transport: ledger.clone(), client: None },
            Self::ByTarget(choose, connection) => choose(target, *connection),
        }
    }

    /// Stamps a read, where one lane's ledger stands for this wire alone.
    pub(super) fn arrived(&self, now_us: impl FnOnce() -> u64) {
        if let Self::One(ledger) = self {
            ledger.last_read_us.store(now_us(), Relaxed);
        }
    }
}
