//! Peers that are not there, or say nothing: what a reader is told, and how soon.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout};
use wirelanes::client::{Http, News, Options, Target};
use wirelanes::event::Position;
use wirelanes::tls::Trust;
use wirelanes::transport::Transport;

use super::fake::{self, Script};
use super::listener::Listener;
use super::program::Program;
use super::secured::{identity, secured};
use super::stage::{Stage, options};

/// The system connects to it, and nobody is at home.
fn mute() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Where nobody listens.
fn closed() -> SocketAddr {
    mute().1
}

/// The first end of a connection, and after how long it came.
async fn first_end(transport: Transport, options: Options) -> (String, Duration) {
    let begun = Instant::now();
    match Listener::start(transport, options).next().await {
        News::Disconnected { why, .. } => (why, begun.elapsed()),
        other => panic!("{transport}: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_not_answered_is_told_so_after_ten_seconds() {
    let (_listener, address) = mute();
    for transport in Transport::ALL {
        let (why, after) = first_end(transport, options(address)).await;
        assert!(why.starts_with("no answer within 10 s: "), "{transport}: {why}");
        assert!((10..11).contains(&after.as_secs()), "{transport}: {after:?}");
        assert_eq!(why.contains("swallow the upgrade"), transport == Transport::Websocket, "{why}");
    }
    let streamed = Options { http: Http::Two, ..options(address) };
    let (why, _) = first_end(Transport::Sse, streamed).await;
    assert!(why.starts_with("no answer within 10 s: "), "{why}");
}

/// What the server holds back on purpose is not late yet.
#[tokio::test(start_paused = true)]
async fn a_long_poll_is_given_the_time_for_which_it_is_held() {
    let (_listener, address) = mute();
    let from = Position::After("8f3k2a-41".parse().unwrap());
    let held = Options { from, hold: Some(Duration::from_secs(5)), ..options(address) };
    let (why, after) = first_end(Transport::Longpoll, held).await;
    assert!(why.starts_with("no answer within 15 s: ") && after.as_secs() == 15, "{why}, {after:?}");
}

#[tokio::test(start_paused = true)]
async fn who_falls_silent_in_the_middle_of_an_answer_is_left() {
    for (transport, begun, within, words) in [
        (Transport::Poll, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n[", 10, "the answer broke off: "),
        // A stream may be quiet: heartbeats of a server of ours, at least one in 60 s, say what is too long.
        (
            Transport::Sse,
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n:\n\n",
            75,
            "nothing came for 75 s, ",
        ),
    ] {
        let address = fake::serve(move |_, _| Script::Say(begun.into())).await;
        let begun = Instant::now();
        let mut listener = Listener::start(transport, options(address));
        let ended = timeout(Duration::from_secs(80), listener.told_until_it_ends());
        let why = ended.await.unwrap_or_else(|_| panic!("{transport} waits"));
        assert!(why.starts_with(words), "{transport}: {why}");
        assert_eq!(begun.elapsed().as_secs(), within, "{transport}");
    }
}

#[tokio::test]
async fn where_nobody_is_the_address_is_named_and_once_what_helps() {
    let address = closed();
    for transport in Transport::ALL {
        let mut listener = Listener::start(transport, options(address));
        let (first, second) = (listener.disconnected().await, listener.disconnected().await);
        let named = format!("cannot reach `http://{address}`");
        let helps = " (is `wirelanes serve` running there?)";
        assert!(first.starts_with(&format!("{named}{helps}: ")), "{transport}: {first}");
        assert!(second.starts_with(&format!("{named}: ")), "{transport}: {second}");
    }
    let target: Target = "http://no-such-host.invalid".parse().unwrap();
    let (why, _) = first_end(Transport::Sse, Options { target, ..options(address) }).await;
    assert!(
        why.starts_with("cannot reach `http://no-such-host.invalid`: ")
            || why.contains("(is that its name?)"),
        "{why}"
    );
}

#[test]
fn a_bench_that_finds_nobody_names_what_helps() {
    let url = format!("http://{}", closed());
    for arguments in
        [&["bench", "--url", &url, "-d", "1s"][..], &["bench", "talk", "--url", &url, "-d", "1s"]]
    {
        let mut bench = Program::start(arguments);
        assert_eq!(bench.ended().code(), Some(1), "{arguments:?}");
        let line = bench.stderr.find("error: ");
        assert!(line.contains("is `wirelanes serve` running there?"), "{arguments:?}: {line}");
    }
}

#[test]
fn watch_says_why_it_knows_no_clock() {
    let (_listener, address) = mute();
    let watch = Program::start(&["watch", &format!("http://{address}")]);
    watch.stderr.find("the clock of the server is not known, so no latency is: no answer within 10 s");
}

/// One that was there may be about to leave, or to come back.
#[tokio::test]
async fn a_server_that_was_there_and_hangs_up_on_the_handshake_is_come_back_to() {
    let stage = Stage::secured(identity());
    let trust = Trust::anyone();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = stage.address;
    tokio::spawn(async move {
        for turn in 0.. {
            let (mut near, _) = listener.accept().await.unwrap();
            // The first is served for a moment; who comes then is hung up on, once.
            if turn != 1 {
                let mut far = tokio::net::TcpStream::connect(server).await.unwrap();
                let passing = tokio::io::copy_bidirectional(&mut near, &mut far);
                let _ = timeout(Duration::from_millis(300), passing).await;
            }
        }
    });
    let mut watch = Listener::start(Transport::Sse, secured(address, &trust));
    watch.connected().await;
    watch.disconnected().await;
    let why = watch.disconnected().await;
    assert!(why.contains("hung up on the handshake"), "{why}");
    watch.connected().await;
}

/// What a library makes of an end tells nobody what happened.
const RAW: [&str; 6] = [
    "connection error",
    "operation was canceled",
    "error reading a body",
    "connection closed before",
    "broken pipe",
    "end of file",
];

#[tokio::test]
async fn an_end_is_told_by_what_was_behind_it() {
    for (transport, http) in Transport::ALL.into_iter().flat_map(|each| Http::ALL.map(|http| (each, http))) {
        for is_reset in [true, false] {
            let address = leaving(is_reset).await;
            let (why, _) = first_end(transport, Options { http, ..options(address) }).await;
            assert!(!RAW.iter().any(|raw| why.contains(raw)), "{transport} over {http}: {why}");
        }
    }
    for (transport, begun) in [
        (Transport::Poll, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n["),
        (
            Transport::Sse,
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n9\r\n:",
        ),
    ] {
        let address = fake::serve(move |_, _| Script::SayAndClose(begun.into())).await;
        let why = Listener::start(transport, options(address)).disconnected().await;
        assert_eq!(why, "cut off in the middle of an answer", "{transport}");
    }
}

/// Hears what is asked, and leaves, in good order or not.
pub(super) async fn leaving(is_reset: bool) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut heard = [0; 4_096];
            let _ = socket.read(&mut heard).await;
            if is_reset {
                SockRef::from(&socket).set_linger(Some(Duration::ZERO)).unwrap();
            }
        }
    });
    address
}

/// Of what says no to an upgrade, a middlebox knows nothing that would help.
#[tokio::test]
async fn who_finds_no_websocket_on_the_way_is_told_of_the_way() {
    const HELPS: &str =
        "; something on the way may let no `Upgrade` through; `-t sse` needs none, `-t auto` finds";
    for (status, body, helps) in [
        ("426 Upgrade Required", r#"{"error":"ask over HTTP/1.1"}"#, true),
        ("403 Forbidden", "this proxy lets no connection be upgraded.", true),
        ("403 Forbidden", r#"{"error":"this origin may not"}"#, false),
        ("404 Not Found", "no", false),
    ] {
        let address = fake::serve(move |_, _| Script::Say(fake::answer(status, "", body))).await;
        let refused = Listener::start(Transport::Websocket, options(address)).refusal().await.to_string();
        assert_eq!(refused.contains(HELPS), helps, "{refused}");
    }
}
