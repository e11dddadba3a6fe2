//! What the command line says of links: when they begin, and when they end.

use crate::link::{Achieved, Lateness, Link};

/// `<way>: <spec>`, and what its names stand for.
pub(super) fn began(way: &str, link: &Link) -> String {
    let meanings = link.meaning().into_iter().map(|meaning| format!("  {meaning}\n"));
    format!("{way}: {link}\n{}", meanings.collect::<String>())
}

/// What passed, and how late, where the link became another so often.
pub(super) fn ended(name: &str, achieved: &Achieved, changes: u64) -> String {
    let Achieved { connections, bytes_up, bytes_down, chunks, held_up, .. } = achieved;
    let s = if *connections == 1 { "" } else { "s" };
    let mut text =
        format!("{name}{connections} connection{s}, {bytes_up} bytes up, {bytes_down} bytes down\n");
    if let Some(Lateness { p50, p99, max }) = achieved.late_us {
        let (up, down) = (achieved.asked_up_us / 1e3, achieved.asked_down_us / 1e3);
        let (asked, that) = match changes {
            0 => ("asked".to_owned(), "that"),
            1 => ("asked at last, after a change".to_owned(), "what was asked at the time"),
            many => (format!("asked at last, after {many} changes"), "what was asked at the time"),
        };
        text += &format!(
            "  {asked}: {up} ms up, {down} ms down; achieved {that} and {p50} µs at p50, {p99} µs at p99, {max} µs at most, \
             over {} chunks\n",
            chunks - held_up
        );
    }
    if *held_up > 0 {
        text += &format!("  {held_up} more chunks waited for a reader that did not take them\n");
    }
    text
}
