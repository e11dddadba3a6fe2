//! What passes a connection: reads go under way, what is due is written, and the middlebox stands in between.

use std::io;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;

use super::{Connection, Gone};
use crate::link::ends::Ending;
use crate::link::flow::{self, Sink};
use crate::link::middlebox::{Out, Unread};
use crate::link::way::What;
use crate::wire::Direction;

impl Connection {
    /// Reads once. False where there was nothing to read, or no room.
    pub(super) fn read(&mut self, direction: Direction, cx: &mut Context<'_>) -> bool {
        let Some(read) = self.read_once(direction, cx) else { return false };
        let came = Instant::now();
        match read {
            Ok(bytes) if bytes.is_empty() => self.ended(direction, came),
            Ok(bytes) => self.came(direction, came, bytes),
            Err(_) => self.close(direction, came, What::Reset),
        }
        true
    }

    fn read_once(&mut self, direction: Direction, cx: &mut Context<'_>) -> Option<io::Result<Bytes>> {
        let now = Instant::now();
        let (flow, socket) = match direction {
            Direction::Up => (&self.up, &self.near),
            Direction::Down => (&self.down, &self.far),
        };
        let has_room = self.is_cut || flow.has_room(now) && self.middlebox_has_room(direction, now);
        if flow.is_read || !has_room {
            return None;
        }
        match flow::read(socket, cx) {
            Poll::Ready(read) => Some(read),
            Poll::Pending => None,
        }
    }

    /// What the client asks may be answered on the way: that goes down, past what is read from the server.
    fn middlebox_has_room(&self, direction: Direction, now: Instant) -> bool {
        match &self.middlebox {
            Some(middlebox) if direction == Direction::Up => {
                middlebox.has_room() && (!middlebox.answers() || self.down.has_room(now))
            }
            _ => true,
        }
    }

    fn came(&mut self, direction: Direction, came: Instant, bytes: Bytes) {
        if self.is_cut {
            return;
        }
        match direction {
            Direction::Up => self.up.way.write(came, bytes, &mut self.down.way),
            Direction::Down => {
                self.ends.saw(came);
                match &mut self.middlebox {
                    None => self.down.way.write(came, bytes, &mut self.up.way),
                    Some(middlebox) => {
                        let out = middlebox.down(&bytes);
                        self.let_go(came, out);
                    }
                }
            }
        }
    }

    fn ended(&mut self, direction: Direction, came: Instant) {
        if direction == Direction::Down
            && let Some(middlebox) = self.middlebox.as_mut().filter(|_| !self.is_cut)
        {
            let out = middlebox.down_end();
            self.let_go(came, out);
        }
        let back = match direction {
            Direction::Up => &self.down,
            Direction::Down => &self.up,
        };
        // Whom nothing can be written to has not ended in good order, even if a failed write took the error along.
        let what = if back.sink == Sink::Broken { What::Reset } else { What::End };
        self.close(direction, came, what);
    }

    fn close(&mut self, direction: Direction, came: Instant, what: What) {
        let (flow, back) = match direction {
            Direction::Up => (&mut self.up, &mut self.down),
            Direction::Down => (&mut self.down, &mut self.up),
        };
        flow.is_read = true;
        if !self.is_cut {
            flow.way.close(came, what, &mut back.way);
        }
    }

    /// Writes what is due. False where nothing was, or nothing could be.
    pub(super) fn write(&mut self, direction: Direction, cx: &mut Context<'_>) -> Result<bool, Gone> {
        let now = Instant::now();
        let was_blocked = self.flow(direction).is_blocked();
        let mut dues = Vec::new();
        while let Some((due, what)) = self.flow(direction).way.take_due(now) {
            match what {
                What::Bytes(bytes) => {
                    dues.push(due);
                    self.arrived(direction, now, bytes);
                }
                What::End => self.end_arrived(direction, now),
                What::Reset => return Err(Gone),
            }
        }
        let (flow, socket) = match direction {
            Direction::Up => (&mut self.up, &self.far),
            Direction::Down => (&mut self.down, &self.near),
        };
        let written = flow.write(socket, cx);
        let is_blocked = flow.is_blocked();
        self.count(direction, written, &dues, was_blocked || is_blocked);
        Ok(written > 0 || !dues.is_empty())
    }

    /// What came out of the network goes on to its socket, or through the middlebox first.
    fn arrived(&mut self, direction: Direction, now: Instant, bytes: Bytes) {
        if direction == Direction::Down {
            return self.down.arrived(bytes);
        }
        self.ends.saw(now);
        match self.middlebox.as_mut().map(|middlebox| middlebox.up(&bytes)) {
            None => self.up.arrived(bytes),
            Some(Ok(out)) => self.let_go(now, out),
            Some(Err(unread)) => self.give_up(now, unread),
        }
    }

    /// Ends what cannot be read on its way, and says so where the client can hear it.
    fn give_up(&mut self, now: Instant, unread: Unread) {
        self.shared.warn_of(unread);
        if let Some(answer) = unread.answer() {
            self.down.way.write(now, Bytes::from_static(answer.as_bytes()), &mut self.up.way);
        }
        self.end(now, Ending::Cut);
    }

    fn end_arrived(&mut self, direction: Direction, now: Instant) {
        if direction == Direction::Up
            && let Some(middlebox) = &mut self.middlebox
        {
            let out = middlebox.up_end();
            self.let_go(now, out);
        }
        self.flow(direction).sink = Sink::Ending;
    }

    /// What the middlebox lets go: to the server now, to the client through the network.
    fn let_go(&mut self, now: Instant, out: Out) {
        out.to_server.into_iter().for_each(|bytes| self.up.arrived(bytes));
        for bytes in out.to_client {
            self.down.way.write(now, bytes, &mut self.up.way);
        }
    }

    fn count(&self, direction: Direction, written: usize, dues: &[Instant], was_held_up: bool) {
        let tally = &self.shared.tally;
        tally.moved(direction, written);
        match was_held_up {
            true => tally.held_up(dues.len()),
            false => tally.wrote(dues),
        }
    }
}
