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
//! read is `Raw`. Where the client's first words are the preface of HTTP/2, [`Streams`] take over, both ways.

use std::mem::MaybeUninit;
use std::sync::atomic::Ordering::Relaxed;

use super::Tap;
use super::exchange::Extent;
use super::framing::{LONGEST_HEAD, State, body_of, end_of_head};
use super::http2::{Fields, Frame, PREFACE, PRI, Streams};
use super::ledger::{Account, Books};
use super::queue::{Asked, Queue};

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
    /// The head of a frame of HTTP/2, with its payload; that of DATA follows as `Body`, or `Raw` in a WebSocket.
    Frame(Frame, &'a [u8]),
    /// What the frames of a head, which came before, stand for.
    Fields(&'a Fields),
}

pub(super) struct Conversation {
    pub(super) books: Books,
    up: State,
    down: State,
    asked: Queue,
    /// It is in HTTP/2, of which this is all there is to know.
    streams: Option<Streams>,
    /// The account of the last request: of its body, and of all that goes up raw.
    asking: Option<Account>,
    /// The account of the last answer. A pipelined request may come before all of it has left.
    answering: Option<Account>,
}

impl Conversation {
    pub(super) fn new(books: Books) -> Self {
        let (up, down) = (State::Head(Vec::new()), State::Head(Vec::new()));
        Self { books, up, down, asked: Queue::default(), streams: None, asking: None, answering: None }
    }

    /// Ends with the answer that begins now: the account of its request, to which all else belongs.
    pub(super) fn into_asked(mut self) -> Option<Account> {
        let asked = self.asked.pop().map(|asked| asked.account);
        self.asking = asked.or(self.asking.take());
        // No request comes any more: what looked like the begin of one was not.
        if let State::Head(begun) = &self.up {
            self.book_body(Direction::Up, begun);
        }
        self.asking
    }

    /// Hands out the account of the last request, where there was one.
    pub(super) fn with_asking(&self, book: impl FnOnce(&Account)) {
        match &self.streams {
            Some(streams) => streams.with_latest(book),
            None => {
                if let Some(asking) = &self.asking {
                    book(asking);
                }
            }
        }
    }

    /// The request that is to be answered next waits until there is something to say.
    pub(super) fn holds(&self) {
        if let Some(exchange) = self.asked.first().and_then(|asked| asked.account.exchange()) {
            exchange.held();
        }
    }

    /// Books the next bytes of one direction and shows them to the tap.
    pub(super) fn saw(&mut self, direction: Direction, mut bytes: &[u8], tap: Option<&Tap>) {
        while !bytes.is_empty() {
            if let Some(streams) = &self.streams {
                return streams.saw(direction, bytes, tap);
            }
            bytes = self.step(direction, bytes, tap);
        }
    }

    /// The books of HTTP/2, where that is spoken.
    pub(super) fn streams(&self) -> Option<&Streams> {
        self.streams.as_ref()
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
        self.book_body(direction, &bytes[..bytes.len() - rest.len()]);
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
        if direction == Direction::Up && self.asking.is_none() && *head == PREFACE[..PRI] {
            self.streams = Some(Streams::new(self.books.clone()));
            return;
        }
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
        if let Some(exchange) = account.exchange() {
            exchange.arrived(head.len(), head);
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
        if let Some(exchange) = self.answering.as_ref().and_then(Account::exchange) {
            exchange.head(head.len(), head);
            if !interim {
                exchange.has_head(status, self.extent());
            }
        }
    }

    /// How much of an answer is known to come.
    fn extent(&self) -> Extent {
        match self.down {
            State::Head(_) => Extent::Over,
            State::UntilClose | State::Raw => Extent::Endless,
            _ => Extent::More,
        }
    }

    fn book_body(&self, direction: Direction, bytes: &[u8]) {
        let account = match direction {
            Direction::Up => &self.asking,
            Direction::Down => &self.answering,
        };
        for ledger in account.iter().flat_map(Account::ledgers) {
            ledger.of(direction).body.fetch_add(bytes.len() as u64, Relaxed);
        }
        let Some(exchange) = account.as_ref().and_then(Account::exchange) else { return };
        match direction {
            Direction::Up => exchange.heard(bytes),
            Direction::Down => exchange.body(bytes, self.extent()),
        }
    }
}

pub(super) fn show(tap: Option<&Tap>, direction: Direction, piece: Piece<'_>) {
    if let Some(tap) = tap {
        tap(direction, piece);
    }
}

#[cfg(test)]
mod tests;
