//! Peers that are somebody else: what a reader is told of them, and what helps.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wirelanes::client::{Error, Http, Options};
use wirelanes::transport::Transport;

use super::fake::{self, Script};
use super::listener::Listener;
use super::mute::leaving;
use super::program::Program;
use super::stage::options;

const MAY_BE_TLS: &str = "; not one byte came: it may speak TLS, then ask with `https://`, or stand before a server that is not there";

fn every_way() -> impl Iterator<Item = (Transport, Http)> {
    Transport::ALL.into_iter().flat_map(|each| Http::ALL.map(|http| (each, http)))
}

#[tokio::test]
async fn who_leaves_without_a_word_may_speak_tls() {
    for is_reset in [true, false] {
        let address = leaving(is_reset).await;
        for (transport, http) in every_way() {
            let mut listener = Listener::start(transport, Options { http, ..options(address) });
            for _ in 0..2 {
                let why = listener.disconnected().await;
                assert!(why.ends_with(MAY_BE_TLS), "{transport} over {http}: {why}");
            }
        }
    }
}

/// It may be about to leave, or to come back.
#[tokio::test]
async fn who_has_answered_in_plain_does_not_speak_tls() {
    for transport in Transport::ALL {
        let address = fake::serve(move |turn, head| match (turn, fake::tell(head, "", &[])) {
            (0, Script::Say(bytes)) => Script::SayAndClose(bytes),
            _ => Script::SayAndClose(Vec::new()),
        });
        let mut listener = Listener::start(transport, options(address.await));
        listener.connected().await;
        for _ in 0..2 {
            let why = listener.disconnected().await;
            assert!(!why.contains("TLS"), "{transport}: {why}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_bench_and_auto_are_told_the_same() {
    let url = format!("http://{}", leaving(false).await);
    let mut bench = Program::start(&["bench", "--url", &url, "-d", "1s"]);
    assert_eq!(bench.ended().code(), Some(1));
    let line = bench.stderr.find("error: ");
    assert!(line.ends_with(MAY_BE_TLS), "{line}");
    Program::start(&["watch", &url, "-t", "auto"]).stderr.find(MAY_BE_TLS);
}

/// Hears what is asked, and says the same to everybody.
async fn saying(words: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut heard = [0; 4_096];
            let _ = socket.read(&mut heard).await;
            let _ = socket.write_all(words).await;
        }
    });
    address
}

#[tokio::test]
async fn who_speaks_something_else_is_known_by_its_first_bytes() {
    for (said, one, two) in [
        (
            &[0x15, 3, 3, 0, 2, 2, 40][..],
            "speaks TLS: ask with `https://`",
            "speaks TLS: ask with `https://`",
        ),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "speaks SSH, not HTTP: look at the port", "speaks SSH, not HTTP: look"),
        (b"220 mail.example ESMTP\r\n", "does not speak HTTP: look at the port", "ask with `--http 1`"),
        (&[0, 0, 0, 4, 0, 0, 0, 0, 0], "does not speak HTTP/1.1 here; ask with `--http 2`", ""),
    ] {
        let address = saying(said).await;
        for (transport, http) in every_way().filter(|(_, http)| *http == Http::One || !two.is_empty()) {
            let refused = Listener::start(transport, Options { http, ..options(address) }).refusal().await;
            let words = if http == Http::One { one } else { two };
            assert!(matches!(refused, Error::Unreadable(_)), "{transport} over {http}: {refused:?}");
            assert!(refused.to_string().contains(words), "{transport} over {http}: {refused}");
        }
    }
}

/// A page is for people: none of it is shown, and what a parser makes of it tells nobody what helps.
#[tokio::test]
async fn a_page_is_not_quoted_and_the_url_is_what_helps() {
    const HELPS: &str =
        "is it a `wirelanes serve`? Of another server's stream give the whole URL, such as `http://";
    const PAGE: &str = "<!DOCTYPE html>\n<html><title>Nothing</title></html>";
    let html = "content-type: text/html; charset=utf-8\r\n";
    let refused = "refused with 404 Not Found: a page of HTML; ";
    for (status, field, body, words) in [
        ("404 Not Found", html, PAGE, [refused; 4]),
        ("404 Not Found", "", PAGE, [refused; 4]),
        ("404 Not Found", "", "", ["refused with 404 Not Found: is it a"; 4]),
        ("405 Method Not Allowed", html, PAGE, ["refused with 405 Method Not Allowed: a page of HTML; "; 4]),
        (
            "200 OK",
            html,
            PAGE,
            [
                "batch that came: its type is `text/html`, not `application/json`; ",
                "batch that came: its type is `text/html`, not `application/json`; ",
                "answer that came: its type is `text/html`, not `text/event-stream`; ",
                "there is no WebSocket here: it answered `200 OK`; look at the path",
            ],
        ),
        (
            "200 OK",
            "content-type: application/json\r\n",
            "{}",
            [
                "batch that came: invalid type: map, expected a sequence at line 1 column 0; ",
                "batch that came: invalid type: map, expected a sequence at line 1 column 0; ",
                "answer that came: its type is `application/json`, not `text/event-stream`; ",
                "there is no WebSocket here: it answered `200 OK`; look at the path",
            ],
        ),
    ] {
        for (transport, words) in Transport::ALL.into_iter().zip(words) {
            let address = fake::serve(move |_, _| Script::Say(fake::answer(status, field, body))).await;
            let refused = Listener::start(transport, options(address)).refusal().await.to_string();
            assert!(refused.contains(words), "{transport}: {refused}");
            assert!(
                refused.contains(HELPS) || refused.contains("look at the path"),
                "{transport}: {refused}"
            );
            assert!(!refused.contains('<') && refused.len() < 300, "{transport}: {refused}");
        }
    }
}

/// nginx says it in a page.
#[tokio::test]
async fn who_says_in_a_page_that_it_speaks_tls_is_understood() {
    const PAGE: &str = "<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>";
    for transport in Transport::ALL {
        let address = fake::serve(|_, _| Script::Say(fake::answer("400 Bad Request", "", PAGE))).await;
        let refused = Listener::start(transport, options(address)).refusal().await.to_string();
        let expected = "400 Bad Request: a page of HTML; what answers there speaks TLS: ask with `https://`";
        assert!(refused.ends_with(expected), "{transport}: {refused}");
    }
}
