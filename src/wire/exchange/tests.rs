use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::wire::conversation::{Conversation, Direction};
use crate::wire::{Account, Books, End, Ledger, Sheet, Wire};

/// What was told: of which request, and what of it.
#[derive(Clone, Debug, PartialEq)]
struct Told(u64, What, Option<u16>, Bytes, String);

/// Requests that are all watched, and what was told of them.
#[derive(Clone, Default)]
struct Watched {
    ledger: Arc<Ledger>,
    told: Arc<Mutex<Vec<Told>>>,
    requests: Arc<AtomicU64>,
}

impl Watched {
    fn books(&self) -> Books {
        let watched = self.clone();
        Books::ByTarget(Arc::new(move |_, connection| watched.account(connection)), 100)
    }

    fn account(&self, connection: u64) -> Account {
        let (number, told) = (connection + self.requests.fetch_add(1, Relaxed), self.told.clone());
        let witness = move |Sight { what, status, bytes, shown }: Sight<'_>| {
            assert!(shown.len() <= SHOWN, "{} bytes are shown", shown.len());
            let shown = String::from_utf8(shown.to_vec()).unwrap();
            told.lock().unwrap().push(Told(number, what, status, bytes, shown));
        };
        let exchange = Some(Exchange::new(Box::new(witness)));
        let sheet = Arc::new(Sheet { ledger: self.ledger.clone(), exchange });
        Account { transport: Arc::default(), client: Some(sheet) }
    }

    /// All that was told; what was heard or written in several pieces is one. Its bytes are the ledger's.
    fn told(&self) -> Vec<Told> {
        let mut merged: Vec<Told> = Vec::new();
        for told in self.told.lock().unwrap().drain(..) {
            let Told(number, what, _, bytes, shown) = &told;
            let is_more = |last: &Told| {
                (last.0, last.1) == (*number, *what) && matches!(what, What::Heard | What::Wrote)
            };
            match merged.last_mut().filter(|last| is_more(last)) {
                Some(last) => {
                    last.3 = last.3 + *bytes;
                    last.4 += shown;
                }
                None => merged.push(told),
            }
        }
        let sum = |of: &[What]| {
            let these = merged.iter().filter(|told| of.contains(&told.1));
            these.fold(Bytes::default(), |sum, told| sum + told.3)
        };
        let counts = self.ledger.counts();
        assert_eq!(sum(&[What::Arrived, What::Heard]), counts.up, "{merged:#?}");
        assert_eq!(sum(&[What::Answered, What::Wrote, What::Closed]), counts.down, "{merged:#?}");
        merged
    }
}

/// Runs a conversation, each part cut into runs of `cut` bytes, until its connection is over.
fn watch(parts: &[(Direction, &str)], cut: usize) -> Vec<Told> {
    let watched = Watched::default();
    let mut conversation = Conversation::new(watched.books());
    for (direction, text) in parts {
        text.as_bytes().chunks(cut).for_each(|bytes| conversation.saw(*direction, bytes, None));
    }
    drop(conversation);
    watched.told()
}

/// What was told, however the conversation is cut.
fn watch_cut(parts: &[(Direction, &str)]) -> Vec<Told> {
    let whole = watch(parts, usize::MAX);
    for cut in 1..40 {
        assert_eq!(watch(parts, cut), whole, "cut into runs of {cut}");
    }
    whole
}

fn told(number: u64, what: What, status: impl Into<Option<u16>>, parts: (&str, &str)) -> Told {
    let bytes = Bytes { http: parts.0.len() as u64, body: parts.1.len() as u64, tls: 0 };
    Told(number, what, status.into(), bytes, format!("{}{}", parts.0, parts.1))
}

const ASK: &str = "GET /x HTTP/1.1\r\nhost: x\r\n\r\n";
const UP: Direction = Direction::Up;
const DOWN: Direction = Direction::Down;

#[test]
fn each_answer_is_told_in_one_piece_and_of_its_own_request() {
    let four = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n";
    let empty = "HTTP/1.1 204 No Content\r\n\r\n";
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunks = "4\r\nfour\r\n0\r\n\r\n";
    let (answers, last) = (format!("{four}four{empty}"), format!("{chunked}{chunks}"));
    let seen = watch_cut(&[(UP, ASK), (UP, ASK), (DOWN, &answers), (UP, ASK), (DOWN, &last)]);
    let expected = [
        told(100, What::Arrived, None, (ASK, "")),
        told(101, What::Arrived, None, (ASK, "")),
        told(100, What::Answered, 200, (four, "four")),
        told(101, What::Answered, 204, (empty, "")),
        told(102, What::Arrived, None, (ASK, "")),
        told(102, What::Answered, 200, (chunked, chunks)),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_body_is_heard_and_an_interim_answer_is_part_of_the_answer() {
    let ask = "POST /publish HTTP/1.1\r\ncontent-length: 2\r\n\r\n";
    let interim = "HTTP/1.1 100 Continue\r\n\r\n";
    let head = "HTTP/1.1 201 Created\r\ncontent-length: 1\r\n\r\n";
    let heads = format!("{interim}{head}");
    let seen = watch_cut(&[(UP, ask), (DOWN, interim), (UP, "42"), (DOWN, head), (DOWN, "1")]);
    let expected = [
        told(100, What::Arrived, None, (ask, "")),
        told(100, What::Heard, None, ("", "42")),
        told(100, What::Answered, 201, (&heads, "1")),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn an_answer_to_head_is_over_with_its_head() {
    let (ask, head) = ("HEAD / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n");
    let seen = watch_cut(&[(UP, ask), (DOWN, head)]);
    assert_eq!(seen[1..], [told(100, What::Answered, 200, (head, ""))]);
}

#[test]
fn an_answer_without_an_end_is_told_as_it_goes_on_and_ends_with_the_connection() {
    let head = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
    let seen = watch_cut(&[(UP, ASK), (DOWN, head), (DOWN, "\u{1}\u{4}four"), (UP, "\u{1}\u{3}abc")]);
    let expected = [
        told(100, What::Answered, 101, (head, "")),
        told(100, What::Wrote, None, ("", "\u{1}\u{4}four")),
        told(100, What::Heard, None, ("", "\u{1}\u{3}abc")),
        told(100, What::Closed, None, ("", "")),
    ];
    assert_eq!(seen[1..], expected);
}

#[test]
fn a_connection_that_ends_too_early_tells_what_of_the_answer_had_left() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 400\r\n\r\n";
    let seen = watch_cut(&[(UP, ASK), (DOWN, head), (DOWN, "four"), (UP, ASK)]);
    let ends: Vec<_> = seen.into_iter().filter(|told| told.1 == What::Closed).collect();
    let expected = [told(100, What::Closed, None, (head, "four")), told(101, What::Closed, None, ("", ""))];
    assert!(expected.iter().all(|end| ends.contains(end)) && ends.len() == 2, "{ends:#?}");
}

#[test]
fn of_what_is_long_only_the_first_is_shown() {
    let body = "x".repeat(5_000);
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n";
    let seen = watch_cut(&[(UP, ASK), (DOWN, head), (DOWN, &body)]);
    let Told(.., bytes, shown) = &seen[1];
    assert_eq!(*bytes, Bytes { http: head.len() as u64, body: 5_000, tls: 0 });
    assert_eq!(*shown, format!("{head}{body}")[..SHOWN]);
}

#[tokio::test]
async fn behind_the_last_head_it_goes_on_however_it_is_cut() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    for cut in 1..head.len() + 9 {
        let watched = Watched::default();
        let (mut client, server) = tokio::io::duplex(1 << 10);
        let mut wire = Wire::new(server, End::Server, watched.books());
        client.write_all(ASK.as_bytes()).await.unwrap();
        let _ = wire.read(&mut [0; 64]).await.unwrap();
        wire.holds();
        let mut rest = wire.ends_with(head.as_bytes());
        for bytes in format!("{head}data: 1\n\n").as_bytes().chunks(cut) {
            rest.write_all(bytes).await.unwrap();
        }
        client.write_all(b"more").await.unwrap();
        let _ = rest.read(&mut [0; 64]).await.unwrap();
        drop(rest);
        let expected = [
            told(100, What::Arrived, None, (ASK, "")),
            told(100, What::Held, None, ("", "")),
            told(100, What::Answered, 200, (head, "")),
            told(100, What::Wrote, None, ("", "data: 1\n\n")),
            told(100, What::Heard, None, ("", "more")),
            told(100, What::Closed, None, ("", "")),
        ];
        assert_eq!(watched.told(), expected, "cut into runs of {cut}");
    }
}

#[tokio::test]
async fn a_write_of_several_slices_is_told_as_one() {
    let watched = Watched::default();
    let (mut client, server) = tokio::io::duplex(1 << 10);
    let mut wire = Wire::new(server, End::Server, watched.books());
    client.write_all(format!("{ASK}early").as_bytes()).await.unwrap();
    let _ = wire.read(&mut [0; 64]).await.unwrap();
    let head = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
    let mut rest = wire.ends_with(head.as_bytes());
    let slices = [head, "one", "two"].map(|text| std::io::IoSlice::new(text.as_bytes()));
    let written = rest.write_vectored(&slices).await.unwrap();
    assert_eq!(written, head.len() + 6, "a duplex takes all slices at once");
    let expected = [
        told(100, What::Arrived, None, (ASK, "")),
        told(100, What::Heard, None, ("", "early")),
        told(100, What::Answered, 101, (head, "")),
        told(100, What::Wrote, None, ("", "onetwo")),
    ];
    assert_eq!(watched.told.lock().unwrap()[..], expected);
}

#[test]
fn who_is_not_watched_takes_no_room_for_it() {
    let word = size_of::<usize>();
    assert_eq!(size_of::<Account>(), 2 * word);
    assert_eq!(size_of::<Books>(), 3 * word);
    assert_eq!(size_of::<crate::wire::Rest<()>>(), 3 * word);
}
