//! A subscriber's place in the feed, across all its connections.
//!
//! It hands on every event once and in order. What it drops it names: an event that comes a second time is
//! told as [`News::Duplicate`], a hole that no gap announced as [`News::Hole`].

mod asking;

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use tokio::time::sleep;

use super::ended::{Ended, Error, LONGEST_AWAY};
use super::news::News;
use super::options::Options;
use super::pace::Pace;
use super::reconnect::Reconnect;
use super::stand::Stand;
use crate::event::{EventId, Message, Position};
use crate::wire::{Ledger, State};

/// A subscriber: what it chose, where it stands, and whom it tells.
pub struct Reader<F> {
    options: Arc<Options>,
    ledger: Arc<Ledger>,
    stand: Stand,
    reconnect: Reconnect,
    /// The connection that was made last.
    wire: Option<Arc<State>>,
    is_connected: bool,
    /// Whether the server ever answered: from then on, what looks final may be a server that leaves, or comes back.
    has_reached: bool,
    /// Whether others are tried beside it, or after it.
    is_one_of_many: bool,
    pace: Pace,
    said: BoxStream<'static, String>,
    /// Where it began, if it asked for what comes from now on, and the server said so.
    begun_at: Arc<OnceLock<EventId>>,
    on_news: F,
}

impl<F: FnMut(News) + Send> Reader<F> {
    /// A subscriber that books all its bytes in `ledger` and tells `on_news`.
    pub fn new(options: Arc<Options>, ledger: Arc<Ledger>, on_news: F) -> Self {
        Self {
            stand: options.from.into(),
            options,
            ledger,
            reconnect: Reconnect::default(),
            wire: None,
            is_connected: false,
            has_reached: false,
            is_one_of_many: false,
            pace: Pace::default(),
            said: stream::pending().boxed(),
            begun_at: Arc::default(),
            on_news,
        }
    }

    /// The same, with something to say where the transport lets a client speak: each text as it comes, on
    /// the connection that it listens on. What it is answered is told as [`News::Foreign`].
    #[must_use]
    pub fn saying(self, said: impl Stream<Item = String> + Send + 'static) -> Self {
        Self { said: said.boxed(), ..self }
    }

    /// The same, as one of many on the way to one server, with a place where others find where it began.
    pub(crate) fn beginning_at(self, begun_at: Arc<OnceLock<EventId>>) -> Self {
        Self { begun_at, has_reached: true, is_one_of_many: true, ..self }
    }

    /// Hands over what there is to say, for the time of a connection.
    pub(crate) fn take_said(&mut self) -> BoxStream<'static, String> {
        std::mem::replace(&mut self.said, stream::pending().boxed())
    }

    /// Takes back what was not said on it.
    pub(crate) fn give_back_said(&mut self, said: BoxStream<'static, String>) {
        self.said = said;
    }

    pub(crate) fn options(&self) -> &Arc<Options> {
        &self.options
    }

    /// The server has answered.
    pub(crate) fn connected(&mut self) {
        self.reconnect.succeeded();
        self.has_reached = true;
        if !self.is_connected {
            self.is_connected = true;
            (self.on_news)(News::Connected);
        }
    }

    /// The server told where this reader stands. It never goes back within an epoch, and where it goes ahead
    /// without the events in between, they are missing.
    ///
    /// # Errors
    /// Where it could not be asked for what follows.
    pub(crate) fn stands_at(&mut self, id: &str) -> Result<(), Ended> {
        match id.parse() {
            Ok(id) if !self.stand.is_past(id) => {
                if let Some(hole) = self.stand.hole_before(id.next())
                    && self.options.target.is_server()
                {
                    (self.on_news)(News::Hole(hole));
                }
                if !self.has_position() {
                    let _ = self.begun_at.set(id);
                }
                self.stand = Stand::After(id);
            }
            Err(_) if !id.is_empty() => self.stand = Stand::foreign(id)?,
            _ => {}
        }
        Ok(())
    }

    /// Whether the server has told where this reader stands.
    pub(crate) fn has_position(&self) -> bool {
        !matches!(self.stand, Stand::Asking(Position::Latest))
    }

    /// The server told how long to wait before coming back.
    pub(crate) fn retry_after_ms(&mut self, retry_ms: u64) {
        self.reconnect.retry = Some(Duration::from_millis(retry_ms).min(LONGEST_AWAY));
    }

    /// Takes messages that one read completed. Whether they lead on from where this reader stood.
    pub(crate) fn took(&mut self, messages: impl IntoIterator<Item = Message>) -> bool {
        let (arrived_us, before) = (self.arrived_us(), self.stand.clone());
        for message in messages {
            let position = message.position();
            let news = match message {
                Message::Gap(gap) if self.stand.has_left(&gap) => {
                    (self.on_news)(News::Gap { gap, arrived_us });
                    continue;
                }
                Message::Gap(gap) => {
                    if let Some(hole) = self.stand.hole_before_gap(&gap) {
                        (self.on_news)(News::Hole(hole));
                    }
                    News::Gap { gap, arrived_us }
                }
                Message::Event(event) if self.stand.is_past(event.id()) => {
                    (self.on_news)(News::Duplicate { event, arrived_us });
                    continue;
                }
                Message::Event(event) => {
                    if let Some(hole) = self.stand.hole_before(event.id()) {
                        (self.on_news)(News::Hole(hole));
                    }
                    News::Event { event, arrived_us }
                }
            };
            self.stand = Stand::After(position);
            (self.on_news)(news);
        }
        self.stand != before
    }

    /// Takes a message that is not of our kind.
    pub(crate) fn took_foreign(&mut self, event: String, id: String, data: Bytes) {
        let arrived_us = self.arrived_us();
        (self.on_news)(News::Foreign { event, id, data, arrived_us });
    }

    fn arrived_us(&self) -> u64 {
        self.ledger.last_read_us.load(Ordering::Relaxed)
    }

    /// Waits for the next regular poll.
    pub(crate) async fn pace(&mut self) {
        self.pace.wait(&self.options).await;
    }

    /// Waits as long as is proper after such an end.
    ///
    /// # Errors
    /// Where coming back would not help.
    pub(crate) async fn come_back(&mut self, ended: Ended) -> Result<(), Error> {
        let ended = self.helped(ended);
        let (why, least) = match self.has_reached {
            true => ended.again().judge()?,
            false if self.reconnect.has_failed() => ended.again().judge_first()?,
            false => ended.judge_first()?,
        };
        let wait = self.reconnect.wait(least);
        (self.on_news)(News::Disconnected { why, wait });
        sleep(wait).await;
        Ok(())
    }
}
