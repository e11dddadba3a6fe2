//! What became of each message of a lane: when it was due, sent, answered, and delivered.

use std::sync::{Mutex, MutexGuard};

use serde::Deserialize;

use crate::bench::capacity::marker::{Mark, Marks};
use crate::client::News;
use crate::clock::monotonic_us;
use crate::event::{Event, EventId, Gap};

/// A message. All instants are in monotonic microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) due_us: u64,
    /// When it left the row of those that wait.
    pub(super) sent_us: Option<u64>,
    pub(super) answer: Option<Answer>,
    pub(super) is_delivered: bool,
}

/// What the server made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is published, under this id; a bare socket gives none.
    Taken { at_us: u64, id: Option<EventId> },
    /// It was not wanted.
    Refused,
    /// Its connection ended before it was answered.
    Broken,
}

/// A message that came back as an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    pub(super) number: usize,
    pub(super) at_us: u64,
}

#[derive(Clone, Default)]
pub(super) struct Pages {
    pub(super) messages: Vec<Message>,
    /// In the order in which they came, those that came again included.
    pub(super) arrivals: Vec<Arrival>,
    pub(super) gaps: Vec<Gap>,
    /// Lengths of the JSON of all events that came.
    pub(super) events: Vec<usize>,
    /// Why the first message was refused or broke off.
    pub(super) first_failure: Option<String>,
    pub(super) is_connected: bool,
    /// Why this client gave up, if it did.
    pub(super) gave_up: Option<String>,
    sent: usize,
    answered: usize,
    /// Published, and not delivered yet.
    owed: usize,
    marks: Marks,
}

/// A lane's book.
#[derive(Default)]
pub(super) struct Book(Mutex<Pages>);

/// What a server says to who publishes on a WebSocket.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Heard<'a> {
    Ack {
        #[serde(rename = "ref")]
        reference: &'a str,
        id: EventId,
    },
    Error {
        #[serde(rename = "ref")]
        reference: Option<&'a str>,
        message: String,
    },
}

impl Book {
    pub(super) fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().expect("no holder of this lock panics")
    }

    /// A message is due; gives its number.
    pub(super) fn due(&self, due_us: u64) -> usize {
        let messages = &mut self.pages().messages;
        messages.push(Message { due_us, ..Message::default() });
        messages.len() - 1
    }

    /// A message leaves the row.
    pub(super) fn sent(&self, number: usize) {
        let mut pages = self.pages();
        pages.messages[number].sent_us = Some(monotonic_us());
        pages.sent += 1;
    }

    pub(super) fn taken(&self, number: usize, at_us: u64, id: Option<EventId>) {
        let mut pages = self.pages();
        pages.answer(number, Answer::Taken { at_us, id });
        pages.owed += usize::from(id.is_some() && !pages.messages[number].is_delivered);
    }

    /// A message was refused, or its connection broke.
    pub(super) fn failed(&self, number: usize, answer: Answer, why: String) {
        let mut pages = self.pages();
        pages.answer(number, answer);
        pages.first_failure.get_or_insert(why);
    }

    /// What the listening client was told.
    pub(super) fn note(&self, news: News) {
        match news {
            News::Connected => self.pages().is_connected = true,
            News::Event { event, arrived_us } | News::Duplicate { event, arrived_us } => {
                self.pages().came(&event, arrived_us);
            }
            News::Foreign { data, arrived_us, .. } => self.heard(&data, arrived_us),
            News::Gap { gap, .. } => self.pages().gaps.push(gap),
            // A hole shows when what came is held against what was sent.
            News::Hole(_) | News::Disconnected { .. } => {}
        }
    }

    /// An answer on a WebSocket. One that names no message of ours is nobody's.
    fn heard(&self, data: &[u8], at_us: u64) {
        match serde_json::from_slice(data) {
            Ok(Heard::Ack { reference, id }) => {
                if let Some(number) = self.number(reference) {
                    self.taken(number, at_us, Some(id));
                }
            }
            Ok(Heard::Error { reference, message }) => {
                match reference.and_then(|reference| self.number(reference)) {
                    Some(number) => self.failed(number, Answer::Refused, message),
                    None => drop(self.pages().first_failure.get_or_insert(message)),
                }
            }
            Err(_foreign) => {}
        }
    }

    fn number(&self, reference: &str) -> Option<usize> {
        let number = reference.parse().ok()?;
        (number < self.pages().messages.len()).then_some(number)
    }
}

impl Pages {
    fn answer(&mut self, number: usize, answer: Answer) {
        self.answered += usize::from(self.messages[number].answer.replace(answer).is_none());
    }

    /// An event has come. That of another publisher bears no mark of ours.
    fn came(&mut self, event: &Event, at_us: u64) {
        self.events.push(event.json().len());
        let mut found = Vec::new();
        self.marks.find(event.data().as_bytes(), &mut found);
        let Some(Mark { sequence, due_us }) = found.first() else { return };
        let number = *sequence as usize;
        let Some(message) = self.messages.get_mut(number).filter(|message| message.due_us == *due_us) else {
            return;
        };
        let is_first = !std::mem::replace(&mut message.is_delivered, true);
        if is_first && matches!(message.answer, Some(Answer::Taken { .. })) {
            self.owed -= 1;
        }
        self.arrivals.push(Arrival { number, at_us });
    }

    /// Whether nothing waits to be sent.
    pub(super) fn is_all_sent(&self) -> bool {
        self.sent == self.messages.len()
    }

    /// Whether all that was sent is answered, and all that was published has come.
    pub(super) fn is_settled(&self) -> bool {
        self.answered == self.sent && self.owed == 0
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn id(sequence: u64) -> EventId {
        format!("8f3k2a-{sequence}").parse().unwrap()
    }

    fn foreign(text: &str) -> News {
        let (event, id) = (String::new(), String::new());
        News::Foreign { event, id, data: Bytes::copy_from_slice(text.as_bytes()), arrived_us: 9 }
    }

    fn event(number: u64, due_us: u64) -> News {
        let mut data = Vec::new();
        Mark { sequence: number, due_us }.write(60, &mut data);
        let event = Event::new(id(number + 1), "demo", 0, std::str::from_utf8(&data).unwrap());
        News::Event { event, arrived_us: 10 }
    }

    #[test]
    fn ack_and_event_come_in_either_order() {
        for ack_first in [true, false] {
            let book = Book::default();
            book.sent(book.due(5));
            let ack = foreign(r#"{"ack":{"ref":"0","id":"8f3k2a-1"}}"#);
            let news = if ack_first { [ack, event(0, 5)] } else { [event(0, 5), ack] };
            for (news, is_settled) in news.into_iter().zip([false, true]) {
                book.note(news);
                assert_eq!(book.pages().is_settled(), is_settled);
            }
            let pages = book.pages();
            assert_eq!(pages.messages[0].answer, Some(Answer::Taken { at_us: 9, id: Some(id(1)) }));
            assert_eq!(pages.arrivals, [Arrival { number: 0, at_us: 10 }]);
        }
    }

    #[test]
    fn a_refusal_is_an_answer_and_says_why() {
        let book = Book::default();
        book.sent(book.due(5));
        book.note(foreign(r#"{"error":{"ref":"0","message":"no"}}"#));
        let pages = book.pages();
        assert!(pages.is_settled());
        assert_eq!(
            (pages.messages[0].answer, pages.first_failure.as_deref()),
            (Some(Answer::Refused), Some("no"))
        );
    }

    #[test]
    fn what_is_not_ours_is_nobodys() {
        let book = Book::default();
        book.sent(book.due(5));
        for text in [r#"{"ack":{"ref":"7","id":"8f3k2a-1"}}"#, r#"{"ack":{"ref":"x","id":"8f3k2a-1"}}"#, "{}"]
        {
            book.note(foreign(text));
        }
        for (number, due_us) in [(0, 6), (1, 5)] {
            book.note(event(number, due_us));
        }
        let pages = book.pages();
        assert!(!pages.is_settled() && pages.arrivals.is_empty());
        assert_eq!((pages.events.len(), pages.messages[0].answer), (2, None));
    }

    #[test]
    fn what_comes_again_is_kept_and_owed_once() {
        let book = Book::default();
        book.sent(book.due(5));
        book.taken(0, 8, Some(id(1)));
        book.note(event(0, 5));
        book.note(event(0, 5));
        let pages = book.pages();
        assert_eq!((pages.arrivals.len(), pages.is_settled()), (2, true));
    }
}
