//! A real client, and what it was told.

use std::sync::Arc;
use std::thread;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use wirelanes::client::{Error, News, Options, Reader};
use wirelanes::event::{Event, EventId};
use wirelanes::transport::Transport;
use wirelanes::wire::Ledger;

use super::PATIENCE;

pub(super) struct Listener {
    pub(super) transport: Transport,
    pub(super) ledger: Arc<Ledger>,
    told: mpsc::UnboundedReceiver<News>,
    refused: oneshot::Receiver<Error>,
    /// Dropped with the listener: then it leaves.
    _leave: oneshot::Sender<()>,
}

impl Listener {
    /// Listens on the runtime of the test.
    pub(super) fn start(transport: Transport, options: Options) -> Self {
        let (listener, listening) = Self::new(transport, options);
        tokio::spawn(listening);
        listener
    }

    /// Listens on a thread of its own: it may be held up without holding up the test.
    pub(super) fn aside(transport: Transport, options: Options) -> Self {
        let (listener, listening) = Self::new(transport, options);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        thread::spawn(move || runtime.block_on(listening));
        listener
    }

    fn new(transport: Transport, options: Options) -> (Self, impl Future<Output = ()> + Send) {
        let ledger = Arc::new(Ledger::default());
        let (tell, told) = mpsc::unbounded_channel();
        let (refuse, refused) = oneshot::channel();
        let (leave, left) = oneshot::channel::<()>();
        let on_news = move |news| drop(tell.send(news));
        let mut reader = Reader::new(Arc::new(options), ledger.clone(), on_news);
        let listening = async move {
            tokio::select! {
                refused = transport.subscribe(&mut reader) => drop(refuse.send(refused)),
                _ = left => {}
            }
        };
        (Self { transport, ledger, told, refused, _leave: leave }, listening)
    }

    /// What it is told next, whatever it is.
    pub(super) async fn next(&mut self) -> News {
        let told = timeout(PATIENCE, self.told.recv()).await;
        let told = told.unwrap_or_else(|_| panic!("{} was told nothing for {PATIENCE:?}", self.transport));
        told.unwrap_or_else(|| panic!("{} was refused: {:?}", self.transport, self.refused.try_recv()))
    }

    /// What it is told next, however long that takes.
    pub(super) async fn told(&mut self) -> News {
        self.told.recv().await.expect("it is not refused")
    }

    /// Why the connection has ended, however long that takes.
    pub(super) async fn told_until_it_ends(&mut self) -> String {
        loop {
            if let News::Disconnected { why, .. } = self.told().await {
                return why;
            }
        }
    }

    /// What it is told next about the feed, whatever becomes of the connection.
    pub(super) async fn next_of_feed(&mut self) -> News {
        loop {
            match self.next().await {
                News::Connected | News::Disconnected { .. } => {}
                news => return news,
            }
        }
    }

    /// Waits until the server has answered.
    pub(super) async fn connected(&mut self) {
        while !matches!(self.next().await, News::Connected) {}
    }

    /// Waits until the connection has ended, and says why.
    pub(super) async fn disconnected(&mut self) -> String {
        loop {
            if let News::Disconnected { why, .. } = self.next().await {
                return why;
            }
        }
    }

    /// So many events, each the next one. Anything else that is told of the feed is a failure.
    pub(super) async fn events(&mut self, count: usize) -> Vec<Event> {
        let mut events: Vec<Event> = Vec::new();
        while events.len() < count {
            match self.next_of_feed().await {
                News::Event { event, .. } => events.push(event),
                other => panic!("{} after {} events: {}", self.transport, events.len(), short(&other)),
            }
        }
        events
    }

    /// Follows what it is told from `walk` on until `done`.
    pub(super) async fn walk(&mut self, walk: &mut Walk, mut done: impl FnMut(&Walk) -> bool) {
        while !done(walk) {
            let news = self.next_of_feed().await;
            walk.step(self.transport, &news);
        }
    }

    /// The end that coming back would not change.
    pub(super) async fn refusal(self) -> Error {
        let refused = timeout(PATIENCE, self.refused).await;
        refused.unwrap_or_else(|_| panic!("{} goes on asking", self.transport)).unwrap()
    }
}

/// Adds up what a reader is told: every event is the next one, every gap begins where the reader stands.
pub(super) struct Walk {
    pub(super) at: EventId,
    pub(super) events: u64,
    pub(super) missed: u64,
    pub(super) gaps: u64,
}

impl Walk {
    pub(super) fn from(at: EventId) -> Self {
        Self { at, events: 0, missed: 0, gaps: 0 }
    }

    fn step(&mut self, transport: Transport, news: &News) {
        match news {
            News::Event { event, .. } => {
                assert_eq!(event.id().previous(), self.at, "{transport}: an event that is not the next");
                self.events += 1;
                self.at = event.id();
            }
            News::Gap { gap, .. } => {
                assert_eq!(gap.after, self.at, "{transport}: a gap that begins elsewhere: {gap:?}");
                let missed = gap.missed.unwrap_or_else(|| panic!("{transport}: {gap:?} in one epoch"));
                assert!(missed > 0, "{transport}: a gap where nothing is missing: {gap:?}");
                self.missed += missed;
                self.gaps += 1;
                self.at = gap.position();
            }
            other => panic!("{transport} at {}: {}", self.at, short(other)),
        }
    }
}

/// News without 64 KiB of data in it.
pub(super) fn short(news: &News) -> String {
    format!("{news:?}").chars().take(300).collect()
}
