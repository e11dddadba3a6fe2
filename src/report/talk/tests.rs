use super::*;
use crate::bench::result::{Bytes, BytesPerEvent, Environment, HeaderStyle, Input};
use crate::bench::talk::result::{Control, Row};
use crate::transport::Transport;

fn compared(value: f64) -> Compared {
    Compared { measured: Some(value), predicted: Some(value * 1.1), ..Compared::default() }
}

fn latency(us: f64) -> Latency {
    let figure = Compared { low: Some(us), high: Some(us * 1.05), ..compared(us) };
    Latency { mean: figure, p50: figure, p95: figure, p99: figure, max: compared(us), negative: 0 }
}

fn lane(transport: Transport, posting: usize, messages: Messages) -> Lane {
    let layers = Layers { payload: 65_536.0, envelope: 36.9, http: 1_620.0, tls: 0.0 };
    let bytes = Bytes { down: layers, up: layers };
    Lane {
        transport,
        publishes_by: if posting > 0 { Publishing::Post } else { Publishing::Frame },
        publishing_connections: posting.max(1),
        connections: posting + 1,
        connections_opened: posting as u64 + 1,
        connections_used: posting.max(1),
        messages,
        unsent_predicted: Some(messages.unsent),
        ack_us: latency(123_456.0),
        delivery_us: latency(999_400_000.0),
        requests_per_message: Compared { measured: Some(1.0), predicted: Some(1.0), ..Compared::default() },
        bytes_per_message: BytesPerEvent {
            total: Compared::default(),
            down: Some(layers),
            up: Some(layers),
            predicted: Some(bytes),
        },
        row: Row {
            busy_share: compared(25.6),
            wait_us: compared(-123_456.0),
            long_run_wait_us: None,
            most_waiting: 1_234_567,
        },
        first_failure: None,
    }
}

fn report(lanes: Vec<Lane>) -> TalkReport {
    let given = Input { value: Some(51_234.0), measured: true };
    TalkReport {
        schema_version: 1,
        lab: "talk".to_owned(),
        command: "wirelanes bench talk".to_owned(),
        seed: 7,
        environment: Environment {
            version: "0.1.0".to_owned(),
            build: "release".to_owned(),
            os: "linux".to_owned(),
            arch: "x86_64".to_owned(),
            cpus: 2,
            cpu: None,
            kernel: None,
        },
        warnings: vec!["a debug build: do not quote these numbers".to_owned(); 2],
        interrupted: true,
        link: "none".to_owned(),
        relay: None,
        server: None,
        proxy: None,
        source: "poisson".to_owned(),
        rate_per_s: 1.0 / 60.0,
        size_bytes: 65_536,
        duration_us: 10_000_000,
        warmup_us: 1_000_000,
        rounds: 1_000,
        poll_interval_us: 1_000_000,
        hold_us: 25_000_000,
        headers: HeaderStyle::Chrome,
        publisher: None,
        theory: Inputs {
            round_trip_us: given,
            echo_us: given,
            gap_us: given,
            post_us: given,
            frame_us: given,
            request_head_bytes: given,
            answer_head_bytes: given,
        },
        control: Some(Control { echo_us: latency(100.0) }),
        lanes,
    }
}

#[test]
fn no_line_is_wider_than_a_terminal() {
    let wrong = Messages {
        due: 1_000_000,
        unsent: 123_456,
        refused: 12_345,
        unanswered: 12_345,
        lost: 12_345,
        missed: 12_345,
        doubled: 12_345,
        reordered: 12_345,
        ..Messages::default()
    };
    let lanes = vec![lane(Transport::Longpoll, 98, wrong), lane(Transport::Websocket, 0, wrong)];
    let text = text(&report(lanes));
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
    }
    assert!(text.contains("\nlongpoll 99: 123456 never sent, 12345 refused, "), "{text}");
}

#[test]
fn theory_has_a_row_of_its_own_only_where_it_says_otherwise() {
    let sound = Messages { due: 5, sent: 5, acknowledged: 5, delivered: 5, ..Messages::default() };
    let alike = lane(Transport::Sse, 1, sound);
    let text_of = |lane: Lane| text(&report(vec![lane]));
    let text = text_of(alike.clone());
    assert!(
        text.contains("\ntheory: the same, to the last digit\n") && !text.contains("\n  theory"),
        "{text}"
    );
    assert!(text.contains("\nall lanes: none refused, lost, doubled or reordered\n"), "{text}");
    let requests_per_message = compared(1.0);
    let text = text_of(Lane { requests_per_message, ..alike });
    assert!(text.contains("\n  theory ") && !text.contains("to the last digit"), "{text}");
}

#[test]
fn what_cannot_be_known_is_a_dash() {
    let nothing = Lane {
        ack_us: Latency::default(),
        bytes_per_message: BytesPerEvent::default(),
        row: Row {
            busy_share: Compared::default(),
            wait_us: Compared::default(),
            long_run_wait_us: None,
            most_waiting: 0,
        },
        unsent_predicted: None,
        ..lane(Transport::Websocket, 0, Messages::default())
    };
    let text = text(&report(vec![nothing]));
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("websocket 1")).collect();
    let dashes: Vec<usize> = rows.iter().map(|row| row.matches('–').count()).collect();
    assert_eq!(dashes, [4, 0, 7, 6], "{text}");
}
