//! Delay, jitter, rate, and Nagle's algorithm.

use std::time::{Duration, Instant};

use tokio::time::sleep;
use wirelanes::client::{News, Options};
use wirelanes::event::{Event, Position};
use wirelanes::transport::Transport;

use super::super::listener::{Listener, Walk};
use super::super::stage::Stage;
use super::{Behind, until};

/// The next event, and when the read that completed it returned.
async fn arrival(listener: &mut Listener) -> (Event, u64) {
    loop {
        if let News::Event { event, arrived_us } = listener.next().await {
            return (event, arrived_us);
        }
    }
}

/// How old an event was when it arrived, in microseconds.
fn age_us(stage: &Stage, (event, arrived_us): &(Event, u64)) -> i64 {
    stage.feed.clock().at(*arrived_us) as i64 - event.sent_us() as i64
}

#[tokio::test]
async fn the_first_event_takes_two_round_trips_and_a_pushed_one_half_of_one() {
    let behind = Behind::link("up=30ms,down=50ms");
    behind.stage.publish("\"waits already\"");
    let options = Options { from: Position::Earliest, ..behind.options() };
    let began_us = behind.stage.feed.clock().now_us();
    let mut listeners = Transport::ALL.map(|transport| Listener::start(transport, options.clone()));
    for listener in &mut listeners {
        let (_, arrived_us) = arrival(listener).await;
        let took_us = behind.stage.feed.clock().at(arrived_us) - began_us;
        let transport = listener.transport;
        assert!(took_us >= 160_000, "{transport}: {took_us} µs for a handshake and an answer at R = 80 ms");
    }
    behind.stage.publish("\"pushed\"");
    for listener in &mut listeners {
        let age_us = age_us(&behind.stage, &arrival(listener).await);
        assert!(age_us >= 50_000, "{}: {age_us} µs old after 50 ms one way", listener.transport);
    }
    // Each transport asked at least once, and was told twice; the last are counted after they were written.
    until("all chunks are counted", || behind.relay.achieved().chunks >= 4 * 3).await;
    let achieved = behind.relay.achieved();
    assert_eq!((achieved.asked_up_us, achieved.asked_down_us), (30_000.0, 50_000.0));
    assert!(achieved.late_us.is_some(), "{achieved:?}");
}

#[tokio::test]
async fn jitter_overtakes_nobody() {
    let behind = Behind::link("rtt=10ms,jitter=30ms");
    let begin = behind.stage.newest();
    let mut listeners = behind.listen_all().map(|listener| (listener, Walk::from(begin)));
    for n in 0..100 {
        behind.stage.publish(&n.to_string());
        sleep(Duration::from_millis(3)).await;
    }
    let newest = behind.stage.newest();
    for (listener, walk) in &mut listeners {
        listener.walk(walk, |walk| walk.at == newest).await;
        assert_eq!((walk.events, walk.gaps), (100, 0), "{}", listener.transport);
    }
}

/// Each byte of the stream takes its time; and every connection has a rate of its own.
#[tokio::test]
async fn a_rate_holds_on_each_transport_for_itself() {
    let behind = Behind::link("rate=1mbit");
    let data = format!("\"{}\"", "x".repeat(1_000));
    behind.stage.publish_times(100, &data);
    let options = Options { from: Position::Earliest, ..behind.options() };
    let begun = Instant::now();
    let mut listeners = Transport::ALL.map(|transport| Listener::start(transport, options.clone()));
    let mut one_by_one = Duration::ZERO;
    for listener in &mut listeners {
        listener.events(100).await;
        let bits = listener.ledger.counts().down.total() as f64 * 8.0;
        let least = Duration::from_secs_f64(bits / 1e6);
        let took = begun.elapsed();
        assert!(took >= least, "{}: {bits} bits in {took:?}", listener.transport);
        one_by_one += least;
    }
    let took = begun.elapsed();
    assert!(
        took < one_by_one,
        "{took:?} for all four, as if they shared one rate: that takes {one_by_one:?}"
    );
}

/// At R = 40 ms: what is published while an event is unacknowledged waits for R + 40 ms. Only push sends a second
/// time before it is asked: an answer takes the acknowledgement along that it needs.
#[tokio::test]
async fn nagle_makes_push_wait_for_the_acknowledgement() {
    let behind = Behind::link("rtt=40ms,nagle");
    let mut listeners = behind.listen_all();
    for listener in &mut listeners[2..] {
        listener.connected().await;
    }
    // Until the heads of the streams are acknowledged.
    sleep(Duration::from_millis(200)).await;
    for n in 0..3 {
        behind.stage.publish(&n.to_string());
        sleep(Duration::from_millis(5)).await;
    }
    for listener in &mut listeners {
        let first = arrival(listener).await;
        let others = [arrival(listener).await, arrival(listener).await];
        if matches!(listener.transport, Transport::Sse | Transport::Websocket) {
            let transport = listener.transport;
            let since_first_us = behind.stage.feed.clock().at(others[0].1) - first.0.sent_us();
            assert!(
                since_first_us >= 100_000,
                "{transport}: {since_first_us} µs: 20 there, 40, 20 back, 20 there"
            );
            assert_eq!(others[0].1, others[1].1, "{transport}: both in one segment");
            assert!(first.1 < others[0].1, "{transport}: the first has nothing to wait for");
        }
    }
}
