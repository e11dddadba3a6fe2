//! Nothing that one client sends is felt by another.

use wirelanes::server::Config;
use wirelanes::transport::Transport;

use super::Asked;
use super::websocket::{TEXT, UPGRADE, masked};
use crate::support::{Running, ms, settle, stop_time};

const NONSENSE: &[(&str, &[u8])] = &[
    ("nothing", b""),
    ("a line end", b"\r\n"),
    ("many of them", b"\r\n\r\n\r\n\r\n"),
    ("zeros", &[0; 4096]),
    ("ones", &[0xff; 4096]),
    ("a greeting in TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    ("a greeting in HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"),
    ("half a request", b"GET /sse HTTP/1.1\r\nhost: "),
    ("half a body", b"POST /publish HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{\"a\""),
    (
        "a body longer than it says",
        b"POST /publish?topic=other HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n1234",
    ),
    ("two lengths", b"POST /publish HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n12"),
    ("a length that is none", b"POST /publish HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n"),
    (
        "a chunk that is none",
        b"POST /publish HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n1",
    ),
    (
        "a chunk without an end",
        b"POST /publish HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n1",
    ),
    ("a version that is none", b"GET /poll HTTP/9.9\r\nhost: x\r\n\r\n"),
    ("nonsense behind a request", b"GET /time HTTP/1.1\r\nhost: x\r\n\r\n\0\0\0 nonsense \r\n\r\n"),
    ("nonsense behind an endless one", b"GET /sse HTTP/1.1\r\nhost: x\r\n\r\n\xff\0 nonsense \r\n\r\n"),
    ("nonsense behind a held one", b"GET /longpoll HTTP/1.1\r\nhost: x\r\n\r\n\xff\0 nonsense \r\n\r\n"),
    (
        "the largest position",
        b"GET /poll?last_event_id=000000-18446744073709551615 HTTP/1.1\r\nhost: x\r\n\r\n",
    ),
    ("a query of percents", b"GET /sse?%%%=%&topic=%ff&client=%00&=&& HTTP/1.1\r\nhost: x\r\n\r\n"),
];

/// Two who listen, and are to notice nothing.
struct Neighbours([Asked; 2]);

impl Neighbours {
    async fn of(here: &Running) -> Self {
        let sse = Asked::new(here, Transport::Sse, "", "").await;
        let websocket = Asked::new(here, Transport::Websocket, "", "").await;
        Self([sse, websocket])
    }

    /// Publishes once more: both hear it next, and nothing else.
    async fn still_hear(&mut self, here: &Running, what: &str) {
        let id = here.publish("1");
        for neighbour in &mut self.0 {
            let heard = neighbour.messages(1).await;
            let expected = format!("\"8f3k2a-{}\"", id.sequence);
            assert!(heard[0].contains(&expected), "after {what}, {} heard {heard:?}", neighbour.transport);
        }
    }
}

#[tokio::test]
async fn nonsense_harms_nobody_else_however_its_sender_leaves() {
    let here = Running::start();
    let mut neighbours = Neighbours::of(&here).await;
    for (what, bytes) in NONSENSE {
        let [mut polite, mut abrupt, mut staying] =
            [here.connect().await, here.connect().await, here.connect().await];
        for peer in [&mut polite, &mut abrupt, &mut staying] {
            peer.write(bytes).await;
        }
        settle().await;
        polite.hang_up().await;
        abrupt.vanish();
        neighbours.still_hear(&here, what).await;
    }
    here.until_readers(2).await;
}

#[tokio::test]
async fn nonsense_in_frames_harms_nobody_else() {
    let here = Running::start();
    let mut neighbours = Neighbours::of(&here).await;
    let deep = format!(r#"{{"publish":{}1{},"topic":"other"}}"#, "[".repeat(30_000), "]".repeat(30_000));
    let cases: [(&str, &[u8]); 6] = [
        ("half a frame", &masked(TEXT, b"{\"publish\":1}")[..5]),
        ("a frame of 2^63 bytes", b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff1234"),
        ("ones", &[0xff; 4096]),
        ("HTTP", b"GET / HTTP/1.1\r\n\r\n"),
        ("a deep nest", &masked(TEXT, deep.as_bytes())),
        ("a request without an end", &masked(0x01, b"{\"publish\":")),
    ];
    for (what, bytes) in cases {
        let mut peer = here.connect().await;
        let head = format!("GET /websocket HTTP/1.1\r\nhost: x\r\n{UPGRADE}\r\n");
        peer.write(&[head.as_bytes(), bytes].concat()).await;
        settle().await;
        peer.vanish();
        neighbours.still_hear(&here, what).await;
    }
    here.until_readers(2).await;
}

#[tokio::test]
async fn one_that_takes_nothing_is_let_go_after_half_a_minute() {
    let time = stop_time();
    for transport in [Transport::Poll, Transport::Sse, Transport::Websocket] {
        let here = Running::with(Config { send_buffer: Some(16 << 10), ..Config::default() });
        let large = format!("\"{}\"", "x".repeat(60_000));
        for _ in 0..200 {
            here.publish(&large);
        }
        let mut lazy = here.connect_narrowly().await;
        let ask = format!("GET /{transport}?last_event_id=earliest HTTP/1.1\r\nhost: x\r\n");
        let upgrade = if transport == Transport::Websocket { UPGRADE } else { "" };
        // One answer to a poll fits the socket; ten do not.
        lazy.say(&format!("{ask}{upgrade}\r\n").repeat(if transport == Transport::Poll { 10 } else { 1 }))
            .await;
        here.until_open(1).await;
        time.passes(ms(29_999)).await;
        assert_eq!(here.open().await, 1, "{transport}: it had 30 s");
        // The system may have taken a little more meanwhile: that was progress, and the 30 s began anew.
        for _ in 0..9 {
            time.passes(ms(30_000)).await;
        }
        here.until_open(0).await;
    }
}

#[tokio::test]
async fn one_that_never_finishes_is_let_go() {
    let (here, time) = (Running::start(), stop_time());
    let mut head = here.connect().await;
    head.say("GET /poll HTTP/1.1\r\nhost: ").await;
    let mut body = here.connect().await;
    body.say("POST /publish HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n1").await;
    here.until_open(2).await;
    time.passes(ms(30_001)).await;
    assert_eq!(body.at_once().await.answer().await.status(), 408);
    time.passes(ms(45_000)).await;
    assert_eq!(head.at_once().await.rest().await, "");
    here.until_open(0).await;
}

#[tokio::test]
async fn one_that_takes_nothing_holds_nobody_up() {
    let here = Running::start();
    let mut neighbours = Neighbours::of(&here).await;
    let lazy = [
        Asked::new(&here, Transport::Sse, "", "").await,
        Asked::new(&here, Transport::Websocket, "", "").await,
    ];
    let large = format!("\"{}\"", "x".repeat(60_000));
    for _ in 0..200 {
        here.publish(&large);
        for neighbour in &mut neighbours.0 {
            assert!(neighbour.messages(1).await[0].contains("xxxx"));
        }
    }
    neighbours.still_hear(&here, "12 MB that somebody did not take").await;
    drop(lazy);
    here.until_readers(2).await;
}
