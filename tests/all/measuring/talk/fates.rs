//! What becomes of a message that meets with something on its way.

use std::time::Duration;

use wirelanes::transport::Transport;

use super::{Finished, assert_accounted_for, assert_whole, count, lane, talk};
use crate::behaviour::program::Program;
use crate::measuring::bench::number;
use crate::measuring::detour::{self, Fate};

/// Runs the lanes of SSE on a way on which one of their POSTs meets this fate.
fn on_the_way(topic: &'static str, fate: Fate) -> Finished {
    let (_server, address) = Program::serve(&["--source", "quiet"]);
    let url = detour::carry(topic, fate, address).to_string();
    talk(&["--url", &url, "-r", "100", "-d", "1s", "-i", "100ms", "--hold", "1", "-t", "sse"])
}

#[test]
fn what_is_refused_is_told_and_no_loss() {
    let finished = on_the_way("talk-01", Fate::Refuse);
    assert_eq!(finished.code, Some(0), "{}{}", finished.text, finished.errors);
    finished.assert_printable();
    let one = lane(&finished, Transport::Sse, 2);
    assert_accounted_for(one);
    assert_eq!((count(one, "refused"), count(one, "delivered")), (1, count(one, "due") - 1));
    assert_eq!(one["first_failure"], "503 Service Unavailable: no room");
    assert!(
        finished.text.contains("sse on 2: 1 refused, 0 without an answer, the first: 503"),
        "{}",
        finished.text
    );
    assert_whole(lane(&finished, Transport::Sse, 6));
}

#[test]
fn what_is_acknowledged_and_never_comes_is_lost() {
    let finished = on_the_way("talk-01", Fate::Swallow);
    assert_eq!(finished.code, Some(1), "{}{}", finished.text, finished.errors);
    let one = lane(&finished, Transport::Sse, 2);
    assert_accounted_for(one);
    assert_eq!((count(one, "lost"), count(one, "delivered")), (1, count(one, "due") - 1));
    assert!(finished.text.contains("sse       2: 1 lost of "), "{}", finished.text);
}

#[test]
fn what_comes_again_is_doubled() {
    let finished = on_the_way("talk-02", Fate::Double);
    assert_eq!(finished.code, Some(1), "{}{}", finished.text, finished.errors);
    let several = lane(&finished, Transport::Sse, 6);
    assert_accounted_for(several);
    assert_eq!((count(several, "doubled"), count(several, "delivered")), (1, count(several, "due")));
    assert_whole(lane(&finished, Transport::Sse, 2));
}

/// The next message opens the connection again.
#[test]
fn whose_connection_breaks_has_no_answer() {
    let finished = on_the_way("talk-01", Fate::Break);
    assert_eq!(finished.code, Some(1), "{}{}", finished.text, finished.errors);
    let one = lane(&finished, Transport::Sse, 2);
    assert_accounted_for(one);
    assert_eq!((count(one, "unanswered"), count(one, "delivered")), (1, count(one, "due") - 1));
    assert_eq!((&one["connections_opened"], count(one, "lost")), (&3.into(), 0));
    assert!(
        finished.text.contains("1 without an answer, 1 connection opened again of "),
        "{}",
        finished.text
    );
}

/// On one connection those behind it wait; on several they overtake it.
#[test]
fn who_is_held_up_holds_up_the_others_or_is_overtaken() {
    let held_up = Fate::Delay(Duration::from_millis(300));
    let [finished, overtaken] = std::thread::scope(|scope| {
        let topics = ["talk-01", "talk-02"];
        topics.map(|topic| scope.spawn(move || on_the_way(topic, held_up))).map(|run| run.join().unwrap())
    });
    assert_eq!(finished.code, Some(0), "{}{}", finished.text, finished.errors);
    let one = lane(&finished, Transport::Sse, 2);
    assert_whole(one);
    assert_eq!(count(one, "reordered"), 0);
    assert!(number(one, "row.most_waiting") > 5.0, "some thirty come due in 300 ms: {one}");

    assert_eq!(overtaken.code, Some(0), "{}{}", overtaken.text, overtaken.errors);
    let several = lane(&overtaken, Transport::Sse, 6);
    assert_whole(several);
    assert!(count(several, "reordered") >= 1, "{several}");
    assert!(overtaken.text.contains(" reordered of "), "{}", overtaken.text);
}
