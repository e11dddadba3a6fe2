//! What is seeded is caught, and what is honest is not.

use proptest::prelude::*;

use super::*;
use crate::bench::chaos::log::Sent;
use crate::event::Position;
use crate::feed::{Feed, Limit, Retain};

const MEMORY: u64 = 3;

fn id(text: &str) -> EventId {
    text.parse().unwrap()
}

/// Nine events of `aaaaaa`, sent at 10, 20, … 90, then five of `bbbbbb`, sent at 110, … 150; a memory of three.
fn log() -> Log {
    let mut log = Log::new(MEMORY);
    let mut number = 0;
    for (first, count, begun_us) in [("aaaaaa-1", 9, 0), ("bbbbbb-1", 5, 100)] {
        log.begin(id(first).epoch);
        for (id, turn) in successive(id(first)).zip(1..=count) {
            log.published(id, Sent { number, sent_us: begun_us + turn * 10 });
            number += 1;
        }
    }
    log.end(id("bbbbbb-5"));
    log
}

/// Reads a client's story: `a1`, `b2` are events as they were published, `a3/b2@95` is a gap told at 95.
fn heard(story: &str) -> Heard {
    let mut heard = Heard::since(id("aaaaaa-0"));
    let spelled = |text: &str| id(&format!("{}-{}", text[..1].repeat(6), &text[1..]));
    for word in story.split_whitespace() {
        match word.split_once('/') {
            None => heard.event(spelled(word), number(word)),
            Some((after, rest)) => {
                let (resumes, at_us) = rest.split_once('@').unwrap();
                heard.gap(Gap::new(spelled(after), spelled(resumes)), at_us.parse().unwrap());
            }
        }
    }
    heard
}

fn number(word: &str) -> Carried {
    let sequence: u32 = word[1..].parse().unwrap();
    Carried(if word.starts_with('a') { sequence - 1 } else { 8 + sequence })
}

fn findings(story: &str) -> Findings {
    Checker::new(&log()).client(&heard(story))
}

#[track_caller]
fn assert_caught(story: &str, expected: &[&str]) {
    let breaches: Vec<String> = findings(story).breaches.iter().map(ToString::to_string).collect();
    assert_eq!(breaches, expected, "{story}");
}

const HONEST: &str = "a1 a2 a3 a3/a7@90 a7 a8 a8/b1@120 b1 b2 b3 b4 b5";

#[test]
fn an_honest_story_has_no_breach_and_is_summed_up() {
    let expected = Findings { events: 10, gaps: 1, missed: 3, new_lives: 1, gone: 1, breaches: Vec::new() };
    assert_eq!(findings(HONEST), expected);
    assert_caught("a1 a2 a3 a4 a5 a6 a7 a8 a9 a9/b1@100 b1 b2 b3 b4 b5", &[]);
    assert_caught("a0/b3@150 b3 b4 b5", &[]);
    assert_caught("a0/b1@1 b1 b1/b3@150 b3 b4 b5", &[]);
}

#[test]
fn a_loss_is_caught() {
    assert_caught(
        &HONEST.replace("b3 ", ""),
        &["lost: `bbbbbb-3` to `bbbbbb-3` never came, and no gap said so"],
    );
    assert_caught(
        &HONEST.replace("b2 b3 ", ""),
        &["lost: `bbbbbb-2` to `bbbbbb-3` never came, and no gap said so"],
    );
    assert_caught(
        &HONEST.replace(" b4 b5", ""),
        &["lost: `bbbbbb-4` to `bbbbbb-5` never came, and no gap said so"],
    );
    assert_caught(
        "a1 a2",
        &["left behind: the client stood at `aaaaaa-2` when all was over, and the newest is `bbbbbb-5`"],
    );
    assert_caught(
        &HONEST.replace(" a3 ", " "),
        &["wrong gap: after `aaaaaa-3`, resumes `aaaaaa-7`, missed 3: the client stood at `aaaaaa-2`"],
    );
}

#[test]
fn a_duplicate_is_caught() {
    assert_caught(&HONEST.replace("b3", "b3 b3"), &["doubled: `bbbbbb-3` came again"]);
    assert_caught(&HONEST.replace("b3", "b3 b1"), &["doubled: `bbbbbb-1` came again"]);
    assert_caught(
        &HONEST.replace("b3", "b3 a2"),
        &[
            "unannounced: `aaaaaa-2` came behind `bbbbbb-3`, which is of another life, and no gap said so",
            "unannounced: `bbbbbb-4` came behind `aaaaaa-2`, which is of another life, and no gap said so",
        ],
    );
}

#[test]
fn a_swap_is_caught() {
    assert_caught(&HONEST.replace("b3 b4", "b4 b3"), &["swapped: `bbbbbb-3` came behind `bbbbbb-4`"]);
    assert_caught(
        &HONEST.replace("b2 b3 b4", "b4 b3 b2"),
        &["swapped: `bbbbbb-3` came behind `bbbbbb-4`", "swapped: `bbbbbb-2` came behind `bbbbbb-4`"],
    );
}

#[test]
fn a_wrong_gap_is_caught() {
    let wrong = |missed| {
        let mut heard = heard("a1 a2 a3");
        let gap = Gap { after: id("aaaaaa-3"), resumes: id("aaaaaa-7"), missed };
        heard.gap(gap, 90);
        (7..=9).for_each(|n| heard.event(EventId { sequence: n, ..gap.after }, Carried(n as u32 - 1)));
        heard.gap(Gap::new(id("aaaaaa-9"), id("bbbbbb-1")), 120);
        (1..=5).for_each(|n| heard.event(EventId { sequence: n, ..id("bbbbbb-1") }, Carried(n as u32 + 8)));
        Checker::new(&log()).client(&heard).breaches
    };
    assert_eq!(wrong(Some(3)), []);
    for missed in [None, Some(0), Some(2), Some(4)] {
        let [Breach::WrongGap { why, .. }] = &wrong(missed)[..] else { panic!("{missed:?} was taken for 3") };
        assert_eq!(why, "3 are missing");
    }
    assert_caught(
        "a1 a1/a2@90 a2 a3 a3/a7@90 a7 a7/b1@120 b1 b2 b3 b4 b5",
        &["wrong gap: after `aaaaaa-1`, resumes `aaaaaa-2`, missed 0: nothing is missing there"],
    );
    assert_caught(
        "a0/c1@120",
        &[
            "wrong gap: after `aaaaaa-0`, resumes `cccccc-1`, missed null: there was no life `cccccc`",
            "left behind: the client stood at `cccccc-0` when all was over, and the newest is `bbbbbb-5`",
        ],
    );
    assert_caught(
        "a0/b1@120 b1 b1/a1@120 a1/b1@120 b1 b2 b3 b4 b5",
        &[
            "wrong gap: after `bbbbbb-1`, resumes `aaaaaa-1`, missed null: it goes back to a life that is over",
            "wrong gap: after `aaaaaa-1`, resumes `bbbbbb-1`, missed null: the client stood at `aaaaaa-0`",
        ],
    );
}

#[test]
fn a_gap_that_gives_up_what_was_still_held_is_caught() {
    let unjustified = |at| format!("a1 a2 a3 a3/a7@{at} a7 a8 a8/b1@120 b1 b2 b3 b4 b5");
    let caught = "unjustified gap: after `aaaaaa-3`, resumes `aaaaaa-7`, while the log still held `aaaaaa-6`";
    assert_caught(&unjustified(89), &[caught]);
    assert_caught(&unjustified(90), &[]);
    assert_caught(
        "a0/b2@139 b2 b3 b4 b5",
        &["unjustified gap: after `aaaaaa-0`, resumes `bbbbbb-2`, while the log still held `bbbbbb-1`"],
    );
    assert_caught("a0/b2@140 b2 b3 b4 b5", &[]);
    assert_caught(
        "a0/b1@120 b1 b1/b3@150 b2 b3 b4 b5",
        &["given up: `bbbbbb-2` came, and a gap had said that it was lost"],
    );
}

#[test]
fn another_life_without_a_gap_is_caught() {
    assert_caught(
        &HONEST.replace("a8/b1@120 ", ""),
        &["unannounced: `bbbbbb-1` came behind `aaaaaa-8`, which is of another life, and no gap said so"],
    );
}

#[test]
fn an_event_that_says_something_else_or_that_nobody_published_is_caught() {
    let with = |id, carried| {
        let mut heard = heard(&HONEST.replace(" b5", ""));
        heard.event(id, carried);
        let breaches = Checker::new(&log()).client(&heard).breaches;
        breaches.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(with(id("bbbbbb-5"), Carried(13)), [""; 0]);
    let altered = "altered: `bbbbbb-5` carries message 12, and message 13 was published";
    assert_eq!(with(id("bbbbbb-5"), Carried(12)), [altered]);
    assert!(with(id("bbbbbb-5"), Carried::STRANGE)[0].contains("carries message of nobody"));
    assert_eq!(with(id("bbbbbb-6"), Carried(14))[0], "invented: nobody published `bbbbbb-6`");
}

/// The answer to message 14 was lost: it may be the next event, at every client alike, and only once.
#[test]
fn a_message_without_an_answer_is_one_event_or_none() {
    let mut log = log();
    log.unclear(Sent { number: 14, sent_us: 160 });
    let mut checker = Checker::new(&log);
    let mut told = |carried: &[u32]| {
        let mut heard = heard(HONEST);
        for (id, number) in successive(id("bbbbbb-6")).zip(carried) {
            heard.event(id, Carried(*number));
        }
        checker.client(&heard).breaches
    };
    assert_eq!((told(&[]), told(&[14]), told(&[14])), (vec![], vec![], vec![]));
    assert_eq!(told(&[15]), [Breach::Invented { id: id("bbbbbb-6") }]);
    let [Breach::Altered { published, .. }] = &told(&[14, 14])[..] else { panic!("one message, two events") };
    assert_eq!(published, "so does `bbbbbb-6`");
}

#[test]
fn who_gives_up_is_caught_and_who_is_wrong_throughout_is_followed_only_so_far() {
    let gave_up = Heard { gave_up: Some("403".to_owned()), ..heard(HONEST) };
    assert_eq!(Checker::new(&log()).client(&gave_up).breaches, [Breach::GaveUp("403".to_owned())]);
    let mut doubled = heard(HONEST);
    (0..1_000).for_each(|_| doubled.event(id("bbbbbb-1"), Carried(9)));
    assert_eq!(Checker::new(&log()).client(&doubled).breaches.len(), MOST);
}

/// A real feed, published to and read by turns; every so often it begins anew.
#[derive(Clone, Debug)]
enum Turn {
    Publish(u64),
    Read(usize),
    Restart,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = prop_oneof![
        4 => (1u64..6).prop_map(Turn::Publish),
        4 => (1usize..5).prop_map(Turn::Read),
        1 => Just(Turn::Restart),
    ];
    prop::collection::vec(turn, 1..40)
}

/// What was published, and what a reader was told who has read to the end.
fn play(turns: &[Turn]) -> (Log, Heard) {
    let retain = Retain { events: MEMORY as usize, ..Retain::default() };
    let mut feed = Feed::new(retain);
    let mut log = Log::new(MEMORY);
    log.begin(feed.newest("demo").epoch);
    let mut heard = Heard::since(feed.newest("demo"));
    let (mut now_us, mut number) = (0, 0);
    let take = |feed: &Feed, heard: &mut Heard, events, now_us| {
        let from = Position::After(heard.position());
        let batch = feed
            .subscribe("demo", from, Default::default())
            .unwrap()
            .read(Limit { events, bytes: usize::MAX });
        batch.gap.into_iter().for_each(|gap| heard.gap(gap, now_us));
        let number = |data: &str| Carried(data.parse().unwrap());
        batch.events.iter().for_each(|event| heard.event(event.id(), number(event.data())));
    };
    for turn in turns.iter().chain(&[Turn::Publish(1), Turn::Read(usize::MAX)]) {
        now_us += 10;
        match turn {
            Turn::Read(events) => take(&feed, &mut heard, *events, now_us),
            Turn::Restart => {
                feed = Feed::new(retain);
                log.begin(feed.newest("demo").epoch);
            }
            Turn::Publish(count) => {
                for _ in 0..*count {
                    let id = feed.publish("demo", now_us, &number.to_string()).unwrap();
                    log.published(id, Sent { number, sent_us: now_us });
                    number += 1;
                }
            }
        }
    }
    log.end(feed.newest("demo"));
    (log, heard)
}

/// The story taken apart, one thing said at a time.
fn apart(heard: &Heard) -> Vec<Said> {
    let one = |said: &Said| match said {
        Said::Gap { .. } => vec![said.clone()],
        Said::Run { first, numbers } => {
            let alone = |(first, carried): (EventId, &Carried)| Said::Run { first, numbers: vec![*carried] };
            successive(*first).zip(numbers).map(alone).collect()
        }
    };
    heard.said.iter().flat_map(one).collect()
}

proptest! {
    /// Whatever a real feed tells is right, and whatever one thing is dropped, doubled or swapped is not.
    #[test]
    fn a_real_feed_is_right_and_every_forgery_of_it_is_caught(turns in turns(), at in any::<prop::sample::Index>()) {
        let (log, heard) = play(&turns);
        let told = Checker::new(&log).client(&heard);
        prop_assert_eq!(&told.breaches, &[]);
        prop_assert_eq!(told.events + told.missed + told.gone, log.count(), "each event came, or was told of");
        let said = apart(&heard);
        let at = at.index(said.len());
        let mut dropped = said.clone();
        dropped.remove(at);
        let mut doubled = said.clone();
        doubled.insert(at, said[at].clone());
        let mut forged = vec![dropped, doubled];
        if at > 0 {
            let mut swapped = said.clone();
            swapped.swap(at - 1, at);
            forged.push(swapped);
        }
        for said in forged {
            let breaches = Checker::new(&log).client(&Heard { said, ..heard.clone() }).breaches;
            prop_assert!(!breaches.is_empty());
        }
    }
}
