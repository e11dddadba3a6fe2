//! What refuses, and what is swallowed: who goes on all the same, and where it ends.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use wirelanes::client::{Error, News, Options};
use wirelanes::event::Position;
use wirelanes::fallback::{Proof, Terms, Told};
use wirelanes::server::Tokens;
use wirelanes::tls::Trust;
use wirelanes::transport::Transport::{Longpoll, Websocket};

use super::super::super::PATIENCE;
use super::super::super::connect::ConnectProxy;
use super::super::super::fake::{self, Script};
use super::super::super::forwarder::Forwarder;
use super::super::super::secured::{identity, secured};
use super::super::super::stage::{Stage, options};
use super::Follower;

#[tokio::test]
async fn where_all_are_refused_for_good_it_ends() {
    let stage = Stage::open();
    let mut follower =
        Follower::start(Options { topic: Some("no such name".into()), ..stage.options() }, Terms::default());
    let ended = timeout(PATIENCE, &mut follower.reading).await.expect("it ends").unwrap();
    assert!(matches!(&ended, Error::Refused { status, .. } if *status == 400), "{ended}");
}

/// A proxy that lets nobody through lets no transport through.
#[tokio::test]
async fn where_a_proxy_refuses_for_good_it_ends() {
    let stage = Stage::open();
    let proxy =
        ConnectProxy::judging(|_| "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n".to_owned()).await;
    let options = Options { proxy: Some(proxy.url().parse().unwrap()), ..stage.options() };
    let mut follower = Follower::start(options, Terms::default());
    let ended = timeout(PATIENCE, &mut follower.reading).await.expect("it ends").unwrap();
    assert!(matches!(&ended, Error::NoTunnel(why) if why.contains("name a user")), "{ended}");
    assert_eq!(proxy.asked().len(), 1, "no transport is tried");
}

/// What no transport would be spared is said once.
#[tokio::test]
async fn where_the_reason_holds_for_all_it_ends_at_once() {
    let guarded = Stage::prepared(|server| server.guarded(Tokens::with_key(&[7; 32]).unwrap()));
    let (strange, plain) = (Stage::secured(identity()), Stage::open());
    for options in [
        options(guarded.address),
        secured(strange.address, &Trust::default()),
        secured(plain.address, &Trust::anyone()),
    ] {
        let mut follower = Follower::start(options, Terms::default());
        let ended = timeout(PATIENCE, &mut follower.reading).await.expect("it ends").unwrap();
        match &ended {
            Error::Distrusted(_) => {}
            Error::Refused { status, message } => {
                assert!(*status == 401 && message.contains("`--token TOKEN`"), "{message}");
            }
            other => panic!("{other}"),
        }
        let told = follower.told.try_recv();
        assert!(told.is_err(), "{told:?}, and all that is to say comes at the end");
    }
}

/// Long polls bring the event that waits, and are refused from then on; nothing else is answered at all.
fn once_only(_: usize, head: &str) -> Script {
    const EVENT: &str = r#"[{"id":"aaaaaa-10","topic":"demo","sent_us":1,"data":0}]"#;
    let at = |position: &str| format!("last-event-id: {position}\r\n");
    Script::Say(match fake::path(head) {
        "/poll" if !head.contains("last_event_id") => fake::answer("204 No Content", &at("aaaaaa-10"), ""),
        "/longpoll" if head.contains("aaaaaa-9") => fake::answer("200 OK", &at("aaaaaa-10"), EVENT),
        _ => fake::answer("404 Not Found", "", ""),
    })
}

#[tokio::test]
async fn who_is_refused_while_it_is_read_rests_before_it_is_asked_again() {
    let address = fake::serve(once_only).await;
    let mut follower = Follower::start(options(address), Terms::default());
    for _ in 0..2 {
        assert_eq!(follower.chosen().await, (Longpoll, Proof::Event, None));
        let left = |told: &Told| matches!(told, Told::Left { transport: Longpoll, .. });
        follower.until("it is left", |told, _| left(told).then_some(())).await;
        let wait = follower.until("it rests", |told, _| match told {
            Told::News(News::Disconnected { wait, .. }) => Some(*wait),
            other => panic!("{other:?}, at once"),
        });
        assert!(wait.await >= Duration::from_millis(500));
    }
    assert_eq!((follower.events.len(), follower.troubles.len()), (0, 0), "it came before, and is no news");
}

/// Passes everything on but polls, which it answers so, or swallows.
async fn without_polls(server: SocketAddr, answer: Option<&'static str>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut first = [0; 9];
                near.read_exact(&mut first).await.unwrap();
                if first == *b"GET /poll" {
                    let Some(answer) = answer else { return std::future::pending().await };
                    return near.write_all(answer.as_bytes()).await.unwrap();
                }
                let mut far = TcpStream::connect(server).await.unwrap();
                far.write_all(&first).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    address
}

#[tokio::test]
async fn where_polls_are_swallowed_the_others_are_tried_all_the_same() {
    let stage = Stage::open();
    stage.publish("0");
    let from = stage.newest();
    let terms = Terms { longest_patience: Duration::from_secs(3), ..Terms::default() };
    let mut follower = Follower::start(
        Options { from: Position::Latest, ..options(without_polls(stage.address, None).await) },
        terms,
    );
    assert_eq!(follower.chosen().await, (Websocket, Proof::Life, None), "nobody knows what waits");
    stage.publish_times(3, "1");
    follower.until_at(stage.newest()).await;
    follower.assert_whole(from, stage.newest());
}

/// The stream's own word is all that there is to know the place by.
#[tokio::test]
async fn where_polls_are_refused_a_cut_before_the_first_event_loses_nothing() {
    const FORBIDDEN: &str = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let stage = Stage::open();
    stage.publish("0");
    let from = stage.newest();
    let way = Forwarder::to(without_polls(stage.address, Some(FORBIDDEN)).await).await;
    let mut follower =
        Follower::start(Options { from: Position::Latest, ..options(way.address) }, Terms::default());
    assert_eq!(follower.chosen().await, (Websocket, Proof::Life, None));
    way.cut();
    follower.until("it is left", |told, _| matches!(told, Told::Left { .. }).then_some(())).await;
    stage.publish_times(3, "1");
    follower.until_at(stage.newest()).await;
    follower.assert_whole(from, stage.newest());
    assert_eq!(follower.left.len(), 1, "{:?}", follower.left);
}
