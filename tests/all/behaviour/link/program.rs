//! `wirelanes relay` and `serve --link`, from their first line to their last.

use std::io::{Read, Write};
use std::net::TcpListener;

use rustix::process::Signal;

use super::super::program::Program;
use super::super::raw;

/// The address behind `http://` in a line.
fn address(line: &str) -> std::net::SocketAddr {
    let (_, rest) = line.split_once("http://").unwrap();
    let end = rest.find([' ', ':']).unwrap();
    let end = rest[end + 1..].find([' ', ':']).map_or(rest.len(), |port| end + 1 + port);
    rest[..end].parse().unwrap()
}

#[test]
fn a_relay_says_what_it_stands_for_and_in_the_end_what_it_did() {
    let (_server, to) = Program::serve(&["--source", "quiet"]);
    let to = to.to_string();
    let mut relay = Program::start(&["relay", "--listen", "127.0.0.1:0", "--to", &to, "3g,rtt=20ms"]);
    let line = relay.stdout.find("relaying ");
    assert!(line.ends_with(&format!(" to {to}: 3g,rtt=20ms")), "{line}");
    relay.stdout.find("  3g is rtt=300ms,rate-up=768kbit,rate-down=1600kbit: a telephone ");
    let (head, _) = raw::get(address(&line), "/health");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    relay.signal(Signal::INT);
    assert_eq!(relay.ended().code(), Some(0));
    relay.stdout.find("1 connection, ");
    let achieved = relay.stdout.find("asked: 10 ms up, 10 ms down");
    assert!(achieved.contains(" µs at p50, ") && achieved.ends_with(" chunks"), "{achieved}");
}

#[test]
fn a_server_has_further_ports_each_with_a_network() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let chosen = format!("--link=far=rtt=10ms@{free}");
    let (mut server, _) = Program::serve(&["--source", "quiet", &chosen, "--link", "proxy=corporate-proxy"]);
    let far = address(&server.stdout.find("link far on http://"));
    assert_eq!(far.port(), free);
    let proxy = address(&server.stdout.find("link proxy on http://"));
    server.stdout.find("  corporate-proxy is buffer=8k,drop-upgrade,idle=60s: ");
    for address in [far, proxy] {
        let (head, _) = raw::get(address, "/health");
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    }
    let head = raw::head(&mut raw::ask(proxy, "/websocket", raw::UPGRADE));
    assert!(head.starts_with("HTTP/1.1 426 "), "{head}");
    server.signal(Signal::TERM);
    assert_eq!(server.ended().code(), Some(0));
    server.stdout.find("link far: 1 connection, ");
    server.stdout.find("link proxy: 2 connections, ");
}

/// A goodbye takes its time over a slow link, and the process waits for it.
#[test]
fn who_comes_over_a_link_is_let_go_in_good_order_too() {
    let (mut server, _) = Program::serve(&["--source", "quiet", "--link", "far=rtt=600ms"]);
    let far = address(&server.stdout.find("link far on http://"));
    let mut websocket = raw::ask(far, "/websocket", raw::UPGRADE);
    assert!(raw::head(&mut websocket).starts_with("HTTP/1.1 101 "));
    server.signal(Signal::TERM);
    let frames = raw::rest(&mut websocket);
    assert!(frames.starts_with(&[0x88]) && frames[2..4] == 1001u16.to_be_bytes(), "{frames:x?}");
    drop(websocket);
    assert_eq!(server.ended().code(), Some(0), "{:?}", server.stderr.all());
}

#[test]
fn a_server_that_cannot_be_reached_is_warned_of_and_not_for_every_client() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let to = nobody.to_string();
    let relay = Program::start(&["relay", "--listen=127.0.0.1:0", "--to", &to, "rtt=10ms"]);
    let way = address(&relay.stdout.find("relaying "));
    for _ in 0..5 {
        let mut socket = raw::connect(way);
        assert!(socket.read(&mut [0]).is_err(), "it is reset");
    }
    let warning = relay.stderr.find(&format!("cannot reach `{nobody}`: "));
    assert!(warning.contains("WARN") && warning.contains("refused"), "{warning}");
    assert_eq!(relay.stderr.all().len(), 1, "{:?}", relay.stderr.all());
}

#[test]
fn tls_is_warned_of_once() {
    let (_server, to) = Program::serve(&["--source", "quiet"]);
    let relay = Program::start(&["relay", "--listen=127.0.0.1:0", "--to", &to.to_string(), "buffer=8k"]);
    let way = address(&relay.stdout.find("relaying "));
    for _ in 0..3 {
        let mut socket = raw::connect(way);
        socket.write_all(b"\x16\x03\x01").unwrap();
        assert_eq!(raw::rest(&mut socket), b"", "closed in good order");
    }
    let warning = relay.stderr.find("the link `buffer=8k` reads HTTP");
    assert!(warning.contains("connect without TLS, or choose items that do not read"), "{warning}");
    assert_eq!(relay.stderr.all().len(), 1);
}

#[test]
fn http_2_is_warned_of_once_and_answered_in_words_of_http_1() {
    let (_server, to) = Program::serve(&["--source", "quiet"]);
    let to = to.to_string();
    let relay = Program::start(&["relay", "--listen=127.0.0.1:0", "--to", &to, "3g,no-upgrade"]);
    let way = address(&relay.stdout.find("relaying "));
    let mut socket = raw::connect(way);
    socket.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    let answer = String::from_utf8(raw::rest(&mut socket)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 505 ") && answer.ends_with("only HTTP/1.1.\n"), "{answer}");
    let mut watcher = Program::start(&["watch", &format!("http://{way}"), "-t", "sse", "--http", "2"]);
    assert_eq!(watcher.ended().code(), Some(1), "{:?}", watcher.stdout.all());
    watcher.stderr.find("ask with `--http 1`");
    let warning = relay.stderr.find("the link `3g,no-upgrade` reads HTTP/1.1");
    assert!(warning.ends_with("is HTTP/2: ask with `--http 1`, or leave out `no-upgrade`"), "{warning}");
    assert_eq!(relay.stderr.all().len(), 1);
}

#[test]
fn what_was_typed_wrong_is_named_with_the_remedy() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap();
    let busy = taken.to_string();
    let link = format!("--link=a=none@{}", taken.port());
    for (arguments, code, words) in [
        (&["relay"][..], 2, "required arguments"),
        (&["relay", "rtt=80"], 2, "write `rtt=80ms`, say"),
        (&["relay", "5g"], 2, "`5g` is no part of a link; there are rtt=80ms"),
        (&["relay", "--to", "https://127.0.0.1", "no-upgrade"], 2, "`https` is TLS, which nobody can read"),
        (&["relay", "--to", "http://127.0.0.1:1/path", "none"], 2, "has a path"),
        (&["relay", "--to", "ftp://127.0.0.1", "none"], 2, "`ftp` is unknown here; write `http://host:port`"),
        (&["relay", "--to", "127.0.0.1:8090", "none"], 2, "it would relay to itself"),
        (
            &["relay", "--listen", &busy, "none"],
            1,
            "it is in use; choose another with `--listen 127.0.0.1:0`",
        ),
        (&["serve", "--link", "3g"], 2, "`3g` names no link: write `slow=3g`"),
        (
            &["serve", "--link", "a b=3g"],
            2,
            "`a b` is no name for a link: it has letters, digits, `_`, `.` and",
        ),
        (&["serve", "--link", "a/b=rtt=9ms@9000"], 2, "`a/b` is no name for a link"),
        (&["serve", "--link", "=3g"], 2, "`=3g` names no link"),
        (&["serve", "--link", "3g,dealy=9"], 2, "`3g,dealy=9` names no link"),
        (&["serve", "--link", "rtt=80ms"], 2, "`rtt=80ms` names no link: write `slow=rtt=80ms`"),
        (&["serve", "--link", "a=rtt=80"], 2, "write `rtt=80ms`, say"),
        (&["serve", "--link", "a=none@x"], 2, "`x` is no port; write `@9000`"),
        (&["serve", "--listen=127.0.0.1:0", "--link=a=none", "--link=a=lan"], 2, "two links are named `a`"),
        (&["serve", "--listen=127.0.0.1:0", &link], 1, "it is in use; leave out `@"),
    ] {
        let mut program = Program::start(arguments);
        assert_eq!(program.ended().code(), Some(code), "{arguments:?}");
        let line = program.stderr.find("error: ");
        assert!(line.contains(words), "{arguments:?}: {line}");
        assert!(program.stdout.all().is_empty(), "{arguments:?}: nobody is invited");
    }
}
