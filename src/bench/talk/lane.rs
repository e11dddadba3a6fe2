//! One client: it listens on its transport, and publishes at its own rate.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use futures_util::stream::{self, Stream, StreamExt};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::book::{Book, Pages};
use super::plan::Way;
use super::post;
use super::queue::{Due, Entry, play, queue};
use crate::client::{Options, Reader};
use crate::clock::monotonic_us;
use crate::control::Echo;
use crate::source::{Played, Player, Source};
use crate::transport::Transport;
use crate::wire::{Counts, Ledger};

/// How long a lane may take to connect.
pub(super) const CONNECT: Duration = Duration::from_secs(10);

/// How long what waits may still be sent when nothing more is due: more than a burst takes, and no end for a row
/// that only grows. What is left then is unsent.
const GRACE: Duration = Duration::from_secs(1);

/// A client at work. Dropped, it leaves.
pub(super) struct Lane {
    /// `None` is the control row: the same bytes over a bare socket that gives them back.
    way: Option<Way>,
    pub(super) book: Arc<Book>,
    /// Of the connection that it listens on.
    listening: Arc<Ledger>,
    /// Of the connections that it publishes on, and what they had counted when it was ready to.
    ledgers: Vec<(Arc<Ledger>, Counts)>,
    ready_us: u64,
    entry: Entry,
    /// Ends the row.
    stop: CancellationToken,
    player: Option<Player>,
    played: Option<Played>,
    start_us: u64,
    /// From when on nothing more was due.
    over_us: Option<u64>,
    stopped_us: Option<u64>,
    tasks: JoinSet<()>,
}

/// What a lane lived through.
pub(super) struct Told {
    pub(super) way: Option<Way>,
    pub(super) pages: Pages,
    /// What its publishing connections counted, but for what opened them.
    pub(super) counts: Counts,
    /// All its connections, those included that were opened again.
    pub(super) connections_opened: u64,
    /// Connections that carried a message.
    pub(super) connections_used: usize,
    /// How long it was ready to publish.
    pub(super) open_us: u64,
    /// Offset 0 of its schedule, in monotonic microseconds.
    pub(super) start_us: u64,
    /// From when on nothing more was due.
    pub(super) over_us: u64,
    /// From when on nothing more was sent.
    pub(super) stopped_us: u64,
    pub(super) played: Option<Played>,
}

#[cfg(test)]
impl Told {
    /// Of a lane that was sent nothing in the second that it was open.
    pub(super) fn nothing(way: Option<Way>) -> Self {
        Self {
            way,
            pages: Pages::default(),
            counts: Counts::default(),
            connections_opened: 1,
            connections_used: 1,
            open_us: 1_000_000,
            start_us: 1_000_000,
            over_us: 2_000_000,
            stopped_us: 2_000_000,
            played: None,
        }
    }
}

impl Lane {
    pub(super) async fn open(way: Way, options: Options) -> anyhow::Result<Self> {
        let (mut lane, row) = Self::new(Some(way));
        let (options, listening, book) = (Arc::new(options), lane.listening.clone(), lane.book.clone());
        if way.speaks() {
            lane.publishes_on(&listening);
            let said = row.map(|Due { number, data }| format!(r#"{{"publish":{data},"ref":"{number}"}}"#));
            lane.tasks.spawn(listen(way.transport, options, listening, book, said));
        } else {
            let lines = post::open(&options, way.posting).await?;
            lines.iter().for_each(|line| lane.publishes_on(&line.ledger));
            let nothing = stream::pending();
            lane.tasks.spawn(listen(way.transport, options.clone(), listening, book.clone(), nothing));
            lane.tasks.spawn(async move { post::post(lines, &options, row, &book).await });
        }
        lane.connected().await?;
        Ok(lane)
    }

    /// Where the server has no control row, there is none.
    pub(super) async fn open_control(options: Options) -> Option<Self> {
        let echo = Echo::open(&options).await.ok()?;
        let (mut lane, row) = Self::new(None);
        let (book, mut number) = (lane.book.clone(), 0);
        lane.tasks.spawn(async move {
            let ended = echo.converse(row.map(|due| due.data), |at_us| {
                book.taken(number, at_us, None);
                number += 1;
            });
            let why =
                ended.await.map_or_else(|wrong| wrong.to_string(), |()| "closed by the server".to_owned());
            book.pages().gave_up = Some(why);
        });
        Some(lane)
    }

    fn new(way: Option<Way>) -> (Self, impl Stream<Item = Due> + Send) {
        let (book, stop) = (Arc::<Book>::default(), CancellationToken::new());
        let (entry, row) = queue(book.clone(), stop.clone());
        let lane = Self {
            way,
            book,
            listening: Arc::default(),
            ledgers: Vec::new(),
            ready_us: 0,
            entry,
            stop,
            player: None,
            played: None,
            start_us: 0,
            over_us: None,
            stopped_us: None,
            tasks: JoinSet::new(),
        };
        (lane, row)
    }

    fn publishes_on(&mut self, ledger: &Arc<Ledger>) {
        self.ledgers.push((ledger.clone(), Counts::default()));
    }

    async fn connected(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + CONNECT;
        while !self.book.pages().is_connected {
            if let Some(why) = self.failure() {
                bail!(why);
            }
            if Instant::now() > deadline {
                bail!("{} did not connect within {CONNECT:?}", self.name());
            }
            sleep(Duration::from_millis(2)).await;
        }
        self.ledgers.iter_mut().for_each(|(ledger, before)| *before = ledger.counts());
        self.ready_us = monotonic_us();
        Ok(())
    }

    fn name(&self) -> &'static str {
        self.way.map_or("(tcp)", |way| way.transport.name())
    }

    /// Why this client gave up, if it did. The control row may: then theory has the rest of the run without it.
    pub(super) fn failure(&self) -> Option<String> {
        let why = self.book.pages().gave_up.clone().filter(|_| self.way.is_some())?;
        Some(format!("{}: {why}", self.name()))
    }

    /// Whether nothing is under way, or ever will come.
    pub(super) fn is_settled(&self) -> bool {
        let pages = self.book.pages();
        pages.is_settled() || pages.gave_up.is_some()
    }

    /// Begins to publish.
    pub(super) fn play(&mut self, source: &Source, warmup: Duration) -> io::Result<()> {
        let (player, start_us) = play(source, warmup, self.book.clone(), self.entry.clone())?;
        (self.player, self.start_us) = (Some(player), start_us);
        Ok(())
    }

    /// Ends its row in time: when nothing more is due, or shall be, and all is sent or has had its grace. Gives
    /// whether it has ended.
    pub(super) fn ends(&mut self, is_interrupted: bool) -> bool {
        if is_interrupted || self.player.as_ref().is_none_or(Player::is_finished) {
            self.played = self.player.take().map(Player::stop).or(self.played.take());
            self.over_us.get_or_insert_with(monotonic_us);
        }
        let Some(over_us) = self.over_us.filter(|_| self.stopped_us.is_none()) else {
            return self.stopped_us.is_some();
        };
        let has_had_its_grace = monotonic_us() >= over_us + GRACE.as_micros() as u64;
        let is_all_sent = self.book.pages().is_all_sent() || self.book.pages().gave_up.is_some();
        if is_all_sent || has_had_its_grace {
            self.stop.cancel();
            self.stopped_us = Some(monotonic_us());
        }
        self.stopped_us.is_some()
    }

    /// What it has by now; it goes on listening until it is dropped.
    pub(super) fn told(&self) -> Told {
        let since = |(ledger, before): &(Arc<Ledger>, Counts)| ledger.counts() - *before;
        let counts: Vec<Counts> = self.ledgers.iter().map(since).collect();
        let posting =
            self.ledgers.iter().map(|(ledger, _)| ledger).filter(|of| !Arc::ptr_eq(of, &self.listening));
        let opened = posting.chain([&self.listening]).map(|ledger| ledger.counts().connections);
        Told {
            way: self.way,
            pages: self.book.pages().clone(),
            connections_used: counts.iter().filter(|counts| counts.up.total() > 0).count(),
            counts: counts.into_iter().fold(Counts::default(), |sum, counts| sum + counts),
            connections_opened: opened.sum(),
            open_us: monotonic_us() - self.ready_us,
            start_us: self.start_us,
            over_us: self.over_us.unwrap_or_else(monotonic_us),
            stopped_us: self.stopped_us.unwrap_or_else(monotonic_us),
            played: self.played.clone(),
        }
    }
}

async fn listen(
    transport: Transport,
    options: Arc<Options>,
    ledger: Arc<Ledger>,
    book: Arc<Book>,
    said: impl Stream<Item = String> + Send + 'static,
) {
    let notes = book.clone();
    let mut reader = Reader::new(options, ledger, move |news| notes.note(news)).saying(said);
    let refused = transport.subscribe(&mut reader).await;
    book.pages().gave_up = Some(refused.to_string());
}
