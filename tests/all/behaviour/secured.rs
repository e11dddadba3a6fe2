//! The same under TLS: what a subscriber may rely on, whom it trusts, and what it is told where it does not.

mod certificates;

use std::io::{Read, Write};
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;
use wirelanes::client::{Error, Http, Options};
use wirelanes::event::Position;
use wirelanes::server::{Config, Limits};
use wirelanes::tls::{Identity, Trust};
use wirelanes::transport::Transport;

use super::listener::Listener;
use super::stage::{Stage, options};
use super::{PATIENCE, eventually, raw};
use crate::support::ms;
pub(crate) use certificates::issued;

pub(crate) fn identity() -> Identity {
    Identity::self_signed([]).unwrap()
}

/// A subscriber's choices for a server of these tests that speaks TLS.
pub(crate) fn secured(address: SocketAddr, trust: &Trust) -> Options {
    let options = options(address);
    Options { target: options.target.clone().secured().trusting(trust.clone()), ..options }
}

/// Asks over TLS, and gives all that is answered until the server closes.
pub(super) async fn ask(address: SocketAddr, request: &str) -> String {
    let stream = TcpStream::connect(address).await.unwrap();
    let mut secured = Trust::anyone().connect("localhost", &[b"http/1.1"], stream).await.unwrap();
    assert_eq!(secured.protocol(), Some(&b"http/1.1"[..]), "{:?}", secured.cipher());
    secured.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, secured.read_to_string(&mut answer)).await.expect("it closes").unwrap();
    answer
}

/// What a server that speaks TLS says about a transport.
#[cfg(target_os = "linux")]
pub(super) async fn traffic(address: SocketAddr, transport: Transport) -> serde_json::Value {
    let answer = ask(address, "GET /stats HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let mut stats: serde_json::Value = serde_json::from_str(body).unwrap();
    stats["transports"][transport.name()].take()
}

#[tokio::test]
async fn every_transport_brings_the_same_over_tls() {
    let identity = identity();
    let trust = Trust::only(identity.fingerprint());
    let stage = Stage::secured(identity);
    for transport in Transport::ALL {
        let mut listener = Listener::start(transport, secured(stage.address, &trust));
        listener.connected().await;
        let large = format!("\"{}\"", "x".repeat(60_000));
        let told = ["1", &large, "\"é\""].map(|data| stage.publish(data));
        let events = listener.events(3).await;
        assert_eq!(events.iter().map(wirelanes::event::Event::id).collect::<Vec<_>>(), told, "{transport}");
        assert_eq!(events[1].data(), large, "{transport}");
        let counts = listener.ledger.counts();
        assert!(counts.handshake.up > 0 && counts.handshake.down > 0, "{transport}: {counts:?}");
    }
}

#[tokio::test]
async fn who_is_not_trusted_is_told_so_with_the_remedy_and_not_asked_again() {
    let (stage, another) = (Stage::secured(identity()), identity());
    for (trust, expected) in
        [(Trust::default(), "--insecure"), (Trust::only(another.fingerprint()), "another certificate")]
    {
        let refused = Listener::start(Transport::Sse, secured(stage.address, &trust)).refusal().await;
        assert!(matches!(refused, Error::Distrusted(_)), "{refused:?}");
        assert!(refused.to_string().contains(expected), "{refused}");
    }
}

#[tokio::test]
async fn who_asks_for_tls_where_there_is_none_is_told_so() {
    let stage = Stage::open();
    for transport in Transport::ALL {
        let listener = Listener::start(transport, secured(stage.address, &Trust::anyone()));
        let why = listener.refusal().await.to_string();
        assert!(why.contains("hung up on the handshake: use `http://`"), "{transport}: {why}");
    }
    // Others answer in plain.
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = plain.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = plain.accept().await.unwrap();
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let refused = Listener::start(Transport::Sse, secured(address, &Trust::anyone())).refusal().await;
    assert!(refused.to_string().contains("does not speak TLS on this port: use `http://`"), "{refused}");
}

#[tokio::test]
async fn who_asks_in_plain_where_there_is_tls_is_answered_in_plain() {
    let stage = Stage::secured(identity());
    let (head, body) = raw::get(stage.address, "/poll");
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    assert_eq!(body, format!(r#"{{"error":"this port speaks TLS: use `https://{}`"}}"#, stage.address));
    match Listener::start(Transport::Longpoll, options(stage.address)).refusal().await {
        Error::Refused { status, message } => {
            assert_eq!((status.as_u16(), message.contains("https://")), (400, true));
        }
        other => panic!("{other:?}"),
    }
    let by_streams = Options { http: Http::Two, ..options(stage.address) };
    let refused = Listener::start(Transport::Sse, by_streams).refusal().await.to_string();
    assert!(refused.contains(&format!("use `https://{}`", stage.address)), "{refused}");
}

/// Who finds no room is told so in words of TLS, and comes back by itself.
#[tokio::test]
async fn one_connection_too_many_is_broken_off_in_good_order() {
    let limits = Limits { connections: Some(1), ..Limits::default() };
    let stage = Stage::secured_with(Config { limits, ..Config::default() }, identity());
    let mut first = Listener::start(Transport::Sse, secured(stage.address, &Trust::anyone()));
    first.connected().await;
    let mut second = Listener::start(Transport::Sse, secured(stage.address, &Trust::anyone()));
    let why = second.disconnected().await;
    assert!(why.contains("broke off the handshake: it has no room now"), "{why}");
    drop(first);
    second.connected().await;
}

/// What was encrypted, and did not fit into the socket, is not forgotten when its answer is done.
#[tokio::test]
async fn answers_that_do_not_fit_into_a_socket_leave_to_the_last_byte() {
    let config = Config { send_buffer: Some(4 << 10), ..Config::default() };
    let stage = Stage::secured_with(config, identity());
    let large = format!("\"{}\"", "x".repeat(60_000));
    stage.publish_times(10, &large);
    for transport in Transport::ALL {
        let options = secured(stage.address, &Trust::anyone());
        let options = Options { receive_buffer: Some(4 << 10), from: Position::Earliest, ..options };
        let mut listener = Listener::start(transport, options);
        listener.events((stage.newest().sequence) as usize).await;
        for length in [1, 3_000, 20_000, 60_000] {
            stage.publish(&format!("\"{}\"", "y".repeat(length)));
            listener.events(1).await;
        }
    }
}

/// Who takes nothing is given up as soon as in plain, though something was encrypted for it.
#[tokio::test]
async fn who_takes_nothing_is_given_up() {
    let config = Config { send_buffer: Some(4 << 10), write_stall: ms(200), ..Config::default() };
    let stage = Stage::secured_with(config, identity());
    let mut readers = Vec::new();
    for ask in ["GET /sse", "GET /poll?last_event_id=earliest"] {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 << 10).unwrap();
        let stream = socket.connect(stage.address).await.unwrap();
        let mut secured = Trust::anyone().connect("localhost", &[b"http/1.1"], stream).await.unwrap();
        if readers.is_empty() {
            secured.write_all(format!("{ask} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
            eventually("it is there", || stage.feed.topics().iter().any(|topic| topic.subscribers == 1));
            stage.publish_times(60, &format!("\"{}\"", "x".repeat(60_000)));
        } else {
            secured.write_all(format!("{ask} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
        }
        readers.push(secured);
    }
    let open = async || {
        let answer = ask(stage.address, "GET /stats HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str::<serde_json::Value>(body).unwrap()["connections"]["open"].clone()
    };
    let given_up = async {
        while open().await != 1 {
            tokio::time::sleep(ms(20)).await;
        }
    };
    timeout(PATIENCE, given_up).await.expect("both are given up, though they are still there");
    drop(readers);
}

/// What is no TLS, and no HTTP, ends this connection and no other.
#[tokio::test]
async fn nonsense_ends_its_own_connection_only() {
    let stage = Stage::secured(identity());
    let mut listener = Listener::start(Transport::Sse, secured(stage.address, &Trust::anyone()));
    listener.connected().await;
    for nonsense in [&b"\x16\x03\x01\0\x05hello"[..], b"\x16\xff\xff\xff\xff", b"\0\0\0\0\r\n\r\n", b"\x16"] {
        let address = stage.address;
        let sent = tokio::task::spawn_blocking(move || {
            let mut socket = raw::connect(address);
            socket.write_all(nonsense).unwrap();
            socket.shutdown(std::net::Shutdown::Write).unwrap();
            let mut rest = Vec::new();
            // A reset is an end, too.
            let _ = socket.read_to_end(&mut rest);
        });
        timeout(PATIENCE, sent).await.expect("it is closed").unwrap();
    }
    stage.publish("1");
    listener.events(1).await;
}
