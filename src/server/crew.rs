//! Who serves a connection: a thread for each core, each with its connections to itself.
//!
//! A runtime that shares its tasks between threads pays for it at every wake-up, also where there is one core.
//! So each thread has a runtime of its own, and a connection stays where it was put. They are put in turn: the
//! kernel, asked to spread them (`SO_REUSEPORT`), goes by a hash of the addresses, and of four connections
//! may give one thread all.

use std::io;
use std::sync::Arc;
use std::thread;

use tokio::net::TcpStream;
use tokio::runtime::{Builder, Handle};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::Shared;
use super::connection::Connection;
use super::door::Whence;

/// A connection on its way to another thread, and whence it comes.
type Arrival = (std::net::TcpStream, Option<Box<Whence>>);

/// The threads that serve, the one that accepts among them.
pub(super) struct Crew {
    shared: Arc<Shared>,
    connections: TaskTracker,
    others: Vec<UnboundedSender<Arrival>>,
    turn: usize,
}

impl Crew {
    /// As many as `threads`, this one included.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub(super) fn muster(shared: &Arc<Shared>, threads: usize) -> io::Result<Self> {
        let connections = TaskTracker::new();
        let mut runtimes = vec![Handle::current()];
        let others = (1..threads).map(|number| {
            let (sender, arrivals) = unbounded_channel();
            let (shared, connections) = (shared.clone(), connections.clone());
            let runtime = Builder::new_current_thread().enable_all().build()?;
            runtimes.push(runtime.handle().clone());
            let work = move || runtime.block_on(work(shared, connections, arrivals));
            thread::Builder::new().name(format!("server-{number}")).spawn(work)?;
            Ok(sender)
        });
        let others = others.collect::<io::Result<_>>()?;
        shared.runtimes.get_or_init(|| runtimes);
        Ok(Self { shared: shared.clone(), connections, others, turn: 0 })
    }

    /// Gives a connection to the next of them.
    pub(super) fn take(&mut self, stream: TcpStream, whence: Option<Box<Whence>>) {
        let other = self.others.get(self.turn);
        self.turn = (self.turn + 1) % (self.others.len() + 1);
        match other {
            None => spawn(&self.connections, &self.shared, stream, whence),
            // A thread that ended takes its connections with it: this one, too.
            Some(other) => match stream.into_std() {
                Ok(stream) => drop(other.send((stream, whence))),
                Err(wrong) => give_up(&self.shared, &wrong),
            },
        }
    }

    /// Everybody that is served.
    pub(super) fn connections(&self) -> &TaskTracker {
        &self.connections
    }
}

async fn work(shared: Arc<Shared>, connections: TaskTracker, mut arrivals: UnboundedReceiver<Arrival>) {
    while let Some((stream, whence)) = arrivals.recv().await {
        match TcpStream::from_std(stream) {
            Ok(stream) => spawn(&connections, &shared, stream, whence),
            Err(wrong) => give_up(&shared, &wrong),
        }
    }
    let _ = timeout(shared.config.drain, connections.wait()).await;
}

/// A connection that was let in, and that nobody can serve: it takes nobody's room for that.
fn give_up(shared: &Shared, wrong: &io::Error) {
    shared.door.leave();
    tracing::warn!("cannot serve a connection: {wrong}");
}

fn spawn(connections: &TaskTracker, shared: &Arc<Shared>, stream: TcpStream, whence: Option<Box<Whence>>) {
    let spawned = match &shared.identity {
        None => Connection::accepted(shared, stream, whence).map(|of| drop(connections.spawn(of))),
        Some(identity) => {
            Connection::greeted(shared, identity, stream, whence).map(|of| drop(connections.spawn(of)))
        }
    };
    // Reset before anybody looked at it: nobody else must wait for that, and no log may grow by it.
    if let Err(gone) = spawned {
        tracing::debug!("a connection ended before it began: {gone}");
    }
}
