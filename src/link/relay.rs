//! A relay: a port, and what each connection to it is led through.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::achieved::{Achieved, Tally};
use super::character::Character;
use super::connection::Connection;
use super::engine::Engine;
use super::spec::Link;
use super::timer::Timer;

/// Connections that wait to be accepted, at most: what Linux allows by default.
const BACKLOG: i32 = 4096;

/// How long the connection to the server may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// A relay that runs until it is dropped, which closes its port and its connections, shortly after.
pub struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: CancellationToken,
    /// A port at which nobody listens refuses for as long as nobody else can take it.
    _refusing: Option<Socket>,
    _engine: Engine,
}

/// What all connections of a relay share.
pub(super) struct Shared {
    pub(super) character: Character,
    pub(super) tally: Tally,
    pub(super) timer: Timer,
    to: SocketAddr,
    spec: String,
    has_warned: AtomicBool,
}

/// What the thread that moves bytes is to do.
pub(super) struct Order {
    listener: TcpListener,
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
        let character = link.character();
        let socket = bind(listen, character.refuse)?;
        let address = socket.local_addr()?.as_socket().unwrap_or(listen);
        let shared = Arc::new(Shared {
            character,
            tally: Tally::new(),
            timer: engine.timer().clone(),
            to,
            spec: link.to_string(),
            has_warned: AtomicBool::new(false),
        });
        let stop = CancellationToken::new();
        let refusing = if character.refuse {
            Some(socket)
        } else {
            socket.listen(BACKLOG)?;
            let listener = socket.into();
            engine.order(Order { listener, shared: shared.clone(), stop: stop.clone(), random });
            None
        };
        Ok(Self { address, shared, stop, _refusing: refusing, _engine: engine })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has done so far.
    pub fn achieved(&self) -> Achieved {
        self.shared.tally.achieved(&self.shared.character)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn bind(address: SocketAddr, is_refusing: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A port is taken back at once. Where nobody listens, this would let others do so; on Windows, anywhere.
    if cfg!(unix) && !is_refusing {
        socket.set_reuse_address(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

impl Order {
    /// Accepts until it is told to stop. All connections end with this.
    pub(super) async fn carry_out(self) {
        let Self { listener, shared, stop, random } = self;
        match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => drop(stop.run_until_cancelled(accept(&listener, &shared, random)).await),
            Err(wrong) => tracing::warn!("cannot relay `{}`: {wrong}", shared.spec),
        }
    }
}

async fn accept(listener: &tokio::net::TcpListener, shared: &Arc<Shared>, mut random: fastrand::Rng) {
    let mut connections = JoinSet::new();
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
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "no connection within 10 s");
    let far = match timeout(CONNECT, TcpStream::connect(shared.to)).await.unwrap_or_else(|of| Err(late(of))) {
        Ok(far) => far,
        Err(refused) => return turn_away(&near, accepted, &shared, &refused).await,
    };
    // Nagle, where it is asked for, is ours.
    if near.set_nodelay(true).and(far.set_nodelay(true)).is_ok() {
        Connection::new(near, far, accepted, &shared, random).run().await;
    }
}

/// Whom the server does not want is told so a round trip after it has asked.
async fn turn_away(near: &TcpStream, accepted: Instant, shared: &Shared, refused: &io::Error) {
    tracing::info!("cannot connect to `{}`: {refused}", shared.to);
    tokio::time::sleep_until((accepted + shared.character.round_trip()).into()).await;
    reset(near);
}

/// From now on, closing it resets it.
pub(super) fn reset(socket: &TcpStream) {
    // Who is gone cannot be reset any more.
    let _ = SockRef::from(socket).set_linger(Some(Duration::ZERO));
}

impl Shared {
    /// Says once why nothing passes.
    pub(super) fn warn_of_tls(&self) {
        if !self.has_warned.swap(true, Relaxed) {
            let Self { spec, to, .. } = self;
            tracing::warn!(
                "the link `{spec}` reads HTTP, and what came for `{to}` is TLS, which nobody can read on its way: \
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
