//! `GET /websocket`.

use crate::support::{Peer, Running, ms, stop_time};

/// The fields that ask for the upgrade; the key is the example of RFC 6455, section 1.3.
pub(super) const UPGRADE: &str = concat!(
    "connection: keep-alive, Upgrade\r\n",
    "upgrade: websocket\r\n",
    "sec-websocket-version: 13\r\n",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
);

/// First bytes of frames: FIN, and the opcode.
pub(crate) const TEXT: u8 = 0x81;
pub(super) const BINARY: u8 = 0x82;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8a;

/// A frame as the server sent it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) header: Vec<u8>,
    /// The epoch in it reads `8f3k2a` where it is text.
    pub(super) payload: Vec<u8>,
}

impl Frame {
    pub(super) async fn read(peer: &mut Peer) -> Self {
        let mut header = peer.exactly(2).await;
        assert_eq!(header[1] & 0x80, 0, "a server does not mask (section 5.1)");
        header.extend(match header[1] {
            126 => peer.exactly(2).await,
            127 => peer.exactly(8).await,
            _ => Vec::new(),
        });
        let length = match header[2..] {
            [] => usize::from(header[1]),
            _ => header[2..].iter().fold(0, |length, byte| length << 8 | usize::from(*byte)),
        };
        let payload = match header[0] {
            TEXT => peer.text(length).await.into_bytes(),
            _ => peer.exactly(length).await,
        };
        Self { header, payload }
    }

    pub(super) fn text(self) -> String {
        assert_eq!(self.header[0], TEXT, "one whole text message");
        String::from_utf8(self.payload).unwrap()
    }
}

/// The key that frames are masked with here.
pub(super) const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame as a client sends it, masked with a key of its own.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | length as u8),
        length @ 126..=0xffff => frame.extend([&[0xfe][..], &(length as u16).to_be_bytes()].concat()),
        length => frame.extend([&[0xff][..], &(length as u64).to_be_bytes()].concat()),
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// A connection that is upgraded.
pub(crate) async fn upgraded(here: &Running, query: &str) -> Peer {
    let mut peer = here.connect().await;
    peer.say(&format!("GET /websocket{query} HTTP/1.1\r\nhost: x\r\n{UPGRADE}\r\n")).await;
    assert_eq!(peer.answer().await.status(), 101);
    peer
}

/// Says a text, and reads the text that answers it.
async fn exchange(peer: &mut Peer, text: &str) -> String {
    peer.write(&masked(TEXT, text.as_bytes())).await;
    Frame::read(peer).await.text()
}

#[tokio::test]
async fn the_upgrade_answers_the_key_and_says_where_it_starts() {
    let here = Running::start();
    here.publish("1");
    let mut peer = here.connect().await;
    peer.say(&format!("GET /websocket HTTP/1.1\r\nhost: x\r\n{UPGRADE}\r\n")).await;
    let expected = concat!(
        "HTTP/1.1 101 Switching Protocols\r\n",
        "connection: Upgrade\r\n",
        "upgrade: websocket\r\n",
        "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
        "last-event-id: 8f3k2a-1\r\n\r\n",
    );
    assert_eq!(peer.answer().await.text(), expected);
    assert!(peer.hears_nothing().await);
}

#[tokio::test]
async fn compression_and_subprotocols_are_declined() {
    let here = Running::start();
    let mut peer = here.connect().await;
    let extensions = "sec-websocket-extensions: permessage-deflate; client_max_window_bits\r\n";
    let protocols = "sec-websocket-protocol: chat\r\n";
    peer.say(&format!("GET /websocket HTTP/1.1\r\nhost: x\r\n{extensions}{protocols}{UPGRADE}\r\n")).await;
    let answer = peer.answer().await;
    assert_eq!(answer.status(), 101);
    for declined in ["sec-websocket-extensions", "sec-websocket-protocol"] {
        assert_eq!(answer.header(declined), None);
    }
    here.publish("1");
    assert_eq!(Frame::read(&mut peer).await.header[0], TEXT);
}

#[tokio::test]
async fn an_event_is_one_text_frame_with_the_shortest_header_that_does() {
    let here = Running::start();
    let mut peer = upgraded(&here, "").await;
    let around = r#"{"id":"8f3k2a-1","topic":"demo","sent_us":5,"data":}"#.len();
    for (payload, expected) in [
        (125, vec![0x81, 125]),
        (126, vec![0x81, 126, 0, 126]),
        (65_535, vec![0x81, 126, 0xff, 0xff]),
        (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
    ] {
        here.publish(&"7".repeat(payload - around));
        let frame = Frame::read(&mut peer).await;
        assert_eq!((frame.header, frame.payload.len()), (expected, payload));
    }
}

#[tokio::test]
async fn a_gap_is_a_text_frame_like_any_other() {
    let here = Running::remembering(1);
    for n in 1..=4 {
        here.publish(&n.to_string());
    }
    let mut peer = upgraded(&here, "?last_event_id=8f3k2a-1").await;
    let gap = r#"{"gap":{"after":"8f3k2a-1","resumes":"8f3k2a-4","missed":2}}"#;
    let frame = Frame::read(&mut peer).await;
    assert_eq!((frame.header[1] as usize, frame.text().as_str()), (gap.len(), gap));
    let event = r#"{"id":"8f3k2a-4","topic":"demo","sent_us":5,"data":4}"#;
    assert_eq!(Frame::read(&mut peer).await.text(), event);
}

#[tokio::test]
async fn a_ping_goes_out_at_every_heartbeat_and_a_pong_keeps_the_connection() {
    let time = stop_time();
    for (query, heartbeat) in [("", ms(25_000)), ("?heartbeat=11", ms(11_000))] {
        let here = Running::start();
        let mut peer = upgraded(&here, query).await;
        // Timers step in milliseconds: ask between two steps.
        time.passes(ms(2)).await;
        for _ in 0..3 {
            time.passes(heartbeat - ms(5)).await;
            assert!(peer.hears_nothing().await, "`{query}`: a ping before {heartbeat:?}");
            time.passes(ms(5)).await;
            assert_eq!(peer.at_once().await.exactly(2).await, [PING, 0]);
            peer.write(&masked(PONG, b"")).await;
        }
    }
}

#[tokio::test]
async fn a_pong_that_is_ten_seconds_late_closes_the_connection() {
    let (here, time) = (Running::start(), stop_time());
    let mut peer = upgraded(&here, "?heartbeat=60").await;
    time.passes(ms(60_001)).await;
    assert_eq!(Frame::read(peer.at_once().await).await.header, [PING, 0]);
    time.passes(ms(9_998)).await;
    assert!(peer.hears_nothing().await, "10 s were not over");
    time.passes(ms(3)).await;
    let frame = Frame::read(peer.at_once().await).await;
    assert_eq!((frame.header[0], &frame.payload[..2]), (CLOSE, &1001_u16.to_be_bytes()[..]));
}

#[tokio::test]
async fn a_ping_of_the_clients_is_answered_with_what_it_carried() {
    let here = Running::start();
    let mut peer = upgraded(&here, "").await;
    peer.write(&masked(PING, b"there?")).await;
    let expected = Frame { header: vec![PONG, 6], payload: b"there?".to_vec() };
    assert_eq!(Frame::read(&mut peer).await, expected);
}

#[tokio::test]
async fn what_is_published_is_acknowledged_and_comes_back() {
    let here = Running::start();
    let mut peer = upgraded(&here, "").await;
    peer.write(&masked(TEXT, br#"{"publish": {"b": 1.50, "a": [ ]}, "ref":"7"}"#)).await;
    let mut said = [Frame::read(&mut peer).await.text(), Frame::read(&mut peer).await.text()];
    said.sort();
    let [ack, event] = said;
    assert_eq!(ack, r#"{"ack":{"ref":"7","id":"8f3k2a-1"}}"#);
    assert!(event.ends_with(r#""data":{"b":1.50,"a":[]}}"#), "{event}");
}

#[tokio::test]
async fn a_message_in_fragments_is_one_message() {
    let here = Running::start();
    let mut peer = upgraded(&here, "?topic=quiet").await;
    peer.write(&masked(0x01, br#"{"publish":1,"#)).await;
    peer.write(&masked(PING, b"")).await;
    peer.write(&masked(0x80, br#""topic":"demo","ref":"7"}"#)).await;
    assert_eq!(Frame::read(&mut peer).await.header, [PONG, 0]);
    assert_eq!(Frame::read(&mut peer).await.text(), r#"{"ack":{"ref":"7","id":"8f3k2a-1"}}"#);
}

#[tokio::test]
async fn what_is_published_to_another_topic_is_acknowledged_only() {
    let here = Running::start();
    let mut peer = upgraded(&here, "").await;
    let ack = exchange(&mut peer, r#"{"publish":null,"topic":"other"}"#).await;
    assert_eq!(ack, format!(r#"{{"ack":{{"id":"{}"}}}}"#, here.feed.newest("other")));
    assert!(peer.hears_nothing().await);
}

#[tokio::test]
async fn what_cannot_be_published_is_an_error_under_the_clients_name_for_it() {
    let here = Running::start();
    let mut peer = upgraded(&here, "").await;
    let large = format!(r#"{{"publish":"{}","ref":"8"}}"#, "x".repeat(64 << 10));
    for (request, named) in [
        (r#"{"publish":1,"ref":"8","topic":"no/topic"}"#, "`topic`"),
        (r#"{"publish":1,"ref":"8","topic":""}"#, "`topic`"),
        (&large, "`publish`"),
    ] {
        let error = exchange(&mut peer, request).await;
        assert!(error.starts_with(r#"{"error":{"ref":"8","message":""#) && error.contains(named), "{error}");
    }
    let ack = exchange(&mut peer, r#"{"publish":1,"topic":"other","ref":"9"}"#).await;
    assert!(ack.starts_with(r#"{"ack":{"ref":"9""#), "the connection did not stay: {ack}");
}

#[tokio::test]
async fn what_is_no_request_is_an_error_and_the_connection_stays() {
    let here = Running::start();
    let mut peer = upgraded(&here, "").await;
    let wrong: [(u8, &[u8]); 6] = [
        (TEXT, b"hello"),
        (TEXT, b""),
        (TEXT, b"[1]"),
        (TEXT, b"{\"ref\":\"7\"}"),
        (TEXT, b"{\"publish\":}"),
        (BINARY, b"{\"publish\":1}"),
    ];
    for (first, payload) in wrong {
        peer.write(&masked(first, payload)).await;
        let error = Frame::read(&mut peer).await.text();
        assert!(error.starts_with(r#"{"error":{"message":""#), "{error}");
    }
    here.publish("1");
    assert!(Frame::read(&mut peer).await.text().contains("\"8f3k2a-1\""), "the connection did not stay");
}

#[tokio::test]
async fn frames_that_come_right_behind_the_request_are_not_lost() {
    let here = Running::start();
    let mut peer = here.connect().await;
    let request = format!("GET /websocket?topic=quiet HTTP/1.1\r\nhost: x\r\n{UPGRADE}\r\n");
    let publish = |n: u32| masked(TEXT, format!(r#"{{"publish":{n},"topic":"demo","ref":{n}}}"#).as_bytes());
    let (first, second) = (publish(1), publish(2));
    let cut = second.len() / 2;
    peer.write(&[request.as_bytes(), &first, &second[..cut]].concat()).await;
    assert_eq!(peer.answer().await.status(), 101);
    assert_eq!(Frame::read(&mut peer).await.text(), r#"{"ack":{"ref":1,"id":"8f3k2a-1"}}"#);
    peer.write(&second[cut..]).await;
    assert_eq!(Frame::read(&mut peer).await.text(), r#"{"ack":{"ref":2,"id":"8f3k2a-2"}}"#);
}
