//! A result for a page of text: tables that GitHub renders, and that can be read as they are.
//!
//! One run has a table of latencies and one of costs. Several have one table: a row for each transport under
//! each set of conditions.

use super::conditions::{Condition, caveats, extent, label, labels, machine};
use super::format::{bytes, duration, number, percent};
use super::parting::{Parting, has_noisy_costs, is_off};
use crate::bench::result::{Compared, Lane, Latency, Report, Run};

/// All of it.
pub fn markdown(report: &Report) -> String {
    let mut text = warnings(report);
    match &report.runs[..] {
        [run] => text += &(latencies(run) + &costs(run)),
        runs => text += &sweep(runs),
    }
    text += &deviations(report);
    text + &origin(report)
}

/// What comes first is what must be known before anything is quoted.
fn warnings(report: &Report) -> String {
    let line = |caveat: &String| format!("> **warning:** {}  \n", plain(caveat));
    let warnings: String = caveats(report).iter().map(line).collect();
    if warnings.is_empty() { warnings } else { warnings + "\n" }
}

fn latencies(run: &Run) -> String {
    let names = ["mean", "p50", "p95", "p99", "max"];
    let columns = names.iter().flat_map(|name| [*name, "theory"]);
    let mut table = Table::new(["latency"].into_iter().chain(columns));
    let mut add = |name: &str, latency: &Latency| {
        let Latency { mean, p50, p95, p99, max, .. } = latency;
        let cells = [mean, p50, p95, p99, max].map(|figure| pair(figure, duration, true)).concat();
        table.row(&[vec![name.to_owned()], cells].concat());
    };
    if let Some(control) = &run.control {
        add("(tcp)", &control.latency_us);
    }
    run.lanes.iter().for_each(|lane| add(lane.transport.name(), &lane.latency_us));
    format!("{}\n", table.text)
}

fn costs(run: &Run) -> String {
    let tls = run.tls.then_some("TLS");
    let columns = [
        "cost an event",
        "requests",
        "theory",
        "empty",
        "theory",
        "bytes",
        "theory",
        "of them payload",
        "envelope",
        "heads down",
        "heads up",
    ];
    let mut table = Table::new(columns.into_iter().chain(tls).chain(["first event", "theory"]));
    for lane in &run.lanes {
        let [requests, empty, total] = costs_of(lane);
        let (down, up) = (lane.bytes_per_event.down, lane.bytes_per_event.up);
        let both = down.zip(up);
        let layers = [
            bytes(both.map(|(down, up)| down.payload + up.payload)),
            bytes(both.map(|(down, up)| down.envelope + up.envelope)),
            bytes(down.map(|down| down.http)),
            bytes(up.map(|up| up.http)),
        ];
        let tls = tls.map(|_| bytes(both.map(|(down, up)| down.tls + up.tls)));
        let first = pair(&lane.first_event_us, duration, false);
        let name = vec![lane.transport.name().to_owned()];
        table
            .row(&[name, requests, empty, total, layers.to_vec(), tls.into_iter().collect(), first].concat());
    }
    format!("{}\n", table.text)
}

/// Requests, empty share and bytes, each beside theory.
fn costs_of(lane: &Lane) -> [Vec<String>; 3] {
    let is_noisy = has_noisy_costs(lane.transport);
    [
        pair(&lane.requests_per_event, number, is_noisy),
        pair(&lane.empty_share, percent, is_noisy),
        pair(&lane.bytes_per_event.total, bytes, is_noisy),
    ]
}

fn sweep(runs: &[Run]) -> String {
    let (varying, _) = Condition::parted(runs);
    let figures =
        ["mean", "theory", "p50", "theory", "p95", "theory", "requests", "theory", "bytes", "theory"];
    let conditions = varying.iter().map(|condition| condition.name());
    let mut table = Table::new(conditions.chain(["lane"]).chain(figures));
    for (run, lane) in runs.iter().flat_map(|run| run.lanes.iter().map(move |lane| (run, lane))) {
        let mut cells: Vec<String> = varying.iter().map(|condition| plain(&condition.of(run))).collect();
        cells.push(lane.transport.name().to_owned());
        let Latency { mean, p50, p95, .. } = &lane.latency_us;
        cells.extend([mean, p50, p95].map(|figure| pair(figure, duration, true)).concat());
        let [requests, _, total] = costs_of(lane);
        cells.extend([requests, total].concat());
        table.row(&cells);
    }
    format!("{}\n", table.text)
}

/// What was measured, starred where theory lies outside its interval, and theory.
fn pair(figure: &Compared, print: fn(Option<f64>) -> String, is_noisy: bool) -> Vec<String> {
    let star = if is_noisy && is_off(figure, print) { r"\*" } else { "" };
    let theory = figure.predicted.map_or(String::new(), |predicted| print(Some(predicted)) + star);
    vec![print(figure.measured), theory]
}

fn deviations(report: &Report) -> String {
    let parting = Parting::of(&report.runs, &labels(&report.runs));
    let off: String = parting.sentences().map(|sentence| format!("- {}\n", plain(&sentence))).collect();
    format!("{}\n\n{off}{}", plain(&parting.summary()), if off.is_empty() { "" } else { "\n" })
}

/// Under which conditions, on what, and how to do it again.
fn origin(report: &Report) -> String {
    let (_, shared) = Condition::parted(&report.runs);
    let conditions = report.runs.first().map(|run| label(&shared, run));
    let command = format!("`{}`, seed {}", report.command.replace('`', "'"), report.seed);
    let lines = conditions.iter().map(|line| plain(line)).chain([
        plain(&extent(&report.runs)),
        plain(&machine(report)),
        command,
    ]);
    lines.collect::<Vec<_>>().join("  \n") + "\n"
}

/// A table of GitHub's: the first column to the left, figures to the right.
struct Table {
    text: String,
}

impl Table {
    fn new<'a>(columns: impl IntoIterator<Item = &'a str>) -> Self {
        let columns: Vec<&str> = columns.into_iter().collect();
        let rules = columns.iter().enumerate().map(|(at, _)| if at == 0 { "---" } else { "--:" });
        let rule = rules.collect::<Vec<_>>().join("|");
        Self { text: format!("| {} |\n|{rule}|\n", columns.join(" | ")) }
    }

    fn row(&mut self, cells: &[String]) {
        self.text += &format!("| {} |\n", cells.join(" | "));
    }
}

/// Text that is not taken for markup.
fn plain(text: &str) -> String {
    let escaped = |letter: char| match letter {
        '|' | '*' | '_' | '`' | '<' | '>' | '[' | ']' | '\\' | '#' | '~' => format!("\\{letter}"),
        '\n' | '\r' => " ".to_owned(),
        letter => letter.to_string(),
    };
    text.chars().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::text::tests::report;
    use super::*;

    const GOLDEN: &str = r"> **warning:** the publisher was 96 µs late at its p99, more than a tenth of the smallest p50: the machine was busy  

| latency | mean | theory | p50 | theory | p95 | theory | p99 | theory | max | theory |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
| (tcp) | 140 µs |  | 131 µs |  | 366 µs |  | – |  | 987 µs |  |
| poll | 512 ms | 500 ms | 530 ms | 500 ms | 961 ms | 950 ms | – |  | 1.00 s | 990 ms |
| sse | 171 µs | 140 µs\* | 152 µs | 131 µs\* | 402 µs | 366 µs | – |  | 1.20 ms | 987 µs |

| cost an event | requests | theory | empty | theory | bytes | theory | of them payload | envelope | heads down | heads up | first event | theory |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
| poll | 0.103 | 0.103 | 0 % | 0 % | 197.7 | 197.7 | 168.7 | 1.1 | 20.1 | 7.8 | 412 µs | 391 µs |
| sse | 0.010 | 0.010 | – |  | 201.3 | 201.3 | 168.7 | 28.7 | 2.1 | 0.7 | 530 µs | 391 µs |

Theory lies outside the 95% interval of 2 of 6 figures (\*). Off by: in half widths of the interval.

- sse mean 171 µs (150 µs–201 µs), theory 140 µs, off by +1.5
- sse p50 152 µs (140 µs–160 µs), theory 131 µs, off by +1.8

no link · poisson · 10/s · 100 B · poll every 1 s · fixed-rate · hold 25 s · linger 0 s · 1 client · together · HTTP/1.1 · no TLS · bare heads · keep-alive · no proxy  
97 events a client, 1 round of 10.0 s  
wirelanes 1, release build, on linux, x86\_64, 2 CPUs  
`wirelanes bench`, seed 7
";

    #[test]
    fn one_run_is_written_so() {
        let written = markdown(&report(|_| {}));
        assert!(written == GOLDEN, "{written}");
    }

    #[test]
    fn a_sweep_is_one_table_of_what_differs() {
        let mut sweep = report(|_| {});
        sweep.runs.extend(report(|run| run["link"] = json!("rtt=50ms,up=a|b")).runs);
        sweep.runs.extend(report(|run| run["played"]["rate"] = json!("1/60s")).runs);
        let written = markdown(&sweep);
        let rows: Vec<&str> = written.lines().filter(|line| line.starts_with('|')).collect();
        assert_eq!(rows.len(), 2 + 3 * 2, "{written}");
        assert!(rows[0].starts_with("| link | rate | lane | mean | theory | p50 |"), "{written}");
        assert!(rows[2].starts_with("| none | 10/s | poll | 512 ms | 500 ms | 530 ms |"), "{written}");
        assert!(rows[5].starts_with(r"| rtt=50ms,up=a\|b | 10/s | sse | 171 µs | 140 µs\* |"), "{written}");
        assert!(rows[6].starts_with("| none | 1/60s | poll |"), "{written}");
        assert!(written.contains("\n- rtt=50ms,up=a\\|b · 10/s: sse p50 152 µs"), "{written}");
        assert!(written.contains("\npoisson · 100 B · poll every 1 s · fixed-rate"), "{written}");
    }
}
