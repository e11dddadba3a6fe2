//! What each transport should cost: the figure that is printed beside every measured one.
//!
//! ```text
//! λ   events a second                        τ   1/λ, from one event to the next
//! R   a round trip                           d   one way, from the server to the client
//! s   the server's time for a request        c   the client's time from an answer to its next request
//! T   the poll interval                      T′  what it comes to: kT ≥ G, or T + G with a fixed delay
//! H   how long a request is held             G   from an answer to the next request: R + s + c
//! x   λT′, events a poll                     a   λG, events a gap
//! h   e^(−λH), no event in a whole hold      N   clients
//! w   the server's time to wake up, part of d
//!
//!                     mean latency      requests an event            share of empty answers
//! poll      Poisson   d + T′/2          1/x                          e^(−x)
//!           steady    d + T′/2          1/x                          max(0, 1 − x)
//! longpoll  Poisson   d + fG/2          1/(a + e^(−a)(1 − h)(1+λw))  e^(−λ(G + H))
//!           steady    d, or d + G/2     see `steady.rs`
//! sse, websocket      d                 connections/events           none: a stream has no empty answer
//! ```
//!
//! In reading order: [`latency()`] (d plus a wait), [`requests()`] (how often each asks), `steady.rs` (a feed
//! like a clock against held requests), [`Heartbeats`], [`bytes_per_event`] (what asking
//! costs), `packing.rs` (frames and records), [`coded()`] (how long a text is in a head),
//! [`fan_out_mean_us`] (many clients of one sender), [`break_even_rates`] (where two transports cost the same),
//! [`beat()`] (what a connection costs on which nothing happens), [`talk`] (what it takes to publish),
//! [`fallback`] (how long it takes to find what works).
//!
//! A feed that is neither Poisson nor steady has no closed form here: [`simulate()`] walks the very schedule
//! that was played. It is also the referee of every formula, see the tests.

mod break_even;
mod bytes;
mod coded;
pub mod fallback;
mod fan_out;
mod heartbeats;
mod idle;
mod latency;
mod one_way;
mod packing;
mod requests;
mod simulate;
mod steady;
pub mod talk;
mod wait;

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod fixture;

pub use break_even::{Crossing, Quantity, Terms, break_even_rates};
pub use bytes::{BytesPerEvent, Heads, Layers, Payload, Weight, bytes_per_event};
pub use coded::{coded, new_date};
pub use fan_out::fan_out_mean_us;
pub use heartbeats::Heartbeats;
pub use idle::{Beat, Habits, Sent, beat};
pub use latency::{Latency, first_event_us, latency};
pub use one_way::OneWay;
pub use packing::FRAME;
pub use requests::{Requests, requests};
pub use simulate::{Played, simulate};
pub use wait::Wait;

pub use crate::client::{Http, PollMode};
pub use crate::tls::Cipher;

/// How the instants of the events are drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrivals {
    /// Independent of each other: the time between two is exponential, with mean τ.
    Poisson,
    /// One every τ, like a clock. The poller's phase against it is random.
    Steady,
}

/// What the predictions are made from: one feed, one client, one network.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// λ: mean events a second, as one client sees them.
    pub rate_per_s: f64,
    /// `None` for pairs, bursts and traces: only [`simulate()`] answers for poll and longpoll.
    pub arrivals: Option<Arrivals>,
    /// d.
    pub one_way: OneWay,
    /// R.
    pub round_trip_us: f64,
    /// s.
    pub server_us: f64,
    /// c.
    pub turnaround_us: f64,
    /// w: from an event to the moment the server takes it out of its log for a held request. What comes
    /// meanwhile goes along in the same answer. It is a part of d.
    pub wake_us: f64,
    /// T.
    pub poll_interval_us: f64,
    /// What T is counted from.
    pub poll_mode: PollMode,
    /// H; may be infinite.
    pub hold_us: f64,
    /// How long a held request waits for more, after the first event. Above 0 only [`simulate()`] answers.
    pub linger_us: f64,
    /// Whether the next request goes over the same connection.
    pub keep_alive: bool,
    /// Which HTTP is spoken: its heads, and what a stream wraps around its writes.
    pub http: Http,
    /// What encrypts the connection, where something does: its records, and the round trips of its handshake.
    pub tls: Option<Cipher>,
    /// Whether a proxy is asked for a tunnel first: one round trip more (RFC 9110, section 9.3.6).
    pub proxied: bool,
    /// How often a stream's connection is written to, an event: once, or less often where several events come
    /// before the server has woken up.
    pub writes_per_event: f64,
}

impl Inputs {
    /// Opening a connection, in microseconds: R for TCP, another R for TLS 1.3, or two, another for a proxy's tunnel.
    pub fn connect_us(&self) -> f64 {
        let handshake = self.tls.map_or(0, Cipher::round_trips) as f64;
        self.round_trip_us * (1.0 + handshake + f64::from(self.proxied))
    }

    /// G, in microseconds: from an answer that leaves the server to the next request that reaches it.
    pub fn gap_us(&self) -> f64 {
        let connect_us = if self.keep_alive { 0.0 } else { self.connect_us() };
        self.round_trip_us + self.server_us + self.turnaround_us + connect_us
    }

    /// T′, in microseconds. A fixed rate cannot outrun its own answers: it skips the polls that one is too
    /// late for, and T′ is the next multiple of T.
    pub fn effective_period_us(&self) -> f64 {
        match self.poll_mode {
            // No pause at all: at once after each answer.
            PollMode::FixedRate if self.poll_interval_us == 0.0 => self.gap_us(),
            PollMode::FixedRate => {
                self.poll_interval_us * (self.gap_us() / self.poll_interval_us).ceil().max(1.0)
            }
            PollMode::FixedDelay => self.poll_interval_us + self.gap_us(),
        }
    }

    /// x = λT′: events a poll.
    pub fn x(&self) -> f64 {
        self.events_in(self.effective_period_us())
    }

    /// a = λG: events between an answer and the next request.
    pub fn a(&self) -> f64 {
        self.events_in(self.gap_us())
    }

    /// h = e^(−λH): the share of holds without an event, where arrivals are Poisson.
    pub fn h(&self) -> f64 {
        (-self.events_in(self.hold_us)).exp()
    }

    /// How many events a span of time holds, on average.
    fn events_in(&self, span_us: f64) -> f64 {
        self.rate_per_s * span_us / 1e6
    }

    /// Long polls as the closed forms know them: something is published, and answers do not linger.
    fn is_plain_longpoll(&self) -> bool {
        self.rate_per_s > 0.0 && self.linger_us == 0.0
    }
}
