//! Servers that double, lose and skip without a word: a reader that trusts them would not know.

use wirelanes::client::{News, Options};
use wirelanes::event::{EventId, Gap, Position};
use wirelanes::transport::Transport;

use super::fake::{self, Script};
use super::listener::Listener;
use super::stage::options;

fn id(epoch: &str, sequence: u64) -> EventId {
    format!("{epoch}-{sequence}").parse().unwrap()
}

fn event(id: EventId) -> String {
    format!(r#"{{"id":"{id}","topic":"demo","sent_us":1,"data":0}}"#)
}

/// What a reader that stands at `aaaaaa-10` makes of these events, in few letters.
async fn told(transport: Transport, sequences: &'static [(&'static str, u64)]) -> Vec<String> {
    let address = fake::serve(move |nth, head| match nth {
        0 => {
            let events = sequences.iter().map(|(epoch, sequence)| event(id(epoch, *sequence)));
            fake::tell(head, "", &events.collect::<Vec<_>>())
        }
        _ => Script::Hold,
    })
    .await;
    let options = Options { from: Position::After(id("aaaaaa", 10)), ..options(address) };
    let mut listener = Listener::start(transport, options);
    let mut told = Vec::new();
    let mut taken = 0;
    while taken < sequences.len() {
        told.push(match listener.next_of_feed().await {
            News::Event { event, .. } => format!("event {}", event.id()),
            News::Duplicate { event, .. } => format!("duplicate {}", event.id()),
            News::Hole(gap) => {
                let missed = gap.missed.map_or("unknown".to_owned(), |missed| missed.to_string());
                told.push(format!("hole {} {} {missed}", gap.after, gap.resumes));
                continue;
            }
            other => panic!("{other:?}"),
        });
        taken += 1;
    }
    told
}

#[tokio::test]
async fn what_comes_twice_is_told_as_a_duplicate_and_not_handed_on() {
    const AGAIN: &[(&str, u64)] =
        &[("aaaaaa", 11), ("aaaaaa", 12), ("aaaaaa", 12), ("aaaaaa", 9), ("aaaaaa", 13)];
    for transport in Transport::ALL {
        let expected = [
            "event aaaaaa-11",
            "event aaaaaa-12",
            "duplicate aaaaaa-12",
            "duplicate aaaaaa-9",
            "event aaaaaa-13",
        ];
        assert_eq!(told(transport, AGAIN).await, expected, "{transport}");
    }
}

#[tokio::test]
async fn what_is_missing_unannounced_is_told_as_a_hole() {
    const MISSING: &[(&str, u64)] = &[("aaaaaa", 13), ("aaaaaa", 14), ("aaaaaa", 20), ("bbbbbb", 5)];
    for transport in Transport::ALL {
        let expected = [
            "hole aaaaaa-10 aaaaaa-13 2",
            "event aaaaaa-13",
            "event aaaaaa-14",
            "hole aaaaaa-14 aaaaaa-20 5",
            "event aaaaaa-20",
            "hole aaaaaa-20 bbbbbb-5 unknown",
            "event bbbbbb-5",
        ];
        assert_eq!(told(transport, MISSING).await, expected, "{transport}");
    }
}

/// A gap begins where a reader stands: what it leaves out is missing, and what was left behind does not come again.
#[tokio::test]
async fn a_gap_at_the_wrong_place_loses_nothing_silently_and_doubles_nothing() {
    let gap = |after: u64, resumes: u64| {
        String::from_utf8(Gap::new(id("aaaaaa", after), id("aaaaaa", resumes)).json().to_vec()).unwrap()
    };
    for transport in Transport::ALL {
        let messages = [gap(12, 15), event(id("aaaaaa", 15)), gap(3, 8), event(id("aaaaaa", 15))];
        let address = fake::serve(move |nth, head| match nth {
            0 => fake::tell(head, "", &messages),
            _ => Script::Hold,
        })
        .await;
        let options = Options { from: Position::After(id("aaaaaa", 10)), ..options(address) };
        let mut listener = Listener::start(transport, options);
        let mut told = Vec::new();
        while told.len() < 5 {
            told.push(match listener.next_of_feed().await {
                News::Event { event, .. } => format!("event {}", event.id()),
                News::Duplicate { event, .. } => format!("duplicate {}", event.id()),
                News::Hole(gap) => format!("hole {} {}", gap.after, gap.resumes),
                News::Gap { gap, .. } => format!("gap {} {}", gap.after, gap.resumes),
                other => panic!("{other:?}"),
            });
        }
        let expected = [
            "hole aaaaaa-10 aaaaaa-13",
            "gap aaaaaa-12 aaaaaa-15",
            "event aaaaaa-15",
            "gap aaaaaa-3 aaaaaa-8",
            "duplicate aaaaaa-15",
        ];
        assert_eq!(told, expected, "{transport}");
    }
}

/// Where it stands is not for a server to move: what lies in between was never delivered.
#[tokio::test]
async fn a_position_that_jumps_ahead_is_told_as_a_hole() {
    for transport in Transport::ALL {
        let address = fake::serve(|nth, head| match nth {
            0 => fake::tell(head, "last-event-id: aaaaaa-15\r\n", &[]),
            _ => Script::Hold,
        })
        .await;
        let options = Options { from: Position::After(id("aaaaaa", 10)), ..options(address) };
        match Listener::start(transport, options).next_of_feed().await {
            News::Hole(gap) => {
                assert_eq!(
                    (gap.after, gap.resumes, gap.missed),
                    (id("aaaaaa", 10), id("aaaaaa", 16), Some(5))
                );
            }
            other => panic!("{transport}: {other:?}"),
        }
    }
}
