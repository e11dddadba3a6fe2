//! How a bench drives the server it started: an order a line on stdin, an answer a line on stdout. The end of
//! stdin ends the server, so it cannot outlive who started it.
//!
//! ```text
//! {"play":{"kind":"poisson","rate":"10/s",…}}       {"playing":{"start_us":…,"newest":"8f3k2a-0"}}
//! "stop"                                            {"stopped":{"newest":"8f3k2a-97","played":{…}}}
//! ```

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

use super::{Stage, play};
use crate::event::EventId;
use crate::feed::Feed;
use crate::source::{Played, Player, Source};

/// What the server is to do.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Order {
    /// Publish this.
    Play(Source),
    /// Stop publishing.
    Stop,
}

/// What the server did.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Done {
    Playing {
        /// The instant of the schedule's offset 0, in microseconds since the UNIX epoch.
        start_us: u64,
        /// The newest event before it.
        newest: EventId,
    },
    Stopped {
        /// The newest event of all.
        newest: EventId,
        played: Option<Played>,
    },
    Refused(String),
}

/// Carries out orders until there are no more.
pub(super) async fn carry_out(feed: Feed, stage: Stage) {
    let mut lines = BufReader::new(stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let done = match serde_json::from_str(&line) {
            Ok(order) => obey(order, &feed, &stage),
            Err(wrong) => Done::Refused(format!("`{line}` is no order: {wrong}")),
        };
        println!("{}", serde_json::to_string(&done).expect("our own structs are JSON"));
    }
}

fn obey(order: Order, feed: &Feed, stage: &Stage) -> Done {
    let mut stage = stage.lock().expect("no holder of this lock panics");
    let newest = |feed: &Feed| feed.newest("demo");
    match order {
        Order::Play(source) => {
            let newest = newest(feed);
            match play(&source, feed) {
                Ok(player) => {
                    let start_us = player.start_us();
                    *stage = Some(player);
                    Done::Playing { start_us, newest }
                }
                Err(wrong) => Done::Refused(wrong.to_string()),
            }
        }
        Order::Stop => {
            let played = stage.take().map(Player::stop);
            Done::Stopped { newest: newest(feed), played }
        }
    }
}
