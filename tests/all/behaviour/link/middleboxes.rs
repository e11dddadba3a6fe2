//! Middleboxes that read HTTP: which transports they break, and which they do not.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use wirelanes::client::{Error, Http, Options};
use wirelanes::transport::Transport;

use super::super::PATIENCE;
use super::super::listener::Listener;
use super::super::raw;
use super::{Behind, until};

const ALL_BUT_WEBSOCKET: [Transport; 3] = [Transport::Poll, Transport::Longpoll, Transport::Sse];

/// One event reaches all of these.
async fn reaches(behind: &Behind, listeners: &mut [Listener]) {
    let event = behind.stage.publish("1");
    for listener in listeners {
        assert_eq!(listener.events(1).await[0].id(), event, "{}", listener.transport);
    }
}

/// Until so many bytes came that the proxy's buffer is full, an event stream brings nothing at all.
#[tokio::test]
async fn a_buffering_proxy_holds_an_event_stream_and_nothing_else() {
    let behind = Behind::link("buffer=8k");
    let mut sse = behind.listen(Transport::Sse);
    let mut others = [Transport::Poll, Transport::Longpoll, Transport::Websocket]
        .map(|transport| behind.listen(transport));
    until("the stream is served", || behind.stage.subscribers(Transport::Sse) == 1).await;
    reaches(&behind, &mut others).await;
    until("the event was written into the stream", || behind.stage.deliveries(Transport::Sse) == 1).await;
    // Longer than the others took.
    behind.stage.publish("2");
    for listener in &mut others {
        listener.events(1).await;
    }
    let counts = sse.ledger.counts();
    assert_eq!((counts.requests, counts.down.total()), (1, 0), "the stream's head, too, is held");

    behind.stage.publish(&format!("\"{}\"", "x".repeat(8 << 10)));
    assert_eq!(sse.events(2).await[1].data(), "2", "the buffer is full");
    assert_eq!(sse.ledger.counts().down.total(), 8 << 10, "and what is beyond it, is held again");
}

#[tokio::test]
async fn a_proxy_that_refuses_upgrades_ends_websocket_alone() {
    let behind = Behind::link("no-upgrade");
    let websocket = behind.listen(Transport::Websocket);
    reaches(&behind, &mut ALL_BUT_WEBSOCKET.map(|transport| behind.listen(transport))).await;
    match websocket.refusal().await {
        Error::Refused { status, .. } => assert_eq!(status.as_u16(), 403),
        other => panic!("{other}"),
    }
    assert_eq!(behind.stage.traffic(Transport::Websocket)["requests"], 0, "the server never heard of it");
}

#[tokio::test]
async fn a_proxy_that_drops_upgrades_makes_the_server_refuse_websocket() {
    let behind = Behind::link("drop-upgrade");
    let websocket = behind.listen(Transport::Websocket);
    reaches(&behind, &mut ALL_BUT_WEBSOCKET.map(|transport| behind.listen(transport))).await;
    match websocket.refusal().await {
        Error::Refused { status, message } => {
            assert_eq!(status.as_u16(), 426);
            assert!(message.contains("`Upgrade: websocket`"), "{message}");
        }
        other => panic!("{other}"),
    }
    assert_eq!(behind.stage.traffic(Transport::Websocket)["requests"], 1, "the server refused it");
}

#[tokio::test]
async fn a_proxy_that_swallows_upgrades_leaves_websocket_without_an_answer() {
    let behind = Behind::link("blackhole-upgrade");
    let websocket = behind.listen(Transport::Websocket);
    until("it has asked", || websocket.ledger.counts().requests == 1).await;
    let mut others = ALL_BUT_WEBSOCKET.map(|transport| behind.listen(transport));
    reaches(&behind, &mut others).await;
    let counts = websocket.ledger.counts();
    assert_eq!((counts.connections, counts.down.total()), (1, 0), "it waits");
    assert_eq!(behind.stage.traffic(Transport::Websocket)["requests"], 0, "the server never heard of it");
}

/// The control row is an instrument: no proxy may take it for a WebSocket.
#[test]
fn an_upgrade_to_tcp_passes_all_of_them() {
    for spec in ["no-upgrade", "drop-upgrade", "blackhole-upgrade", "buffer=8k"] {
        let behind = Behind::link(spec);
        let fields = "connection: upgrade\r\nupgrade: tcp\r\n";
        let mut socket = raw::ask(behind.relay.address(), "/tcp", fields);
        let head = raw::head(&mut socket);
        assert!(head.starts_with("HTTP/1.1 101 "), "`{spec}`: {head}");
        behind.stage.publish("\"over a bare socket\"");
        let mut line = [0; 5];
        std::io::Read::read_exact(&mut socket, &mut line).unwrap();
        assert_eq!(&line, b"{\"id\"", "`{spec}`");
    }
}

/// A refused request is answered in its turn, and the connection serves the next.
#[test]
fn a_connection_goes_on_after_a_refusal() {
    use std::io::Write;
    let behind = Behind::link("no-upgrade,buffer=64k");
    let address = behind.relay.address();
    let mut socket = raw::ask(address, "/health", "");
    write!(socket, "GET /websocket HTTP/1.1\r\nhost: x\r\n{}\r\n", raw::UPGRADE).unwrap();
    write!(socket, "GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let answers = String::from_utf8(raw::rest(&mut socket)).unwrap();
    let statuses: Vec<_> =
        answers.match_indices("HTTP/1.1 ").map(|(at, _)| &answers[at + 9..at + 12]).collect();
    assert_eq!(statuses, ["200", "403", "200"], "{answers}");
}

/// What it answers itself waits in it: who takes no answer is not listened to for ever.
#[tokio::test]
async fn who_takes_no_refusal_is_not_refused_without_end() {
    const UPGRADE: &str = "GET / HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    // Windows of 4 MiB each way, and the system's own.
    const MOST: usize = 48 << 20;
    for first in ["", "GET /longpoll?hold=3 HTTP/1.1\r\nhost: x\r\n\r\n"] {
        let behind = Behind::link("no-upgrade");
        let mut socket = TcpStream::connect(behind.relay.address()).await.unwrap();
        socket.write_all(first.as_bytes()).await.unwrap();
        let (many, mut asked) = (UPGRADE.repeat(1_000), 0);
        loop {
            // Each write goes on where the one before was cut.
            let rest = &many.as_bytes()[asked % UPGRADE.len()..];
            let Ok(written) = timeout(Duration::from_secs(1), socket.write(rest)).await else { break };
            asked += written.unwrap();
            assert!(asked < MOST, "it takes what it cannot get rid of");
        }
        let answer = timeout(PATIENCE, socket.read_u8()).await.expect("what was asked is answered");
        assert_eq!(answer.unwrap(), b'H');
    }
}

/// It says so at once, where it would otherwise wait for the end of a head that never ends.
#[tokio::test]
async fn a_proxy_of_http_1_tells_who_speaks_http_2_what_helps() {
    for spec in ["no-upgrade", "drop-upgrade", "blackhole-upgrade", "buffer=8k", "corporate-proxy"] {
        let behind = Behind::link(spec);
        for transport in Transport::ALL {
            let options = Options { http: Http::Two, ..behind.options() };
            match Listener::start(transport, options).refusal().await {
                Error::Unreadable(why) => assert!(why.contains("ask with `--http 1`"), "{transport}: {why}"),
                other => panic!("{transport}, `{spec}`: {other:?}"),
            }
        }
        for transport in Transport::ALL {
            assert_eq!(behind.stage.traffic(transport)["requests"], 0, "the server never heard of it");
        }
    }
}

#[tokio::test]
async fn a_network_that_reads_nothing_lets_http_2_pass() {
    let behind = Behind::link("rtt=2ms,nagle");
    let listen = |transport| Listener::start(transport, Options { http: Http::Two, ..behind.options() });
    let mut listeners = Transport::ALL.map(listen);
    reaches(&behind, &mut listeners).await;
}
