//! Who publishes, through every restart, and writes down what became of each message.
//!
//! ```text
//! player ─ due ─▶ row ─▶ 16 lines ─ POST ─▶ server
//!                          │ 201 and an id        it is published: into the log
//!                          │ 503, 429, no server  it is not: again, a moment later
//!                          └ cut off              nobody knows: into the log as that, and never again
//! ```

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::{Context, anyhow};
use hyper::StatusCode;
use serde::Deserialize;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::log::{Log, Sent};
use super::message::{TOPIC, message};
use super::plan::Plan;
use crate::bench::stage::publishing;
use crate::client::{Connection, Ended, Options, Target};
use crate::clock::{Clock, monotonic_us};
use crate::event::EventId;
use crate::source::{Player, Source, SourceKind};

/// POSTs at once: enough for 500 a second where an answer takes 32 ms, as it may on a machine that is busy.
const LINES: usize = 16;

/// Before a message is tried again that was not taken.
const AGAIN: Duration = Duration::from_millis(20);

/// How long an answer may take: a server that is drained takes no longer.
const ANSWER: Duration = Duration::from_secs(15);

/// What was published so far, shared by all who write it down.
pub(super) type Shared = Arc<Mutex<Log>>;

/// A publisher at work.
pub(super) struct Publisher {
    player: Player,
    lines: JoinSet<anyhow::Result<()>>,
    tried_again: Arc<AtomicU64>,
    over: CancellationToken,
}

/// Where the numbers of messages that are due are taken from, in turns.
type Row = Arc<tokio::sync::Mutex<UnboundedReceiver<u32>>>;

impl Publisher {
    pub(super) fn start(plan: &Plan, target: &Target, log: &Shared) -> anyhow::Result<Self> {
        let (entry, row) = unbounded_channel();
        let row: Row = Arc::new(tokio::sync::Mutex::new(row));
        let tried_again = Arc::<AtomicU64>::default();
        let (mut lines, over) = (JoinSet::new(), CancellationToken::new());
        for _ in 0..LINES {
            let options = Options::new(target.clone());
            let (log, tried_again) = (log.clone(), tried_again.clone());
            let line = Line { options, size: plan.size, connection: None, log, tried_again };
            lines.spawn(line.publish(row.clone(), over.clone()));
        }
        let source = Source {
            kind: SourceKind::Poisson,
            rate: plan.rate,
            size: plan.size,
            seed: plan.seed,
            ..Source::default()
        };
        let mut number = 0;
        let player = Player::start(&source, Clock::start(), move |_, _| {
            // Nobody takes it any more where a server has refused for good: that is told at the end.
            let _ = entry.send(number);
            number += 1;
        })?;
        Ok(Self { player, lines, tried_again, over })
    }

    /// Waits for the answers that are under way, and sends nothing more: what is still in the row was never sent.
    /// Gives how many messages were due, and how often one was tried again.
    pub(super) async fn stop(self) -> anyhow::Result<(u64, u64)> {
        let Self { player, mut lines, tried_again, over } = self;
        let due = player.stop().events;
        over.cancel();
        while let Some(ended) = lines.join_next().await {
            ended??;
        }
        Ok((due, tried_again.load(Relaxed)))
    }
}

/// One message at a time.
struct Line {
    options: Options,
    /// Bytes of each message.
    size: usize,
    connection: Option<Connection>,
    log: Shared,
    tried_again: Arc<AtomicU64>,
}

/// What became of a message.
enum Fate {
    Published(EventId),
    Refused,
    Unclear,
}

impl Line {
    async fn publish(mut self, row: Row, over: CancellationToken) -> anyhow::Result<()> {
        let next = async || row.lock().await.recv().await;
        while let Some(Some(due)) = over.run_until_cancelled(next()).await {
            self.settle(due, &over).await?;
        }
        Ok(())
    }

    /// Tries until it is known what became of it, or that nobody will ever know, or all is over.
    async fn settle(&mut self, number: u32, over: &CancellationToken) -> anyhow::Result<()> {
        while !over.is_cancelled() {
            if !self.is_connected().await {
                sleep(AGAIN).await;
                continue;
            }
            let sent = Sent { number, sent_us: monotonic_us() };
            match self.send(message(number, self.size)).await? {
                Fate::Published(id) => {
                    self.log().published(id, sent);
                    return Ok(());
                }
                Fate::Unclear => {
                    self.log().unclear(sent);
                    return Ok(());
                }
                Fate::Refused => {
                    self.tried_again.fetch_add(1, Relaxed);
                    sleep(AGAIN).await;
                }
            }
        }
        Ok(())
    }

    /// Whether there is a connection, after an attempt to have one.
    async fn is_connected(&mut self) -> bool {
        if let Some(connection) = &mut self.connection
            && connection.is_reusable().await
        {
            return true;
        }
        self.connection = open(&self.options).await.ok();
        self.connection.is_some()
    }

    async fn send(&mut self, data: String) -> anyhow::Result<Fate> {
        let mut connection = self.connection.take().expect("it is connected");
        let request = publishing(&self.options, TOPIC, data);
        let Ok(Ok(answer)) = timeout(ANSWER, connection.exchange(request)).await else {
            return Ok(Fate::Unclear);
        };
        self.connection = Some(connection);
        match answer.status {
            StatusCode::CREATED => Ok(Fate::Published(id(&answer.body)?)),
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => Ok(Fate::Refused),
            _ => Err(anyhow!("cannot publish: {}", Ended::refused(&answer))),
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().expect("no holder of this lock panics")
    }
}

async fn open(options: &Options) -> Result<Connection, Ended> {
    Connection::open(options, &Arc::default()).await
}

/// The id under which it was published.
fn id(body: &[u8]) -> anyhow::Result<EventId> {
    #[derive(Deserialize)]
    struct Published {
        id: EventId,
    }
    let published: Published =
        serde_json::from_slice(body).context("there is no id in the answer to a POST")?;
    Ok(published.id)
}
