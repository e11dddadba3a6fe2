//! Control topics: what the server tells a client about itself, on a topic that is this client's alone.
//!
//! ```text
//! GET /sse?topic=control.NAME              opens NAME's desk, on any of the four transports
//!
//! {"state":…}                              what all are told: see `tell_all`
//! ```
//!
//! They are topics like any other, in a feed of their own: it has the clock of the main feed, remembers little,
//! and nobody but the server publishes there. A desk is open while its topic is read, and a while longer: who
//! polls, or was cut off, finds it where it was.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::RETRY_AFTER;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::event::Position;
use crate::feed::{Feed, Full, MAX_TOPICS, Retain, Subscription, Tally};
use crate::transport::Refusal;
use crate::transport::ask::is_name;

/// What the names of control topics begin with.
pub(super) const PREFIX: &str = "control.";

/// What a desk remembers: half a minute of news at their fastest. A reader that was away for longer begins anew.
const RETAIN: Retain = Retain { events: 300, bytes: 1 << 20 };

/// All desks that are open.
pub(super) struct Desks {
    feed: Feed,
    forget: Duration,
    open: Mutex<BTreeMap<String, Desk>>,
    /// A desk has been opened.
    news: Notify,
}

/// One client's.
struct Desk {
    topic: String,
    /// Keeps the topic, and its positions good, from one poll to the next.
    _place: Subscription,
    /// Counts those who read now.
    tally: Arc<Tally>,
    asked: Instant,
    /// Since it was first found without a reader.
    unread: Option<Instant>,
}

impl Desks {
    /// No desk yet. A desk is closed and its topic forgotten after `forget` without a reader.
    pub(super) fn new(feed: &Feed, forget: Duration) -> Self {
        let feed = feed.beside(RETAIN);
        Self { feed, forget, open: Mutex::default(), news: Notify::new() }
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
            self.news.notify_one();
        }
        let desk = open.get_mut(name).expect("it is open by now");
        (desk.asked, desk.unread) = (Instant::now(), None);
        Ok(self.feed.subscribe(&desk.topic, from, desk.tally.clone())?)
    }

    /// Publishes a message, such as `{"state":…}`, to every control topic that is alive: each page that watches
    /// this server gets it, over whichever transport it reads.
    pub(super) fn tell_all(&self, message: &serde_json::Value) {
        let (now_us, data) = (self.feed.clock().now_us(), message.to_string());
        let told =
            self.open().values().try_for_each(|desk| self.feed.publish(&desk.topic, now_us, &data).map(drop));
        told.expect("the topic of an open desk is there");
    }

    /// Closes desks that nobody reads, for as long as it is polled.
    pub(super) async fn see_to_them(&self) {
        loop {
            let is_idle = self.open().is_empty();
            match is_idle {
                true => self.news.notified().await,
                false => drop(timeout(self.forget / 4, self.news.notified()).await),
            }
            self.close_unread();
        }
    }

    fn close_unread(&self) {
        let now = Instant::now();
        self.open().retain(|_, desk| {
            let is_over = desk.unread(now).is_some_and(|since| now - since >= self.forget);
            if is_over {
                self.feed.forget(&desk.topic);
            }
            !is_over
        });
    }

    /// Closes the desk that was asked for longest ago, where one more would be too many.
    fn make_room(&self, open: &mut BTreeMap<String, Desk>) -> Result<(), Refusal> {
        if open.len() < MAX_TOPICS {
            return Ok(());
        }
        let unread = open.iter().filter(|(_, desk)| !desk.is_read());
        let Some(oldest) = unread.min_by_key(|(_, desk)| desk.asked).map(|(name, _)| name.clone()) else {
            let full = format!("all {MAX_TOPICS} control topics are being read; close a page that watches");
            return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, full).with(RETRY_AFTER, "60"));
        };
        open.remove(&oldest).into_iter().for_each(|desk| self.feed.forget(&desk.topic));
        Ok(())
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<String, Desk>> {
        self.open.lock().expect("no holder of this lock panics")
    }
}

impl Desk {
    fn open(feed: &Feed, name: &str) -> Result<Self, Full> {
        let topic = format!("{PREFIX}{name}");
        let place = feed.subscribe(&topic, Position::Latest, Arc::default())?;
        Ok(Self { topic, _place: place, tally: Arc::default(), asked: Instant::now(), unread: None })
    }

    fn is_read(&self) -> bool {
        self.tally.subscribers.load(Relaxed) > 0
    }

    /// Since when nobody is known to read it.
    fn unread(&mut self, now: Instant) -> Option<Instant> {
        self.unread = match self.is_read() {
            true => None,
            false => self.unread.or(Some(now)),
        };
        self.unread
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::feed::Limit;

    const MINUTE: Duration = Duration::from_secs(60);

    fn desks() -> Desks {
        Desks::new(&Feed::new(Retain::default()), MINUTE)
    }

    fn read(desks: &Desks, name: &str, from: Position) -> Subscription {
        desks.read(name, from).expect("there is room")
    }

    #[test]
    fn all_that_are_open_are_told_and_no_others() {
        let desks = desks();
        let mut readers = ["_a", "_b"].map(|name| read(&desks, name, Position::Latest));
        desks.tell_all(&json!({ "state": { "devices": 3 } }));
        for reader in &mut readers {
            let told = reader.read(Limit::default());
            assert_eq!(told.events.len(), 1, "{}", reader.topic());
            let json = String::from_utf8(told.events[0].json().to_vec()).unwrap();
            assert!(json.contains(r#""data":{"state":{"devices":3}}"#), "{json}");
        }
        assert_eq!(read(&desks, "_c", Position::Earliest).read(Limit::default()).events.len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_desk_is_closed_when_nobody_has_read_it_for_long_enough() {
        let desks = desks();
        let after = |duration| tokio::time::timeout(duration, desks.see_to_them());
        let reader = read(&desks, "_a", Position::Latest);
        let _ = after(10 * MINUTE).await;
        assert_eq!(desks.feed.topics().len(), 1, "it is read");
        desks.tell_all(&json!({ "state": 1 }));
        drop(reader);
        let _ = after(MINUTE - Duration::from_secs(1)).await;
        assert_eq!(desks.feed.topics().len(), 1, "its reader may come back");
        let _ = after(MINUTE / 2).await;
        assert_eq!((desks.feed.topics(), desks.open().len()), (Vec::new(), 0));
    }

    #[test]
    fn one_desk_too_many_takes_the_place_of_the_one_that_was_left_first() {
        let desks = desks();
        let stays = read(&desks, "_0", Position::Latest);
        for n in 1..=MAX_TOPICS {
            read(&desks, &format!("_{n}"), Position::Latest);
        }
        assert_eq!(desks.open().len(), MAX_TOPICS);
        assert!(desks.open().contains_key("_0") && !desks.open().contains_key("_1"));
        drop(stays);
    }

    #[test]
    fn where_all_are_read_the_next_is_refused() {
        let desks = desks();
        let readers: Vec<_> =
            (0..MAX_TOPICS).map(|n| read(&desks, &format!("_{n}"), Position::Latest)).collect();
        let refusal = desks.read("_another", Position::Latest).err().expect("there is no room");
        assert!(refusal.to_string().contains("close a page"), "{refusal}");
        drop(readers);
    }
}
