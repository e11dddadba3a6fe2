use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::feed::Limit;
use crate::server::accounts::Accounts;

const MINUTE: Duration = Duration::from_secs(60);

fn desks() -> Desks {
    Desks::new(&Feed::new(Retain::default()), MINUTE)
}

fn read(desks: &Desks, name: &str, from: Position) -> Subscription {
    desks.read(name, from).expect("there is room")
}

#[test]
fn all_that_are_open_are_told_and_no_others() {
    let desks = desks();
    let mut readers = ["_a", "_b"].map(|name| read(&desks, name, Position::Latest));
    desks.tell_all(&json!({ "state": { "devices": 3 } }));
    for reader in &mut readers {
        let told = reader.read(Limit::default());
        assert_eq!(told.events.len(), 1, "{}", reader.topic());
        let json = String::from_utf8(told.events[0].json().to_vec()).unwrap();
        assert!(json.contains(r#""data":{"state":{"devices":3}}"#), "{json}");
    }
    assert_eq!(read(&desks, "_c", Position::Earliest).read(Limit::default()).events.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_desk_is_closed_when_nobody_has_read_it_for_long_enough() {
    let desks = Arc::new(desks());
    let accounts = Accounts::new(desks.clone());
    let after = |duration| tokio::time::timeout(duration, rounds(&desks, &accounts));
    let reader = read(&desks, "_a", Position::Latest);
    drop(accounts.of("/poll?client=_a", 1));
    let _ = after(10 * MINUTE).await;
    assert_eq!((desks.feed.topics().len(), accounts.lanes("_a").len()), (1, 1), "it is read");
    desks.tell_all(&json!({ "state": 1 }));
    drop(reader);
    let _ = after(MINUTE - Duration::from_secs(1)).await;
    assert_eq!(desks.feed.topics().len(), 1, "its reader may come back");
    let _ = after(MINUTE / 2).await;
    assert_eq!((desks.feed.topics(), desks.open().len()), (Vec::new(), 0));
    assert_eq!(accounts.lanes("_a"), [], "its ledgers go with it");
}

#[test]
fn one_desk_too_many_takes_the_place_of_the_one_that_was_left_first() {
    let desks = desks();
    let stays = read(&desks, "_0", Position::Latest);
    for n in 1..=MAX_TOPICS {
        read(&desks, &format!("_{n}"), Position::Latest);
    }
    assert_eq!(desks.open().len(), MAX_TOPICS);
    assert!(desks.open().contains_key("_0") && !desks.open().contains_key("_1"));
    drop(stays);
}

#[test]
fn where_all_are_read_the_next_is_refused() {
    let desks = desks();
    let readers: Vec<_> = (0..MAX_TOPICS).map(|n| read(&desks, &format!("_{n}"), Position::Latest)).collect();
    let refusal = desks.read("_another", Position::Latest).err().expect("there is no room");
    assert!(refusal.to_string().contains("close a page"), "{refusal}");
    drop(readers);
}
