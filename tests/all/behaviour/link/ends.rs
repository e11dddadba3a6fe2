//! Connections that a network ends: who is cut off comes back, and misses nothing.

use std::time::Duration;

use wirelanes::client::News;
use wirelanes::transport::Transport;

use super::super::listener::{Listener, Walk};
use super::super::stage::{Stage, options};
use super::{ANY_PORT, Behind, relay, until};

/// Publishes until each of them has come on so many connections, and holds that none missed anything.
async fn comes_back(behind: &Behind, connections: u64) {
    let begin = behind.stage.newest();
    let mut listeners = behind.listen_all().map(|listener| (listener, Walk::from(begin)));
    let feed = behind.stage.feed.clone();
    let publishing = tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_millis(10));
        loop {
            ticks.tick().await;
            feed.publish("demo", feed.clock().now_us(), "1").unwrap();
        }
    });
    for (listener, walk) in &mut listeners {
        let ledger = listener.ledger.clone();
        listener.walk(walk, |_| ledger.counts().connections >= connections).await;
    }
    publishing.abort();
    let newest = behind.stage.newest();
    for (listener, walk) in &mut listeners {
        listener.walk(walk, |walk| walk.at == newest).await;
        assert_eq!((walk.events, walk.gaps), (newest.sequence, 0), "{}", listener.transport);
    }
}

#[tokio::test]
async fn a_host_that_cuts_every_connection_loses_nobody_an_event() {
    comes_back(&Behind::link("rtt=20ms,cut=400ms"), 3).await;
}

#[tokio::test]
async fn a_network_that_resets_connections_loses_nobody_an_event() {
    comes_back(&Behind::link("rtt=20ms,reset=90%/s"), 3).await;
}

/// Waits until the connection has ended, and says why.
async fn why_it_ended(listener: &mut Listener) -> String {
    loop {
        if let News::Disconnected { why, .. } = listener.next().await {
            return why;
        }
    }
}

/// Who asks often enough is never silent.
#[tokio::test]
async fn a_proxy_that_cuts_silent_connections_spares_polling_alone() {
    let behind = Behind::link("idle=600ms");
    let [mut poll, others @ ..] = behind.listen_all();
    poll.connected().await;
    let mut others = others;
    for listener in &mut others {
        why_it_ended(listener).await;
    }
    let event = behind.stage.publish("\"after it was silent for too long\"");
    assert_eq!(poll.events(1).await[0].id(), event);
    assert_eq!(poll.ledger.counts().connections, 1, "it polls every 50 ms");
    for listener in &mut others {
        assert_eq!(listener.events(1).await[0].id(), event, "{} was not cut for good", listener.transport);
        assert!(listener.ledger.counts().connections >= 2, "{}", listener.transport);
    }
}

/// Whom something passes for, either way, is not silent: a stream on which only the server speaks.
#[tokio::test]
async fn a_proxy_that_cuts_silent_connections_spares_who_listens_to_a_lively_feed() {
    let behind = Behind::link("idle=2s");
    let mut streams = [Transport::Sse, Transport::Websocket].map(|transport| behind.listen(transport));
    for n in 0..25 {
        behind.stage.publish(&n.to_string());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for listener in &mut streams {
        assert_eq!(listener.events(25).await.len(), 25);
        assert_eq!(listener.ledger.counts().connections, 1, "{}", listener.transport);
    }
}

#[tokio::test]
async fn a_network_that_refuses_lets_nobody_in() {
    let behind = Behind::link("refuse");
    for mut listener in behind.listen_all() {
        let why = why_it_ended(&mut listener).await;
        assert!(why.to_lowercase().contains("refused"), "{}: {why}", listener.transport);
        assert_eq!(listener.ledger.counts().connections, 0, "{}", listener.transport);
    }
    assert_eq!(behind.relay.achieved().connections, 0);
}

/// Nobody listens behind the network: the connection is made, and lost again.
#[tokio::test]
async fn where_there_is_no_server_connections_are_reset() {
    let refusing = relay("refuse", ANY_PORT.into());
    let way = relay("rtt=20ms", refusing.address());
    for mut listener in Transport::ALL.map(|transport| Listener::start(transport, options(way.address()))) {
        why_it_ended(&mut listener).await;
        let counts = listener.ledger.counts();
        assert!(counts.connections >= 1 && counts.down.total() == 0, "{}: {counts:?}", listener.transport);
    }
}

/// When a relay ends, its port and its connections do, and the server's others do not.
#[tokio::test]
async fn a_relay_takes_its_connections_with_it() {
    let stage = Stage::open();
    let [ending, staying] = ["rtt=1ms", "rtt=1ms"].map(|spec| relay(spec, stage.address));
    let [mut cut, mut kept] =
        [&ending, &staying].map(|way| Listener::start(Transport::Websocket, options(way.address())));
    cut.connected().await;
    kept.connected().await;
    let address = ending.address();
    drop(ending);
    why_it_ended(&mut cut).await;
    until("its port refuses", || std::net::TcpStream::connect(address).is_err()).await;
    stage.publish("1");
    assert_eq!(kept.events(1).await.len(), 1);
    assert_eq!(kept.ledger.counts().connections, 1);
}

/// TLS cannot be read on its way: who reads HTTP gives it up, who does not lets it pass.
#[test]
fn tls_is_not_taken_for_http() {
    use std::io::{Read, Write};
    let server = super::sockets::echo();
    for (spec, passes) in [("buffer=8k", false), ("rtt=2ms,idle=60s", true)] {
        let way = relay(spec, server);
        let mut socket = super::super::raw::connect(way.address());
        let hello = b"\x16\x03\x01\x00\x05hello";
        socket.write_all(hello).unwrap();
        let mut answer = vec![0; hello.len()];
        assert_eq!(socket.read_exact(&mut answer).is_ok(), passes, "`{spec}`");
    }
}

/// Through a link, too, our own server closes it, and no request was made.
#[tokio::test]
async fn a_tls_hello_to_our_own_server_is_closed_at_the_other_end() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    for spec in ["rtt=2ms", "buffer=8k"] {
        let behind = Behind::link(spec);
        let mut socket = tokio::net::TcpStream::connect(behind.relay.address()).await.unwrap();
        socket.write_all(b"\x16\x03\x01\x02\x00\x01").await.unwrap();
        let mut answer = Vec::new();
        let ended = tokio::time::timeout(super::super::PATIENCE, socket.read_to_end(&mut answer)).await;
        assert!(ended.is_ok() && answer.is_empty(), "`{spec}`: {ended:?} {answer:?}");
    }
}
