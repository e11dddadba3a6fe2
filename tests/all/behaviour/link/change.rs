//! A link that becomes another one while connections are open on it.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use wirelanes::link::Relay;

use super::super::listener::Walk;
use super::super::{PATIENCE, eventually, raw};
use super::sockets::{echo, much, serve};
use super::{Behind, relay, until};

fn change(way: &Relay, spec: &str) {
    way.change(&spec.parse().unwrap()).unwrap_or_else(|wrong| panic!("`{spec}`: {wrong}"));
    assert_eq!(way.link().to_string(), spec);
}

/// How long a byte takes to an echo and back.
fn ping(socket: &mut TcpStream) -> Duration {
    let begun = Instant::now();
    socket.write_all(b"!").unwrap();
    socket.read_exact(&mut [0]).unwrap();
    begun.elapsed()
}

#[test]
fn an_open_connection_has_the_new_round_trip_and_so_has_a_new_one() {
    let way = relay("rtt=20ms", echo());
    let mut socket = raw::connect(way.address());
    ping(&mut socket);
    change(&way, "rtt=600ms");
    assert!(ping(&mut socket) >= Duration::from_millis(600), "an open one");
    let begun = Instant::now();
    ping(&mut raw::connect(way.address()));
    assert!(begun.elapsed() >= Duration::from_millis(1_200), "a new one, which shakes hands first");
    change(&way, "rtt=2ms");
    let pings = [(); 5].map(|()| ping(&mut socket));
    let quickest = pings.iter().min().unwrap();
    assert!(*quickest < Duration::from_millis(300), "of 600 ms half is left at the least: {pings:?}");
    let achieved = way.achieved();
    assert_eq!((achieved.asked_up_us, achieved.asked_down_us, way.changes()), (1_000.0, 1_000.0, 2));
}

#[test]
fn what_is_under_way_arrives_whole_and_in_order_whatever_the_link_becomes() {
    let much = much();
    let way = relay("rtt=40ms", echo());
    let mut socket = raw::connect(way.address());
    let (mut sending, sent) = (socket.try_clone().unwrap(), much.clone());
    thread::spawn(move || {
        for piece in sent.chunks(16 << 10) {
            sending.write_all(piece).unwrap();
            thread::sleep(Duration::from_millis(1));
        }
        sending.shutdown(std::net::Shutdown::Write).unwrap();
    });
    let specs =
        ["rtt=2ms", "rate=1mbit", "rtt=30ms,jitter=30ms", "rtt=5ms,nagle", "none", "3g", "rate=400mbit"];
    let read = thread::spawn(move || raw::rest(&mut socket));
    for spec in specs.iter().cycle().take(4 * specs.len()) {
        change(&way, spec);
        thread::sleep(Duration::from_millis(7));
    }
    change(&way, "none");
    assert!(read.join().unwrap() == much, "something else came");
}

/// At 1,000 bits a second, these bytes would take 200 s, and an hour's worth of others would wait behind them.
#[test]
fn what_waits_in_a_slow_links_queue_does_not_wait_for_as_long_as_it_would_have() {
    let way = relay("rate=1kbit", echo());
    let mut socket = raw::connect(way.address());
    socket.write_all(&[7; 25_000]).unwrap();
    // By then the link has them all, and has passed on some forty.
    socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let early = socket.read(&mut [0; 25_000]).unwrap_or(0);
    assert!(early < 1_000, "{early} bytes at 1,000 bits a second");
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    change(&way, "none");
    let begun = Instant::now();
    socket.read_exact(&mut vec![0; 25_000 - early]).unwrap();
    assert!(begun.elapsed() < Duration::from_secs(20), "a tenth of what it would have taken");
}

#[test]
fn all_connections_are_reset_at_both_ends_and_others_can_be_made() {
    let (tell, told) = channel();
    let server = serve(move |mut socket| {
        socket.write_all(b"here").unwrap();
        let _ = tell.send(socket.read(&mut [0]).map_err(|wrong| wrong.kind()));
    });
    let way = relay("rtt=4ms", server);
    let mut sockets = [(); 3].map(|()| raw::connect(way.address()));
    sockets.iter_mut().for_each(|socket| socket.read_exact(&mut [0; 4]).unwrap());
    way.drop_all();
    for socket in &mut sockets {
        assert_eq!(socket.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset, "the client's end");
        let ended = told.recv_timeout(PATIENCE).unwrap();
        assert_eq!(ended, Err(ErrorKind::ConnectionReset), "the server's end");
    }
    eventually("none is open", || way.achieved().open == 0);
    let mut after = raw::connect(way.address());
    after.read_exact(&mut [0; 4]).unwrap();
    assert_eq!((way.achieved().connections, way.changes()), (4, 0));
}

#[test]
fn connections_are_reset_where_http_is_read_otherwise_and_kept_where_it_is_not() {
    let way = relay("rtt=2ms", echo());
    let mut socket = raw::connect(way.address());
    ping(&mut socket);
    for (spec, stays) in
        [("rtt=4ms,idle=60s", true), ("rtt=4ms,no-upgrade", false), ("buffer=8k", false), ("none", false)]
    {
        change(&way, spec);
        match stays {
            true => drop(ping(&mut socket)),
            false => {
                let ended = socket.read(&mut [0]).unwrap_err();
                assert_eq!(ended.kind(), ErrorKind::ConnectionReset, "`{spec}`");
                let before = way.achieved().connections;
                socket = raw::connect(way.address());
                eventually("it is let in on the new terms", || way.achieved().connections > before);
            }
        }
    }
    ping(&mut socket);
}

#[test]
fn a_port_that_refuses_for_a_while_is_the_same_port_afterwards() {
    for begun_as in ["none", "refuse"] {
        let way = relay(begun_as, echo());
        let address = way.address().to_socket_addrs().unwrap().next().unwrap();
        for round in 0..3 {
            change(&way, "rtt=2ms");
            let mut socket = raw::connect(address);
            ping(&mut socket);
            // One that has been closed by this end leaves its port occupied for a minute, on most systems.
            let gone = raw::connect(address);
            drop(gone);
            change(&way, "refuse");
            assert!(TcpStream::connect(address).is_err(), "round {round}, begun as `{begun_as}`: it lets in");
            let ended = socket.read(&mut [0]).unwrap_err();
            assert_eq!(ended.kind(), ErrorKind::ConnectionReset, "round {round}: who was in");
            eventually("none is open", || way.achieved().open == 0);
        }
        change(&way, "refuse");
        assert!(TcpStream::connect(address).is_err(), "it refuses all the same");
    }
}

/// Some come in at the very moment at which the door is closed.
#[test]
fn nobody_is_left_inside_when_a_port_refuses() {
    let way = relay("none", echo());
    let (address, stop) = (way.address(), Arc::new(AtomicBool::new(false)));
    let crowd = [(); 2].map(|()| {
        let stop = stop.clone();
        thread::spawn(move || {
            let mut inside = Vec::new();
            while !stop.load(Relaxed) {
                inside.extend(TcpStream::connect(address).ok());
                inside.drain(..inside.len().saturating_sub(20));
            }
            inside
        })
    });
    for _ in 0..30 {
        change(&way, "rtt=1ms");
        thread::sleep(Duration::from_millis(3));
        change(&way, "refuse");
        eventually("all are out", || way.achieved().open == 0);
    }
    stop.store(true, Relaxed);
    let let_in = way.achieved().connections;
    assert!(let_in > 0 && TcpStream::connect(address).is_err(), "{let_in} were let in");
    drop(crowd.map(|one| one.join().unwrap()));
}

#[test]
fn who_is_silent_already_is_cut_when_silence_is_no_longer_allowed() {
    let way = relay("none", echo());
    let mut socket = raw::connect(way.address());
    ping(&mut socket);
    change(&way, "idle=50ms");
    assert_eq!(socket.read(&mut [0]).unwrap(), 0, "an end, as of something that cuts");
    change(&way, "none");
    let mut socket = raw::connect(way.address());
    ping(&mut socket);
    change(&way, "cut=1ms");
    assert_eq!(socket.read(&mut [0]).unwrap(), 0, "it is older than that");
}

/// Who reads the feed comes back from every drop, and has missed nothing; who is not dropped does not notice.
#[tokio::test]
async fn nobody_loses_an_event_to_changes_and_drops() {
    let behind = Behind::link("rtt=20ms");
    let begin = behind.stage.newest();
    let mut listeners = behind.listen_all().map(|listener| (listener, Walk::from(begin)));
    until("all four are in", || behind.relay.achieved().open == 4).await;
    for spec in ["rtt=2ms", "rtt=30ms,jitter=10ms", "rate=1mbit", "rtt=10ms,nagle"] {
        change(&behind.relay, spec);
        behind.stage.publish(&format!("\"{spec}\""));
    }
    for (listener, walk) in &mut listeners {
        listener.walk(walk, |walk| walk.events == 4).await;
        assert_eq!(
            listener.ledger.counts().connections,
            1,
            "{} was changed, not dropped",
            listener.transport
        );
    }
    behind.relay.drop_all();
    behind.stage.publish("\"while they were away\"");
    for (listener, walk) in &mut listeners {
        listener.walk(walk, |walk| walk.events == 5).await;
        assert_eq!(
            (walk.gaps, listener.ledger.counts().connections >= 2),
            (0, true),
            "{}",
            listener.transport
        );
    }
}
