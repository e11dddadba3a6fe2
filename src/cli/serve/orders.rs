//! Carries out the orders of the bench that started this server. The end of stdin ends the server, so it
//! cannot outlive who started it.

use std::io::{self, Write};

use tokio::io::{AsyncBufReadExt, BufReader, stdin};

use super::stage::Stage;
use crate::bench::orders::{Done, Order};
use crate::feed::Feed;

/// Carries out orders until there are no more.
pub(super) async fn carry_out(feed: Feed, stage: Stage) {
    let mut lines = BufReader::new(stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let done = match serde_json::from_str(&line) {
            Ok(order) => obey(order, &feed, &stage),
            Err(wrong) => Done::Refused(format!("`{line}` is no order: {wrong}")),
        };
        let line = serde_json::to_string(&done).expect("our own structs are JSON") + "\n";
        // Who gave the order may be gone: then the next line is the end of stdin.
        let _ = io::stdout().write_all(line.as_bytes());
    }
}

fn obey(order: Order, feed: &Feed, stage: &Stage) -> Done {
    match order {
        Order::Play(source) => match stage.play(&source) {
            Ok(()) => Done::Playing,
            Err(wrong) => Done::Refused(wrong.to_string()),
        },
        Order::Count => {
            // First: so all that is published behind the newest event counts.
            stage.forget_lag();
            seen(feed, stage)
        }
        Order::Look => seen(feed, stage),
        Order::Stop => {
            let played = stage.stop();
            Done::Stopped { newest: feed.newest("demo"), played }
        }
    }
}

fn seen(feed: &Feed, stage: &Stage) -> Done {
    let newest = feed.newest("demo");
    Done::Seen { newest, is_over: stage.source().is_none_or(|(_, is_over)| is_over) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::feed::Retain;
    use crate::source::{Source, SourceKind};

    #[test]
    fn what_was_late_before_it_counts_is_not_told_and_what_was_published_is() {
        let feed = Feed::new(Retain::default());
        let stage = Stage::new(feed.clone());
        let (rate, duration) = ("1000".parse().unwrap(), Some(Duration::from_millis(20)));
        let source = Source { kind: SourceKind::Steady, rate, duration, ..Source::default() };
        for (order, counts) in [(Order::Look, true), (Order::Count, false)] {
            assert!(matches!(obey(Order::Play(source.clone()), &feed, &stage), Done::Playing));
            while !matches!(obey(Order::Look, &feed, &stage), Done::Seen { is_over: true, .. }) {
                std::thread::yield_now();
            }
            let Done::Seen { newest, .. } = obey(order, &feed, &stage) else { panic!("it is not told") };
            let Done::Stopped { newest: last, played } = obey(Order::Stop, &feed, &stage) else {
                panic!("it does not stop")
            };
            let played = played.expect("something was played");
            assert_eq!((newest, played.events), (last, 20));
            assert_eq!(played.lag_us.is_some(), counts);
        }
    }
}
