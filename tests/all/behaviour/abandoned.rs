//! Clients that go without a word.

use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use wirelanes::transport::Transport;

use super::program::Program;
use super::stage::Stage;
use super::{eventually, raw};

/// Held for as long as a server may be asked to: none of these is answered before the test is over.
const HOLD: Duration = Duration::from_secs(60);

/// A second is what it should take; a busy machine may take longer, but nothing like a hold.
const SOON: Duration = Duration::from_secs(5);

/// Asks so often, leaves in each way there is, and sees when the server has noticed.
fn abandon(transport: Transport, count: u64) {
    let stage = Stage::open();
    let path = format!("/{transport}?hold={}", HOLD.as_secs());
    let asked = (0..count).map(|_| raw::ask(stage.address, &path, raw::fields(transport)));
    let sockets: Vec<TcpStream> = asked.collect();
    eventually("all of them wait", || stage.subscribers(transport) == count);
    let gone = Instant::now();
    let half_closed: Vec<_> = sockets.into_iter().enumerate().filter_map(leave).collect();
    eventually("all of them are freed", || stage.subscribers(transport) == 0);
    assert!(gone.elapsed() < SOON, "{transport}: {count} were freed only after {:?}", gone.elapsed());
    eventually("their connections are closed", || stage.connections() == 0);
    assert_eq!(half_closed.len() as u64, count / 3);
}

/// With a reset, with a FIN, or with half of one: no more requests will come, but it could still be answered.
fn leave((n, socket): (usize, TcpStream)) -> Option<TcpStream> {
    match n % 3 {
        0 => raw::reset(socket),
        1 => drop(socket),
        _ => {
            socket.shutdown(Shutdown::Write).unwrap();
            return Some(socket);
        }
    }
    None
}

#[test]
fn a_thousand_abandoned_long_polls_are_freed_at_once() {
    raw::allow_many_files();
    abandon(Transport::Longpoll, 1_000);
}

#[test]
fn readers_of_a_stream_that_vanish_are_freed_at_once() {
    for transport in [Transport::Sse, Transport::Websocket] {
        abandon(transport, 90);
    }
}

/// A connection that is reset before anybody has looked at it is no failure of the server's: no warning for each, and
/// nobody behind it waits.
#[test]
fn who_is_gone_before_being_accepted_leaves_no_trace() {
    let (server, address) = Program::serve(&["--source", "quiet"]);
    for _ in 0..1_000 {
        raw::reset(TcpStream::connect(address).unwrap());
    }
    assert!(raw::get(address, "/health").1.contains("ok"));
    let warnings: Vec<String> =
        server.stderr.all().into_iter().filter(|line| line.contains("WARN")).collect();
    assert_eq!(warnings, Vec::<String>::new());
}
