use super::super::fixture::{HEADS, PAYLOAD, assert_near, inputs};
use super::*;

fn bytes(transport: Transport, requests: &Requests, heartbeats: f64) -> BytesPerEvent {
    bytes_per_event(transport, &inputs(), requests, heartbeats, &HEADS, &PAYLOAD)
}

#[test]
fn a_frame_header_grows_twice() {
    for (payload, header) in [(0.0, 2.0), (125.0, 2.0), (126.0, 4.0), (65_535.0, 4.0), (65_536.0, 10.0)] {
        assert_eq!(frame_header(payload), header, "of a payload of {payload} bytes");
    }
}

#[test]
fn an_sse_event_is_wrapped_as_it_would_be_written() {
    for data in [r#"{"a":1}"#.to_owned(), "x".repeat(225), "x".repeat(226), "x".repeat(5_000)] {
        let block = format!("id: 8f3k2a-1042\ndata: {data}\n\n");
        let written = format!("{:x}\r\n{block}\r\n", block.len());
        let payload = Payload { bytes: data.len() as f64, id_bytes: 11.0 };
        let wrapped = (written.len() - data.len()) as f64;
        let lines = lines(&payload);
        assert_eq!(lines + chunk(payload.bytes + lines), wrapped, "around {} bytes", data.len());
    }
}

#[test]
fn an_array_is_wrapped_as_it_would_be_written() {
    for events in [1, 2, 7] {
        let written = format!("[{}]", vec!["{}"; events].join(","));
        let requests = Requests { per_event: 1.0 / events as f64, empty_share: Some(0.0) };
        let wrapped = array(&requests) * events as f64;
        assert_near("brackets and commas", wrapped, (written.len() - 2 * events) as f64, 1e-9);
    }
}

#[test]
fn every_request_pays_its_heads() {
    let requests = Requests { per_event: 4.0, empty_share: Some(0.75) };
    let poll = bytes(Transport::Poll, &requests, 0.0);
    assert_eq!(poll.down, Layers { payload: 170.0, envelope: 2.0, http: 3.0 * 90.0 + 150.0, tls: 0.0 });
    assert_eq!(poll.up, Layers { http: 4.0 * 70.0, ..Layers::default() });
    assert_eq!(poll, bytes(Transport::Longpoll, &requests, 0.0));
    assert_eq!(poll.total(), 172.0 + 420.0 + 280.0);
}

#[test]
fn a_stream_pays_once_a_connection_and_for_its_heartbeats() {
    let connected = Requests::of_streams(1.0, 10.0);
    let websocket = bytes(Transport::Websocket, &connected, 0.5);
    assert_eq!(websocket.down, Layers { payload: 170.0, envelope: 4.0 + 1.0, http: 15.0, tls: 0.0 });
    assert_eq!(websocket.up, Layers { payload: 0.0, envelope: 3.0, http: 7.0, tls: 0.0 });
    let sse = bytes(Transport::Sse, &Requests::of_streams(1.0, f64::INFINITY), 0.5);
    assert_eq!(
        sse.down,
        Layers { payload: 170.0, envelope: 8.0 + 5.0 + 11.0 + 2.0 + 4.0 + 4.0, http: 0.0, tls: 0.0 }
    );
    assert_eq!(sse.up, Layers::default());
}

#[test]
fn over_http2_a_write_is_a_frame_and_with_tls_a_record() {
    // Two events at a time.
    let secured = Inputs { http: Http::Two, tls: Some(Cipher::Tls13), ..inputs() };
    let inputs = Inputs { writes_per_event: 0.5, ..secured };
    let connected = Requests::of_streams(0.0, 1.0);
    let bytes =
        |transport| bytes_per_event(transport, &inputs, &connected, 0.25, &Heads::default(), &PAYLOAD);
    let sse = bytes(Transport::Sse);
    assert_eq!(sse.down.envelope, 8.0 + 5.0 + 11.0 + 0.5 * 9.0 + 0.25 * (3.0 + 9.0));
    // One event a second, a PING in 25.
    assert_eq!((sse.down.http, sse.up.http), (0.04 * 17.0, 0.04 * 17.0));
    assert_near("records down", sse.down.tls, 0.79 * 22.0, 1e-9);
    assert_near("records up", sse.up.tls, 0.04 * 22.0, 1e-9);
    let websocket = bytes(Transport::Websocket);
    assert_eq!(websocket.down.envelope, 4.0 + 0.5 * 9.0 + 0.25 * (2.0 + 9.0));
    assert_eq!(websocket.up.envelope, 0.25 * (6.0 + 9.0));
    assert_eq!((websocket.down.tls, websocket.up.tls), (0.75 * 22.0, 0.25 * 22.0));
}

/// What was weighed under TLS 1.3 is longer by as much as its records are.
#[test]
fn with_tls_1_2_a_record_is_what_its_cipher_makes_it() {
    let weight = |http| Weight { http, tls: 22.0 };
    let heads = Heads { request: weight(70.0), full_answer: weight(150.0), ..Heads::default() };
    let requests = Requests { per_event: 1.0, empty_share: Some(0.0) };
    for (cipher, record) in [(Cipher::Tls13, 22.0), (Cipher::Tls12Gcm, 29.0), (Cipher::Tls12ChaCha20, 21.0)] {
        let inputs = Inputs { tls: Some(cipher), ..inputs() };
        let poll = bytes_per_event(Transport::Poll, &inputs, &requests, 0.0, &heads, &PAYLOAD);
        assert_near("of an answer", poll.down.tls, record, 1e-9);
        assert_near("of a request", poll.up.tls, record, 1e-9);
        let connected = Requests::of_streams(0.0, 1.0);
        let sse = bytes_per_event(Transport::Sse, &inputs, &connected, 0.0, &heads, &PAYLOAD);
        assert_near("of an event", sse.down.tls, record, 1e-9);
    }
}

#[test]
fn over_http2_the_first_answer_of_a_second_says_the_date() {
    let inputs = |rate_per_s| Inputs { http: Http::Two, rate_per_s, ..inputs() };
    let answers = |per_event| Requests { per_event, empty_share: Some(0.0) };
    let share = |transport, per_s| dates(transport, &inputs(per_s), &answers(1.0));
    assert_eq!((share(Transport::Poll, 0.5), share(Transport::Poll, 4.0)), (1.0, 0.25));
    // Of Poisson's seconds, e^(−4) have none.
    assert_near("long polls", share(Transport::Longpoll, 4.0), (1.0 - (-4.0_f64).exp()) / 4.0, 1e-12);
    assert_near("rare ones", share(Transport::Longpoll, 1e-6), 1.0, 1e-6);
}
