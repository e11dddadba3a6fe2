//! The server that is drained and started again, life after life, on the same port.

use std::time::Instant;

use super::plan::Plan;
use super::publisher::Shared;
use super::result::Life;
use crate::bench::served::Served;
use crate::bench::stage::newest;
use crate::client::{Options, Target};
use crate::event::EventId;

/// A server in one of its lives.
pub(super) struct Server {
    served: Served,
    arguments: Vec<String>,
    log: Shared,
    /// Those that are over.
    lives: Vec<Life>,
}

impl Server {
    /// Its first life.
    pub(super) async fn start(plan: &Plan, log: &Shared) -> anyhow::Result<Self> {
        let arguments = plan.server();
        let served = Served::start(None, &arguments).await?;
        let server = Self { served, arguments, log: log.clone(), lives: Vec::new() };
        server.begin().await?;
        Ok(server)
    }

    pub(super) fn target(&self) -> &Target {
        self.served.target()
    }

    /// Where its log stands.
    pub(super) async fn newest(&self) -> anyhow::Result<EventId> {
        newest(&Options::new(self.target().clone())).await
    }

    /// Drains it, and starts it again where it was.
    pub(super) async fn restart(self) -> anyhow::Result<Self> {
        let Self { served, arguments, log, mut lives } = self;
        let address = served.address();
        let left = served.leave().await?;
        let begun = Instant::now();
        let served = Served::start(Some(address), &arguments).await?;
        let away = begun.elapsed();
        let server = Self { served, arguments, log, lives: Vec::new() };
        // Its newest event is filled in when all is over: an answer to a POST may still be under way.
        let newest = server.begin().await?;
        lives.push(Life {
            newest,
            drain_us: Some(left.took.as_micros() as u64),
            exit_code: left.code,
            away_us: Some(away.as_micros() as u64),
        });
        Ok(Self { lives, ..server })
    }

    /// All its lives, the one that lasts included.
    pub(super) fn lives(self) -> Vec<Life> {
        let mut lives = self.lives;
        let log = self.log.lock().expect("no holder of this lock panics");
        lives.extend(log.newest().map(|newest| Life {
            newest,
            drain_us: None,
            exit_code: None,
            away_us: None,
        }));
        lives.iter_mut().zip(log.lives()).for_each(|(life, newest)| life.newest = newest);
        lives
    }

    /// Writes down which life this is.
    async fn begin(&self) -> anyhow::Result<EventId> {
        let newest = self.newest().await?;
        self.log.lock().expect("no holder of this lock panics").begin(newest.epoch);
        Ok(newest)
    }
}
