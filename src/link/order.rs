//! What the thread that moves bytes is ordered to do: to accept, and to lead each connection through.

use std::convert::Infallible;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::connection::Connection;
use super::relay::Shared;

/// How long the connection to the server may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// Who accepts, until the door is closed.
pub(super) struct Doorkeeper {
    pub(super) listener: TcpListener,
    pub(super) close: CancellationToken,
    /// Dropped when nobody listens any more.
    pub(super) is_open: Sender<Infallible>,
}

/// What the thread that moves bytes is to do.
pub(super) struct Order {
    pub(super) doorkeeper: Doorkeeper,
    pub(super) shared: Arc<Shared>,
    pub(super) stop: CancellationToken,
    pub(super) random: fastrand::Rng,
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
    if terms.character.refuse {
        // It came in while the door was being closed.
        return reset(&near);
    }
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "no connection within 10 s");
    let far = match timeout(CONNECT, TcpStream::connect(shared.to)).await.unwrap_or_else(|of| Err(late(of))) {
        Ok(far) => far,
        Err(refused) => {
            shared.turns_away(&refused);
            return turn_away(&near, accepted + terms.character.round_trip()).await;
        }
    };
    // Nagle, where it is asked for, is ours.
    if near.set_nodelay(true).and(far.set_nodelay(true)).is_ok() {
        Connection::new(near, far, accepted, terms, &shared, random).run(news).await;
    }
}

/// Whom the server does not want is told so a round trip after it has asked.
async fn turn_away(near: &TcpStream, at: Instant) {
    tokio::time::sleep_until(at.into()).await;
    reset(near);
}

/// From now on, closing it resets it.
pub(super) fn reset(socket: &TcpStream) {
    // Who is gone cannot be reset any more.
    let _ = SockRef::from(socket).set_linger(Some(Duration::ZERO));
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
