//! A relay: a port, and what each connection to it is led through.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::achieved::{Achieved, Tally};
use super::connection::Connection;
use super::door::Door;
use super::engine::Engine;
use super::spec::Link;
use super::terms::Terms;
use super::timer::Timer;

/// How long the connection to the server may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// A relay that runs until it is dropped, which closes its port and its connections, shortly after.
pub struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: CancellationToken,
    entrance: Mutex<Entrance>,
    engine: Engine,
}

/// The port, and where the chance comes from of those who come in.
struct Entrance {
    door: Door,
    random: fastrand::Rng,
}

/// What all connections of a relay share.
pub(super) struct Shared {
    pub(super) terms: watch::Sender<Arc<Terms>>,
    pub(super) tally: Tally,
    pub(super) timer: Timer,
    to: SocketAddr,
    has_warned: AtomicBool,
}

/// Who accepts, until the door is closed.
pub(super) struct Doorkeeper {
    pub(super) listener: TcpListener,
    pub(super) close: CancellationToken,
    /// Dropped when nobody listens any more.
    pub(super) is_open: Sender<Infallible>,
}

/// What the thread that moves bytes is to do.
pub(super) struct Order {
    doorkeeper: Doorkeeper,
    shared: Arc<Shared>,
    stop: CancellationToken,
    random: fastrand::Rng,
}

impl Relay {
    pub(super) fn begin(
        engine: Engine,
        link: &Link,
        listen: SocketAddr,
        to: SocketAddr,
        random: fastrand::Rng,
    ) -> io::Result<Self> {
        let terms = Terms::of(link);
        let refuses = terms.character.refuse;
        let (door, address) = Door::bind(listen, refuses)?;
        let shared = Arc::new(Shared {
            terms: watch::Sender::new(Arc::new(terms)),
            tally: Tally::new(),
            timer: engine.timer().clone(),
            to,
            has_warned: AtomicBool::new(false),
        });
        let stop = CancellationToken::new();
        let relay = Self { address, shared, stop, entrance: Mutex::new(Entrance { door, random }), engine };
        if !refuses {
            relay.open(&mut relay.entrance())?;
        }
        Ok(relay)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it is like now.
    pub fn link(&self) -> Link {
        self.shared.terms().link.clone()
    }

    /// How often it was changed since it began.
    pub fn changes(&self) -> u64 {
        self.shared.terms().changes
    }

    /// What it has done so far.
    pub fn achieved(&self) -> Achieved {
        self.shared.tally.achieved(&self.shared.terms().character)
    }

    /// From now on it is another link, for connections that are open, too. What has set out arrives as it would
    /// have; what comes after does not overtake it. Where HTTP is read otherwise than before, and where the new link
    /// refuses, open connections are reset.
    ///
    /// # Errors
    /// Where the port is to be opened again, and somebody else has taken it. Then it still refuses.
    pub fn change(&self, link: &Link) -> io::Result<()> {
        let mut entrance = self.entrance();
        let next = self.shared.terms().changed_to(link);
        let refuses = next.character.refuse;
        if !refuses && entrance.door.refuses() {
            self.open(&mut entrance)?;
        }
        self.shared.terms.send_replace(Arc::new(next));
        if refuses { entrance.door.close(self.address) } else { Ok(()) }
    }

    /// Resets all connections that are open, at both ends.
    pub fn drop_all(&self) {
        let _one_at_a_time = self.entrance();
        self.shared.terms.send_modify(|terms| *terms = Arc::new(terms.dropped()));
    }

    fn open(&self, entrance: &mut Entrance) -> io::Result<()> {
        let doorkeeper = entrance.door.open(self.address, &self.stop)?;
        let (shared, stop) = (self.shared.clone(), self.stop.clone());
        self.engine.order(Order { doorkeeper, shared, stop, random: entrance.random.fork() });
        Ok(())
    }

    fn entrance(&self) -> MutexGuard<'_, Entrance> {
        self.entrance.lock().expect("nothing panics while it is opened or closed")
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Order {
    /// Accepts until the door is closed, and stays until all that came in have left. Where it is told to stop, all
    /// connections end with this.
    pub(super) async fn carry_out(self) {
        let Self { doorkeeper: Doorkeeper { listener, close, is_open }, shared, stop, random } = self;
        let mut connections = JoinSet::new();
        match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => {
                close.run_until_cancelled(accept(&listener, &shared, random, &mut connections)).await;
            }
            Err(wrong) => tracing::warn!("cannot relay `{}`: {wrong}", shared.terms().link),
        }
        drop(is_open);
        stop.run_until_cancelled(async { while connections.join_next().await.is_some() {} }).await;
    }
}

async fn accept(
    listener: &tokio::net::TcpListener,
    shared: &Arc<Shared>,
    mut random: fastrand::Rng,
    connections: &mut JoinSet<()>,
) {
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((near, _)) => {
                    let accepted = Instant::now();
                    connections.spawn(relay(near, accepted, shared.clone(), random.fork()));
                }
                Err(wrong) => {
                    // Out of file descriptors, most likely: others will close theirs.
                    tracing::warn!("cannot accept a connection: {wrong}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One connection, from its beginning to its end.
async fn relay(near: TcpStream, accepted: Instant, shared: Arc<Shared>, random: fastrand::Rng) {
    let _open = Open::count(&shared);
    let news = shared.terms.subscribe();
    let terms = news.borrow().clone();
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "no connection within 10 s");
    let far = match timeout(CONNECT, TcpStream::connect(shared.to)).await.unwrap_or_else(|of| Err(late(of))) {
        Ok(far) => far,
        Err(refused) => {
            return turn_away(&near, accepted + terms.character.round_trip(), shared.to, &refused).await;
        }
    };
    // Nagle, where it is asked for, is ours.
    if near.set_nodelay(true).and(far.set_nodelay(true)).is_ok() {
        Connection::new(near, far, accepted, terms, &shared, random).run(news).await;
    }
}

/// Whom the server does not want is told so a round trip after it has asked.
async fn turn_away(near: &TcpStream, at: Instant, to: SocketAddr, refused: &io::Error) {
    tracing::info!("cannot connect to `{to}`: {refused}");
    tokio::time::sleep_until(at.into()).await;
    reset(near);
}

/// From now on, closing it resets it.
pub(super) fn reset(socket: &TcpStream) {
    // Who is gone cannot be reset any more.
    let _ = SockRef::from(socket).set_linger(Some(Duration::ZERO));
}

impl Shared {
    fn terms(&self) -> Arc<Terms> {
        self.terms.borrow().clone()
    }

    /// Says once why nothing passes.
    pub(super) fn warn_of_tls(&self) {
        if !self.has_warned.swap(true, Relaxed) {
            let (link, to) = (&self.terms().link, self.to);
            tracing::warn!(
                "the link `{link}` reads HTTP, and what came for `{to}` is TLS, which nobody can read on its way: \
                 connect without TLS, or choose items that do not read (delay, rate, idle, cut, reset)"
            );
        }
    }
}

/// Counts a connection as open for as long as this lives.
struct Open(Arc<Shared>);

impl Open {
    fn count(shared: &Arc<Shared>) -> Self {
        shared.tally.connections.fetch_add(1, Relaxed);
        shared.tally.open.fetch_add(1, Relaxed);
        Self(shared.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.tally.open.fetch_sub(1, Relaxed);
    }
}
