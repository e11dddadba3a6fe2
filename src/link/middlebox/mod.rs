//! A middlebox that reads HTTP: what it does to requests and answers on their way.
//!
//! ```text
//! up     GET /poll ──▶ passes        GET /websocket, Upgrade: websocket ──▶ refused, stripped or swallowed
//! down   an answer ──▶ held by the buffer until so many bytes, or its end ──▶ client
//!        101 ──▶ nothing is held any more, nothing is read any more, either way; so does what opens a tunnel
//! ```
//!
//! It takes bytes and gives bytes, however they are cut, and knows neither sockets nor time. Requests that follow
//! each other on a connection are each acted upon, also those that do not wait for the answer before.

mod buffer;
mod head;
mod unread;
mod upgrade;

use std::collections::VecDeque;

use bytes::Bytes;
use httparse::{EMPTY_HEADER, ParserConfig, Request, Response};

use super::character::{Character, Fate};
use crate::wire::framing::{State, body_of};
use buffer::Buffer;
use head::Head;
pub(super) use unread::Unread;
use upgrade::{REFUSAL, asks_for_websocket, strip};

/// Fields of a head that are looked at; a head with more is not taken for HTTP.
const MOST_FIELDS: usize = 100;

#[derive(Debug)]
pub(super) struct Middlebox {
    fate: Option<Fate>,
    buffer: Option<Buffer>,
    up: State,
    down: State,
    asked: VecDeque<Asked>,
    /// Whether the request that goes up now goes nowhere.
    is_dropping: Option<Dropping>,
    /// Whether no head came whole yet.
    is_new: bool,
}

/// So many requests may wait for their answers: nobody who means them sends more at once, and each that is refused in
/// its turn is an answer of ours that waits with them.
const MOST_ASKED: usize = 1 << 10;

/// A request whose answer has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Passed(Kind),
    /// It is answered by us.
    Refused,
}

/// What the answer's head does not tell of what follows it (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// No body, whatever its head says.
    Head,
    /// Where it is granted, a tunnel.
    Connect,
    Other,
}

/// What is not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dropping {
    /// The body of this request.
    ThisOne,
    /// All that ever comes.
    All,
}

/// What the middlebox lets go.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Out {
    pub(super) to_server: Vec<Bytes>,
    pub(super) to_client: Vec<Bytes>,
}

impl Middlebox {
    /// One for a connection; nothing where nothing that is asked for reads HTTP.
    pub(super) fn new(character: &Character) -> Option<Self> {
        let head = || State::Head(Vec::new());
        character.reads_http().then(|| Self {
            fate: character.upgrade,
            buffer: character.buffer.map(Buffer::new),
            up: head(),
            down: head(),
            asked: VecDeque::new(),
            is_dropping: None,
            is_new: true,
        })
    }

    /// Whether it answers requests itself: then who does not take the answers is not to ask on.
    pub(super) fn answers(&self) -> bool {
        self.fate == Some(Fate::Refused) && !matches!(self.up, State::Raw)
    }

    /// Whether it has room for another request.
    pub(super) fn has_room(&self) -> bool {
        self.asked.len() < MOST_ASKED || matches!(self.up, State::Raw)
    }

    /// Takes bytes from the client.
    ///
    /// # Errors
    /// Where they begin something that it cannot read.
    pub(super) fn up(&mut self, bytes: &Bytes) -> Result<Out, Unread> {
        let (mut out, mut rest) = (Out::default(), &bytes[..]);
        while !rest.is_empty() {
            let before = rest;
            if let State::Head(begun) = &mut self.up {
                if self.is_new && begun.is_empty() {
                    Unread::begins(rest).map_or(Ok(()), Err)?;
                }
                match Head::take(begun, &mut rest) {
                    Head::Whole(head) => {
                        if std::mem::take(&mut self.is_new) {
                            Unread::is_head(&head).map_or(Ok(()), Err)?;
                        }
                        self.request(head, &mut out);
                    }
                    Head::Part => {}
                    Head::TooLong(head) => {
                        self.up = State::Raw;
                        out.to_server.push(head);
                    }
                }
                continue;
            }
            rest = self.up.advance(rest).1;
            if self.is_dropping.is_none() {
                out.to_server.push(bytes.slice_ref(&before[..before.len() - rest.len()]));
            }
            self.end_of_request();
        }
        Ok(out)
    }

    /// The client has said its last: a head that it did not finish is the server's to judge.
    pub(super) fn up_end(&mut self) -> Out {
        let mut out = Out::default();
        if let State::Head(begun) = &mut self.up
            && !begun.is_empty()
        {
            out.to_server.push(std::mem::take(begun).into());
        }
        out
    }

    /// Takes bytes from the server.
    pub(super) fn down(&mut self, bytes: &Bytes) -> Out {
        let (mut out, mut rest) = (Out::default(), &bytes[..]);
        while !rest.is_empty() {
            let before = rest;
            if let State::Head(begun) = &mut self.down {
                match Head::take(begun, &mut rest) {
                    Head::Whole(head) => self.answer(&head, &mut out),
                    Head::Part => {}
                    Head::TooLong(head) => self.is_no_http(&head, &mut out),
                }
                continue;
            }
            rest = self.down.advance(rest).1;
            self.hold(&bytes.slice_ref(&before[..before.len() - rest.len()]), &mut out);
            match &self.down {
                State::Raw => self.is_no_http(&Bytes::new(), &mut out),
                _ => self.end_of_answer(&mut out),
            }
        }
        out
    }

    /// The server has said its last: nothing is held any more.
    pub(super) fn down_end(&mut self) -> Out {
        let mut out = Out::default();
        if let State::Head(begun) = &mut self.down {
            let begun = Bytes::from(std::mem::take(begun));
            self.hold(&begun, &mut out);
        }
        self.flush(&mut out);
        out
    }

    fn request(&mut self, head: Bytes, out: &mut Out) {
        let mut headers = [EMPTY_HEADER; MOST_FIELDS];
        let mut request = Request::new(&mut headers);
        let is_read = request.parse(&head).is_ok();
        let kind = match request.method {
            Some("HEAD") => Kind::Head,
            Some("CONNECT") => Kind::Connect,
            _ => Kind::Other,
        };
        self.up = match is_read {
            true => body_of(request.headers, State::Head(Vec::new())),
            false => State::Raw,
        };
        match self.fate.filter(|_| is_read && asks_for_websocket(request.headers)) {
            Some(Fate::Refused) => {
                self.asked.push_back(Asked::Refused);
                self.is_dropping = Some(Dropping::ThisOne);
                self.refuse(out);
            }
            Some(Fate::Swallowed) => {
                self.up = State::Raw;
                self.is_dropping = Some(Dropping::All);
            }
            Some(Fate::Stripped) => self.pass(strip(&head), kind, out),
            None => self.pass(head, kind, out),
        }
        self.end_of_request();
    }

    fn pass(&mut self, head: Bytes, kind: Kind, out: &mut Out) {
        self.asked.push_back(Asked::Passed(kind));
        out.to_server.push(head);
    }

    /// The next request may be another's.
    fn end_of_request(&mut self) {
        let is_between = matches!(&self.up, State::Head(begun) if begun.is_empty());
        if is_between && self.is_dropping == Some(Dropping::ThisOne) {
            self.is_dropping = None;
        }
    }

    /// Answers what is refused, once all that was asked before is answered.
    fn refuse(&mut self, out: &mut Out) {
        while self.asked.front() == Some(&Asked::Refused) {
            self.asked.pop_front();
            out.to_client.push(Bytes::from_static(REFUSAL.as_bytes()));
        }
    }

    fn answer(&mut self, head: &Bytes, out: &mut Out) {
        let mut headers = [EMPTY_HEADER; MOST_FIELDS];
        let mut response = Response::new(&mut headers);
        let is_read = ParserConfig::default().parse_response(&mut response, head).is_ok();
        let status = response.code.unwrap_or(0);
        let asked = self.asked.front().copied();
        let is_tunnel = asked == Some(Asked::Passed(Kind::Connect)) && (200..300).contains(&status);
        if !is_read || status == 101 || is_tunnel {
            return self.is_no_http(head, out);
        }
        self.hold(head, out);
        if (100..200).contains(&status) {
            // The answer proper is still to come (RFC 9110, section 15.2).
            return self.flush(out);
        }
        self.down = match status {
            204 | 304 => State::Head(Vec::new()),
            _ if asked == Some(Asked::Passed(Kind::Head)) => State::Head(Vec::new()),
            _ => body_of(response.headers, State::UntilClose),
        };
        self.end_of_answer(out);
    }

    fn end_of_answer(&mut self, out: &mut Out) {
        if !matches!(&self.down, State::Head(begun) if begun.is_empty()) {
            return;
        }
        self.flush(out);
        self.asked.pop_front();
        self.refuse(out);
    }

    /// From here on all passes, both ways.
    fn is_no_http(&mut self, bytes: &Bytes, out: &mut Out) {
        self.flush(out);
        self.buffer = None;
        self.hold(bytes, out);
        self.down = State::Raw;
        if let State::Head(begun) = std::mem::replace(&mut self.up, State::Raw)
            && !begun.is_empty()
        {
            out.to_server.push(begun.into());
        }
    }

    fn hold(&mut self, bytes: &Bytes, out: &mut Out) {
        match &mut self.buffer {
            Some(buffer) => buffer.take(bytes, &mut out.to_client),
            None if bytes.is_empty() => {}
            None => out.to_client.push(bytes.clone()),
        }
    }

    fn flush(&mut self, out: &mut Out) {
        if let Some(buffer) = &mut self.buffer {
            buffer.flush(&mut out.to_client);
        }
    }
}

#[cfg(test)]
mod tests;
