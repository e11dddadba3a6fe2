//! All idle clients of a lane.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use futures_util::{StreamExt, stream};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::client::{self, Idle};
use super::request::Asking;
use super::traffic::Traffic;

/// Handshakes at once: enough to keep two cores busy, and far from any listen queue's end.
const AT_ONCE: usize = 64;

pub(super) struct Crowd {
    clients: Vec<Idle>,
    lives: JoinSet<std::io::Error>,
    /// Those that the server let go of, and why the first was.
    pub(super) lost: u64,
    pub(super) first_loss: Option<String>,
    /// How long it took to open them all.
    pub(super) opening: Duration,
}

impl Crowd {
    pub(super) async fn open(asking: &Arc<Asking>, count: usize) -> anyhow::Result<Self> {
        let begun = Instant::now();
        let (mut clients, mut lives) = (Vec::with_capacity(count), JoinSet::new());
        let mut opening =
            stream::iter(0..count).map(|number| client::open(asking, number)).buffer_unordered(AT_ONCE);
        while let Some(opened) = opening.next().await {
            let (idle, life) = opened.with_context(|| {
                let number = clients.len() + 1;
                format!(
                    "cannot open {} connection {number} of {count} to `{}`",
                    asking.transport, asking.target
                )
            })?;
            clients.push(idle);
            lives.spawn(life.run());
        }
        drop(opening);
        Ok(Self { clients, lives, lost: 0, first_loss: None, opening: begun.elapsed() })
    }

    pub(super) fn clients(&self) -> &[Idle] {
        &self.clients
    }

    /// What the kernel counted on all of them so far.
    pub(super) fn traffic(&self) -> Option<Traffic> {
        Traffic::of(self.clients.iter().map(|idle| &*idle.socket))
    }

    /// Looks for connections that have ended.
    pub(super) fn count_lost(&mut self) {
        while let Some(ended) = self.lives.try_join_next() {
            self.lost += 1;
            let why = ended.map_or_else(|wrong| wrong.to_string(), |why| why.to_string());
            self.first_loss.get_or_insert(why);
        }
    }

    pub(super) async fn close(mut self) {
        self.lives.shutdown().await;
    }
}
