//! Whose page may read what, and what the page itself may do.

use wirelanes::server::{Operator, Origins};
use wirelanes::transport::Transport;

use super::elements;
use super::errors::names;
use super::pipelined::LONGPOLL;
use super::websocket::UPGRADE;
use crate::support::{Answer, Peer, Running};

/// The port of a link that leads here.
const LINK: u16 = 40_123;

fn here() -> Running {
    Running::operated(Operator { ports: vec![LINK], ..Operator::default() })
}

/// Of the page that this server gives on its main port.
fn own(here: &Running) -> String {
    format!("http://x:{}", here.address.port())
}

async fn get(here: &Running, path: &str, fields: &str) -> Answer {
    here.ask(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n{fields}\r\n")).await
}

/// Whom an answer lets read it: nobody, or the page of this origin and nobody else.
fn lets_read(answer: &Answer) -> Option<&str> {
    let origin = answer.header("access-control-allow-origin");
    let rest = ["access-control-expose-headers", "vary"].map(|name| answer.header(name));
    let expected =
        if origin.is_some() { [Some("Last-Event-ID, Retry-After"), Some("Origin")] } else { [None, None] };
    assert_eq!(rest, expected, "{}", answer.head);
    origin
}

/// What is asked for over and over in these tests, with the fields it takes.
fn endpoints() -> Vec<(&'static str, &'static str)> {
    vec![
        ("/poll?last_event_id=earliest", ""),
        ("/longpoll?last_event_id=earliest", ""),
        ("/longpoll?hold=0", ""),
        ("/sse", ""),
        ("/websocket", UPGRADE),
        ("/time", ""),
        ("/health", ""),
        ("/stats", ""),
        ("/metrics", ""),
        ("/control", ""),
        ("/poll?topic=", ""),
        ("/nothing", ""),
        ("/websocket", ""),
    ]
}

#[tokio::test]
async fn a_page_of_ours_may_read_every_answer_from_every_port() {
    let here = here();
    here.publish("1");
    for (path, fields) in endpoints() {
        for origin in [own(&here), format!("http://x:{LINK}")] {
            let answer = get(&here, path, &format!("origin: {origin}\r\n{fields}")).await;
            assert_eq!(lets_read(&answer), Some(&*origin), "{path}: {}", answer.head);
        }
        let answer = get(&here, path, fields).await;
        assert_eq!(lets_read(&answer), None, "{path} without an origin is as it ever was");
    }
}

#[tokio::test]
async fn a_page_of_another_server_is_kept_out_wherever_it_asks() {
    let here = here();
    here.publish("1");
    let port = here.address.port();
    for origin in [
        "http://evil.example".to_owned(),
        format!("http://evil.example:{port}"),
        format!("https://x:{port}"),
        "http://x:1".to_owned(),
        "null".to_owned(),
    ] {
        for (path, fields) in endpoints() {
            let answer = get(&here, path, &format!("origin: {origin}\r\n{fields}")).await;
            assert_eq!(lets_read(&answer), None, "{origin} may read {path}");
            assert_eq!(answer.status(), 403, "{origin} asks {path}: {}", answer.head);
            for flag in ["Origin`", "--allow-origin ", "--public-url ", "Host`"] {
                names(&answer, flag);
            }
        }
        let head =
            format!("POST /publish HTTP/1.1\r\nhost: x\r\norigin: {origin}\r\ncontent-length: 1\r\n\r\n1");
        assert_eq!(here.ask(&head).await.status(), 403, "{origin}");
    }
    assert_eq!(here.feed.newest("demo").sequence, 1, "nothing of theirs was published");
}

#[tokio::test]
async fn a_browser_that_asks_before_it_posts_is_told_that_it_may() {
    let here = here();
    let ask = |path: &str, origin: &str| {
        format!(
            "OPTIONS {path} HTTP/1.1\r\nhost: x\r\norigin: {origin}\r\naccess-control-request-method: POST\r\n\
             access-control-request-headers: authorization\r\n\r\n"
        )
    };
    for path in ["/publish", "/control", "/poll", "/websocket", "/stats", "/time"] {
        let answer = here.ask(&ask(path, &own(&here))).await;
        assert_eq!((answer.status(), lets_read(&answer)), (204, Some(&*own(&here))), "{path}");
        assert_eq!(answer.header("access-control-allow-methods"), Some("GET, POST"));
        assert_eq!(
            answer.header("access-control-allow-headers"),
            Some("Authorization, Content-Type, Last-Event-ID")
        );
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        assert_eq!(here.ask(&ask(path, "http://evil.example")).await.status(), 403, "{path}");
    }
}

/// Behind a proxy that speaks TLS to the world, and names us as it knows us.
#[tokio::test]
async fn a_page_that_was_named_is_let_in_and_so_is_ours_by_the_name_the_world_has_for_it() {
    let (app, public) = ("https://app.example", "https://feed.example");
    let origins = |allowed: &[&str]| Origins {
        allowed: allowed.iter().map(|text| text.parse().unwrap()).collect(),
        public: Some(public.parse().unwrap()),
    };
    for (allowed, origin, expected) in [
        (&[app][..], app, Some(app)),
        (&[app], public, Some(public)),
        (&[app], "https://evil.example", None),
        (&["*"], "https://evil.example", Some("*")),
        (&["*"], public, Some(public)),
    ] {
        let here = Running::prepared(|server| server.open_to(origins(allowed)));
        here.publish("1");
        for (path, fields) in endpoints() {
            let answer = get(&here, path, &format!("origin: {origin}\r\n{fields}")).await;
            assert_eq!(lets_read(&answer), expected, "{origin} asks {path}: {}", answer.head);
            assert_eq!(answer.header("access-control-allow-credentials"), None);
            assert_eq!(answer.status() == 403, expected.is_none(), "{}", answer.head);
        }
        let policy = here.ask("GET / HTTP/1.1\r\nhost: 127.0.0.1:1\r\n\r\n").await;
        let policy = policy.header("content-security-policy").unwrap();
        assert!(policy.contains("connect-src 'self' https://feed.example wss://feed.example "), "{policy}");
    }
}

async fn hold(here: &Running, fields: &str) -> Peer {
    let mut peer = here.connect().await;
    peer.say(&LONGPOLL.replace("\r\n\r\n", &format!("\r\n{fields}\r\n"))).await;
    peer
}

/// Two that wait at one place get one answer, made once; a page gets one that names it.
#[tokio::test]
async fn a_held_answer_that_names_a_page_is_for_that_page_alone() {
    let here = here();
    let (own, link) = (own(&here), format!("http://x:{LINK}"));
    let fields = [None, Some(&own), None, Some(&link), Some(&own), None];
    let mut peers = Vec::new();
    for origin in fields {
        let field = origin.map(|origin| format!("origin: {origin}\r\n")).unwrap_or_default();
        peers.push(hold(&here, &field).await);
    }
    here.until_readers(peers.len()).await;
    here.publish("1");
    for (peer, origin) in peers.iter_mut().zip(fields) {
        let answer = peer.answer().await;
        assert_eq!((lets_read(&answer), elements(&answer).len()), (origin.map(String::as_str), 1));
    }
}

#[tokio::test]
async fn a_held_answer_names_its_page_also_where_it_is_long_or_the_server_goes_away() {
    let here = here();
    let own = own(&here);
    let mut peer = hold(&here, &format!("origin: {own}\r\n")).await;
    here.until_readers(1).await;
    here.publish(&format!("\"{}\"", "x".repeat(70_000)));
    assert_eq!(lets_read(&peer.answer().await), Some(&*own));
    peer.say(&LONGPOLL.replace("\r\n\r\n", &format!("\r\norigin: {own}\r\n\r\n"))).await;
    here.until_readers(1).await;
    here.drain();
    let answer = peer.answer().await;
    assert_eq!((answer.status(), lets_read(&answer)), (204, Some(&*own)));
}

#[tokio::test]
async fn the_page_bears_a_policy_that_names_its_own_server() {
    let here = here();
    let ask = async |host: &str| here.ask(&format!("GET / HTTP/1.1\r\n{host}\r\n")).await;
    let rest = "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";
    let port = here.address.port();
    let answer = ask("host: wall.local:8080\r\n").await;
    let expected = format!(
        "default-src 'self'; connect-src 'self' http://wall.local:{port} ws://wall.local:{port} \
         http://wall.local:{LINK} ws://wall.local:{LINK}{rest}"
    );
    assert_eq!(answer.header("content-security-policy"), Some(&*expected));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    for hostile in
        ["x; script-src *", "x;script-src", "*", "'unsafe-inline'", "a b", "x/y", "", "é", "x:99999"]
    {
        let answer = ask(&format!("host: {hostile}\r\n")).await;
        if answer.status() == 200 {
            let expected = format!("default-src 'self'; connect-src 'self'{rest}");
            assert_eq!(answer.header("content-security-policy"), Some(&*expected), "`{hostile}`");
        }
    }
    for transport in Transport::ALL {
        let fields = if transport == Transport::Websocket { UPGRADE } else { "" };
        let answer = get(&here, &format!("/{transport}?hold=0"), fields).await;
        assert_eq!(answer.header("content-security-policy"), None, "{transport}: a feed is no page");
    }
}
