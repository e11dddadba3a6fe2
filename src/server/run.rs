//! A server at work: from its start until everybody has left.
//!
//! ```text
//! run ──▶ accept, and give each connection to a thread ──▶ stop ──▶ nobody is let in ──▶ drain ──▶ over
//!    └──▶ keep: give memory back, tell pages what changes, close desks ─────────────────────────────┘
//! ```

use std::io;

use tokio_util::task::TaskTracker;

use super::crew::Crew;
use super::{Server, Shared, accept, desks, ebb, state};

impl Server {
    /// Serves until `stop`, then lets go of everyone: long polls are answered, streams ended.
    ///
    /// # Errors
    /// Where its threads cannot be started.
    pub async fn run(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let Self { listener, shared } = self;
        let mut crew = Crew::muster(&shared, shared.config.threads)?;
        tokio::select! {
            () = accept::accept(&listener, &shared, &mut crew) => {}
            () = keep(&shared) => {}
            () = stop => {}
        }
        drop(listener);
        let connections = crew.connections().clone();
        drop(crew);
        tokio::select! {
            () = let_go(&shared, &connections) => {}
            () = keep(&shared) => {}
        }
        Ok(())
    }
}

/// What goes on beside serving, until it is dropped.
async fn keep(shared: &Shared) {
    tokio::join!(
        ebb::watch(&shared.door),
        state::watch(shared),
        desks::rounds(&shared.desks, &shared.accounts)
    );
}

/// Has everybody leave.
async fn let_go(shared: &Shared, connections: &TaskTracker) {
    let within = shared.config.drain;
    tracing::info!("draining {} connections", connections.len());
    shared.drain.begin(shared.accounts.waiting(), within);
    connections.close();
    let is_over = tokio::time::timeout(within, connections.wait()).await.is_ok();
    // Who is told to wait for nobody has nobody to complain of.
    if !is_over && !within.is_zero() {
        tracing::warn!("{} connections did not close within {within:?}", connections.len());
    }
}
