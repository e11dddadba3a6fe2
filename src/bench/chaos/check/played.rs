//! A real feed is right, and every forgery of what it told is caught.

use proptest::prelude::*;

use super::*;
use crate::bench::chaos::log::Sent;
use crate::event::Position;
use crate::feed::{Feed, Limit, Retain};

const MEMORY: u64 = 3;

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
