//! What is seeded is caught, and what is honest is not: story by story.

use super::*;
use crate::bench::chaos::log::Sent;

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
fn a_loss_at_the_very_end_is_caught_whatever_the_server_says_it_has() {
    let mut log = log();
    for newest in ["bbbbbb-5", "bbbbbb-3", "bbbbbb-0"] {
        log.end(id(newest));
        let told = Checker::new(&log).client(&heard(&HONEST.replace(" b4 b5", ""))).breaches;
        assert_eq!(told, [Breach::Lost { first: id("bbbbbb-4"), last: id("bbbbbb-5") }], "{newest}");
    }
}

#[test]
fn a_client_that_never_came_back_is_caught() {
    let newest = "when all was over, and the newest is `bbbbbb-5`";
    for (story, at) in [("", "aaaaaa-0"), ("a1 a2 a3 a4 a5 a6 a7 a8 a9", "aaaaaa-9")] {
        assert_caught(story, &[&format!("left behind: the client stood at `{at}` {newest}")]);
    }
    assert_caught("a0/b1@120", &["lost: `bbbbbb-1` to `bbbbbb-5` never came, and no gap said so"]);
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
fn a_gap_that_is_announced_twice_is_caught() {
    assert_caught(
        &HONEST.replace("a3/a7@90", "a3/a7@90 a3/a7@90"),
        &["wrong gap: after `aaaaaa-3`, resumes `aaaaaa-7`, missed 3: the client stood at `aaaaaa-6`"],
    );
    assert_caught(
        &HONEST.replace("a8/b1@120", "a8/b1@120 a8/b1@120"),
        &["wrong gap: after `aaaaaa-8`, resumes `bbbbbb-1`, missed null: the client stood at `bbbbbb-0`"],
    );
}

/// Three are missing, and it says three: but not those, or not there.
#[test]
fn a_gap_at_the_wrong_place_is_caught_though_its_count_is_right() {
    let story = |gap: &str| HONEST.replace("a3/a7@90", gap);
    assert_caught(
        &story("a2/a6@90"),
        &[
            "wrong gap: after `aaaaaa-2`, resumes `aaaaaa-6`, missed 3: the client stood at `aaaaaa-3`",
            "lost: `aaaaaa-6` to `aaaaaa-6` never came, and no gap said so",
        ],
    );
    assert_caught(
        "a1 a2 a3 a7 a3/a7@90 a8 a8/b1@120 b1 b2 b3 b4 b5",
        &[
            "wrong gap: after `aaaaaa-3`, resumes `aaaaaa-7`, missed 3: the client stood at `aaaaaa-7`",
            "lost: `aaaaaa-4` to `aaaaaa-6` never came, and no gap said so",
        ],
    );
    assert_caught(
        "a1 a2 a3 a3/a7@90 a4 a5 a6 a7 a8 a8/b1@120 b1 b2 b3 b4 b5",
        &[
            "given up: `aaaaaa-4` came, and a gap had said that it was lost",
            "given up: `aaaaaa-5` came, and a gap had said that it was lost",
            "given up: `aaaaaa-6` came, and a gap had said that it was lost",
        ],
    );
}

#[test]
fn what_is_neither_an_event_nor_a_gap_is_caught() {
    let mut heard = heard(HONEST);
    heard.strange(b"{\"error\":1}");
    let told = Checker::new(&log()).client(&heard).breaches;
    assert_eq!(told, [Breach::Strange("{\"error\":1}".to_owned())]);
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

/// The answers to messages 14 and 15 were lost: each may be an event, the same at every client, and only once.
#[test]
fn a_message_without_an_answer_is_one_event_or_none() {
    let mut log = log();
    log.unclear(Sent { number: 14, sent_us: 160 });
    log.unclear(Sent { number: 15, sent_us: 170 });
    let mut checker = Checker::new(&log);
    let mut told = |carried: &[u32]| {
        let mut heard = heard(HONEST);
        for (id, number) in successive(id("bbbbbb-6")).zip(carried) {
            heard.event(id, Carried(*number));
        }
        checker.client(&heard).breaches
    };
    assert_eq!((told(&[]), told(&[14]), told(&[14])), (vec![], vec![], vec![]));
    assert_eq!(told(&[16]), [Breach::Invented { id: id("bbbbbb-6") }]);
    let mut far = heard(HONEST);
    far.event(id("bbbbbb-9999999999999"), Carried(14));
    assert_eq!(
        Checker::new(&log).client(&far).breaches,
        [Breach::Invented { id: id("bbbbbb-9999999999999") }]
    );
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
