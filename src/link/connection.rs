//! One connection: two sockets, and what is under way between them.
//!
//! ```text
//! near ──read──▶ up: Way ───due───▶ middlebox ──write──▶ far
//! near ◀──write── due ─── down: Way ◀─── middlebox ◀──read── far
//! ```
//!
//! The middlebox stands at the server's end of the network, so what it answers itself takes a round trip, too. Two
//! tasks for the two directions would be simpler, but a reset, a cut, an acknowledgement and an answer of the
//! middlebox's own concern both.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep_until};

use super::ends::{Ending, Ends};
use super::flow::{Flow, Sink};
use super::middlebox::{Middlebox, Out, Tls};
use super::nagle::Nagle;
use super::path::{Asked, Path};
use super::relay::{Shared, reset};
use super::way::{Way, What};
use crate::wire::Direction;

/// How long a connection that was cut listens on, so that what the client still sends does not turn the end it is
/// told of into a reset: the time that nginx takes (`lingering_timeout`).
const LINGER: Duration = Duration::from_secs(5);

pub(super) struct Connection {
    near: TcpStream,
    far: TcpStream,
    up: Flow,
    down: Flow,
    middlebox: Option<Middlebox>,
    ends: Ends,
    /// Rings when it is to end, or, once it was cut, when it has listened on for long enough.
    bell: Option<Pin<Box<Sleep>>>,
    is_cut: bool,
    /// The instant at which the timer will wake this task.
    alarm: Option<Instant>,
    shared: Arc<Shared>,
}

/// The connection is gone, both ways.
struct Gone;

impl Connection {
    pub(super) fn new(
        near: TcpStream,
        far: TcpStream,
        accepted: Instant,
        shared: &Arc<Shared>,
        mut random: fastrand::Rng,
    ) -> Self {
        let character = &shared.character;
        let mut way = |asked: Asked, back: Asked, established| {
            let nagle = character.nagle.then(|| Nagle::new(accepted, back.delay));
            Flow::new(Way::new(Path::new(asked, established, random.fork()), nagle))
        };
        // The client knows after a round trip that there is a connection, the server half of one later.
        let established = accepted + character.round_trip();
        let up = way(character.up, character.down, established);
        let down = way(character.down, character.up, established + character.up.delay);
        let ends = Ends::new(character, accepted, &mut random);
        let bell = ends.next().map(|(at, _)| Box::pin(sleep_until(at.into())));
        let middlebox = Middlebox::new(character);
        let shared = shared.clone();
        Self { near, far, up, down, middlebox, ends, bell, is_cut: false, alarm: None, shared }
    }

    /// Lives until both directions have ended.
    pub(super) async fn run(mut self) {
        poll_fn(|cx| self.poll(cx)).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.live(cx) {
            Ok(()) if !self.is_over() => Poll::Pending,
            Ok(()) => Poll::Ready(()),
            Err(Gone) => {
                reset(&self.near);
                reset(&self.far);
                Poll::Ready(())
            }
        }
    }

    /// Does all that can be done now, and sees to it that it is called again.
    fn live(&mut self, cx: &mut Context<'_>) -> Result<(), Gone> {
        self.look_at_the_bell(cx);
        loop {
            self.let_leave(Instant::now());
            let wrote = self.write(Direction::Up, cx)? | self.write(Direction::Down, cx)?;
            let read = self.read(Direction::Up, cx) | self.read(Direction::Down, cx);
            if !wrote && !read {
                break;
            }
        }
        self.set_alarm(cx);
        Ok(())
    }

    fn is_over(&self) -> bool {
        let is_said = self.up.sink == Sink::Ended && self.down.sink == Sink::Ended;
        is_said && self.up.is_read && self.down.is_read
    }

    /// Lets leave what waited for an acknowledgement.
    fn let_leave(&mut self, now: Instant) {
        self.up.way.go_on(now, &mut self.down.way);
        self.down.way.go_on(now, &mut self.up.way);
    }

    /// Reads as much as there is, and room for it. False where there was nothing.
    fn read(&mut self, direction: Direction, cx: &mut Context<'_>) -> bool {
        let mut has_read = false;
        while let Some(read) = self.read_once(direction, cx) {
            let came = Instant::now();
            has_read = true;
            match read {
                Ok(bytes) if bytes.is_empty() => self.ended(direction, came),
                Ok(bytes) => self.came(direction, came, bytes),
                Err(_) => self.close(direction, came, What::Reset),
            }
        }
        has_read
    }

    /// One read; nothing where there is nothing to read, or no room.
    fn read_once(&mut self, direction: Direction, cx: &mut Context<'_>) -> Option<io::Result<Bytes>> {
        let (flow, socket) = match direction {
            Direction::Up => (&self.up, &self.near),
            Direction::Down => (&self.down, &self.far),
        };
        let has_room = self.is_cut || flow.has_room(Instant::now());
        if flow.is_read || !has_room {
            return None;
        }
        match super::flow::read(socket, cx) {
            Poll::Ready(read) => Some(read),
            Poll::Pending => None,
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
    fn write(&mut self, direction: Direction, cx: &mut Context<'_>) -> Result<bool, Gone> {
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
            Some(Err(Tls)) => {
                self.shared.warn_of_tls();
                self.end(now, Ending::Cut);
            }
        }
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

    fn flow(&mut self, direction: Direction) -> &mut Flow {
        match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        }
    }

    /// Ends what has lived for too long, or was silent for too long.
    fn look_at_the_bell(&mut self, cx: &mut Context<'_>) {
        while let Some(bell) = &mut self.bell
            && bell.as_mut().poll(cx).is_ready()
        {
            let now = Instant::now();
            match self.ends.next() {
                _ if self.is_cut => {
                    (self.up.is_read, self.down.is_read) = (true, true);
                    self.bell = None;
                }
                Some((at, ending)) if at <= now => self.end(now, ending),
                Some((at, _)) => bell.as_mut().reset(at.into()),
                None => self.bell = None,
            }
        }
    }

    /// The middlebox ends it: whom it tells of a cut, it tells now; the client hears of it when that arrives.
    fn end(&mut self, now: Instant, ending: Ending) {
        self.is_cut = true;
        let arrives = now + self.shared.character.down.delay;
        self.bell = Some(Box::pin(sleep_until((arrives + LINGER).into())));
        self.up.clear();
        let what = match ending {
            Ending::Cut => {
                self.up.sink = Sink::Ending;
                What::End
            }
            Ending::Reset => What::Reset,
        };
        self.down.way.close(now, what, &mut self.up.way);
    }

    fn set_alarm(&mut self, cx: &Context<'_>) {
        let now = Instant::now();
        let Some(next) = [&self.up, &self.down].into_iter().filter_map(|flow| flow.next(now)).min() else {
            return;
        };
        if self.alarm.is_none_or(|set| next < set || set <= now) {
            self.alarm = Some(next);
            self.shared.timer.wake_at(next, cx.waker().clone());
        }
    }
}
