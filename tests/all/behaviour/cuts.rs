//! Connections that break while the server lives on.

use std::time::Duration;

use wirelanes::transport::Transport;

use super::forwarder::Forwarder;
use super::listener::{Listener, Walk};
use super::stage::{Stage, options};

const CUTS: u64 = 3;

/// All four at once, each cut several times in the middle of a stream of 500 events/s.
#[tokio::test]
async fn who_is_cut_off_comes_back_and_misses_nothing() {
    let stage = Stage::open();
    let way = Forwarder::to(stage.address).await;
    let begin = stage.newest();
    let mut listeners =
        Transport::ALL.map(|transport| (Listener::start(transport, options(way.address)), Walk::from(begin)));
    for (listener, _) in &mut listeners {
        listener.connected().await;
    }

    let (feed, data) = (stage.feed.clone(), format!("\"{}\"", "x".repeat(2_000)));
    let publishing = tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_millis(2));
        loop {
            ticks.tick().await;
            feed.publish("demo", feed.clock().now_us(), &data).unwrap();
        }
    });
    for _ in 0..CUTS {
        for (listener, walk) in &mut listeners {
            let enough = walk.events + 50;
            listener.walk(walk, |walk| walk.events >= enough).await;
        }
        let before = listeners.each_ref().map(|(listener, _)| listener.ledger.counts().connections);
        way.cut();
        for ((listener, walk), before) in listeners.iter_mut().zip(before) {
            let ledger = listener.ledger.clone();
            listener.walk(walk, |_| ledger.counts().connections > before).await;
        }
    }
    publishing.abort();
    let newest = stage.newest();
    for (listener, walk) in &mut listeners {
        listener.walk(walk, |walk| walk.at == newest).await;
        assert_eq!((walk.events, walk.gaps), (newest.sequence, 0), "{}", listener.transport);
    }
}

/// A reader that has no position has nothing to lose; one that was once connected has.
#[tokio::test]
async fn who_is_cut_off_before_its_first_event_misses_nothing() {
    let stage = Stage::open();
    let way = Forwarder::to(stage.address).await;
    stage.publish("\"before anybody listened\"");
    let mut listeners = Transport::ALL.map(|transport| Listener::start(transport, options(way.address)));
    for listener in &mut listeners {
        listener.connected().await;
    }
    way.cut();
    let missed = stage.publish("\"while nobody was connected\"");
    for listener in &mut listeners {
        assert_eq!(listener.events(1).await[0].id(), missed, "{}", listener.transport);
    }
}
