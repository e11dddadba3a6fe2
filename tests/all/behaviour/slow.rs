//! Readers that stop reading.

use std::time::Duration;

use tokio::time::sleep;
use wirelanes::client::Options;
use wirelanes::event::Position;
use wirelanes::feed::Retain;
use wirelanes::server::Config;
use wirelanes::transport::Transport;

use super::gate::Gate;
use super::listener::{Listener, Walk};
use super::program::Program;
use super::stage::{Stage, options};
use super::{eventually, raw};

/// What the sockets of a slow reader hold is little, at both ends.
const BUFFER: usize = 16 << 10;

/// A reader that stops for longer than the log remembers falls off its end. It is told what it missed as soon
/// as it reads on, on the connection it has; the server holds nothing for it meanwhile.
#[tokio::test]
async fn a_reader_that_stops_is_told_exactly_what_it_missed() {
    const STOP: Duration = Duration::from_millis(2_500);
    let (server, address) = Program::serve(&[
        "--source=steady",
        "--rate=1000/s",
        "--size=4000",
        "--retain=1000",
        &format!("--send-buffer={BUFFER}"),
    ]);
    let (gate, begin) = (Gate::default(), raw::position(address));
    let mut listeners = Transport::ALL.map(|transport| {
        let options = Options {
            from: Position::After(begin),
            receive_buffer: Some(BUFFER as u32),
            tap: Some(gate.tap()),
            ..options(address)
        };
        (Listener::aside(transport, options), Walk::from(begin))
    });
    // A log that is full, and enveloped for both kinds of stream, is as large as it gets.
    for (listener, walk) in &mut listeners {
        listener.walk(walk, |walk| walk.at.sequence > begin.sequence + 1_200).await;
    }

    gate.close();
    let before = memory(&server);
    sleep(STOP).await;
    let during = memory(&server);
    let stopped_at = raw::position(address);
    gate.open();
    for (listener, walk) in &mut listeners {
        let transport = listener.transport;
        listener.walk(walk, |walk| walk.at.sequence >= stopped_at.sequence + 100).await;
        assert!(walk.gaps > 0, "{transport} was told of no gap");
        assert_eq!(walk.events + walk.missed, walk.at.sequence - begin.sequence, "{transport}");
        assert_eq!(listener.ledger.counts().connections, 1, "{transport} had to come back");
    }
    // 10 MB are published in that time. Who queued them would hold as much, or as much for each reader. A
    // reader here is a number, and what is in its hand: an answer of 1 MiB for each of the two that poll, a
    // batch of 64 KiB and its envelopes for each of the two streams.
    let grown = during.saturating_sub(before);
    assert!(grown < 4 << 20, "the server grew by {grown} bytes while its readers stood still");
}

#[cfg(target_os = "linux")]
fn memory(server: &Program) -> u64 {
    server.memory()
}

#[cfg(not(target_os = "linux"))]
fn memory(_: &Program) -> u64 {
    0
}

/// Who takes nothing at all is not kept: its connection is closed, and its next request tells it the rest.
#[tokio::test]
async fn a_reader_that_takes_nothing_is_closed_and_told_when_it_comes_back() {
    let stage = Stage::with(Config {
        retain: Retain { events: 1_000, ..Retain::default() },
        write_stall: Duration::from_millis(300),
        send_buffer: Some(BUFFER),
        ..Config::default()
    });
    let (gate, begin) = (Gate::default(), stage.newest());
    let data = format!("\"{}\"", "x".repeat(4_000));
    // More than all sockets hold, in one answer of each transport.
    stage.publish_times(500, &data);
    gate.close();
    let mut listeners = Transport::ALL.map(|transport| {
        let options = Options {
            from: Position::After(begin),
            receive_buffer: Some(BUFFER as u32),
            tap: Some(gate.tap()),
            ..stage.options()
        };
        (Listener::aside(transport, options), Walk::from(begin))
    });
    for transport in Transport::ALL {
        eventually("each is being answered", || stage.deliveries(transport) > 0);
    }
    eventually("all are closed", || stage.connections() == 0);
    for transport in Transport::ALL {
        assert_eq!(stage.subscribers(transport), 0, "{transport} still holds its place");
    }

    stage.publish_times(1_500, &data);
    let newest = stage.newest();
    gate.open();
    for (listener, walk) in &mut listeners {
        let transport = listener.transport;
        listener.walk(walk, |walk| walk.at == newest).await;
        assert!(walk.gaps > 0, "{transport} was told of no gap");
        assert_eq!(walk.events + walk.missed, newest.sequence, "{transport}");
        assert!(listener.ledger.counts().connections > 1, "{transport} was never closed");
    }
}

/// What cannot be heard by who is slow is said where somebody looks.
#[test]
fn a_server_says_whom_it_closed_for_being_slow_and_what_helps() {
    let (server, address) = Program::serve(&[
        "--source=steady",
        "--rate=2000/s",
        "--size=4000",
        "--retain=100",
        "--send-buffer=16384",
        "--slow=disconnect",
    ]);
    let mut socket = std::net::TcpStream::connect(address).unwrap();
    std::io::Write::write_all(&mut socket, b"GET /sse HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let line = server.stderr.find("closed a reader of `demo` over sse, too slow");
    assert!(line.contains("`--retain`") && line.contains("`--slow gap`"), "{line}");
    let lines = server.stderr.all();
    assert_eq!(lines.iter().filter(|line| line.contains("closed a reader")).count(), 1, "{lines:?}");
}
