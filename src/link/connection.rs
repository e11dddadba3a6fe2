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

mod passing;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Sleep, sleep_until};

use super::ends::{Ending, Ends};
use super::flow::{Flow, Sink};
use super::middlebox::Middlebox;
use super::nagle::Nagle;
use super::order::reset;
use super::path::{Asked, Path};
use super::relay::Shared;
use super::terms::Terms;
use super::way::{Way, What};
use crate::wire::Direction;

/// How long a connection that was cut listens on, so that what the client still sends does not turn the end it is
/// told of into a reset: the time that nginx takes (`lingering_timeout`).
const LINGER: Duration = Duration::from_secs(5);

/// How often a connection may read and write before it is another's turn: of 64 KiB each, about 0.2 ms.
const TURNS: usize = 8;

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
    terms: Arc<Terms>,
    random: fastrand::Rng,
    shared: Arc<Shared>,
}

/// The connection is gone, both ways.
struct Gone;

impl Connection {
    pub(super) fn new(
        near: TcpStream,
        far: TcpStream,
        accepted: Instant,
        terms: Arc<Terms>,
        shared: &Arc<Shared>,
        mut random: fastrand::Rng,
    ) -> Self {
        let character = &terms.character;
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
        let is_cut = false;
        Self { near, far, up, down, middlebox, ends, bell, is_cut, alarm: None, terms, random, shared }
    }

    /// Lives until both directions have ended, on terms that may change.
    pub(super) async fn run(mut self, mut news: watch::Receiver<Arc<Terms>>) {
        let is_gone = loop {
            tokio::select! {
                biased;
                Ok(()) = news.changed() => {
                    let terms = news.borrow_and_update().clone();
                    if self.change(Instant::now(), terms).is_err() {
                        break true;
                    }
                }
                ended = poll_fn(|cx| self.poll(cx)) => break ended.is_err(),
            }
        };
        if is_gone {
            reset(&self.near);
            reset(&self.far);
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        match self.live(cx) {
            Ok(()) if !self.is_over() => Poll::Pending,
            ended => Poll::Ready(ended),
        }
    }

    fn change(&mut self, now: Instant, terms: Arc<Terms>) -> Result<(), Gone> {
        if terms.drops != self.terms.drops {
            return Err(Gone);
        }
        let character = &terms.character;
        let nagle = |back: Asked| character.nagle.then(|| Nagle::new(now, back.delay));
        self.up.way.change(now, character.up, nagle(character.down), &mut self.down.way);
        self.down.way.change(now, character.down, nagle(character.up), &mut self.up.way);
        self.ends.change(character, now, &mut self.random);
        if !self.is_cut {
            self.bell = self.ends.next().map(|(at, _)| Box::pin(sleep_until(at.into())));
        }
        self.terms = terms;
        Ok(())
    }

    /// Does all that can be done now, and sees to it that it is called again.
    fn live(&mut self, cx: &mut Context<'_>) -> Result<(), Gone> {
        self.look_at_the_bell(cx);
        for _ in 0..TURNS {
            self.let_leave(Instant::now());
            let wrote = self.write(Direction::Up, cx)? | self.write(Direction::Down, cx)?;
            let read = self.read(Direction::Up, cx) | self.read(Direction::Down, cx);
            if !wrote && !read {
                self.set_alarm(cx);
                return Ok(());
            }
        }
        // There is more to do, and others wait.
        cx.waker().wake_by_ref();
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
        let arrives = now + self.terms.character.down.delay;
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
