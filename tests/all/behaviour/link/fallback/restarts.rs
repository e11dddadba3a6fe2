//! A server that leaves and comes back is read again over what was found before.

use std::time::Duration;

use wirelanes::client::{News, Options, Target};
use wirelanes::fallback::{Terms, Told};
use wirelanes::transport::Transport::{Longpoll, Poll, Websocket};

use super::super::super::program::Program;
use super::Follower;

/// An address to which no client's own port can get in the way while nobody listens there.
const LISTEN: &str = if cfg!(target_os = "linux") { "127.0.0.10:0" } else { "127.0.0.1:0" };

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
