//! What a middlebox lets go, byte by byte, however the bytes are cut.

use super::super::Link;
use super::*;
use crate::wire::framing::LONGEST_HEAD;
use Said::{Client, Server};

fn middlebox(spec: &str) -> Middlebox {
    Middlebox::new(&spec.parse::<Link>().unwrap().character()).unwrap()
}

#[derive(Clone, Copy)]
enum Said {
    Client(&'static str),
    Server(&'static str),
}

/// All that reaches the server and the client, where each part comes in runs of `cut` bytes.
fn talk(spec: &str, parts: &[Said], cut: usize) -> (String, String) {
    let mut middlebox = middlebox(spec);
    let (mut server, mut client) = (Vec::new(), Vec::new());
    for part in parts {
        let (Client(text) | Server(text)) = part;
        for run in text.as_bytes().chunks(cut) {
            let run = Bytes::copy_from_slice(run);
            let out = match part {
                Client(_) => middlebox.up(&run).unwrap(),
                Server(_) => middlebox.down(&run),
            };
            server.extend(out.to_server.concat());
            client.extend(out.to_client.concat());
        }
    }
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(server), text(client))
}

/// Holds what reaches both, for every cut.
fn expect(spec: &str, parts: &[Said], server: &[&str], client: &[&str]) {
    for cut in (1..80).chain([usize::MAX]) {
        let (to_server, to_client) = talk(spec, parts, cut);
        assert_eq!(to_server, server.concat(), "to the server, `{spec}`, in runs of {cut}");
        assert_eq!(to_client, client.concat(), "to the client, `{spec}`, in runs of {cut}");
    }
}

const GET: &str = "GET /poll HTTP/1.1\r\nhost: x\r\n\r\n";
const POST: &str = "POST /publish HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n42";
const UPGRADE: &str =
    "GET /websocket HTTP/1.1\r\nhost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const STRIPPED: &str = "GET /websocket HTTP/1.1\r\nhost: x\r\n\r\n";
const TCP: &str = "GET /tcp HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: tcp\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfour";
const EMPTY: &str = "HTTP/1.1 204 No Content\r\n\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nfour\r\n0\r\n\r\n";
const SWITCHING: &str = "HTTP/1.1 101 Switching Protocols\r\n\r\n";

#[test]
fn a_refused_upgrade_is_answered_and_the_connection_goes_on() {
    expect("no-upgrade", &[Client(UPGRADE)], &[], &[REFUSAL]);
    let parts = [Client(GET), Server(OK), Client(UPGRADE), Client(POST), Server(EMPTY), Client(UPGRADE)];
    expect("no-upgrade", &parts, &[GET, POST], &[OK, REFUSAL, EMPTY, REFUSAL]);
}

#[test]
fn a_tunnel_is_not_read_and_a_refused_one_is_an_answer_like_others() {
    const CONNECT: &str = "CONNECT x:443 HTTP/1.1\r\nhost: x:443\r\n\r\n";
    const HELLO: &str = "\u{16}\u{3}\u{1} a handshake of TLS";
    let granted = "HTTP/1.1 200 Connection established\r\n\r\n";
    let parts = [Client(CONNECT), Server(granted), Client(HELLO), Server(HELLO), Client(UPGRADE)];
    expect("no-upgrade,buffer=8k", &parts, &[CONNECT, HELLO, UPGRADE], &[granted, HELLO]);
    let denied = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 2\r\n\r\nno";
    let parts = [Client(CONNECT), Server(denied), Client(UPGRADE)];
    expect("no-upgrade,buffer=8k", &parts, &[CONNECT], &[denied, REFUSAL]);
}

#[test]
fn a_refusal_waits_for_its_turn_behind_what_was_asked_before() {
    let parts = [
        Client(GET),
        Client(UPGRADE),
        Client(GET),
        Client(UPGRADE),
        Server("HTTP/1.1 100 Continue\r\n\r\n"),
        Server(CHUNKED),
        Server(OK),
    ];
    let answers = ["HTTP/1.1 100 Continue\r\n\r\n", CHUNKED, REFUSAL, OK, REFUSAL];
    expect("no-upgrade", &parts, &[GET, GET], &answers);
    expect("no-upgrade,buffer=8k", &parts, &[GET, GET], &answers);
}

#[test]
fn the_body_of_a_refused_request_goes_nowhere() {
    let refused = "GET /websocket HTTP/1.1\r\nupgrade: websocket\r\ncontent-length: 3\r\n\r\nabc";
    expect("no-upgrade", &[Client(refused), Client(GET)], &[GET], &[REFUSAL]);
}

#[test]
fn a_stripped_upgrade_reaches_the_server_as_a_plain_request() {
    let parts = [Client(POST), Client(UPGRADE), Client(GET), Server(OK)];
    expect("drop-upgrade", &parts, &[POST, STRIPPED, GET], &[OK]);
}

#[test]
fn a_swallowed_upgrade_is_never_answered_and_what_was_asked_before_is() {
    let parts = [Client(GET), Client(UPGRADE), Client(GET), Server(OK)];
    expect("blackhole-upgrade", &parts, &[GET], &[OK]);
}

#[test]
fn other_protocols_pass_and_after_a_101_nothing_is_read() {
    for spec in ["no-upgrade", "drop-upgrade,buffer=8k", "blackhole-upgrade", "buffer=8k"] {
        let parts =
            [Client(TCP), Server(SWITCHING), Server("{}\n"), Client(UPGRADE), Server("HTTP/1.1 200 OK\r\n")];
        expect(spec, &parts, &[TCP, UPGRADE], &[SWITCHING, "{}\n", "HTTP/1.1 200 OK\r\n"]);
        // Who does not wait for the 101 is not kept waiting for the end of a head.
        let hasty = [Client(TCP), Client("ping\n"), Server(SWITCHING), Client("ping\n")];
        expect(spec, &hasty, &[TCP, "ping\n", "ping\n"], &[SWITCHING]);
    }
}

#[test]
fn an_answer_is_held_until_it_is_over_or_so_many_bytes_have_come() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    assert_eq!(head.len(), 47);
    // 64 bytes: the head, a chunk of 3 + 5 + 2, and 7 of the next.
    let parts = [Client(GET), Server(head), Server("5\r\nevent\r\n"), Server("5\r\nevent\r\n5\r\nevent\r\n")];
    for (sent, held) in [
        (2, ""),
        (3, ""),
        (4, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nevent\r\n5\r\neven"),
    ] {
        expect("buffer=64", &parts[..sent], &[GET], &[held]);
    }
    // Answers that are over are let go, the empty one, too; what follows is held for itself.
    let parts =
        [Client(GET), Server(OK), Client(GET), Server(EMPTY), Client(GET), Server(CHUNKED), Server(head)];
    expect("buffer=8k", &parts, &[GET, GET, GET], &[OK, EMPTY, CHUNKED]);
}

#[test]
fn the_answer_to_head_is_over_with_its_head() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n";
    let parts = [Client("HEAD / HTTP/1.1\r\n\r\n"), Server(head), Client(GET), Server(OK)];
    expect("buffer=8k", &parts, &["HEAD / HTTP/1.1\r\n\r\n", GET], &[head, OK]);
}

#[test]
fn an_answer_that_ends_with_its_connection_is_let_go_with_it() {
    let mut middlebox = middlebox("buffer=8k");
    assert_eq!(middlebox.down(&"HTTP/1.0 200 OK\r\n\r\ndata: 1\n\n".into()), Out::default());
    assert_eq!(middlebox.down_end().to_client.concat(), b"HTTP/1.0 200 OK\r\n\r\ndata: 1\n\n");
    // And so is a head that the server did not finish, and one that the client did not.
    assert_eq!(middlebox.down_end(), Out::default());
    let mut middlebox = self::middlebox("buffer=8k");
    assert_eq!(middlebox.down(&"HTTP/1.1 2".into()), Out::default());
    assert_eq!(middlebox.down_end().to_client, ["HTTP/1.1 2"]);
    assert_eq!(middlebox.up(&"GET / HT".into()), Ok(Out::default()));
    assert_eq!(middlebox.up_end().to_server, ["GET / HT"]);
}

#[test]
fn what_is_no_http_passes_as_it_is() {
    let parts = [Client("hello\r\n\r\nmore"), Server("+OK hello\r\n\r\n"), Server("more")];
    expect("buffer=8k", &parts, &["hello\r\n\r\nmore"], &["+OK hello\r\n\r\n", "more"]);
    let broken = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nno size\r\nmore";
    expect("buffer=8k", &[Client(GET), Server(broken)], &[GET], &[broken]);
    let mut middlebox = middlebox("no-upgrade");
    let endless = Bytes::from(vec![b'x'; LONGEST_HEAD + 1]);
    assert_eq!(middlebox.up(&endless).unwrap().to_server.concat(), endless);
}

#[test]
fn tls_is_told_from_http_by_its_first_byte() {
    let hello: Bytes = b"\x16\x03\x01\x02\x00\x01"[..].into();
    assert_eq!(middlebox("buffer=8k").up(&hello), Err(Unread::Tls));
    let mut talking = middlebox("buffer=8k");
    talking.up(&GET.into()).unwrap();
    assert!(talking.up(&hello).is_ok(), "later on it is a byte like others");
}

#[test]
fn http_2_is_told_from_http_by_its_first_head() {
    const PREFACE: &str = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    for cut in 1..=PREFACE.len() {
        let mut middlebox = middlebox("no-upgrade");
        let mut outs = PREFACE.as_bytes().chunks(cut).map(|run| middlebox.up(&Bytes::copy_from_slice(run)));
        let told = outs.find(|out| *out != Ok(Out::default()));
        assert_eq!(told, Some(Err(Unread::Http2)), "in runs of {cut}");
    }
    expect("no-upgrade", &[Client(GET), Client(PREFACE)], &[GET, PREFACE], &[]);
}
