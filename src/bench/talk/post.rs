//! POSTs, each on a connection that is free: a connection carries one at a time, and what finds none free waits
//! in the row.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::anyhow;
use futures_util::future::try_join_all;
use futures_util::stream::{FuturesUnordered, Stream, StreamExt};
use serde::Deserialize;

use super::book::{Answer, Book};
use super::queue::Due;
use crate::bench::stage::publishing;
use crate::client::{Connection, Ended, Options, Received, get};
use crate::clock::monotonic_us;
use crate::event::EventId;
use crate::wire::Ledger;

/// One connection, counted by itself: the stamp of its last read is that of its own answer.
pub(super) struct Line {
    connection: Connection,
    pub(super) ledger: Arc<Ledger>,
}

/// Opens connections, and uses each once: a handshake is no part of publishing.
pub(super) async fn open(options: &Options, connections: usize) -> anyhow::Result<Vec<Line>> {
    let opening = (0..connections).map(|_| async {
        let ledger = Arc::new(Ledger::default());
        let mut connection = Connection::open(options, &ledger).await?;
        connection.exchange(get(options, "/health")).await?;
        Ok(Line { connection, ledger })
    });
    try_join_all(opening)
        .await
        .map_err(|ended: Ended| anyhow!("cannot publish to `{}`: {ended}", options.target))
}

/// Sends what is due, until there is nothing more to send and everything is answered. Of connections that are
/// free, that one is taken which was used last, as browsers do.
pub(super) async fn post(mut free: Vec<Line>, options: &Options, due: impl Stream<Item = Due>, book: &Book) {
    let mut due = pin!(due);
    let mut busy = FuturesUnordered::new();
    loop {
        tokio::select! {
            biased;
            Some(line) = busy.next() => free.push(line),
            Some((line, message)) = next(&mut free, &mut due) => busy.push(exchange(line, message, options, book)),
            else => return,
        }
    }
}

/// A message, and a connection to send it on; nothing while there is no such connection.
async fn next(free: &mut Vec<Line>, due: &mut (impl Stream<Item = Due> + Unpin)) -> Option<(Line, Due)> {
    if free.is_empty() {
        return None;
    }
    let message = due.next().await?;
    Some((free.pop()?, message))
}

async fn exchange(mut line: Line, message: Due, options: &Options, book: &Book) -> Line {
    let Due { number, data } = message;
    let answer = line.ask(options, data).await;
    let at_us = line.ledger.last_read_us.load(Ordering::Relaxed);
    match answer.and_then(|answer| read(&answer)) {
        Ok(id) => book.taken(number, at_us, Some(id)),
        Err(refused @ Ended::Refused { .. }) => book.failed(number, Answer::Refused, refused.to_string()),
        Err(ended) => book.failed(number, Answer::Broken, ended.to_string()),
    }
    line
}

impl Line {
    async fn ask(&mut self, options: &Options, data: String) -> Result<Received, Ended> {
        if !self.connection.is_reusable().await {
            self.connection = Connection::open(options, &self.ledger).await?;
        }
        let topic = options.topic.as_deref().unwrap_or_default();
        self.connection.exchange(publishing(options, topic, data)).await
    }

    /// Publishes, for calibration: from the call to the read of the answer, in microseconds.
    pub(super) async fn time(&mut self, options: &Options, data: String) -> Result<u64, Ended> {
        let before = monotonic_us();
        read(&self.ask(options, data).await?)?;
        Ok(self.ledger.last_read_us.load(Ordering::Relaxed) - before)
    }
}

/// The id under which it was published.
fn read(answer: &Received) -> Result<EventId, Ended> {
    #[derive(Deserialize)]
    struct Published {
        id: EventId,
    }
    if !answer.status.is_success() {
        return Err(Ended::refused(answer));
    }
    let published: Published = serde_json::from_slice(&answer.body)
        .map_err(|wrong| Ended::Lost(io::Error::other(format!("no id in the answer: {wrong}"))))?;
    Ok(published.id)
}
