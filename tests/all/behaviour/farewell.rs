//! The last bytes of a server of HTTP/2 that drains, however they come: every client reads them to the end, and comes
//! back.
//!
//! ```text
//! up    PRI * HTTP/2.0 … │ SETTINGS │ HEADERS 1 …
//! down  SETTINGS │ HEADERS 1 :status 200                          so far it is like any other
//! down  GOAWAY │ PING │ DATA 1 an event │ DATA 1 the end │ GOAWAY │ FIN                   RFC 9113, section 6.8
//!              ↑ whoever takes this for the end of the connection reads nothing of the rest
//! ```

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use wirelanes::client::{Http, News, Options};
use wirelanes::event::Position;
use wirelanes::tls::{Identity, Trust};
use wirelanes::transport::Transport;

use super::listener::{Listener, short};
use super::secured::{identity, secured};
use super::stage::options;
use crate::support::ms;

const EVENT: &str = r#"{"id":"aaaaaa-1","topic":"demo","sent_us":1,"data":0}"#;

/// A client that is on the same thread has read what came before so long is over.
const READ: Duration = ms(4);

const HEADERS: u8 = 1;

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("it is short");
    [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
}

/// It allows WebSockets (RFC 8441, section 3).
fn settings() -> Vec<u8> {
    frame(4, 0, 0, &[0, 8, 0, 0, 0, 1])
}

/// `:status: 200`, and the rest spelled out (RFC 7541, section 6.2.2).
fn head(transport: Transport) -> Vec<u8> {
    let field = |name: &str, value: &str| {
        let text = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
        [vec![0], text(name), text(value)].concat()
    };
    let fields = match transport {
        Transport::Sse => field("content-type", "text/event-stream"),
        Transport::Websocket => Vec::new(),
        Transport::Poll | Transport::Longpoll => field("content-type", "application/json"),
    };
    frame(HEADERS, 4, 1, &[vec![0x88], fields].concat())
}

fn data(flags: u8, payload: &[u8]) -> Vec<u8> {
    frame(0, flags, 1, payload)
}

const END: u8 = 1;

/// No stream after this one is served.
fn goaway(last: u32) -> Vec<u8> {
    frame(7, 0, 0, &[last.to_be_bytes(), [0; 4]].concat())
}

/// The only event, in the envelope of each, and what ends it all.
fn told(transport: Transport) -> (Vec<u8>, Vec<u8>) {
    match transport {
        Transport::Sse => (format!("data: {EVENT}\n\n").into(), Vec::new()),
        Transport::Websocket => {
            ([&[0x81, EVENT.len() as u8], EVENT.as_bytes()].concat(), vec![0x88, 2, 3, 0xe9])
        }
        Transport::Poll | Transport::Longpoll => (format!("[{EVENT}]").into(), Vec::new()),
    }
}

/// All that a server still says that drains.
fn farewell(transport: Transport) -> Vec<u8> {
    let ((event, end), ping) = (told(transport), frame(6, 0, 0, &[7; 8]));
    [goaway(u32::MAX >> 1), ping, data(0, &event), data(END, &end), goaway(1)].concat()
}

/// Bytes that come one after another.
type Runs = Vec<Vec<u8>>;

/// What a server says to each that comes, in these runs: after each it waits until that is read.
struct Says {
    at_once: Runs,
    /// To the first request; nothing where it waits for none.
    when_asked: Option<Runs>,
}

async fn serve(identity: Option<Identity>, says: Says) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            socket.set_nodelay(true).unwrap();
            // Who has seen enough leaves in the middle.
            let _ = match &identity {
                None => converse(socket, &says).await,
                Some(identity) => converse(identity.accept(socket).await.unwrap(), &says).await,
            };
        }
    });
    address
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(mut socket: S, says: &Says) -> io::Result<()> {
    socket.read_exact(&mut [0; 24]).await?;
    say(&mut socket, &says.at_once).await?;
    if let Some(answer) = &says.when_asked {
        while read_frame(&mut socket).await? != HEADERS {}
        say(&mut socket, answer).await?;
    }
    socket.shutdown().await?;
    // It listens to the last: bytes that nobody reads would turn the end into a reset.
    socket.read_to_end(&mut Vec::new()).await.map(drop)
}

async fn say<S: AsyncWrite + Unpin>(socket: &mut S, runs: &Runs) -> io::Result<()> {
    for run in runs {
        socket.write_all(run).await?;
        tokio::time::sleep(READ).await;
    }
    Ok(())
}

/// Its type.
async fn read_frame<S: AsyncRead + Unpin>(socket: &mut S) -> io::Result<u8> {
    let mut head = [0; 9];
    socket.read_exact(&mut head).await?;
    let length = usize::from(head[1]) << 8 | usize::from(head[2]);
    socket.read_exact(&mut vec![0; length]).await?;
    Ok(head[3])
}

/// In two runs, cut at each byte, and in runs of one length.
fn cuts(bytes: &[u8]) -> Vec<Runs> {
    let in_two = (0..bytes.len()).map(|at| [&bytes[..at], &bytes[at..]]);
    let in_two =
        in_two.map(|runs| runs.iter().filter(|run| !run.is_empty()).map(|run| run.to_vec()).collect());
    let in_many = [1, 5, 17, 26].map(|length| bytes.chunks(length).map(<[u8]>::to_vec).collect());
    in_two.chain(in_many).collect()
}

fn over_http2(address: SocketAddr) -> Options {
    after_the_first(options(address))
}

fn after_the_first(options: Options) -> Options {
    Options { http: Http::Two, from: Position::After("aaaaaa-0".parse().unwrap()), ..options }
}

/// The event is told, and the client is here again.
async fn is_told_and_comes_back(transport: Transport, options: Options) {
    let mut listener = Listener::start(transport, options);
    let mut told = Vec::new();
    while told.iter().filter(|news| matches!(news, News::Connected)).count() < 2 {
        told.push(listener.next().await);
    }
    let polls = matches!(transport, Transport::Poll | Transport::Longpoll);
    match &told[..] {
        // An answer that has ended is no interruption.
        [News::Connected, News::Event { .. }, News::Connected] if polls => {}
        [News::Connected, News::Event { .. }, News::Disconnected { .. }, News::Connected] if !polls => {}
        _ => panic!("{transport}: {:#?}", told.iter().map(short).collect::<Vec<_>>()),
    }
}

#[tokio::test]
async fn a_farewell_is_read_to_the_end_however_it_is_cut() {
    for transport in Transport::ALL {
        let all = cuts(&farewell(transport)).into_iter().map(async |runs| {
            let answer = [vec![head(transport)], runs].concat();
            let address = serve(None, Says { at_once: vec![settings()], when_asked: Some(answer) }).await;
            is_told_and_comes_back(transport, over_http2(address)).await;
        });
        join_all(all).await;
    }
}

#[tokio::test]
async fn a_farewell_is_read_to_the_end_under_tls() {
    let identity = identity();
    let trust = Trust::only(identity.fingerprint());
    for transport in Transport::ALL {
        // A handshake takes longer than all the rest.
        let all = cuts(&farewell(transport)).into_iter().step_by(7).map(async |runs| {
            let answer = [vec![head(transport)], runs].concat();
            let says = Says { at_once: vec![settings()], when_asked: Some(answer) };
            let address = serve(Some(identity.clone()), says).await;
            is_told_and_comes_back(transport, after_the_first(secured(address, &trust))).await;
        });
        join_all(all).await;
    }
}

/// Who rests between two polls finds it closed, and asks elsewhere without a word.
#[tokio::test]
async fn a_farewell_between_two_requests_is_no_interruption() {
    let transport = Transport::Poll;
    let (event, _) = told(transport);
    let all = cuts(&goaway(1)).into_iter().map(async |runs| {
        let answer = [vec![head(transport), data(END, &event)], runs].concat();
        let address = serve(None, Says { at_once: vec![settings()], when_asked: Some(answer) }).await;
        // Longer than all the runs take.
        let options = Options { poll_interval: ms(1_000), ..over_http2(address) };
        is_told_and_comes_back(transport, options).await;
    });
    join_all(all).await;
}

/// Whether it takes WebSockets is not what it says by that.
#[tokio::test]
async fn who_leaves_before_it_is_asked_is_asked_again() {
    for transport in Transport::ALL {
        let all = cuts(&[settings(), goaway(0)].concat()).into_iter().map(async |runs| {
            let address = serve(None, Says { at_once: runs, when_asked: None }).await;
            let mut listener = Listener::start(transport, over_http2(address));
            for _ in 0..2 {
                listener.disconnected().await;
            }
        });
        join_all(all).await;
    }
}
