//! Publishing: how long a message waits until it may be sent, and what it weighs.
//!
//! ```text
//! POST    due ── waits ──▶ sent ──── G = R + s ────▶ answered     one at a time on each of c connections
//! frame   due ───────────▶ sent ──── G = R + s ────▶ ack          any number under way on one connection
//! ```
//!
//! A connection without pipelining (RFC 9112, section 9.3.2) carries one POST at a time: it is busy for G with
//! each, so for ρ = λG/c of its time. From ρ = 1 on the row of those that wait grows for as long as somebody
//! publishes. A frame waits for no answer, so nothing waits for it.

use super::bytes::{BytesPerEvent, Layers, PING, PONG, frame_header};

/// Every frame of a client carries the key it is masked with (RFC 6455, section 5.3).
const MASK: f64 = 4.0;

/// ρ: the share of its time that a connection is busy; above 1 where it would have to be.
pub fn busy_share(rate_per_s: f64, service_us: f64, connections: usize) -> f64 {
    rate_per_s * service_us / 1e6 / connections as f64
}

/// How long a message waits on average for the one connection, in microseconds: ρG/(2(1 − ρ)) (Pollaczek and
/// Khinchine, for Poisson arrivals and a constant service). `None` from ρ = 1 on.
pub fn mean_wait_us(rate_per_s: f64, service_us: f64) -> Option<f64> {
    let busy = busy_share(rate_per_s, service_us, 1);
    (busy < 1.0).then(|| busy * service_us / (2.0 * (1.0 - busy)))
}

/// How long each message of a schedule waits until one of `connections` is free, each busy for `service_us`
/// with every message; first come, first served. `None` for what would not have been sent by `until_us`.
pub fn waits(
    due_us: &[f64],
    connections: usize,
    service_us: f64,
    until_us: f64,
) -> impl Iterator<Item = Option<f64>> {
    let mut free_us = vec![f64::NEG_INFINITY; connections];
    due_us.iter().map(move |due_us| {
        let first = free_us.iter_mut().min_by(|a, b| a.total_cmp(b))?;
        let sent_us = first.max(*due_us);
        (sent_us <= until_us).then(|| {
            *first = sent_us + service_us;
            sent_us - due_us
        })
    })
}

/// The bytes of a POST of `data` bytes and its answer, given what their heads weigh.
///
/// ```text
/// POST /publish?topic=demo HTTP/1.1 ⏎ … ⏎ ⏎ │ data        up: a head, and nothing around the data
/// HTTP/1.1 201 Created ⏎ … ⏎ ⏎ │ {"id":"8f3k2a-1043"}     down
/// ```
pub fn post_bytes(request_head: f64, answer_head: f64, data: f64, id: f64) -> BytesPerEvent {
    let answer = r#"{"id":""}"#.len() as f64 + id;
    BytesPerEvent {
        up: Layers { payload: data, envelope: 0.0, http: request_head, tls: 0.0 },
        down: Layers { payload: 0.0, envelope: answer, http: answer_head, tls: 0.0 },
    }
}

/// The bytes of a frame that publishes `data` bytes, and of its ack.
///
/// ```text
/// 81 fe 00 86 kk kk kk kk │ {"publish":data,"ref":"7"}     up
/// 81 2d │ {"ack":{"ref":"7","id":"8f3k2a-1043"}}           down
/// ```
pub fn frame_bytes(data: f64, reference: f64, id: f64) -> BytesPerEvent {
    let asked = r#"{"publish":,"ref":""}"#.len() as f64 + reference;
    let ack = r#"{"ack":{"ref":"","id":""}}"#.len() as f64 + reference + id;
    BytesPerEvent {
        up: Layers {
            payload: data,
            envelope: asked + frame_header(data + asked) + MASK,
            ..Layers::default()
        },
        down: Layers { payload: 0.0, envelope: ack + frame_header(ack), ..Layers::default() },
    }
}

/// The bytes of a ping and its pong.
pub fn ping_bytes() -> BytesPerEvent {
    let envelope = |envelope| Layers { envelope, ..Layers::default() };
    BytesPerEvent { up: envelope(PONG), down: envelope(PING) }
}

/// The bytes of a message from the server, in one frame: an event on its way back, say.
pub fn framed(message: f64) -> f64 {
    frame_header(message) + message
}

#[cfg(test)]
mod tests {
    use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;

    use super::super::fixture::{assert_near, poisson, steady};
    use super::*;

    fn all(due_us: &[f64], connections: usize, service_us: f64) -> Vec<f64> {
        waits(due_us, connections, service_us, f64::INFINITY).flatten().collect()
    }

    fn mean(waits: &[f64]) -> f64 {
        waits.iter().sum::<f64>() / waits.len() as f64
    }

    #[test]
    fn who_comes_while_the_connection_is_busy_waits_for_its_turn() {
        assert_eq!(all(&[0.0, 10.0, 20.0, 200.0], 1, 50.0), [0.0, 40.0, 80.0, 0.0]);
        assert_eq!(all(&[0.0, 10.0, 20.0, 30.0], 2, 50.0), [0.0, 0.0, 30.0, 30.0]);
        assert_eq!(all(&[0.0; 7], 3, 50.0), [0.0, 0.0, 0.0, 50.0, 50.0, 50.0, 100.0]);
    }

    #[test]
    fn what_has_no_turn_before_the_end_is_never_sent() {
        let waits: Vec<_> = waits(&[0.0, 10.0, 20.0, 30.0], 1, 50.0, 100.0).collect();
        assert_eq!(waits, [Some(0.0), Some(40.0), Some(80.0), None]);
    }

    /// 200,000 waits, correlated over a few dozen messages at 80%: their mean is good to about 2%.
    #[test]
    fn one_connection_waits_as_pollaczek_and_khinchine_say() {
        for (rate, tolerance) in [(5.0, 0.03), (10.0, 0.03), (16.0, 0.06)] {
            let played = mean(&all(&poisson(rate, 200_000), 1, 50_000.0));
            let predicted = mean_wait_us(rate, 50_000.0).unwrap();
            assert_near(&format!("the mean wait at {rate}/s"), played / predicted, 1.0, tolerance);
        }
    }

    /// Where all are served alike, who began first is done first: connections take turns. So each of c carries
    /// every c-th message, and these wait as they would for one connection of their own.
    #[test]
    fn several_connections_take_turns() {
        let due_us = poisson(40.0, 20_000);
        let together = all(&due_us, 3, 60_000.0);
        for turn in 0..3 {
            let own: Vec<f64> = due_us.iter().copied().skip(turn).step_by(3).collect();
            let alone = all(&own, 1, 60_000.0);
            let turns = together.iter().skip(turn).step_by(3);
            assert!(turns.zip(&alone).all(|(one, other)| (one - other).abs() < 1e-3), "turn {turn}");
        }
        assert!(mean(&together) < mean(&all(&due_us, 2, 60_000.0)));
    }

    #[test]
    fn more_connections_than_messages_under_way_let_nobody_wait() {
        assert!(all(&steady(50.0, 1_000), 6, 100_000.0).iter().all(|wait| *wait < 1e-3));
        assert_eq!(busy_share(50.0, 100_000.0, 6), 5.0 / 6.0);
    }

    /// 50 come a second and 20 go: of ten seconds and one more to send the rest in, 220 of 500 are sent.
    #[test]
    fn above_1_the_row_grows_by_what_comes_beyond_what_goes() {
        assert_eq!(mean_wait_us(50.0, 50_000.0), None);
        let due_us = poisson(50.0, 500);
        let end_us = due_us[499] + 1e6;
        let waits: Vec<_> = waits(&due_us, 1, 50_000.0, end_us).collect();
        let sent = waits.iter().flatten().count() as f64;
        assert_near("messages sent", sent, (end_us - due_us[0]) / 50_000.0, 3.0);
        assert!(waits.is_sorted_by_key(Option::is_none), "those that are not sent are the last");
    }

    #[test]
    fn a_frame_weighs_what_would_be_written() {
        for data in [3, 90, 97, 98, 99, 120, 1_000, 65_500, 65_536] {
            for reference in ["7", "1042"] {
                let text = format!(r#"{{"publish":{},"ref":"{reference}"}}"#, "x".repeat(data));
                let ack = format!(r#"{{"ack":{{"ref":"{reference}","id":"8f3k2a-1043"}}}}"#);
                let bytes = frame_bytes(data as f64, reference.len() as f64, "8f3k2a-1043".len() as f64);
                assert_eq!(bytes.up.total(), written(&text, Some([1, 2, 3, 4])), "{data} bytes");
                assert_eq!(bytes.down.total(), written(&ack, None));
            }
        }
    }

    /// The length of a frame, as the codec writes it.
    fn written(text: &str, mask: Option<[u8; 4]>) -> f64 {
        let mut frame = Vec::new();
        FrameHeader { mask, ..FrameHeader::default() }.format(text.len() as u64, &mut frame).unwrap();
        (frame.len() + text.len()) as f64
    }

    #[test]
    fn a_post_weighs_its_heads_and_nothing_around_the_data() {
        let bytes = post_bytes(90.0, 120.0, 100.0, 11.0);
        assert_eq!((bytes.up.total(), bytes.down.total()), (190.0, 140.0));
    }
}
