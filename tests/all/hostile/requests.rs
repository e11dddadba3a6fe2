//! Requests of HTTP/1.1 that two readers could take for different things, and paths that mean to lead elsewhere.

use wirelanes::server::{Folder, Tokens};

use crate::support::{Answer, Running};

/// What stands behind each of them on the connection: a front that reads one request and a server that reads two have
/// a request that nobody let in.
const SMUGGLED: &str = "GET /time HTTP/1.1\r\nhost: x\r\n\r\n";

/// Heads that are refused, with their bodies: the field or the line that is wrong, and what follows the head.
const AMBIGUOUS: &[(&str, &str, &str)] = &[
    ("two lengths", "content-length: 1\r\ncontent-length: 2\r\n", "1"),
    ("two lengths in one field", "content-length: 1, 2\r\n", "1"),
    ("a length with a sign", "content-length: +1\r\n", "1"),
    ("a negative length", "content-length: -1\r\n", "1"),
    ("a length in hexadecimal", "content-length: 0x1\r\n", "1"),
    ("a length with a space in it", "content-length: 1 1\r\n", "1"),
    ("a length without an end", "content-length: 99999999999999999999\r\n", "1"),
    ("an empty length", "content-length: \r\n", "1"),
    ("a coding that is none", "transfer-encoding: xchunked\r\n", "1\r\n1\r\n0\r\n\r\n"),
    ("chunks that are not last", "transfer-encoding: chunked, identity\r\n", "1\r\n1\r\n0\r\n\r\n"),
    ("identity", "transfer-encoding: identity\r\n", "1"),
    ("a space before the colon", "transfer-encoding : chunked\r\n", "1\r\n1\r\n0\r\n\r\n"),
    ("a folded field", "transfer-encoding:\r\n chunked\r\n", "1\r\n1\r\n0\r\n\r\n"),
    ("a folded length", "x: y\r\n content-length: 1\r\n", "1"),
    ("a lone CR", "x: y\rcontent-length: 1\r\n", "1"),
    ("a NUL in a value", "content-length: 1\r\nx: \0\r\n", "1"),
    ("a NUL in a name", "content-length: 1\r\nx\0: y\r\n", "1"),
    ("a field without a name", "content-length: 1\r\n: y\r\n", "1"),
    ("a field without a colon", "content-length: 1\r\nxy\r\n", "1"),
];

/// Chunked bodies that are none. What is wrong is known only when the head was taken.
const CHUNKS: &[(&str, &str)] = &[
    ("a size with a sign", "+1\r\n1\r\n0\r\n\r\n"),
    ("a size that is none", "0x1\r\n1\r\n0\r\n\r\n"),
    ("a size without an end", "ffffffffffffffffff\r\n1\r\n0\r\n\r\n"),
    ("an empty size", "\r\n1\r\n0\r\n\r\n"),
    ("more than the size says", "1\r\n12\r\n0\r\n\r\n"),
    ("a size that ends with LF alone", "1\n1\r\n0\r\n\r\n"),
    ("an extension with a line end in it", "1;x=\n1\r\n0\r\n\r\n"),
];

async fn all_that_is_answered(here: &Running, request: &str) -> String {
    let mut peer = here.connect().await;
    peer.try_say(&format!("{request}{SMUGGLED}")).await;
    peer.hang_up().await;
    peer.rest().await
}

fn answers(all: &str) -> Vec<&str> {
    all.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect()
}

#[tokio::test]
async fn what_can_be_read_in_two_ways_is_refused_and_nothing_behind_it_is_read() {
    let here = Running::start();
    for (what, fields, body) in AMBIGUOUS {
        let request = format!("POST /publish HTTP/1.1\r\nhost: x\r\n{fields}\r\n{body}");
        let all = all_that_is_answered(&here, &request).await;
        assert_eq!(answers(&all), ["400"], "{what}: {all}");
    }
    let in_1_0 = "POST /publish HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\n1\r\n0\r\n\r\n";
    let all = all_that_is_answered(&here, in_1_0).await;
    assert!(all.starts_with("HTTP/1.0 400 ") || all.starts_with("HTTP/1.1 400 "), "{all}");
    assert_eq!(here.feed.published(), 0);
    here.until_open(0).await;
}

/// RFC 9112, section 6.1: chunks count, and the connection ends behind them.
#[tokio::test]
async fn a_body_with_a_length_and_chunks_is_the_last_that_is_read() {
    let here = Running::start();
    for fields in [
        "content-length: 1\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 1\r\n",
        "content-length: 15\r\ntransfer-encoding: chunked\r\n",
    ] {
        let request = format!("POST /publish HTTP/1.1\r\nhost: x\r\n{fields}\r\n2\r\n12\r\n0\r\n\r\n");
        let all = all_that_is_answered(&here, &request).await;
        assert!(answers(&all) == ["201"] && all.contains("connection: close\r\n"), "{fields}: {all}");
    }
    let all = all_that_is_answered(&here, "").await;
    assert_eq!(answers(&all), ["200"]);
    let polled = here.ask("GET /poll?last_event_id=earliest HTTP/1.1\r\nhost: x\r\n\r\n").await.json();
    assert!(polled.as_array().unwrap().iter().all(|event| event["data"] == 12), "{polled}");
    here.until_open(0).await;
}

#[tokio::test]
async fn a_request_for_two_hosts_is_for_nobody() {
    let here = Running::start();
    let request = "POST /publish HTTP/1.1\r\nhost: x\r\nhost: other\r\ncontent-length: 1\r\n\r\n1";
    let answer = here.ask(request).await;
    assert_eq!((answer.status(), here.feed.published()), (400, 0));
    assert!(answer.json()["error"].as_str().unwrap().contains("`Host`"), "{answer:?}");
}

#[tokio::test]
async fn a_request_for_no_host_is_refused_but_in_the_version_that_knew_none() {
    let here = Running::start();
    for (version, status) in [("1.1", "400"), ("1.0", "200")] {
        let mut peer = here.connect().await;
        peer.say(&format!("GET /time HTTP/{version}\r\n\r\n")).await;
        peer.hang_up().await;
        let all = peer.rest().await;
        assert_eq!(all.get(9..12), Some(status), "HTTP/{version}: {all}");
        assert_eq!(all.contains("there is no `Host` field: send one"), status == "400", "{all}");
    }
    here.until_open(0).await;
}

#[tokio::test]
async fn chunks_that_are_none_publish_nothing_and_nothing_behind_them_is_read() {
    let here = Running::start();
    for (what, body) in CHUNKS {
        let request =
            format!("POST /publish HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n{body}");
        let all = all_that_is_answered(&here, &request).await;
        assert_eq!(answers(&all), ["400"], "{what}: {all}");
    }
    assert_eq!(here.feed.published(), 0);
    here.until_open(0).await;
}

/// A lone LF may end a line (RFC 9112, section 2.2). What counts is that the server and its ledger take it for the same.
#[tokio::test]
async fn line_ends_without_cr_are_read_alike_by_all() {
    let here = Running::start();
    let mut peer = here.connect().await;
    for n in 1..=3 {
        peer.say("POST /publish HTTP/1.1\nhost: x\ncontent-length: 1\n\n1").await;
        assert_eq!(peer.answer().await.status(), 201);
        assert_eq!(here.feed.published(), n);
    }
    peer.say("GET /poll?last_event_id=earliest HTTP/1.1\nhost: x\n\n").await;
    assert_eq!(peer.answer().await.json().as_array().unwrap().len(), 3);
}

/// Other spellings of what is behind the gate, and of what lies outside of the page's folder.
const PATHS: &[&str] = &[
    "/../stats",
    "/./stats",
    "//stats",
    "/stats/",
    "/stats/.",
    "/stats%2f",
    "/stats%00",
    "/stats%20",
    "/stats;x",
    "/STATS",
    "/%73tats",
    "/%2573tats",
    "/x/../stats",
    "/x/%2e%2e/stats",
    "/%2e%2e/stats",
    "/..%2fstats",
    "/..%5cstats",
    "/..\\stats",
    "/%c0%ae%c0%ae/stats",
    "/%c0%afstats",
    "/%u002e%u002e/stats",
    "/\u{ff0e}\u{ff0e}/stats",
    "/....//stats",
    "/index.html/../stats",
    "//x/stats",
    "/etc/passwd",
    "//etc/passwd",
    "/../../../../../../etc/passwd",
    "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/..%252f..%252fetc/passwd",
    "/file:///etc/passwd",
    "/C:\\windows\\win.ini",
    "/index.html%00.js",
    "/index.html%0d%0aset-cookie:x",
    "stats",
    "*",
];

async fn get(here: &Running, target: &str) -> Answer {
    let mut peer = here.connect().await;
    peer.try_say(&format!("GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).await;
    peer.answer().await
}

#[tokio::test]
async fn no_spelling_of_a_path_gets_past_the_gate_or_out_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "the page").unwrap();
    let tokens = || Tokens::with_key(&[7; 32]).unwrap();
    let embedded = Running::prepared(|server| server.guarded(tokens()));
    let own = Folder::open(folder.path()).unwrap();
    let from_folder = Running::prepared(|server| server.guarded(tokens()).serving(own));
    for here in [&embedded, &from_folder] {
        for path in PATHS {
            let answer = get(here, path).await;
            assert!([400, 401, 404].contains(&answer.status()), "{path}: {answer:?}");
            assert!(!answer.body.contains("root:") && answer.header("set-cookie").is_none(), "{answer:?}");
        }
        // A target may name its scheme and host (RFC 9112, section 3.2.2): what counts is its path.
        for (target, status) in [
            ("http://x/stats", 401),
            ("http://elsewhere.example/poll", 401),
            ("http://x//stats", 404),
            ("http://x/../stats", 404),
            ("http://x/health", 200),
            ("HTTP://x:1/health", 200),
        ] {
            assert_eq!(get(here, target).await.status(), status, "{target}");
        }
    }
}

#[tokio::test]
async fn what_is_no_request_line_is_refused() {
    let here = Running::start();
    for line in [
        "GET /time\0 HTTP/1.1",
        "GET /ti me HTTP/1.1",
        "GET  /time HTTP/1.1",
        "GET\t/time HTTP/1.1",
        "GET /time HTTP/1.1 HTTP/1.1",
        "GET /time HTTP/2.0",
        "GET /time HTTP/1.9",
        "GET /time http/1.1",
        "GET /time",
        "G\0T /time HTTP/1.1",
        "GET /\u{7f} HTTP/1.1",
        "\u{feff}GET /time HTTP/1.1",
        "GET http:// HTTP/1.1",
    ] {
        let all = all_that_is_answered(&here, &format!("{line}\r\nhost: x\r\n\r\n")).await;
        assert_eq!(answers(&all), ["400"], "{line:?}: {all}");
    }
    here.until_open(0).await;
}

#[tokio::test]
async fn floods_of_fields_are_refused_alone() {
    let here = Running::start();
    let mut neighbour = here.connect().await;
    neighbour.say("GET /sse HTTP/1.1\r\nhost: x\r\n\r\n").await;
    neighbour.until("\n\n\r\n").await;
    let many: String = (0..10_000).map(|n| format!("x-{n}: 1\r\n")).collect();
    let name = format!("{}: 1\r\n", "x".repeat(200_000));
    let cookies = "cookie: a=b\r\n".repeat(20_000);
    for fields in [many, name, cookies] {
        for _ in 0..10 {
            let mut peer = here.connect().await;
            peer.try_say(&format!("GET /poll HTTP/1.1\r\nhost: x\r\n{fields}")).await;
            let answer = peer.answer().await;
            assert!([400, 431].contains(&answer.status()), "{answer:?}");
            peer.vanish();
        }
        here.publish("1");
        neighbour.until("\"data\":1}\n\n\r\n").await;
    }
    here.until_open(1).await;
}
