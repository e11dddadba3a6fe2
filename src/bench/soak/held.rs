//! What the server holds, as it and its machine say; and whether it has returned to what it was.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::result::Held;
use crate::bench::process;
use crate::bench::served::Served;
use crate::client::{Connection, Ended, Options, get};

/// From one look to the next, while something still moves.
const PAUSE: Duration = Duration::from_millis(250);

/// How long memory that nobody needs may be kept for who comes next.
const A_MOMENT: Duration = Duration::from_secs(3);

/// By how much the memory in use may differ between two quiet moments: the answer that tells it is among it, and lists
/// keep the room that they once had. A leak of one byte a visit is more, after the ten minutes of a usual run.
pub(in crate::bench) const ALLOWED_BYTES: u64 = 64 << 10;

/// Asks the server what it holds, without the connection on which it is asked.
pub(super) async fn look(served: &Served) -> anyhow::Result<Held> {
    let id = served.id().context("the server has ended")?;
    // Before it is asked: the connection for that takes a descriptor, too.
    let (pages_bytes, file_descriptors) = (process::allocated_bytes(id), process::file_descriptors(id));
    let options = Options::new(served.target().clone());
    let stats =
        ask(&options).await.map_err(|ended| anyhow!("cannot ask the server what it holds: {ended}"))?;
    let number = |value: &Value| value.as_u64().context("`/stats` lacks a number that it should have");
    let by_transport = stats["transports"].as_object().context("`/stats` has no `transports`")?;
    let subscriptions =
        by_transport.values().map(|lane| number(&lane["subscribers"])).sum::<anyhow::Result<u64>>()?;
    Ok(Held {
        connections: number(&stats["connections"]["open"])?.saturating_sub(1),
        subscriptions,
        tasks: number(&stats["tasks"])?.saturating_sub(1),
        file_descriptors,
        in_use_bytes: stats["memory_in_use_bytes"].as_u64(),
        pages_bytes,
    })
}

async fn ask(options: &Options) -> Result<Value, Ended> {
    let mut connection = Connection::open(options, &Arc::default()).await?;
    let answer = connection.exchange(get(options, "/stats")).await?;
    serde_json::from_slice(&answer.body).map_err(|wrong| Ended::Unreadable(wrong.to_string()))
}

/// Waits until nobody is there any more and memory is given back, as far as it is; no longer than `patience` for the
/// first. Gives what is held then, and how long that took.
pub(super) async fn settled(
    served: &Served,
    patience: Duration,
    is_empty: impl Fn(&Held) -> bool,
) -> anyhow::Result<(Held, Duration)> {
    let begun = Instant::now();
    while !is_empty(&look(served).await?) && begun.elapsed() < patience {
        sleep(PAUSE).await;
    }
    let took = begun.elapsed();
    sleep(A_MOMENT).await;
    Ok((look(served).await?, took))
}

/// What is held now and was not at the start, in words.
pub(super) fn left_behind(start: &Held, end: &Held) -> Vec<String> {
    let counts = [
        ("connections", Some(start.connections), Some(end.connections)),
        ("subscriptions", Some(start.subscriptions), Some(end.subscriptions)),
        ("tasks", Some(start.tasks), Some(end.tasks)),
        ("file descriptors", start.file_descriptors, end.file_descriptors),
    ];
    let mut left = Vec::new();
    for (what, before, after) in counts {
        if let Some((before, after)) = before.zip(after).filter(|(before, after)| after > before) {
            left.push(format!("{what}: {before} at the start, {after} at the end"));
        }
    }
    if let Some((before, after)) = start.in_use_bytes.zip(end.in_use_bytes)
        && after > before + ALLOWED_BYTES
    {
        let grown = after - before;
        left.push(format!(
            "memory: {grown} bytes more in use than at the start, and up to {ALLOWED_BYTES} are allowed"
        ));
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Held = Held {
        connections: 0,
        subscriptions: 0,
        tasks: 0,
        file_descriptors: Some(20),
        in_use_bytes: Some(9 << 20),
        pages_bytes: Some(10 << 20),
    };

    #[test]
    fn whatever_is_left_behind_is_told() {
        let told = |end: Held| left_behind(&START, &end).join("; ");
        assert_eq!(told(START), "");
        assert_eq!(told(Held { file_descriptors: Some(19), in_use_bytes: Some(1), ..START }), "");
        assert_eq!(told(Held { file_descriptors: None, in_use_bytes: None, ..START }), "", "not known");
        assert_eq!(
            told(Held { in_use_bytes: Some((9 << 20) + ALLOWED_BYTES), ..START }),
            "",
            "room in lists"
        );
        assert_eq!(told(Held { pages_bytes: Some(20 << 20), ..START }), "", "between what is in use");
        assert_eq!(told(Held { connections: 1, ..START }), "connections: 0 at the start, 1 at the end");
        assert_eq!(told(Held { subscriptions: 2, ..START }), "subscriptions: 0 at the start, 2 at the end");
        assert_eq!(told(Held { tasks: 3, ..START }), "tasks: 0 at the start, 3 at the end");
        let both = Held { file_descriptors: Some(21), in_use_bytes: Some(11 << 20), ..START };
        assert_eq!(
            told(both),
            "file descriptors: 20 at the start, 21 at the end; memory: 2097152 bytes more in use than at the start, and \
             up to 65536 are allowed"
        );
    }
}
