//! Who wins on which network.

use futures_util::future::join_all;
use wirelanes::client::Options;
use wirelanes::event::Position;
use wirelanes::fallback::{Memory, Proof, Strategy, Terms};
use wirelanes::transport::Transport::{self, Longpoll, Sse, Websocket};

use super::super::Behind;
use super::{Follower, terms};

/// Who failed, and words of what is said of it.
type Why = &'static [(Transport, &'static str)];

/// Which wins on a link, and why the others do not.
const WINNERS: [(&str, Transport, Why); 6] = [
    ("none", Websocket, &[]),
    ("rtt=60ms", Websocket, &[]),
    ("no-upgrade", Sse, &[(Websocket, "403")]),
    ("drop-upgrade", Sse, &[(Websocket, "426")]),
    ("buffer=8k,blackhole-upgrade", Longpoll, &[(Websocket, "did not come"), (Sse, "did not come")]),
    ("buffer=8k,no-upgrade", Longpoll, &[(Websocket, "403"), (Sse, "did not come")]),
];

#[tokio::test]
async fn the_best_wins_over_which_an_event_comes() {
    join_all(WINNERS.map(|(spec, winner, why)| wins(spec, winner, why))).await;
}

async fn wins(spec: &str, winner: Transport, why: Why) {
    let behind = Behind::link(spec);
    behind.stage.publish_times(3, "1");
    let from = behind.stage.newest();
    let mut follower = Follower::start(behind.options(), terms(Strategy::Sequential));
    assert_eq!(follower.chosen().await, (winner, Proof::Event, None), "`{spec}`");
    for ((transport, told), (expected, words)) in follower.failures.iter().zip(why) {
        assert!(transport == expected && told.contains(words), "`{spec}`: {transport}: {told}");
    }
    assert_eq!(follower.failures.len(), why.len(), "`{spec}`: {:?}", follower.failures);
    behind.stage.publish_times(20, "2");
    follower.until_at(behind.stage.newest()).await;
    follower.assert_whole(from, behind.stage.newest());
    // One that learns, and one for each that was tried.
    assert_eq!(follower.spent.counts().connections, 2 + why.len() as u64, "`{spec}`");
}

#[tokio::test]
async fn in_a_race_nobody_waits_for_one_that_is_silent() {
    for (spec, winner, begun) in [
        ("none", Websocket, &[Websocket][..]),
        ("no-upgrade", Sse, &[Websocket, Sse]),
        ("blackhole-upgrade", Sse, &[Websocket, Sse]),
        ("buffer=8k,blackhole-upgrade", Longpoll, &[Websocket, Sse, Longpoll]),
    ] {
        let behind = Behind::link(spec);
        behind.stage.publish("1");
        let from = behind.stage.newest();
        let mut follower = Follower::start(behind.options(), terms(Strategy::Race));
        assert_eq!(follower.chosen().await.0, winner, "`{spec}`");
        let silent = follower.failures.iter().filter(|(_, why)| why.contains("did not come")).count();
        assert_eq!((&follower.tries[..], silent), (begun, 0), "`{spec}`: {:?}", follower.failures);
        behind.stage.publish_times(20, "2");
        follower.until_at(behind.stage.newest()).await;
        follower.assert_whole(from, behind.stage.newest());
    }
}

#[tokio::test]
async fn where_the_log_is_empty_a_sign_of_life_will_do() {
    let winners = [("none", Websocket), ("no-upgrade", Sse), ("no-upgrade,buffer=8k", Longpoll)];
    join_all(winners.map(|(spec, winner)| async move {
        let behind = Behind::link(spec);
        let from = behind.stage.newest();
        let mut follower = Follower::start(
            Options { from: Position::Latest, ..behind.options() },
            terms(Strategy::Sequential),
        );
        assert_eq!(follower.chosen().await, (winner, Proof::Life, None), "`{spec}`");
        behind.stage.publish_times(3, "1");
        follower.until_at(behind.stage.newest()).await;
        follower.assert_whole(from, behind.stage.newest());
    }))
    .await;
}

#[tokio::test]
async fn what_was_learnt_is_remembered_by_who_shares_it() {
    let behind = Behind::link("no-upgrade,buffer=8k");
    behind.stage.publish("1");
    let memory = Memory::default();
    let mut first = Follower::remembering(behind.options(), Terms::default(), memory.clone());
    assert_eq!((first.chosen().await.0, &first.tries[..]), (Longpoll, &[Websocket, Sse, Longpoll][..]));
    let mut second = Follower::remembering(behind.options(), Terms::default(), memory);
    assert_eq!((second.chosen().await.0, &second.tries[..]), (Longpoll, &[Longpoll][..]));
}
