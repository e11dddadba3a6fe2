//! Networks that change and servers that leave while they are read over: nothing is lost, and nothing comes twice.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use wirelanes::client::Options;
use wirelanes::event::Position;
use wirelanes::fallback::{Proof, Strategy, Terms};
use wirelanes::transport::Transport::{Longpoll, Sse, Websocket};

use super::super::super::stage::{Stage, options};
use super::super::Behind;
use super::{Follower, Publishing, terms};

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
