//! Whether who is at the other end is still there, and whether what it sends is worth hearing.
//!
//! ```text
//! nothing heard for 25 s, streams open      PING; nothing for 10 s more: the connection is over
//! no stream for 75 s                        GOAWAY NO_ERROR
//! frames that bring nothing, and more       GOAWAY ENHANCE_YOUR_CALM
//! ```
//!
//! A frame that brings nothing takes nine bytes of its sender and an answer, a look or a request that was begun in
//! vain of its receiver: PING, SETTINGS, RST_STREAM, empty DATA, room for DATA that was not sent. There are good
//! reasons for each, and none for thousands.

use std::task::{Context, Poll};
use std::time::Duration;

use h2::{Ping, PingPong, Reason};
use tokio::time::Instant;

use crate::server::limits::IDLE;
use crate::transport::patience::Patience;
use crate::transport::websocket::{HEARTBEAT_S, PONG};
use crate::wire::{Heard, Streams};

/// A PING follows so much silence: as long a one as a WebSocket's does.
const SILENCE: Duration = Duration::from_secs(HEARTBEAT_S);

/// Frames that bring nothing, at once: who leaves a page resets all its streams, 128 at most, and may do so again on
/// the next few.
const IDLE_FRAMES: f64 = 1_000.0;

/// How many more of them a second: who measures its line sends a PING for each of a hundred answers.
const IDLE_FRAMES_PER_S: f64 = 100.0;

pub(super) struct Pulse {
    books: Streams,
    ping: Option<PingPong>,
    heard: Heard,
    /// When that was.
    at: Instant,
    /// Is spent by frames that bring nothing, and grows with time.
    allowance: f64,
    refilled: Instant,
    /// A stream was open last.
    busy: Instant,
    pinged: Option<Instant>,
    patience: Patience,
}

impl Pulse {
    pub(super) fn new(books: Streams, ping: Option<PingPong>) -> Self {
        let now = Instant::now();
        Self {
            books,
            ping,
            heard: Heard::default(),
            at: now,
            allowance: IDLE_FRAMES,
            refilled: now,
            busy: now,
            pinged: None,
            patience: Patience::default(),
        }
    }

    /// Waits until the connection is to be closed, and says why.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, is_busy: bool) -> Poll<Reason> {
        let now = Instant::now();
        if self.hear(now) {
            return Poll::Ready(Reason::ENHANCE_YOUR_CALM);
        }
        if is_busy {
            self.busy = now;
        }
        if let Some(ping) = &mut self.ping
            && ping.poll_pong(cx).is_ready()
        {
            self.pinged = None;
        }
        loop {
            self.patience.lasts_until(match self.pinged {
                _ if !is_busy => self.busy + IDLE,
                Some(pinged) => pinged.max(self.at) + PONG,
                None => self.at + SILENCE,
            });
            if self.patience.poll(cx).is_pending() {
                return Poll::Pending;
            }
            if !is_busy || self.pinged.is_some() {
                return Poll::Ready(Reason::NO_ERROR);
            }
            let sent = self.ping.as_mut().map(|ping| ping.send_ping(Ping::opaque()));
            self.pinged = Some(now);
            tracing::trace!("pinged: {sent:?}");
        }
    }

    /// Looks at what has come; whether that is too much of nothing.
    fn hear(&mut self, now: Instant) -> bool {
        let heard = self.books.heard();
        if heard.frames != self.heard.frames {
            self.at = now;
        }
        let passed = now.saturating_duration_since(std::mem::replace(&mut self.refilled, now));
        let grown = self.allowance + IDLE_FRAMES_PER_S * passed.as_secs_f64();
        self.allowance = grown.min(IDLE_FRAMES) - (heard.idle - self.heard.idle) as f64;
        self.heard = heard;
        self.allowance < 0.0
    }
}
