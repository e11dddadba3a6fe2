//! Clients that speak HTTP/2, against a server that is hyper's and nothing of ours.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt, stream};
use http_body_util::StreamBody;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Frame, Incoming};
use hyper::ext::Protocol;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use wirelanes::client::{Error, Http, News, Options, Reader};
use wirelanes::transport::Transport;
use wirelanes::wire::Ledger;

use super::listener::Listener;
use super::stage::options;

/// The last of its events; nobody is told more.
const LAST: u64 = 3;

#[derive(Clone, Copy, PartialEq)]
enum Offers {
    Websockets,
    Streams,
}

/// Serves on HTTP/2 alone; counts the connections.
async fn serve(offers: Offers) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, opened) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = opened.clone();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            let mut builder = http2::Builder::new(TokioExecutor::new());
            if offers == Offers::Websockets {
                builder.enable_connect_protocol();
            }
            tokio::spawn(builder.serve_connection(TokioIo::new(socket), service_fn(answer)));
        }
    });
    (address, opened)
}

type Body = UnsyncBoxBody<Bytes, Infallible>;

async fn answer(request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    assert_eq!(request.version(), Version::HTTP_2);
    assert!(request.headers().keys().all(|name| name != "host" && name != "connection"), "{request:?}");
    assert_eq!(request.uri().scheme_str(), Some("http"), "{request:?}");
    let next = asked(&request) + 1;
    let head = Response::builder().header("last-event-id", format!("8f3k2a-{}", next.min(LAST + 1) - 1));
    let answer = match request.uri().path() {
        "/sse" => head
            .header("content-type", "text/event-stream")
            .body(told(next, |n| format!("id: 8f3k2a-{n}\ndata: {}\n\n", event(n)))),
        "/websocket" => {
            assert_eq!(request.method(), Method::CONNECT);
            assert_eq!(request.extensions().get::<Protocol>().map(AsRef::as_ref), Some(&b"websocket"[..]));
            assert_eq!(request.headers()["sec-websocket-version"], "13");
            tokio::spawn(converse(request, next));
            head.body(Body::default())
        }
        "/longpoll" if next > LAST => std::future::pending().await,
        _ if next > LAST => head.status(204).body(Body::default()),
        _ => {
            let array = Bytes::from(format!("[{}]", event(next)));
            let body = stream::iter([Ok(Frame::data(array))]);
            Response::builder()
                .header("last-event-id", format!("8f3k2a-{next}"))
                .body(Body::new(StreamBody::new(body)))
        }
    };
    Ok(answer.unwrap())
}

/// The sequence that the query names; 0 where it names none.
fn asked(request: &Request<Incoming>) -> u64 {
    let id = request.uri().query().and_then(|query| query.split_once("8f3k2a-"));
    id.map_or(0, |(_, sequence)| sequence.parse().unwrap())
}

fn event(sequence: u64) -> String {
    format!(r#"{{"id":"8f3k2a-{sequence}","topic":"demo","sent_us":1,"data":{sequence}}}"#)
}

/// The rest of its events, one a frame, and then no end.
fn told(next: u64, wrap: impl Fn(u64) -> String + Send + 'static) -> Body {
    let frames = stream::iter(next..=LAST).map(move |n| Ok(Frame::data(Bytes::from(wrap(n)))));
    Body::new(StreamBody::new(frames.chain(stream::pending())))
}

/// The rest of its events, then what it hears, twice.
async fn converse(request: Request<Incoming>, next: u64) {
    let stream = hyper::upgrade::on(request).await.unwrap();
    let mut socket = WebSocketStream::from_raw_socket(TokioIo::new(stream), Role::Server, None).await;
    for sequence in next..=LAST {
        socket.send(Message::text(event(sequence))).await.unwrap();
    }
    while let Some(Ok(heard)) = socket.next().await {
        if let Message::Text(text) = heard {
            socket.send(Message::text(format!("{text} {text}"))).await.unwrap();
        }
    }
}

fn over_http2(address: SocketAddr) -> Options {
    Options { http: Http::Two, ..options(address) }
}

#[tokio::test]
async fn every_transport_brings_its_events_over_one_connection() {
    for transport in Transport::ALL {
        let (address, opened) = serve(Offers::Websockets).await;
        let mut listener = Listener::start(transport, over_http2(address));
        let events = listener.events(LAST as usize).await;
        let sequences: Vec<u64> = events.iter().map(|event| event.id().sequence).collect();
        assert_eq!(sequences, [1, 2, 3], "{transport}");
        assert_eq!(opened.load(Ordering::Relaxed), 1, "{transport}: connections");
    }
}

#[tokio::test]
async fn without_keep_alive_every_poll_opens_a_connection() {
    let (address, opened) = serve(Offers::Streams).await;
    let mut listener = Listener::start(Transport::Poll, Options { keep_alive: false, ..over_http2(address) });
    listener.events(LAST as usize).await;
    assert!(opened.load(Ordering::Relaxed) >= 3, "{opened:?} for three answers with an event");
}

#[tokio::test]
async fn a_client_speaks_on_a_websocket_over_http2() {
    let (address, _) = serve(Offers::Websockets).await;
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let on_news = move |news| {
        if let News::Foreign { data, .. } = news {
            tell.send(data).unwrap();
        }
    };
    let said = stream::iter(["hello".to_owned(), "x".repeat(100_000)]);
    let reader = Reader::new(Arc::new(over_http2(address)), Arc::<Ledger>::default(), on_news);
    let mut reader = reader.saying(said);
    let heard = async {
        assert_eq!(told.recv().await.unwrap(), "hello hello");
        assert_eq!(told.recv().await.unwrap().len(), 200_001, "beyond a frame and a first window of 65,535");
    };
    tokio::select! {
        refused = Transport::Websocket.subscribe(&mut reader) => panic!("{refused}"),
        heard = tokio::time::timeout(Duration::from_secs(10), heard) => heard.expect("it is heard"),
    }
}

#[tokio::test]
async fn a_server_without_websockets_over_http2_is_told_apart_with_the_remedy() {
    let (address, opened) = serve(Offers::Streams).await;
    match Listener::start(Transport::Websocket, over_http2(address)).refusal().await {
        Error::Unreadable(why) => assert!(why.contains("RFC 8441") && why.contains("`--http 1`"), "{why}"),
        other => panic!("{other}"),
    }
    assert_eq!(opened.load(Ordering::Relaxed), 1, "coming back would not help");
}

/// What speaks HTTP/1.1 alone answers a preface with an error of its own, or with nothing.
#[tokio::test]
async fn a_server_without_http2_is_told_apart_with_the_remedy() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.read(&mut [0; 24]).await;
            let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    for transport in Transport::ALL {
        match Listener::start(transport, over_http2(address)).refusal().await {
            Error::Unreadable(why) => assert!(why.contains("`--http 1`"), "{transport}: {why}"),
            other => panic!("{transport}: {other}"),
        }
    }
}
