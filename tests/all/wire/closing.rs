//! How connections end: a WebSocket's goodbye, and what a server that goes away tells everyone. What else a WebSocket
//! is closed for, and with which code, is in `hostile::frames`.

use wirelanes::transport::Transport;

use super::websocket::{CLOSE, Frame, TEXT, masked, upgraded};
use crate::support::{Peer, Running};

/// Reads the code of the close frame that comes next, and the end behind it.
async fn close_code(peer: &mut Peer) -> u16 {
    let frame = Frame::read(peer).await;
    assert_eq!(frame.header[0], CLOSE, "{frame:?}");
    peer.hang_up().await;
    assert_eq!(peer.rest().await, "", "after a close there is nothing more");
    u16::from_be_bytes([frame.payload[0], frame.payload[1]])
}

#[tokio::test]
async fn a_message_of_the_largest_size_is_read() {
    let here = Running::start();
    let mut peer = upgraded(&here, "").await;
    let mut request = br#"{"publish":1,"topic":"other"}"#.to_vec();
    request.resize((64 << 10) + (1 << 10), b' ');
    peer.write(&masked(TEXT, &request)).await;
    assert!(Frame::read(&mut peer).await.text().starts_with(r#"{"ack":"#));
}

#[tokio::test]
async fn a_close_is_answered_and_ends_the_connection() {
    for said in [&b""[..], b"\x03\xe8", b"\x03\xe8bye", b"\x0f\xa0of my own"] {
        let here = Running::start();
        let mut peer = upgraded(&here, "").await;
        peer.write(&masked(CLOSE, said)).await;
        let expected = Frame { header: vec![CLOSE, said.len() as u8], payload: said.to_vec() };
        assert_eq!(Frame::read(&mut peer).await, expected, "section 5.5.1: typically with the same code");
        assert_eq!(peer.rest().await, "");
        here.until_readers(0).await;
    }
}

#[tokio::test]
async fn a_server_that_goes_away_tells_everyone_in_the_words_of_their_transport() {
    let here = Running::start();
    let mut websocket = upgraded(&here, "").await;
    let [mut longpoll, mut sse] = [here.connect().await, here.connect().await];
    longpoll.say("GET /longpoll HTTP/1.1\r\nhost: x\r\n\r\n").await;
    sse.say("GET /sse HTTP/1.1\r\nhost: x\r\n\r\n").await;
    sse.answer().await;
    sse.chunk().await;
    here.until_readers(3).await;
    here.drain();
    let (answer, end, code) = tokio::join!(longpoll.answer(), sse.rest(), close_code(&mut websocket));
    assert_eq!((answer.status(), answer.header("last-event-id")), (204, Some("8f3k2a-0")));
    assert_eq!((end.as_str(), code), ("0\r\n\r\n", 1001));
    assert_eq!(longpoll.rest().await, "", "{} was kept", Transport::Longpoll);
}

/// Safari tries `https` first, and waits for as long as it is listened to.
#[tokio::test]
async fn a_tls_hello_is_closed_at_once_and_is_no_request() {
    let here = Running::start();
    // A handshake record of TLS 1.0 with 512 bytes, of which a ClientHello is the first kind.
    let hello = [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice(), &[0x5a; 506]].concat();
    for length in [1, hello.len()] {
        let mut peer = here.connect().await;
        peer.write(&hello[..length]).await;
        assert_eq!(peer.rest().await, "", "there is no answer that it could read");
    }
    let stats = here.ask("GET /stats HTTP/1.1\r\nhost: x\r\n\r\n").await.json();
    assert_eq!(
        (&stats["other"]["requests"], &stats["connections"]["accepted"]),
        (&1.into(), &3.into()),
        "{stats}"
    );
}
