//! Every event once, in order, byte for byte.

use std::time::Duration;

use tokio::time::sleep;
use wirelanes::client::{News, Options};
use wirelanes::event::{Epoch, Event, EventId, Gap, Position};
use wirelanes::transport::Transport;

use super::listener::{Listener, short};
use super::stage::Stage;

const EVENTS: usize = 400;
const BURST: usize = 40;

/// Single bytes, all of Unicode's planes, the largest that may be published, and a crowd of ordinary ones.
fn data(n: usize) -> String {
    match n % BURST {
        0 => "7".to_owned(),
        1 => r#""héllo, Καλημέρα, 日本語, 𝄞, 🦀, \u0000, \u2028 and a raw \u2029: ""#
            .replace(r"\u2029", "\u{2029}"),
        2 => format!("\"{}\"", "x".repeat((64 << 10) - 2)),
        3 => r#"{"nested":[{"é":null}],"number":1.50e3}"#.to_owned(),
        _ => n.to_string(),
    }
}

async fn publish_bursts(stage: &Stage, published: &mut Vec<(EventId, String)>) {
    for n in 0..EVENTS {
        if n % BURST == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        published.push((stage.publish(&data(n)), data(n)));
    }
}

fn seen(events: &[Event]) -> Vec<(EventId, String)> {
    events.iter().map(|event| (event.id(), event.data().to_owned())).collect()
}

#[track_caller]
fn assert_same(transport: Transport, from: &str, got: &[(EventId, String)], published: &[(EventId, String)]) {
    for (got, published) in got.iter().zip(published) {
        assert_eq!(got.0, published.0, "{transport} {from}: another event was due");
        assert!(got.1 == published.1, "{transport} {from}: {} came with other data", got.0);
    }
    assert_eq!(got.len(), published.len(), "{transport} {from}");
}

#[tokio::test]
async fn every_event_comes_once_and_in_order_wherever_a_reader_begins() {
    for transport in Transport::ALL {
        let stage = Stage::open();
        let mut published: Vec<_> = (0..20).map(|n| (stage.publish(&data(n)), data(n))).collect();
        let listen = |from| Listener::start(transport, Options { from, ..stage.options() });
        let mut earliest = listen(Position::Earliest);
        let mut after = listen(Position::After(published[9].0));
        let mut latest = listen(Position::Latest);
        latest.connected().await;

        publish_bursts(&stage, &mut published).await;
        assert_same(transport, "from earliest", &seen(&earliest.events(20 + EVENTS).await), &published);
        assert_same(transport, "from an id", &seen(&after.events(10 + EVENTS).await), &published[10..]);
        assert_same(transport, "from now on", &seen(&latest.events(EVENTS).await), &published[20..]);
    }
}

/// Of another life of the log, beyond its end, and the largest that can be written.
#[tokio::test]
async fn a_position_that_the_log_never_had_is_a_gap_and_then_all_goes_on() {
    for transport in Transport::ALL {
        let stage = Stage::open();
        let newest = stage.publish("1");
        let other = EventId { epoch: Epoch::from_number(7), sequence: 1 };
        let beyond = |sequence| EventId { sequence, ..newest };
        for (after, resumes) in [(other, newest), (beyond(9), beyond(2)), (beyond(u64::MAX), beyond(3))] {
            let options = Options { from: Position::After(after), ..stage.options() };
            let mut listener = Listener::start(transport, options);
            match listener.next_of_feed().await {
                News::Gap { gap, .. } => assert_eq!(gap, Gap { after, resumes, missed: None }, "{transport}"),
                news => panic!("{transport}: {}", short(&news)),
            }
            if after != other {
                stage.publish("2");
            }
            assert_eq!(listener.events(1).await[0].id(), resumes, "{transport}");
        }
    }
}

#[tokio::test]
async fn a_connection_for_each_request_loses_nothing() {
    for transport in Transport::ALL {
        let stage = Stage::open();
        let options = Options { keep_alive: false, from: Position::Earliest, ..stage.options() };
        let mut listener = Listener::start(transport, options);
        for _ in 0..10 {
            stage.publish_times(10, "0");
            listener.events(10).await;
        }
        let counts = listener.ledger.counts();
        // The last connection may be open and its request still to be sent.
        let unused = counts.connections - counts.requests;
        assert!(unused <= 1 && counts.requests > 0, "{transport}: {counts:?}");
    }
}
