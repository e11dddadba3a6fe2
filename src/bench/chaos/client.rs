//! A client, and what it was told.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard};

use super::heard::Heard;
use super::message::Recognizer;
use crate::client::{News, Options, Reader};
use crate::event::EventId;
use crate::transport::Transport;
use crate::wire::Ledger;

/// A client, as those see it that wait for it.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) transport: Transport,
    book: Arc<Mutex<Book>>,
    ledger: Arc<Ledger>,
}

struct Book {
    heard: Heard,
    recognizer: Recognizer,
    /// How much it was told.
    told: u64,
    /// Why it has no connection any more, or none yet.
    away: Option<String>,
}

impl Client {
    /// One that asks to begin after `from`, and is to be told messages of so many bytes.
    pub(super) fn new(transport: Transport, from: EventId, size: usize) -> Self {
        let book = Book { heard: Heard::since(from), recognizer: Recognizer::new(size), told: 0, away: None };
        Self { transport, book: Arc::new(Mutex::new(book)), ledger: Arc::default() }
    }

    /// Reads the feed until it is dropped, or refused for good.
    pub(super) async fn live(self, options: Options) {
        let book = self.clone();
        let mut reader =
            Reader::new(Arc::new(options), self.ledger.clone(), move |news| book.book().note(news));
        let refused = self.transport.subscribe(&mut reader).await;
        self.book().heard.gave_up = Some(refused.to_string());
    }

    pub(super) fn position(&self) -> EventId {
        self.book().heard.position()
    }

    /// Connections that it opened.
    pub(super) fn connections(&self) -> u64 {
        self.ledger.connections.load(Ordering::Relaxed)
    }

    pub(super) fn has_given_up(&self) -> bool {
        self.book().heard.gave_up.is_some()
    }

    /// Why it lost its connection last, or got none.
    pub(super) fn away(&self) -> Option<String> {
        self.book().away.clone()
    }

    /// Writes down what it is told.
    #[cfg(test)]
    pub(super) fn is_told(&self, news: News) {
        self.book().note(news);
    }

    pub(super) fn told(&self) -> u64 {
        self.book().told
    }

    /// Hands over what it was told.
    pub(super) fn heard(&self) -> Heard {
        let mut book = self.book();
        let from = book.heard.from;
        std::mem::replace(&mut book.heard, Heard::since(from))
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().expect("no holder of this lock panics")
    }
}

impl Book {
    /// What the client took for a duplicate was told all the same. A hole is none of the server's words.
    fn note(&mut self, news: News) {
        match news {
            News::Event { event, .. } | News::Duplicate { event, .. } => {
                let carried = self.recognizer.carried(&event);
                self.heard.event(event.id(), carried);
                self.told += 1;
            }
            News::Gap { gap, arrived_us } => {
                self.heard.gap(gap, arrived_us);
                self.told += 1;
            }
            News::Foreign { data, .. } => self.heard.strange(&data),
            News::Disconnected { why, .. } => self.away = Some(why),
            News::Connected | News::Hole(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::chaos::message::{TOPIC, message};
    use crate::bench::chaos::{Breach, Checker, Log, Sent};
    use crate::event::{Event, Gap};

    const SIZE: usize = 60;

    fn event(sequence: u64, data: &str) -> Event {
        Event::new(EventId { sequence, ..from() }, TOPIC, 5, data)
    }

    fn from() -> EventId {
        "8f3k2a-0".parse().unwrap()
    }

    fn marked(sequence: u64) -> Event {
        event(sequence, &message(sequence as u32 - 1, SIZE))
    }

    /// What the reader has dropped, and what it has found out by itself, changes nothing of what was told.
    #[test]
    fn what_was_told_is_written_down_as_it_came() {
        let mut log = Log::new(1);
        log.begin(from().epoch);
        for sequence in 1..=5 {
            let sent = Sent { number: sequence as u32 - 1, sent_us: sequence };
            log.published(EventId { sequence, ..from() }, sent);
        }
        let client = Client::new(Transport::Sse, from(), SIZE);
        let note = |news| client.book().note(news);
        let gap = Gap::new(EventId { sequence: 2, ..from() }, EventId { sequence: 4, ..from() });
        note(News::Event { event: marked(1), arrived_us: 1 });
        note(News::Event { event: marked(2), arrived_us: 2 });
        note(News::Duplicate { event: marked(2), arrived_us: 3 });
        note(News::Gap { gap, arrived_us: 4 });
        note(News::Hole(gap));
        note(News::Event { event: marked(4), arrived_us: 5 });
        note(News::Event { event: event(5, "\"of nobody\""), arrived_us: 6 });
        let (no_name, no_id, data) = (String::new(), String::new(), b"{\"error\":{}}"[..].into());
        note(News::Foreign { event: no_name, id: no_id, data, arrived_us: 7 });
        assert_eq!((client.told(), client.position().sequence), (6, 5));
        let breaches = Checker::new(&log).client(&client.heard()).breaches;
        let [Breach::Doubled { id }, Breach::Altered { carries, .. }, Breach::Strange(words)] = &breaches[..]
        else {
            panic!("{breaches:?}")
        };
        assert_eq!(words, "{\"error\":{}}");
        assert_eq!((id.sequence, carries.as_str()), (2, "of nobody"));
    }
}
