//! Which request each frame is booked to.

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, Waker};

use super::fields::Meaning;
use super::frame::{self, HEADERS, RST_STREAM, SETTINGS, WINDOW_UPDATE};
use super::heard::Ear;
use super::share::Share;
use super::stream::Stream;
use super::way::{self, Part, Way};
use super::{Frame, Heard, PREFACE, PRI};
use crate::wire::conversation::{Direction, Piece, show};
use crate::wire::exchange::Extent;
use crate::wire::ledger::{Account, Books};
use crate::wire::{Bytes, Tap};

/// All that is known of one connection.
pub(super) struct Book {
    books: Books,
    up: Way,
    down: Way,
    open: HashMap<u32, Stream>,
    latest: Option<Account>,
    /// Came before there was a request to book it to, up and down.
    early: [Bytes; 2],
    share: Share,
    ear: Ear,
}

impl Book {
    /// Begins behind `PRI * HTTP/2.0` and its empty line.
    pub(super) fn new(books: Books) -> Self {
        let early = Bytes { http: PRI as u64, ..Bytes::default() };
        Self {
            books,
            up: Way::behind(PRI),
            down: Way::behind(PREFACE.len()),
            open: HashMap::new(),
            latest: None,
            early: [early, Bytes::default()],
            share: Share::default(),
            ear: Ear::default(),
        }
    }

    pub(super) fn holds(&self, stream: u32) {
        if let Some(exchange) = self.open.get(&stream).and_then(|stream| stream.account.exchange()) {
            exchange.held();
        }
    }

    pub(super) fn with_latest(&self, book: impl FnOnce(&Account)) {
        if let Some(latest) = &self.latest {
            book(latest);
        }
    }

    pub(super) fn heard(&self) -> Heard {
        self.ear.heard
    }

    pub(super) fn poll_share(&mut self, cx: &mut Context<'_>, stream: u32, given: u64) -> Poll<u64> {
        let half = self.share.half();
        let Some(open) = self.open.get_mut(&stream) else { return Poll::Ready(u64::MAX) };
        match (half + open.read).saturating_sub(given) {
            0 => {
                open.waits = Some(cx.waker().clone());
                Poll::Pending
            }
            more => Poll::Ready(more),
        }
    }

    /// Takes one part of a frame from the front of `bytes` and gives the rest back.
    pub(super) fn step<'a>(&mut self, direction: Direction, bytes: &'a [u8], tap: Option<&Tap>) -> &'a [u8] {
        let (part, rest) = self.way(direction).take(bytes);
        match part {
            Part::Preface { length, is_whole } => {
                self.passed(direction, 0, length);
                if is_whole {
                    show(tap, direction, Piece::Head(PREFACE));
                }
            }
            Part::OfHead | Part::Kept => {}
            Part::Data(data) => self.data(direction, data, tap),
            Part::Frame(frame) => self.frame(direction, frame, tap),
        }
        rest
    }

    fn data(&mut self, direction: Direction, data: way::Data<'_>, tap: Option<&Tap>) {
        let way::Data { frame, early, now, payload, is_whole, is_new } = data;
        if is_new {
            self.ear.hear(direction, frame);
            show(tap, direction, Piece::Frame(frame, &[]));
        }
        if direction == Direction::Down {
            self.share.use_up(payload.len() as u64);
        }
        let is_last = is_whole && frame.ends_stream();
        let (head, length) = early;
        self.book_body(direction, frame.stream, &head[..length], false);
        self.book_body(direction, frame.stream, now, is_last);
        if !payload.is_empty() {
            let is_websocket = self.open.get(&frame.stream).is_some_and(|stream| stream.is_websocket);
            let piece = if is_websocket { Piece::Raw(payload) } else { Piece::Body(payload) };
            show(tap, direction, piece);
        }
        if is_last {
            self.over(direction, frame.stream);
        }
    }

    /// A frame that is no DATA is whole.
    fn frame(&mut self, direction: Direction, frame: Frame, tap: Option<&Tap>) {
        self.ear.hear(direction, frame);
        show(tap, direction, Piece::Frame(frame, self.way(direction).payload()));
        if frame.has_fields() {
            let Some(block) = self.way(direction).block(frame) else { return };
            return self.fields(direction, block, tap);
        }
        self.passed(direction, frame.stream, frame.weight());
        match frame.kind {
            SETTINGS => self.settings(direction),
            RST_STREAM => self.close(frame.stream),
            WINDOW_UPDATE if direction == Direction::Up => self.make_room(frame.stream),
            _ => {}
        }
    }

    /// A list of fields is whole.
    fn fields(&mut self, direction: Direction, block: way::Block, tap: Option<&Tap>) {
        let way::Block { frame, weight } = block;
        let is_watched = match direction {
            Direction::Up => matches!(self.books, Books::ByTarget(..)),
            Direction::Down => self.open.get(&frame.stream).is_some_and(|of| of.account.exchange().is_some()),
        };
        let meaning = self.way(direction).read(is_watched || tap.is_some());
        show(tap, direction, Piece::Fields(&meaning.fields));
        match (direction, self.open.contains_key(&frame.stream)) {
            (Direction::Up, false) if frame.kind == HEADERS => self.request(block, &meaning),
            (Direction::Down, true) if frame.kind == HEADERS => self.answer(block, &meaning),
            // Trailers, and what is said on streams that are over.
            _ => self.passed(direction, frame.stream, weight),
        }
        if frame.ends_stream() {
            self.over(direction, frame.stream);
        }
    }

    fn request(&mut self, way::Block { frame, weight }: way::Block, meaning: &Meaning) {
        let account = self.books.account(&meaning.path);
        let [up, down] = std::mem::take(&mut self.early);
        for ledger in account.ledgers() {
            ledger.up.http.fetch_add(up.http + weight, Relaxed);
            ledger.down.http.fetch_add(down.http, Relaxed);
            ledger.requests.fetch_add(1, Relaxed);
        }
        if let Some(exchange) = account.exchange() {
            exchange.arrived((up.http + weight) as usize, &meaning.fields.text());
            exchange.passed(Direction::Down, down.http);
        }
        self.latest = Some(account.clone());
        self.open.insert(frame.stream, Stream::new(account, meaning.is_websocket));
    }

    fn answer(&mut self, block: way::Block, meaning: &Meaning) {
        match self.open.get_mut(&block.frame.stream).filter(|stream| stream.answer.is_none()) {
            Some(stream) => stream.answered(block, meaning),
            // Trailers.
            None => self.passed(Direction::Down, block.frame.stream, block.weight),
        }
    }

    fn settings(&mut self, from: Direction) {
        let size = frame::table_size(self.way(from).payload());
        let to = match from {
            Direction::Up => &mut self.down,
            Direction::Down => &mut self.up,
        };
        size.into_iter().for_each(|size| to.allow_table(size as usize));
    }

    /// The client has room for more: it has read, or has widened a window.
    fn make_room(&mut self, stream: u32) {
        let Some(increment) = frame::increment(self.up.payload()) else { return };
        if stream != 0 {
            let Some(open) = self.open.get_mut(&stream) else { return };
            open.read += increment;
            open.waits.take().into_iter().for_each(Waker::wake);
        } else if self.share.widen(increment) {
            self.open.values_mut().filter_map(|open| open.waits.take()).for_each(Waker::wake);
        }
    }

    /// So many bytes passed that are neither a message's head nor its body.
    fn passed(&mut self, direction: Direction, stream: u32, bytes: u64) {
        let account = self.open.get(&stream).map(|stream| &stream.account).or(self.latest.as_ref());
        let Some(account) = account else {
            self.early[direction as usize].http += bytes;
            return;
        };
        for ledger in account.ledgers() {
            ledger.of(direction).http.fetch_add(bytes, Relaxed);
        }
        if let Some(exchange) = account.exchange() {
            exchange.passed(direction, bytes);
        }
    }

    fn book_body(&self, direction: Direction, stream: u32, bytes: &[u8], is_last: bool) {
        let stream = self.open.get(&stream);
        let account = stream.map(|stream| &stream.account).or(self.latest.as_ref());
        for ledger in account.iter().flat_map(|account| account.ledgers()) {
            ledger.of(direction).body.fetch_add(bytes.len() as u64, Relaxed);
        }
        let Some(exchange) = account.and_then(Account::exchange).filter(|_| !bytes.is_empty()) else {
            return;
        };
        let extent = match (is_last, stream.and_then(|stream| stream.answer)) {
            (true, _) => Extent::Over,
            (false, extent) => extent.unwrap_or(Extent::Endless),
        };
        match direction {
            Direction::Up => exchange.heard(bytes),
            Direction::Down => exchange.body(bytes, extent),
        }
    }

    /// One side has said all on a stream.
    fn over(&mut self, direction: Direction, stream: u32) {
        let Some(open) = self.open.get_mut(&stream) else { return };
        open.is_over[direction as usize] = true;
        if open.is_over == [true; 2] {
            self.close(stream);
        }
    }

    /// Nothing belongs to a stream any more. The latest of them is still there for what belongs to none.
    fn close(&mut self, stream: u32) {
        let closed = self.open.remove(&stream);
        if let Some(exchange) = closed.as_ref().and_then(|stream| stream.account.exchange()) {
            exchange.end();
        }
    }

    fn way(&mut self, direction: Direction) -> &mut Way {
        match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        }
    }
}
