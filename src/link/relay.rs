//! A relay: a port, and a network behind it that can become another one.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Instant;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::achieved::{Achieved, Tally};
use super::door::Door;
use super::engine::Engine;
use super::middlebox::Unread;
use super::order::{Doorkeeper, Order};
use super::spec::Link;
use super::terms::Terms;
use super::timer::Timer;
use super::unreached::Unreached;

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
    pub(super) to: SocketAddr,
    has_warned: AtomicBool,
    /// Where somebody is to hear of it that the server cannot be reached.
    pub(super) unreached: OnceLock<Unreached>,
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
            unreached: OnceLock::new(),
        });
        let stop = CancellationToken::new();
        let relay = Self { address, shared, stop, entrance: Mutex::new(Entrance { door, random }), engine };
        if !refuses {
            let mut entrance = relay.entrance();
            let doorkeeper = entrance.door.open(address, &relay.stop)?;
            relay.let_in(doorkeeper, &mut entrance.random);
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
        let doorkeeper = match !refuses && entrance.door.refuses() {
            true => Some(entrance.door.open(self.address, &self.stop)?),
            false => None,
        };
        // Whoever comes in finds these terms.
        self.shared.terms.send_replace(Arc::new(next));
        if let Some(doorkeeper) = doorkeeper {
            self.let_in(doorkeeper, &mut entrance.random);
        }
        if refuses { entrance.door.close(self.address) } else { Ok(()) }
    }

    /// Resets all connections that are open, at both ends.
    pub fn drop_all(&self) {
        let _one_at_a_time = self.entrance();
        self.shared.terms.send_modify(|terms| *terms = Arc::new(terms.dropped()));
    }

    /// Lets nobody in any more, until it is [changed](Self::change). Who is connected stays.
    ///
    /// # Errors
    /// Where the port is lost to somebody else.
    pub fn shut(&self) -> io::Result<()> {
        self.entrance().door.close(self.address)
    }

    /// From now on it is warned of where the server cannot be reached, now and then. Who has the server, too, knows.
    pub fn warn_where_unreached(&self) {
        self.shared.unreached.get_or_init(Unreached::default);
    }

    fn let_in(&self, doorkeeper: Doorkeeper, random: &mut fastrand::Rng) {
        let (shared, stop) = (self.shared.clone(), self.stop.clone());
        self.engine.order(Order { doorkeeper, shared, stop, random: random.fork() });
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

impl Shared {
    pub(super) fn terms(&self) -> Arc<Terms> {
        self.terms.borrow().clone()
    }

    /// Somebody is turned away, for the server cannot be reached.
    pub(super) fn turns_away(&self, why: &io::Error) {
        let to = self.to;
        match self.unreached.get().and_then(|unreached| unreached.again(Instant::now())) {
            Some(0 | 1) => {
                tracing::warn!(
                    "cannot reach `{to}`: {why}; who connects here is reset until somebody listens there"
                );
            }
            Some(many) => {
                tracing::warn!(
                    "cannot reach `{to}`: {why}; {many} connections were reset since this was said last"
                );
            }
            None => tracing::info!("cannot connect to `{to}`: {why}"),
        }
    }

    /// Says once why nothing passes.
    pub(super) fn warn_of(&self, unread: Unread) {
        if self.has_warned.swap(true, Relaxed) {
            return;
        }
        let (link, to) = (&self.terms().link, self.to);
        match unread {
            Unread::Tls => tracing::warn!(
                "the link `{link}` reads HTTP, and what came for `{to}` is TLS, which nobody can read on its way: \
                 connect without TLS, or choose items that do not read (delay, rate, idle, cut, reset)"
            ),
            Unread::Http2 => tracing::warn!(
                "the link `{link}` reads HTTP/1.1, and what came for `{to}` is HTTP/2: ask with `--http 1`, or leave \
                 out {}",
                link.readers()
            ),
        }
    }
}
