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
    let newest = feed.newest("demo");
    match order {
        Order::Play(source) => match stage.play(&source) {
            Ok(()) => Done::Playing,
            Err(wrong) => Done::Refused(wrong.to_string()),
        },
        Order::Look => Done::Seen { newest, is_over: stage.source().is_none_or(|(_, is_over)| is_over) },
        Order::Stop => {
            let played = stage.stop();
            Done::Stopped { newest: feed.newest("demo"), played }
        }
    }
}
