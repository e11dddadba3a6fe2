//! A transport at work: a reader of its own, in a task of its own, with a ledger of its own.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::unheard::{Unheard, Unspent};
use crate::client::{Ended, Error, News, Options, Reader, newest};
use crate::clock::monotonic_us;
use crate::event::EventId;
use crate::transport::Transport;
use crate::wire::Ledger;

/// Who said it, and what: those that were given up may have a last word under way. It counts until it is dropped.
pub(super) struct Said(pub(super) u64, pub(super) Word, pub(super) Option<Unspent>);

pub(super) enum Word {
    News(News),
    Refused(Error),
    Stands(Result<EventId, Ended>),
}

/// A stream's opening comes with its head, or right after it; what comes this long after the head is a heartbeat.
const OPENING: Duration = Duration::from_millis(500);

/// How often to look for a heartbeat, while one is waited for.
const LOOK: Duration = Duration::from_millis(50);

/// What it must show, and by when.
#[derive(Clone, Copy)]
pub(super) struct Trial {
    pub(super) deadline: Instant,
    /// Whether an event is sure to wait for it: then nothing less will do.
    pub(super) waits: bool,
    /// How often it says something, at the least, once it works.
    pub(super) quiet: Duration,
}

/// Dropped, it leaves.
pub(super) struct Candidate {
    pub(super) number: u64,
    pub(super) transport: Transport,
    pub(super) begun: Instant,
    pub(super) trial: Trial,
    ledger: Arc<Ledger>,
    connected: Option<Instant>,
    /// Bytes of its body once the opening had come.
    opening: Option<u64>,
    begun_at: Arc<OnceLock<EventId>>,
    unheard: Arc<Unheard>,
    _task: AbortOnDropHandle<()>,
}

impl Candidate {
    pub(super) fn begin(
        number: u64,
        transport: Transport,
        trial: Trial,
        options: Options,
        ledger: Arc<Ledger>,
        mouth: UnboundedSender<Said>,
    ) -> Self {
        let tell = mouth.clone();
        let unheard = Arc::<Unheard>::default();
        let count = unheard.clone();
        let on_news = move |news| drop(tell.send(Said(number, Word::News(news), Some(count.one()))));
        let begun_at = Arc::<OnceLock<EventId>>::default();
        let reader = Reader::new(Arc::new(options), ledger.clone(), on_news);
        let mut reader = reader.beginning_at(begun_at.clone());
        let held = unheard.clone();
        let task = tokio::spawn(async move {
            let refused = held.hold(transport.subscribe(&mut reader)).await;
            let _ = mouth.send(Said(number, Word::Refused(refused), None));
        });
        Self {
            number,
            transport,
            begun: Instant::now(),
            trial,
            ledger,
            connected: None,
            opening: None,
            begun_at,
            unheard,
            _task: AbortOnDropHandle::new(task),
        }
    }

    /// Whether anybody was there to connect to.
    pub(super) fn has_reached(&self) -> bool {
        self.ledger.connections.load(Relaxed) > 0
    }

    /// Where the server said that it begins, if it was asked for what comes from now on.
    pub(super) fn begun_at(&self) -> Option<EventId> {
        self.begun_at.get().copied()
    }

    /// Its head came. Whether that is all there is to come: an empty answer is whole.
    pub(super) fn connects(&mut self) -> bool {
        self.connected = Some(Instant::now());
        matches!(self.transport, Transport::Poll | Transport::Longpoll)
    }

    /// When to look at it: whether it lives, where nothing else is to come, or whether it is too late.
    pub(super) fn due(&self) -> Instant {
        let connected = self.connected.filter(|_| !self.trial.waits);
        let look = connected.map(|connected| (connected + OPENING).max(Instant::now() + LOOK));
        look.map_or(self.trial.deadline, |look| look.min(self.trial.deadline))
    }

    /// Whether a heartbeat came.
    pub(super) fn lives(&mut self, now: Instant) -> bool {
        if self.trial.waits || self.connected.is_none_or(|connected| now < connected + OPENING) {
            return false;
        }
        let body = self.ledger.counts().down.body;
        body > *self.opening.get_or_insert(body)
    }

    /// When something came last, or could have come again.
    pub(super) fn heard(&self) -> Instant {
        let now = Instant::now();
        match self.ledger.last_read_us.load(Relaxed).max(self.unheard.released_us()) {
            0 => self.begun,
            last_us => {
                let ago = Duration::from_micros(monotonic_us().saturating_sub(last_us));
                now.checked_sub(ago).unwrap_or(self.begun)
            }
        }
    }
}

/// Asks where the feed stands.
pub(super) fn learn(
    number: u64,
    options: Options,
    ledger: Arc<Ledger>,
    mouth: UnboundedSender<Said>,
) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        let learnt = newest(options, ledger).await;
        let _ = mouth.send(Said(number, Word::Stands(learnt), None));
    }))
}
