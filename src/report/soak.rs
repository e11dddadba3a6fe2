//! What came of a soak, for a terminal: the visits, and what the server held through them.

use super::format::{counted, duration, three_digits};
use super::text::folded;
use crate::bench::soak::Way;
use crate::bench::soak::result::{Lane, Report, Row};

/// The tables.
pub fn text(report: &Report) -> String {
    let caveats: String = report.warnings.iter().map(|caveat| folded("warning: ", caveat)).collect();
    conditions(report)
        + &caveats
        + &fate(report)
        + &lanes(report)
        + &rows(&report.rows)
        + &left_behind(report)
}

fn conditions(report: &Report) -> String {
    let mut facts = vec![
        format!("{} of each transport at a time", counted(report.clients, "client")),
        format!("for {}", duration(Some(report.duration_us as f64))),
        format!("feed {}", report.rate),
    ];
    if report.interrupted {
        facts.push("interrupted: this is what there was by then".to_owned());
    }
    folded("", &facts.join(" · "))
}

fn fate(report: &Report) -> String {
    let took = duration(Some(report.returning_us as f64));
    match report.holds() {
        true => format!("everything returned to the start, {took} after the last had left\n"),
        false => "NOT EVERYTHING RETURNED: see below\n".to_owned(),
    }
}

fn lanes(report: &Report) -> String {
    let mut text = String::from(
        "\n                                            ──── how they left ────\n\
         transport    visits   answered       read    closed    reset   silent   failed\n",
    );
    for Lane { transport, visits, answered, read_bytes, closed, reset, silent, failed } in &report.lanes {
        text += &format!(
            "{:<10}{visits:>9}{answered:>11}{:>9} B{closed:>10}{reset:>9}{silent:>9}{failed:>9}\n",
            transport.name(),
            three_digits(*read_bytes as f64),
        );
    }
    text
}

fn rows(rows: &[Row]) -> String {
    let mut text = String::from(
        "\nwhat the server held                                            memory, MiB\n\
         at         visits  silent connections subscriptions tasks files  in use   pages\n",
    );
    for Row { at_us, visits, silent, held } in rows {
        let at = match at_us {
            0..1_000 => "start".to_owned(),
            us => duration(Some(*us as f64)),
        };
        let files = held.file_descriptors.map_or_else(|| "–".to_owned(), |files| files.to_string());
        text += &format!(
            "{at:<9}{visits:>8}{silent:>8}{:>12}{:>14}{:>6}{files:>6}{:>8}{:>8}\n",
            held.connections,
            held.subscriptions,
            held.tasks,
            mebibytes(held.in_use_bytes),
            mebibytes(held.pages_bytes),
        );
    }
    text + "silent: guests who stay and do not read; the last row: when all had left\n\
            in use: what its allocator has given out; pages: what it keeps for that\n"
}

fn mebibytes(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "–".to_owned(), |bytes| format!("{:.2}", bytes as f64 / f64::from(1 << 20)))
}

fn left_behind(report: &Report) -> String {
    let mut text = String::new();
    for left in &report.left_behind {
        text += &folded("left behind: ", left);
    }
    for transport in report.unheard() {
        text += &format!("nobody on {transport} was answered\n");
    }
    for way in report.untried() {
        text += match way {
            Way::Close => "nobody closed: that was not tried\n",
            Way::Reset => "nobody reset: that was not tried\n",
            Way::Silence => "nobody fell silent: that was not tried\n",
        };
    }
    if let Some(why) = &report.first_failure {
        let failed: u64 = report.lanes.iter().map(|lane| lane.failed).sum();
        text += &folded("warning: ", &format!("{} failed, the first: {why}", counted(failed, "visit")));
    }
    text
}
