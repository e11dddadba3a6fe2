//! Control topics: what the server tells a client about itself, on a topic that is this client's alone.
//!
//! ```text
//! GET /sse?topic=control.NAME               opens NAME's desk, on any of the four transports
//!
//! {"marks":[…],"unshown":0,"ledgers":{…}}   what became of NAME's requests: see `mark`
//! {"state":…}                               what all are told: see `state`
//! ```
//!
//! They are topics like any other, in a feed of their own: it has the clock of the main feed, remembers little,
//! and nobody but the server publishes there. A desk is open while its topic is read, and a while longer: who
//! polls, or was cut off, finds it where it was. To watch is not watched: requests for these topics are booked
//! with all that is for no transport, and make no marks.

mod desk;
mod mark;
mod rounds;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::RETRY_AFTER;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::key::Key;
use crate::event::Position;
use crate::feed::{Feed, MAX_TOPICS, Retain, Subscription};
use crate::transport::Refusal;
use crate::transport::ask::is_name;
use crate::wire::Sight;
use desk::Desk;
use mark::Mark;
pub(super) use mark::Request;
pub(super) use rounds::rounds;

/// What a desk remembers: half a minute of news at their fastest, and all desks 64 times as much. A reader that was
/// away for longer begins anew.
const RETAIN: Retain = Retain { total: 64 << 20, ..Retain::of(300, 1 << 20) };

/// All desks that are open.
pub(super) struct Desks {
    feed: Feed,
    forget: Duration,
    open: Mutex<BTreeMap<String, Desk>>,
    /// How many they are: where nobody watches, to find that out is one load.
    count: AtomicUsize,
    /// One was opened.
    opened: Notify,
    /// There are marks to be published.
    news: Notify,
    /// What no mark may show: who watches need not be who sent it.
    secret: OnceLock<Key>,
}

impl Desks {
    /// No desk yet. A desk is closed and its topic forgotten after `forget` without a reader.
    pub(super) fn new(feed: &Feed, forget: Duration) -> Self {
        let feed = feed.beside(RETAIN);
        Self {
            feed,
            forget,
            open: Mutex::default(),
            count: AtomicUsize::new(0),
            opened: Notify::new(),
            news: Notify::new(),
            secret: OnceLock::new(),
        }
    }

    /// Has this key veiled in all marks from now on.
    pub(super) fn keep(&self, key: Key) {
        self.secret.get_or_init(|| key);
    }

    /// A place in the control topic of the client `name`: opens its desk.
    ///
    /// # Errors
    /// 400 where nobody can have this name, 503 where all desks are open and read.
    pub(super) fn read(&self, name: &str, from: Position) -> Result<Subscription, Refusal> {
        if !is_name(name) {
            return Err(Refusal::bad_request(
                "`topic=control.` names nobody; ask for `control.` and the `client` of your requests",
            ));
        }
        let mut open = self.open();
        if !open.contains_key(name) {
            self.make_room(&mut open)?;
            open.insert(name.to_owned(), Desk::open(&self.feed, name)?);
            self.count.store(open.len(), Ordering::Relaxed);
            self.opened.notify_one();
        }
        let desk = open.get_mut(name).expect("it is open by now");
        Ok(desk.read(&self.feed, from)?)
    }

    /// Whether a client is watched.
    pub(super) fn is_open(&self, name: &str) -> bool {
        self.count.load(Ordering::Relaxed) > 0 && self.open().contains_key(name)
    }

    /// Waits until anybody is watched.
    pub(super) async fn until_open(&self) {
        while self.count.load(Ordering::Relaxed) == 0 {
            self.opened.notified().await;
        }
    }

    /// The clients that are watched.
    pub(super) fn names(&self) -> BTreeSet<String> {
        self.open().keys().cloned().collect()
    }

    /// Puts down what has just become of a request, if its client is watched.
    pub(super) fn mark(&self, name: &str, request: Request, sight: Sight<'_>) {
        if self.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut open = self.open();
        let Some(desk) = open.get_mut(name) else { return };
        // Read under the lock, so that marks are in the order of their times.
        let is_first = desk.put(|| Mark::of(request, sight, self.feed.clock().now_us(), self.secret.get()));
        if is_first {
            self.news.notify_one();
        }
    }

    /// Publishes a message, such as `{"state":…}`, to every control topic that is alive: each page that watches
    /// this server gets it, over whichever transport it reads.
    pub(super) fn tell_all(&self, message: &serde_json::Value) {
        let data = message.to_string();
        self.open().values().for_each(|desk| desk.tell(&self.feed, &data));
    }

    /// Closes desks that nobody has read for long enough.
    fn close_unread(&self) {
        let (mut open, now) = (self.open(), Instant::now());
        open.retain(|_, desk| {
            let is_over = desk.unread(now).is_some_and(|since| now - since >= self.forget);
            if is_over {
                desk.close(&self.feed);
            }
            !is_over
        });
        self.count.store(open.len(), Ordering::Relaxed);
    }

    /// Closes the desk that was asked for longest ago, where one more would be too many.
    fn make_room(&self, open: &mut BTreeMap<String, Desk>) -> Result<(), Refusal> {
        if open.len() < MAX_TOPICS {
            return Ok(());
        }
        let unread = open.iter().filter(|(_, desk)| !desk.is_read());
        let Some(oldest) = unread.min_by_key(|(_, desk)| desk.asked()).map(|(name, _)| name.clone()) else {
            let full = format!("all {MAX_TOPICS} control topics are being read; close a page that watches");
            return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, full).with(RETRY_AFTER, "60"));
        };
        open.remove(&oldest).into_iter().for_each(|desk| desk.close(&self.feed));
        Ok(())
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<String, Desk>> {
        self.open.lock().expect("no holder of this lock panics")
    }
}

#[cfg(test)]
mod tests;
