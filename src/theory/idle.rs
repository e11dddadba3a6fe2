//! What a connection costs on which nothing happens: something small, every so often.
//!
//! ```text
//!            every      down                              up
//! poll       interval   204, which carries an ack         request, and an ack of the 204
//! longpoll   hold       204, and an ack of the request    request, which carries an ack
//! sse        15 s       `:` in a chunk, 8 bytes           an ack
//! websocket  25 s       ping, 2 bytes, and an ack         pong, 6 bytes, which carries an ack
//! ```
//!
//! Under TLS what is said is a record, 22 bytes longer with TLS 1.3; an acknowledgement is none.
//!
//! An acknowledgement rides on what is sent within 40 ms (Linux's `TCP_DELACK_MIN`), and is a packet of its
//! own where nothing is. One rides alone though something follows: that of the first ping. Linux delays
//! acknowledgements where a connection answers what it is told (`inet_csk_in_pingpong_mode`), and by then the
//! client has only asked; an hour of pings later it is one packet of hundreds.

use std::ops::{Add, Mul};

use super::bytes::{PING, PONG};
use super::{Cipher, Heartbeats};
use crate::transport::Transport;

/// What goes one way.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sent {
    /// Bytes above TCP.
    pub bytes: f64,
    /// Segments, pure acknowledgements among them.
    pub packets: f64,
}

/// What happens on an idle connection, and how often.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beat {
    /// From one to the next, in microseconds.
    pub period_us: f64,
    /// From server to client.
    pub down: Sent,
    /// From client to server.
    pub up: Sent,
    /// Packets that go up beside the first of them only.
    pub first_up_packets: f64,
}

/// What decides how often an idle connection is used, and what for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Habits {
    /// When streams give a sign of life.
    pub heartbeats: Heartbeats,
    /// From one poll to the next, in microseconds.
    pub poll_interval_us: f64,
    /// How long a long poll is held, in microseconds.
    pub hold_us: f64,
    /// Bytes of a request for news.
    pub request_bytes: f64,
    /// Bytes of the answer that there are none.
    pub answer_bytes: f64,
    /// What makes a record of each of these, where something does.
    pub tls: Option<Cipher>,
}

/// A comment: `:`, LF, LF; around it a chunk's `3`, CR, LF and CR, LF.
const COMMENT: f64 = 3.0 + 3.0 + 2.0;

/// What keeps an idle connection of this transport alive.
pub fn beat(transport: Transport, habits: &Habits) -> Beat {
    let Habits { heartbeats, request_bytes, answer_bytes, .. } = *habits;
    let (period_us, down, up) = match transport {
        Transport::Poll => (habits.poll_interval_us, (answer_bytes, 1.0), (request_bytes, 2.0)),
        Transport::Longpoll => (habits.hold_us, (answer_bytes, 2.0), (request_bytes, 1.0)),
        Transport::Sse => (heartbeats.sse_silence_us, (COMMENT, 1.0), (0.0, 1.0)),
        Transport::Websocket => (heartbeats.websocket_ping_us, (PING, 2.0), (PONG, 1.0)),
    };
    let record = habits.tls.map_or(0.0, |cipher| cipher.record() as f64);
    let sent = |(bytes, packets)| Sent { bytes: if bytes > 0.0 { bytes + record } else { 0.0 }, packets };
    let first_up_packets = if transport == Transport::Websocket { 1.0 } else { 0.0 };
    Beat { period_us, down: sent(down), up: sent(up), first_up_packets }
}

impl Beat {
    /// What goes each way, down and up, in a window that begins and ends so many microseconds after the
    /// connection was opened: at 1, 2, … periods. A window holds a whole number of them, so a short one says
    /// little about the next.
    pub fn between(&self, from_us: f64, to_us: f64) -> (Sent, Sent) {
        let beats = (to_us / self.period_us).floor() - (from_us / self.period_us).floor();
        let has_first = from_us < self.period_us && self.period_us <= to_us;
        let mut up = self.up * beats;
        up.packets += if has_first { self.first_up_packets } else { 0.0 };
        (self.down * beats, up)
    }

    /// What goes each way in so long a time, on average over all times.
    pub fn in_the_long_run(&self, span_us: f64) -> (Sent, Sent) {
        let beats = span_us / self.period_us;
        (self.down * beats, self.up * beats)
    }
}

impl Add for Sent {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { bytes: self.bytes + other.bytes, packets: self.packets + other.packets }
    }
}

impl Mul<f64> for Sent {
    type Output = Self;

    fn mul(self, times: f64) -> Self {
        Self { bytes: self.bytes * times, packets: self.packets * times }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HABITS: Habits = Habits {
        heartbeats: Heartbeats { sse_silence_us: 15e6, websocket_ping_us: 25e6, http2_silence_us: 25e6 },
        poll_interval_us: 30e6,
        hold_us: 25e6,
        request_bytes: 70.0,
        answer_bytes: 118.0,
        tls: None,
    };

    #[test]
    fn streams_send_a_few_bytes_and_askers_their_heads() {
        let of = |transport| {
            let Beat { period_us, down, up, .. } = beat(transport, &HABITS);
            (period_us, down.bytes, up.bytes)
        };
        assert_eq!(of(Transport::Poll), (30e6, 118.0, 70.0));
        assert_eq!(of(Transport::Longpoll), (25e6, 118.0, 70.0));
        assert_eq!(of(Transport::Sse), (15e6, 8.0, 0.0));
        assert_eq!(of(Transport::Websocket), (25e6, 2.0, 6.0));
    }

    #[test]
    fn under_tls_what_is_said_is_a_record_and_silence_is_none() {
        for (transport, down, up) in [
            (Transport::Poll, 140.0, 92.0),
            (Transport::Longpoll, 140.0, 92.0),
            (Transport::Sse, 30.0, 0.0),
            (Transport::Websocket, 24.0, 28.0),
        ] {
            let plain = beat(transport, &HABITS);
            let secured = beat(transport, &Habits { tls: Some(Cipher::Tls13), ..HABITS });
            assert_eq!((secured.down.bytes, secured.up.bytes), (down, up), "{transport}");
            assert_eq!((secured.down.packets, secured.up.packets), (plain.down.packets, plain.up.packets));
        }
    }

    /// Each direction acknowledges what came from the other: none is without a packet.
    #[test]
    fn what_is_sent_is_acknowledged() {
        for transport in Transport::ALL {
            let Beat { down, up, .. } = beat(transport, &HABITS);
            assert!(down.packets >= 1.0 && up.packets >= 1.0, "{transport}");
        }
    }

    #[test]
    fn a_window_holds_the_beats_that_fall_into_it() {
        let sse = beat(Transport::Sse, &HABITS);
        for (from_us, to_us, beats) in
            [(0.0, 14e6, 0.0), (0.0, 15e6, 1.0), (2e6, 32e6, 2.0), (15e6, 29e6, 0.0), (14e6, 76e6, 5.0)]
        {
            let (down, up) = sse.between(from_us, to_us);
            assert_eq!((down.bytes, up.packets), (8.0 * beats, beats), "{from_us} to {to_us}");
        }
        assert_eq!(sse.in_the_long_run(60e6).0, Sent { bytes: 32.0, packets: 4.0 });
    }

    #[test]
    fn the_first_ping_is_acknowledged_before_it_is_answered() {
        let websocket = beat(Transport::Websocket, &HABITS);
        let up = |from_us, to_us| websocket.between(from_us, to_us).1.packets;
        assert_eq!((up(1e6, 24e6), up(1e6, 31e6), up(1e6, 81e6), up(25e6, 81e6)), (0.0, 2.0, 4.0, 2.0));
        assert_eq!(websocket.in_the_long_run(25e6).1.packets, 1.0);
    }
}
