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
//! An acknowledgement rides on what is sent within 40 ms (Linux's `TCP_DELACK_MIN`), and is a packet of its
//! own where nothing is. After a long silence Linux may acknowledge at once and not wait for company
//! (`icsk_ack.quick`): a packet more than is said here, and no fewer.

use super::Heartbeats;
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
}

/// A comment: `:`, LF, LF; around it a chunk's `3`, CR, LF and CR, LF.
const COMMENT: f64 = 3.0 + 3.0 + 2.0;

/// FIN and opcode, then a length of 0 (RFC 6455, section 5.2).
const PING: f64 = 2.0;

/// The same, and a masking key.
const PONG: f64 = 2.0 + 4.0;

/// What keeps an idle connection of this transport alive.
pub fn beat(transport: Transport, habits: &Habits) -> Beat {
    let Habits { heartbeats, request_bytes, answer_bytes, .. } = *habits;
    let (period_us, down, up) = match transport {
        Transport::Poll => (habits.poll_interval_us, (answer_bytes, 1.0), (request_bytes, 2.0)),
        Transport::Longpoll => (habits.hold_us, (answer_bytes, 2.0), (request_bytes, 1.0)),
        Transport::Sse => (heartbeats.sse_silence_us, (COMMENT, 1.0), (0.0, 1.0)),
        Transport::Websocket => (heartbeats.websocket_ping_us, (PING, 2.0), (PONG, 1.0)),
    };
    let sent = |(bytes, packets)| Sent { bytes, packets };
    Beat { period_us, down: sent(down), up: sent(up) }
}

/// How many beats fall into a window that begins and ends so many microseconds after the connection was
/// opened: those at 1, 2, … periods. A window holds a whole number of them, so a short one says little about
/// the next.
pub fn beats_between(period_us: f64, from_us: f64, to_us: f64) -> f64 {
    (to_us / period_us).floor() - (from_us / period_us).floor()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HABITS: Habits = Habits {
        heartbeats: Heartbeats { sse_silence_us: 15e6, websocket_ping_us: 25e6 },
        poll_interval_us: 30e6,
        hold_us: 25e6,
        request_bytes: 70.0,
        answer_bytes: 118.0,
    };

    #[test]
    fn streams_send_a_few_bytes_and_askers_their_heads() {
        let of = |transport| {
            let Beat { period_us, down, up } = beat(transport, &HABITS);
            (period_us, down.bytes, up.bytes)
        };
        assert_eq!(of(Transport::Poll), (30e6, 118.0, 70.0));
        assert_eq!(of(Transport::Longpoll), (25e6, 118.0, 70.0));
        assert_eq!(of(Transport::Sse), (15e6, 8.0, 0.0));
        assert_eq!(of(Transport::Websocket), (25e6, 2.0, 6.0));
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
        for (from_us, to_us, beats) in
            [(0.0, 14e6, 0.0), (0.0, 15e6, 1.0), (2e6, 32e6, 2.0), (15e6, 29e6, 0.0), (14e6, 76e6, 5.0)]
        {
            assert_eq!(beats_between(15e6, from_us, to_us), beats, "{from_us} to {to_us}");
        }
    }
}
