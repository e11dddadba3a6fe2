//! Networks that change and servers that leave while they are read over: nothing is lost, and nothing comes twice.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use wirelanes::client::{News, Options, Target};
use wirelanes::event::Position;
use wirelanes::fallback::{Proof, Strategy, Terms, Told};
use wirelanes::transport::Transport::{Longpoll, Poll, Sse, Websocket};

use super::super::super::program::Program;
use super::super::super::stage::{Stage, options};
use super::super::Behind;
use super::{Follower, Publishing, terms};

/// An address to which no client's own port can get in the way while nobody listens there.
#[cfg(unix)]
const LISTEN: &str = if cfg!(target_os = "linux") { "127.0.0.10:0" } else { "127.0.0.1:0" };

#[tokio::test]
async fn on_a_link_that_changes_it_changes_too_and_loses_nothing() {
    join_all(Strategy::ALL.map(changes_too)).await;
}

async fn changes_too(strategy: Strategy) {
    let behind = Behind::link("none");
    behind.stage.publish("0");
    let from = behind.stage.newest();
    let change = |spec: &str| behind.relay.change(&spec.parse().unwrap()).unwrap();
    let mut publishing = Publishing::to(&behind.stage);
    let terms = Terms { again: Duration::from_secs(1), ..terms(strategy) };
    let mut follower = Follower::start(Options { from: Position::After(from), ..behind.options() }, terms);
    assert_eq!(follower.chosen().await.0, Websocket);
    // A hundred events a second fill it in more than six seconds: none comes in time.
    change("blackhole-upgrade,buffer=64k");
    assert_eq!(follower.chosen().await, (Longpoll, Proof::Event, None), "{strategy:?}");
    change("blackhole-upgrade");
    while follower.chosen().await.0 != Sse {}
    change("none");
    while follower.chosen().await.0 != Websocket {}
    behind.relay.drop_all();
    while follower.chosen().await.0 != Websocket {}
    publishing.stop();
    follower.until_at(behind.stage.newest()).await;
    follower.assert_whole(from, behind.stage.newest());
    assert!(follower.left.len() >= 3, "each change reset what was open: {:?}", follower.left);
}

/// Passes everything on, but nothing more down a WebSocket once `stalls` is set. No end of it is closed.
async fn stalling(server: SocketAddr, stalls: watch::Receiver<bool>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            tokio::spawn(pass(near, server, stalls.clone()));
        }
    });
    address
}

async fn pass(near: TcpStream, server: SocketAddr, stalls: watch::Receiver<bool>) {
    let (mut near_reads, mut near_writes) = near.into_split();
    let (mut far_reads, mut far_writes) = TcpStream::connect(server).await.unwrap().into_split();
    let mut first = [0; 2_048];
    let length = near_reads.read(&mut first).await.unwrap_or(0);
    let is_websocket = first.starts_with(b"GET /websocket");
    far_writes.write_all(&first[..length]).await.unwrap();
    let up = tokio::io::copy(&mut near_reads, &mut far_writes);
    let down = async {
        let mut bytes = [0; 2_048];
        while let Ok(length @ 1..) = far_reads.read(&mut bytes).await {
            if is_websocket && *stalls.borrow() {
                std::future::pending::<()>().await;
            }
            if near_writes.write_all(&bytes[..length]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! { _ = up => {} () = down => {} }
}

#[tokio::test]
async fn who_falls_silent_is_left_and_nothing_is_lost() {
    let stage = Stage::open();
    stage.publish("0");
    let from = stage.newest();
    let stalls = watch::Sender::new(false);
    let address = stalling(stage.address, stalls.subscribe()).await;
    let mut publishing = Publishing::to(&stage);
    let terms = Terms { heartbeat: Duration::from_secs(1), ..Terms::default() };
    let mut follower = Follower::start(Options { from: Position::After(from), ..options(address) }, terms);
    assert_eq!(follower.chosen().await.0, Websocket);
    stalls.send_replace(true);
    assert_eq!(follower.chosen().await.0, Sse, "its event came, and then nothing: it is tried last");
    assert!(
        follower.left[0].0 == Websocket && follower.left[0].1.contains("silent for"),
        "{:?}",
        follower.left
    );
    publishing.stop();
    follower.until_at(stage.newest()).await;
    follower.assert_whole(from, stage.newest());
}

#[cfg(unix)]
#[tokio::test]
async fn a_server_that_comes_back_is_found_and_its_new_log_is_told_once() {
    let feed = ["--source", "steady", "--rate", "50"];
    let (server, address) = Program::serve_at(LISTEN, &feed);
    let options =
        Options { poll_interval: Duration::from_millis(50), ..Options::new(Target::server(address)) };
    let mut follower = Follower::start(options, Terms::default());
    assert_eq!(follower.chosen().await.0, Websocket);
    follower.until("ten events came", |_, events| (events.len() >= 10).then_some(())).await;
    server.kill();
    follower.until("it is left", |told, _| matches!(told, Told::Left { .. }).then_some(())).await;
    let tries = follower.tries.len();
    // Nobody is there: one transport is enough to find that out.
    follower.until("it failed", |told, _| matches!(told, Told::Failed { .. }).then_some(())).await;
    assert_eq!(follower.tries.len(), tries + 1);
    let before = follower.events.len();
    let _server = Program::serve_at(&address.to_string(), &feed);
    follower.chosen().await;
    follower.until("ten more came", |_, events| (events.len() >= before + 10).then_some(())).await;
    let [News::Gap { gap, .. }] = &follower.troubles[..] else { panic!("{:?}", follower.troubles) };
    assert_eq!((gap.after, gap.missed), (follower.events[before - 1], None));
    assert!(follower.events[..before].is_sorted_by(|a, b| a.next() == *b), "{:?}", follower.events);
    assert!(follower.events[before..].is_sorted_by(|a, b| a.next() == *b), "{:?}", follower.events);
    assert!(![Longpoll, Poll].contains(follower.tries.last().unwrap()), "{:?}", follower.tries);
}
