//! A client, and what it was told.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard};

use super::heard::{Carried, Heard};
use crate::bench::capacity::marker::Marks;
use crate::client::{News, Options, Reader};
use crate::event::{Event, EventId};
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
    marks: Marks,
    /// How much it was told.
    told: u64,
}

impl Client {
    pub(super) fn new(transport: Transport, from: EventId) -> Self {
        let heard = Heard::since(from);
        let book = Book { heard, marks: Marks::default(), told: 0 };
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
                let carried = self.carried(&event);
                self.heard.event(event.id(), carried);
                self.told += 1;
            }
            News::Gap { gap, arrived_us } => {
                self.heard.gap(gap, arrived_us);
                self.told += 1;
            }
            News::Connected | News::Disconnected { .. } | News::Hole(_) | News::Foreign { .. } => {}
        }
    }

    fn carried(&self, event: &Event) -> Carried {
        let mut found = Vec::new();
        self.marks.find(event.data().as_bytes(), &mut found);
        match found[..] {
            [mark] => u32::try_from(mark.sequence).map_or(Carried::STRANGE, Carried),
            _ => Carried::STRANGE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::capacity::marker::Mark;
    use crate::bench::chaos::{Breach, Checker, Log, Sent};
    use crate::event::Gap;

    fn event(sequence: u64, data: &str) -> Event {
        Event::new(EventId { sequence, ..from() }, "demo", 5, data)
    }

    fn from() -> EventId {
        "8f3k2a-0".parse().unwrap()
    }

    fn marked(sequence: u64) -> Event {
        let mut data = Vec::new();
        Mark { sequence: sequence - 1, due_us: 7 }.write(60, &mut data);
        event(sequence, std::str::from_utf8(&data).unwrap())
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
        let client = Client::new(Transport::Sse, from());
        let note = |news| client.book().note(news);
        let gap = Gap::new(EventId { sequence: 2, ..from() }, EventId { sequence: 4, ..from() });
        note(News::Event { event: marked(1), arrived_us: 1 });
        note(News::Event { event: marked(2), arrived_us: 2 });
        note(News::Duplicate { event: marked(2), arrived_us: 3 });
        note(News::Gap { gap, arrived_us: 4 });
        note(News::Hole(gap));
        note(News::Event { event: marked(4), arrived_us: 5 });
        note(News::Event { event: event(5, "\"of nobody\""), arrived_us: 6 });
        assert_eq!((client.told(), client.position().sequence), (6, 5));
        let breaches = Checker::new(&log).client(&client.heard()).breaches;
        let [Breach::Doubled { id }, Breach::Altered { carries, .. }] = &breaches[..] else {
            panic!("{breaches:?}")
        };
        assert_eq!((id.sequence, carries.as_str()), (2, "of nobody"));
    }
}
