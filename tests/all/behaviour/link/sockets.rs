//! What a relay does to two sockets, byte by byte: nothing is lost, nothing overtakes, ends are ends.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::super::{eventually, raw};
use super::relay;

/// A server that does this with each connection, on a thread of its own.
pub(super) fn serve(with: impl Fn(TcpStream) + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for socket in listener.incoming().map_while(Result::ok) {
            let with = with.clone();
            thread::spawn(move || with(socket));
        }
    });
    address
}

/// Gives back what it is sent, to the end.
pub(super) fn echo() -> SocketAddr {
    serve(|mut socket| {
        let mut buffer = [0; 1 << 16];
        while let Ok(count @ 1..) = socket.read(&mut buffer) {
            let _ = socket.write_all(&buffer[..count]);
        }
    })
}

/// Two megabytes that look different everywhere.
pub(super) fn much() -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(7);
    (0..2 << 20).map(|_| random.u8(..)).collect()
}

#[test]
fn what_is_sent_arrives_whole_through_every_kind_of_link() {
    let much = much();
    for spec in
        ["none", "rtt=2ms", "rtt=5ms,jitter=3ms", "rate=200mbit", "rtt=4ms,nagle", "buffer=8k", "no-upgrade"]
    {
        let way = relay(spec, echo());
        let mut socket = raw::connect(way.address());
        let (mut sending, sent) = (socket.try_clone().unwrap(), much.clone());
        thread::spawn(move || {
            sending.write_all(&sent).unwrap();
            sending.shutdown(Shutdown::Write).unwrap();
        });
        // The end travels, too: it is behind the last byte, to the server and back.
        assert!(raw::rest(&mut socket) == much, "`{spec}`: something else came");
        eventually("the last bytes, too, are counted", || {
            let achieved = way.achieved();
            (achieved.bytes_up, achieved.bytes_down) == (2 << 20, 2 << 20)
        });
    }
}

#[test]
fn an_end_takes_as_long_as_a_byte_and_the_other_way_stays_open() {
    let way = relay(
        "rtt=100ms",
        serve(|mut socket| {
            let asked = raw::rest(&mut socket);
            socket.write_all(&asked).unwrap();
        }),
    );
    let mut socket = raw::connect(way.address());
    let begun = Instant::now();
    socket.write_all(b"asked").unwrap();
    socket.shutdown(Shutdown::Write).unwrap();
    assert_eq!(raw::rest(&mut socket), b"asked");
    assert!(
        begun.elapsed() >= Duration::from_millis(200),
        "a handshake, there and back: {:?}",
        begun.elapsed()
    );
}

#[test]
fn a_reset_of_one_end_resets_the_other() {
    let way = relay(
        "rtt=20ms",
        serve(|mut socket| {
            socket.read_exact(&mut [0; 5]).unwrap();
            raw::reset(socket);
        }),
    );
    let mut socket = raw::connect(way.address());
    socket.write_all(b"reset").unwrap();
    assert_eq!(socket.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset, "the server's");

    let (tell, told) = std::sync::mpsc::channel();
    let way = relay(
        "rtt=20ms",
        serve(move |mut socket| {
            socket.write_all(b"go on").unwrap();
            let ended = socket.read(&mut [0]).map_err(|wrong| wrong.kind());
            let _ = tell.send(ended);
        }),
    );
    let mut socket = raw::connect(way.address());
    socket.read_exact(&mut [0; 5]).unwrap();
    raw::reset(socket);
    let ended = told.recv_timeout(super::super::PATIENCE).unwrap();
    assert_eq!(ended, Err(ErrorKind::ConnectionReset), "the client's");
}

/// The server writes for as long as it can; the client reads when it cannot any more.
#[test]
fn who_does_not_read_makes_the_sender_wait_and_loses_nothing() {
    /// Far more than sockets and a link hold.
    const ENDLESS: usize = 256 << 20;
    let (tell, told) = std::sync::mpsc::channel();
    let server = serve(move |mut socket| {
        socket.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
        let mut written = 0;
        while written < ENDLESS {
            match socket.write(&[7; 1 << 16]) {
                Ok(count) => written += count,
                Err(_full) => break,
            }
        }
        let _ = tell.send(written);
    });
    for spec in ["rtt=2ms", "rate=100mbit"] {
        let way = relay(spec, server);
        let mut socket = raw::connect(way.address());
        let written = told.recv_timeout(super::super::PATIENCE).unwrap();
        assert!(written < ENDLESS / 4, "`{spec}`: {written} bytes fit into something that has no end");
        // Who is stuck is alone: another connection of the same relay is not.
        let mut other = raw::connect(way.address());
        other.read_exact(&mut [0; 1_000]).unwrap();
        drop(other);
        let mut read = 0;
        let mut buffer = vec![0; 1 << 16];
        while let Ok(count @ 1..) = socket.read(&mut buffer) {
            read += count;
        }
        assert_eq!(read, written, "`{spec}`");
        let _ = told.recv_timeout(super::super::PATIENCE);
    }
}

/// What a link costs can be told apart from what is measured over it.
#[cfg(target_os = "linux")]
#[test]
fn an_engine_says_what_its_two_threads_spent() {
    let engine = wirelanes::link::Engine::start().unwrap();
    let way = engine.relay(&"rtt=2ms".parse().unwrap(), super::ANY_PORT.into(), echo()).unwrap();
    let before = engine.cpu_us().unwrap();
    let mut socket = raw::connect(way.address());
    for _ in 0..20 {
        socket.write_all(b"ping").unwrap();
        socket.read_exact(&mut [0; 4]).unwrap();
    }
    eventually("the threads have spent something", || engine.cpu_us().unwrap() > before);
    let process = wirelanes::clock::process_cpu_us().unwrap();
    assert!(engine.cpu_us().unwrap() <= process as f64, "no more than the whole process");
}
