//! Takes a conversation apart while it passes: which bytes are heads, which are bodies.
//!
//! ```text
//! up    GET /poll HTTP/1.1 ⏎ host: … ⏎ ⏎                                     Head
//! down  HTTP/1.1 200 OK ⏎ content-length: 4 ⏎ ⏎ │ four                       Head │ Body
//! down  HTTP/1.1 200 OK ⏎ transfer-encoding: chunked ⏎ ⏎ │ 4⏎ │ four │ ⏎     Head │ Framing │ Body │ Framing
//! down  HTTP/1.1 101 Switching Protocols ⏎ … ⏎ ⏎ │ 81 04 66 6f 75 72         Head │ Raw, both ways from here on
//! ```
//!
//! It only listens: it finds where each message of HTTP/1.1 (RFC 9112, section 6.3) ends, and what it cannot
//! read is `Raw`.

use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::sync::atomic::Ordering::Relaxed;

use super::Tap;
use super::framing::{LONGEST_HEAD, State, body_of, end_of_head};
use super::ledger::{Account, Books};

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From client to server.
    Up,
    /// From server to client.
    Down,
}

/// A run of bytes of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A whole head, empty line included.
    Head(&'a [u8]),
    /// Bytes of a body.
    Body(&'a [u8]),
    /// What chunked transfer coding adds around a body: sizes and line ends.
    Framing(&'a [u8]),
    /// What is not HTTP, or no longer: the bytes after a 101.
    Raw(&'a [u8]),
}

/// What of an earlier request is needed to read its answer.
struct Asked {
    account: Account,
    /// The answer to a HEAD request has no body, whatever its head says.
    head_only: bool,
}

/// Requests that are not answered yet: one, most of the time, and then no memory beyond it.
#[derive(Default)]
struct Queue {
    first: Option<Asked>,
    #[expect(
        clippy::box_collection,
        reason = "most connections wait most of the time, each with one of these"
    )]
    rest: Option<Box<VecDeque<Asked>>>,
}

impl Queue {
    fn push(&mut self, asked: Asked) {
        match self.first {
            None => self.first = Some(asked),
            Some(_) => self.rest.get_or_insert_default().push_back(asked),
        }
    }

    fn first(&self) -> Option<&Asked> {
        self.first.as_ref()
    }

    fn pop(&mut self) -> Option<Asked> {
        let next = self.rest.as_mut().and_then(|rest| rest.pop_front());
        std::mem::replace(&mut self.first, next)
    }
}

pub(super) struct Conversation {
    pub(super) books: Books,
    up: State,
    down: State,
    asked: Queue,
    /// The account of the last request: of its body, and of all that goes up raw.
    asking: Option<Account>,
    /// The account of the last answer. A pipelined request may come before all of it has left.
    answering: Option<Account>,
}

impl Conversation {
    pub(super) fn new(books: Books) -> Self {
        let (up, down) = (State::Head(Vec::new()), State::Head(Vec::new()));
        Self { books, up, down, asked: Queue::default(), asking: None, answering: None }
    }

    /// The account of the last request.
    pub(super) fn into_asking(self) -> Option<Account> {
        self.asking
    }

    /// Books the next bytes of one direction and shows them to the tap.
    pub(super) fn saw(&mut self, direction: Direction, mut bytes: &[u8], tap: Option<&Tap>) {
        while !bytes.is_empty() {
            bytes = self.step(direction, bytes, tap);
        }
    }

    /// Whether every request was answered in full, and none has begun.
    pub(super) fn is_at_rest(&self) -> bool {
        let is_between = |state: &State| matches!(state, State::Head(begun) if begun.is_empty());
        self.asked.first().is_none() && is_between(&self.up) && is_between(&self.down)
    }

    /// Takes one piece from the front of `bytes` and gives the rest back.
    fn step<'a>(&mut self, direction: Direction, bytes: &'a [u8], tap: Option<&Tap>) -> &'a [u8] {
        if let State::Head(begun) = self.state(direction) {
            // Most heads come whole.
            if begun.is_empty()
                && let Some(end) = end_of_head(bytes, 0)
            {
                self.head(direction, &bytes[..end], tap);
                return &bytes[end..];
            }
            return self.part_of_head(direction, bytes, tap);
        }
        let state = self.state(direction);
        let (piece, rest) = state.advance(bytes);
        self.book_body(direction, bytes.len() - rest.len());
        show(tap, direction, piece);
        rest
    }

    fn part_of_head<'a>(&mut self, direction: Direction, bytes: &'a [u8], tap: Option<&Tap>) -> &'a [u8] {
        let state = self.state(direction);
        let State::Head(begun) = state else { unreachable!("a head is being put together") };
        let before = begun.len();
        begun.extend_from_slice(bytes);
        let Some(end) = end_of_head(begun, before) else {
            if begun.len() > LONGEST_HEAD {
                *state = State::Raw;
            }
            return &[];
        };
        let mut head = std::mem::take(begun);
        head.truncate(end);
        self.head(direction, &head, tap);
        &bytes[end - before..]
    }

    fn head(&mut self, direction: Direction, head: &[u8], tap: Option<&Tap>) {
        match direction {
            Direction::Up => self.request(head),
            Direction::Down => self.answer(head),
        }
        show(tap, direction, Piece::Head(head));
    }

    fn state(&mut self, direction: Direction) -> &mut State {
        match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        }
    }

    fn request(&mut self, head: &[u8]) {
        let mut headers = [const { MaybeUninit::uninit() }; 100];
        let mut request = httparse::Request::new(&mut []);
        let read = request.parse_with_uninit_headers(head, &mut headers).is_ok();
        let account = self.books.account(request.path.unwrap_or_default());
        for ledger in account.ledgers() {
            ledger.up.http.fetch_add(head.len() as u64, Relaxed);
            ledger.requests.fetch_add(1, Relaxed);
        }
        self.asking = Some(account.clone());
        self.asked.push(Asked { account, head_only: request.method == Some("HEAD") });
        self.up = match read {
            true => body_of(request.headers, State::Head(Vec::new())),
            false => State::Raw,
        };
    }

    fn answer(&mut self, head: &[u8]) {
        let mut headers = [const { MaybeUninit::uninit() }; 100];
        let mut response = httparse::Response::new(&mut []);
        let parser = httparse::ParserConfig::default();
        let read = parser.parse_response_with_uninit_headers(&mut response, head, &mut headers).is_ok();
        let status = response.code.unwrap_or(0);
        let interim = (100..200).contains(&status) && status != 101;
        let head_only = self.asked.first().is_some_and(|asked| asked.head_only);
        let account = match interim {
            true => self.asked.first().map(|asked| asked.account.clone()),
            false => self.asked.pop().map(|asked| asked.account),
        };
        self.answering = account.or(self.answering.take()).or_else(|| self.asking.clone());
        for ledger in self.answering.iter().flat_map(Account::ledgers) {
            ledger.down.http.fetch_add(head.len() as u64, Relaxed);
            ledger.empty_answers.fetch_add(u64::from(status == 204), Relaxed);
        }
        self.down = match status {
            101 => {
                self.up = State::Raw;
                State::Raw
            }
            _ if !read => State::Raw,
            204 | 304 => State::Head(Vec::new()),
            _ if interim || head_only => State::Head(Vec::new()),
            _ => body_of(response.headers, State::UntilClose),
        };
    }

    fn book_body(&self, direction: Direction, bytes: usize) {
        let account = match direction {
            Direction::Up => &self.asking,
            Direction::Down => &self.answering,
        };
        for ledger in account.iter().flat_map(Account::ledgers) {
            let layers = match direction {
                Direction::Up => &ledger.up,
                Direction::Down => &ledger.down,
            };
            layers.body.fetch_add(bytes as u64, Relaxed);
        }
    }
}

fn show(tap: Option<&Tap>, direction: Direction, piece: Piece<'_>) {
    if let Some(tap) = tap {
        tap(direction, piece);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::super::Ledger;
    use super::*;

    /// Runs a conversation, each part cut into runs of `cut` bytes, and tells what was seen.
    fn watch(parts: &[(Direction, &str)], cut: usize) -> (Vec<String>, super::super::Counts) {
        let ledger = Arc::new(Ledger::default());
        let seen = Arc::new(Mutex::new(Vec::<(Direction, &'static str, String)>::new()));
        let tap: Tap = {
            let seen = seen.clone();
            Arc::new(move |direction, piece| {
                let (kind, bytes) = match piece {
                    Piece::Head(bytes) => ("head", bytes),
                    Piece::Body(bytes) => ("body", bytes),
                    Piece::Framing(bytes) => ("framing", bytes),
                    Piece::Raw(bytes) => ("raw", bytes),
                };
                let text = String::from_utf8_lossy(bytes).into_owned();
                let mut seen = seen.lock().unwrap();
                match seen.last_mut() {
                    Some(last) if (last.0, last.1) == (direction, kind) && kind != "head" => last.2 += &text,
                    _ => seen.push((direction, kind, text)),
                }
            })
        };
        let mut conversation = Conversation::new(Books::One(ledger.clone()));
        for (direction, text) in parts {
            for bytes in text.as_bytes().chunks(cut) {
                conversation.saw(*direction, bytes, Some(&tap));
            }
        }
        let seen = seen.lock().unwrap();
        let told = seen.iter().map(|(direction, kind, text)| format!("{direction:?} {kind} {text}"));
        (told.collect(), ledger.counts())
    }

    const ASK: &str = "GET /x HTTP/1.1\r\nhost: x\r\n\r\n";

    #[test]
    fn messages_are_told_apart_however_they_are_cut() {
        let two = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfourHTTP/1.1 204 No Content\r\n\r\n";
        let chunked =
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nfour\r\nA\r\n0123456789\r\n0\r\n\r\n";
        let parts = [
            (Direction::Up, ASK),
            (Direction::Up, ASK),
            (Direction::Down, two),
            (Direction::Up, ASK),
            (Direction::Down, chunked),
        ];
        let (whole, counts) = watch(&parts, usize::MAX);
        assert_eq!(
            whole[3..],
            [
                "Down body four".to_owned(),
                "Down head HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
                format!("Up head {ASK}"),
                "Down head HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_owned(),
                "Down framing 4\r\n".to_owned(),
                "Down body four".to_owned(),
                "Down framing \r\nA\r\n".to_owned(),
                "Down body 0123456789".to_owned(),
                "Down framing \r\n0\r\n\r\n".to_owned(),
            ]
        );
        assert_eq!((counts.requests, counts.empty_answers), (3, 1));
        assert_eq!(counts.up.total() as usize, 3 * ASK.len());
        assert_eq!(counts.down.total() as usize, two.len() + chunked.len());
        for cut in 1..40 {
            assert_eq!(watch(&parts, cut), (whole.clone(), counts), "cut into runs of {cut}");
        }
    }

    #[test]
    fn after_a_101_both_directions_are_raw() {
        let parts = [
            (Direction::Up, "GET /websocket HTTP/1.1\r\nupgrade: websocket\r\n\r\n"),
            (Direction::Down, "HTTP/1.1 101 Switching Protocols\r\n\r\n\u{1}\u{4}four"),
            (Direction::Up, "\u{1}\u{3}abc"),
        ];
        let (seen, counts) = watch(&parts, usize::MAX);
        assert_eq!(seen[2..], ["Down raw \u{1}\u{4}four", "Up raw \u{1}\u{3}abc"]);
        assert_eq!((counts.down.body, counts.up.body), (6, 5));
    }

    #[test]
    fn a_body_without_a_length_lasts_until_the_connection_closes() {
        let parts = [
            (Direction::Up, ASK),
            (Direction::Down, "HTTP/1.0 200 OK\r\n\r\ndata: 1\n\nHTTP/1.1 200 OK\r\n\r\n"),
        ];
        let (seen, _) = watch(&parts, usize::MAX);
        assert_eq!(seen[2..], ["Down body data: 1\n\nHTTP/1.1 200 OK\r\n\r\n"]);
    }

    #[test]
    fn a_request_body_is_followed_and_the_answer_to_head_has_none() {
        let parts = [
            (Direction::Up, "POST /publish HTTP/1.1\r\ncontent-length: 2\r\n\r\n42HEAD / HTTP/1.1\r\n\r\n"),
            (
                Direction::Down,
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 1\r\n\r\n1",
            ),
            (
                Direction::Down,
                "HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            ),
        ];
        let (seen, counts) = watch(&parts, usize::MAX);
        assert_eq!(seen[1], "Up body 42");
        assert_eq!(seen.iter().filter(|line| line.starts_with("Down head")).count(), 4, "{seen:#?}");
        assert_eq!(counts.requests, 2);
    }

    #[test]
    fn empty_lines_before_a_head_and_lone_line_feeds_are_part_of_it() {
        let parts = [(Direction::Up, "\r\n\r\nGET /x HTTP/1.1\nhost: x\n\nGET /y HTTP/1.1\r\nhost: x\n\r\n")];
        for cut in [1, 2, 3, 5, usize::MAX] {
            let (seen, counts) = watch(&parts, cut);
            assert_eq!(seen.len(), 2, "cut into runs of {cut}: {seen:#?}");
            assert_eq!((counts.requests, counts.up.http as usize), (2, parts[0].1.len()));
        }
    }

    #[test]
    fn what_is_not_http_is_raw_and_harms_nobody() {
        let parts = [(Direction::Up, "\u{16}\u{3}\u{1} nonsense\r\n\r\nmore")];
        let (seen, _) = watch(&parts, 3);
        assert_eq!(seen.last().unwrap(), "Up raw more");
    }
}
