//! All clients of one transport, running.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::diary::{Diary, Reading, Spent};
use crate::client::{Options, Reader};
use crate::control;
use crate::event::Message;
use crate::transport::Transport;
use crate::wire::{Census, Segments};

/// How long a lane may take to connect.
pub(super) const CONNECT: Duration = Duration::from_secs(10);

/// Clients that share a transport, each with its own connection and diary.
pub(super) struct Lane {
    /// `None` is the control row.
    pub(super) transport: Option<Transport>,
    pub(super) diaries: Vec<Diary>,
    census: Arc<Census>,
    _tasks: JoinSet<()>,
}

impl Lane {
    pub(super) fn start(transport: Transport, clients: impl Iterator<Item = Options>) -> Self {
        Self::spawn(Some(transport), clients, |options, diary| subscribe(transport, options, diary))
    }

    /// As many bare sockets as a lane has clients: what waits while others are served is part of d.
    pub(super) fn start_control(clients: impl Iterator<Item = Options>) -> Self {
        Self::spawn(None, clients, listen)
    }

    fn spawn<F>(
        transport: Option<Transport>,
        clients: impl Iterator<Item = Options>,
        client: impl Fn(Options, Diary) -> F,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (mut tasks, census) = (JoinSet::new(), Arc::<Census>::default());
        let diaries = clients.map(|options| {
            let diary = Diary::default();
            let options = Options { census: Some(census.clone()), ..options };
            tasks.spawn(client(options, diary.clone()));
            diary
        });
        Self { transport, diaries: diaries.collect(), census, _tasks: tasks }
    }

    pub(super) fn name(&self) -> &'static str {
        self.transport.map_or("(tcp)", Transport::name)
    }

    /// Waits until every client has been answered, or one has given up: at once where it was refused, after
    /// ten seconds where nobody answered.
    pub(super) async fn connected(&self) {
        let deadline = Instant::now() + CONNECT;
        for diary in &self.diaries {
            while !diary.entries().is_connected && diary.entries().failure.is_none() {
                if Instant::now() > deadline {
                    diary.entries().failure = Some(format!("no answer within {CONNECT:?}"));
                }
                sleep(Duration::from_millis(2)).await;
            }
        }
    }

    /// Whether every client has seen this event, or something after it.
    pub(super) fn has_seen(&self, sequence: u64) -> bool {
        self.diaries.iter().all(|diary| diary.entries().newest >= sequence)
    }

    /// What all clients together have by now.
    pub(super) fn reading(&self) -> Reading {
        self.diaries.iter().map(Diary::reading).fold(Reading::default(), |sum, reading| Reading {
            counts: sum.counts + reading.counts,
            payload: sum.payload + reading.payload,
            arrivals: sum.arrivals + reading.arrivals,
        })
    }

    /// What the kernel counted by now, all clients together; `None` where the platform does not say.
    pub(super) fn segments(&self) -> Option<Segments> {
        self.census.reading()
    }

    /// Why a client gave up, if one did.
    pub(super) fn failure(&self) -> Option<String> {
        self.diaries.iter().find_map(|diary| diary.entries().failure.clone())
    }
}

async fn subscribe(transport: Transport, options: Options, diary: Diary) {
    let book = diary.clone();
    let mut reader = Reader::new(Arc::new(options), diary.ledger.clone(), move |news| book.note(news));
    let refused = transport.subscribe(&mut reader).await;
    diary.entries().failure = Some(refused.to_string());
}

async fn listen(options: Options, diary: Diary) {
    let ended = control::listen(&options, |heard| match heard {
        control::Heard::Connected => diary.entries().is_connected = true,
        control::Heard::Message(Message::Event(event), arrived_us) => {
            diary.entries().arrived(&event, arrived_us, Spent::default());
        }
        control::Heard::Message(Message::Gap(_), _) => {}
    });
    let why = ended.await.map_or_else(|wrong| wrong.to_string(), |()| "closed by the server".to_owned());
    diary.entries().failure = Some(why);
}
