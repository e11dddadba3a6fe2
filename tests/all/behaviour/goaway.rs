//! Servers of HTTP/2 that leave in the middle of an answer: nothing is lost, nothing comes twice, and nobody gives up.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use h2::server::{Connection, SendResponse};
use h2::{Reason, server};
use hyper::{Request, Response};
use tokio::net::{TcpListener, TcpStream};
use wirelanes::client::{Error, Http, Options};
use wirelanes::event::Position;
use wirelanes::transport::Transport;

use super::fake::{self, Script};
use super::listener::Listener;
use super::stage::options;
use crate::support::ms;

/// How a server leaves.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Leaves {
    /// In the middle of an event, the stream is reset so.
    Resets(Reason),
    /// It takes no new streams, and finishes those that it has.
    Goes,
    /// Each request but every third is reset before it is answered.
    Refuses,
}

/// Answers each request with one event, and leaves so; one request at a time. Counts the connections.
async fn serve(leaves: Leaves) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, opened) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let (count, asked) = (opened.clone(), Arc::new(AtomicUsize::new(0)));
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(converse(socket, leaves, asked.clone()));
        }
    });
    (address, opened)
}

async fn converse(socket: TcpStream, leaves: Leaves, asked: Arc<AtomicUsize>) {
    let mut builder = server::Builder::new();
    let mut connection: Connection<_, Bytes> =
        builder.max_concurrent_streams(1).handshake(socket).await.unwrap();
    while let Some(Ok((request, mut answer))) = connection.accept().await {
        let nth = asked.fetch_add(1, Ordering::Relaxed);
        match leaves {
            Leaves::Refuses if nth % 3 < 2 => answer.send_reset(Reason::REFUSED_STREAM),
            // Every other time: who never gets a whole answer gets nowhere.
            Leaves::Resets(reason) if nth.is_multiple_of(2) => {
                drop(tokio::spawn(tell(request, answer, Some(reason))));
            }
            _ => drop(tokio::spawn(tell(request, answer, None))),
        }
        if leaves == Leaves::Goes {
            connection.graceful_shutdown();
        }
    }
}

/// The event after the one that is asked for, whole or not.
async fn tell(request: Request<h2::RecvStream>, mut answer: SendResponse<Bytes>, cut: Option<Reason>) {
    let query = request.uri().query().unwrap_or_default();
    let (_, sequence) = query.rsplit_once("aaaaaa-").expect("it says where it stands");
    let next = sequence.parse::<u64>().unwrap() + 1;
    let event = format!(r#"{{"id":"aaaaaa-{next}","topic":"demo","sent_us":1,"data":0}}"#);
    let is_stream = request.uri().path() == "/sse";
    let body = if is_stream { format!("id: aaaaaa-{next}\ndata: {event}\n\n") } else { format!("[{event}]") };
    let head = match is_stream {
        true => Response::builder().header("content-type", "text/event-stream"),
        false => Response::builder()
            .header("content-length", body.len())
            .header("last-event-id", format!("aaaaaa-{next}")),
    };
    let mut stream = answer.send_response(head.body(()).unwrap(), false).unwrap();
    let Some(reason) = cut else { return stream.send_data(body.into(), true).unwrap() };
    stream.send_data(body.as_bytes()[..body.len() / 2].to_vec().into(), false).unwrap();
    // What waits in a stream that is reset is never sent, and the half is to be there.
    tokio::time::sleep(ms(50)).await;
    stream.send_reset(reason);
}

fn over_http2(address: SocketAddr) -> Options {
    let from = "aaaaaa-0".parse().unwrap();
    Options { http: Http::Two, from: Position::After(from), ..options(address) }
}

#[tokio::test]
async fn who_is_cut_off_in_the_middle_of_an_answer_comes_back_for_it() {
    for reason in [Reason::NO_ERROR, Reason::CANCEL, Reason::INTERNAL_ERROR] {
        for transport in [Transport::Poll, Transport::Longpoll, Transport::Sse] {
            let (address, _) = serve(Leaves::Resets(reason)).await;
            let mut listener = Listener::start(transport, over_http2(address));
            let events = listener.events(2).await;
            let ids: Vec<String> = events.iter().map(|event| event.id().to_string()).collect();
            assert_eq!(ids, ["aaaaaa-1", "aaaaaa-2"], "{transport}, {reason:?}");
        }
    }
}

#[tokio::test]
async fn a_connection_that_takes_no_more_requests_is_left_for_another() {
    for transport in [Transport::Poll, Transport::Longpoll, Transport::Sse] {
        let (address, opened) = serve(Leaves::Goes).await;
        let mut listener = Listener::start(transport, over_http2(address));
        let events = listener.events(3).await;
        let ids: Vec<String> = events.iter().map(|event| event.id().to_string()).collect();
        assert_eq!(ids, ["aaaaaa-1", "aaaaaa-2", "aaaaaa-3"], "{transport}");
        assert!(opened.load(Ordering::Relaxed) > 1, "{transport}: nobody stayed to the end");
    }
}

#[tokio::test]
async fn who_is_refused_a_stream_asks_again() {
    for transport in [Transport::Poll, Transport::Longpoll, Transport::Sse] {
        let (address, _) = serve(Leaves::Refuses).await;
        let mut listener = Listener::start(transport, over_http2(address));
        assert_eq!(listener.events(1).await[0].id().to_string(), "aaaaaa-1", "{transport}");
    }
}

#[tokio::test]
async fn who_asks_a_server_of_http_1_for_http_2_is_told_so() {
    let address =
        fake::serve(|_, _| Script::SayAndClose(fake::answer("505 HTTP Version Not Supported", "", ""))).await;
    for transport in Transport::ALL {
        match Listener::start(transport, over_http2(address)).refusal().await {
            Error::Unreadable(why) => assert!(why.contains("ask with `--http 1`"), "{transport}: {why}"),
            other => panic!("{transport}: {other:?}"),
        }
    }
}
