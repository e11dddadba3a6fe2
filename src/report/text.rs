//! A result for a terminal, 80 columns wide: every measured figure has what theory says of it beside or below.

use std::fmt::Write as _;

use super::format::{bytes, chosen, duration, number, percent, rate};
use crate::bench::Mode;
use crate::bench::result::{Compared, HeaderStyle, Lane, Latency, Layers, PollMode, Report, Run};
use crate::source::SourceKind;
use crate::transport::Transport;

/// The whole report.
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    for run in &report.runs {
        text += &conditions(run, report.interrupted);
        text += &latencies(run);
        text += &costs(run);
        text += &shapes(run);
        text += &deviations(run);
        text += &quiet(run);
    }
    for warning in &report.warnings {
        text += &folded("warning: ", warning);
    }
    text
}

/// Breaks a sentence into lines of 80 columns.
fn folded(first: &str, sentence: &str) -> String {
    let (mut lines, mut line) = (String::new(), first.to_owned());
    for word in sentence.split(' ') {
        if line.chars().count() + word.chars().count() > 80 {
            lines += line.trim_end();
            lines.push('\n');
            line = "  ".to_owned();
        }
        line += word;
        line.push(' ');
    }
    lines + line.trim_end() + "\n"
}

fn conditions(run: &Run, interrupted: bool) -> String {
    let events = run.lanes.first().map_or(0, |lane| lane.events.expected / run.clients.max(1) as u64);
    let mut facts = vec![format!("{events} events"), source(run)];
    facts.extend(run.size_bytes.map(|size| format!("{size} B")));
    facts.push(format!("poll {}", chosen(run.poll_interval_us)));
    if run.poll_mode == PollMode::FixedDelay {
        facts.push("after each answer".to_owned());
    }
    if run.clients > 1 {
        facts.push(format!("{} clients a lane", run.clients));
    }
    if run.rounds > 1 {
        facts.push(format!("{} rounds", run.rounds));
    }
    if run.mode == Mode::Isolated {
        facts.push("one lane after another".to_owned());
    }
    let keep_alive = if run.keep_alive { "" } else { ", no keep-alive" };
    facts.push(format!("HTTP/1.1{keep_alive}, no TLS, {} heads", heads(run.headers)));
    if interrupted {
        facts.push("interrupted: this is what there was by then".to_owned());
    }
    let mut text = folded("", &facts.join(" · "));
    text += &fate(run);
    text += "latency = age of the event on arrival, not how long a request took\n";
    text
}

fn source(run: &Run) -> String {
    match &run.played {
        Some(source) if run.size_bytes.is_some() => {
            let name = source.kind.to_string();
            let capital = name[..1].to_uppercase() + &name[1..];
            if source.kind == SourceKind::Quiet {
                return capital;
            }
            format!("{capital} {}", rate(source.rate.per_s()))
        }
        Some(source) if source.speed != 1.0 => format!("{} at {}×", run.source, source.speed),
        _ => run.source.clone(),
    }
}

fn heads(style: HeaderStyle) -> &'static str {
    match style {
        HeaderStyle::Bare => "bare",
        HeaderStyle::Curl => "curl's",
        HeaderStyle::Chrome => "Chrome's",
    }
}

/// What became of the events: one line where all is well, one a lane where it is not.
fn fate(run: &Run) -> String {
    let is_whole = |lane: &&Lane| lane.events.are_accounted_for() && lane.events.missed == 0;
    let troubled: Vec<&Lane> = run.lanes.iter().filter(|lane| !is_whole(lane)).collect();
    if troubled.is_empty() {
        return "all lanes: none lost, doubled or reordered\n".to_owned();
    }
    let tell = |lane: &&Lane| {
        let events = &lane.events;
        format!(
            "{}: {} lost, {} doubled, {} reordered, {} announced missing in {} gaps, of {}\n",
            lane.transport,
            events.lost,
            events.duplicated,
            events.reordered,
            events.missed,
            events.gaps,
            events.expected
        )
    };
    troubled.iter().map(tell).collect()
}

fn latencies(run: &Run) -> String {
    let mut text = format!("\n{:<10}", "latency");
    for name in ["p50", "p95", "p99", "max"] {
        write!(text, "{name:>8} {:>7}  ", "theory").expect("a String takes all that is written to it");
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    if let Some(control) = &run.control {
        text += &latency_row("(tcp)", &control.latency_us);
    }
    for lane in &run.lanes {
        text += &latency_row(lane.transport.name(), &lane.latency_us);
    }
    let all = run.lanes.iter().map(|lane| &lane.latency_us);
    let needs =
        |of: fn(&Latency) -> &Compared| all.clone().filter_map(|latency| of(latency).needs_events).max();
    let named = [("p50", needs(|of| &of.p50)), ("p95", needs(|of| &of.p95)), ("p99", needs(|of| &of.p99))];
    let lacking: Vec<String> = named
        .iter()
        .filter_map(|(name, needs)| needs.map(|needs| format!("{name} needs {needs} events")))
        .collect();
    if !lacking.is_empty() {
        text += &folded("", &format!("–: {}", lacking.join(", ")));
    }
    text
}

fn latency_row(name: &str, latency: &Latency) -> String {
    let mut text = format!("{name:<10}");
    for figure in [&latency.p50, &latency.p95, &latency.p99, &latency.max] {
        let mark = if figure.deviation().is_some_and(|off| off.abs() > 1.0) { "*" } else { " " };
        let theory = figure.predicted.map_or(String::new(), |predicted| duration(Some(predicted)));
        write!(text, "{:>8} {:>7}{mark} ", duration(figure.measured), theory)
            .expect("a String takes all that is written to it");
    }
    text.trim_end().to_owned() + "\n"
}

fn costs(run: &Run) -> String {
    let mut text = String::from(
        "\ncost an event             ────── bytes down ─────  ─ bytes up ──   con-    first\n          \
         requests  empty payload envelope  heads  envel.  heads  nects    event\n",
    );
    for lane in &run.lanes {
        text += &cost_rows(lane);
    }
    let isolated: Vec<&Lane> =
        run.lanes.iter().filter(|lane| lane.server_cpu_us_per_event.is_some()).collect();
    for lane in isolated {
        let memory = lane.server_memory_bytes_per_client;
        writeln!(
            text,
            "{:<11}server: {} CPU an event, {} B memory a client",
            lane.transport.name(),
            duration(lane.server_cpu_us_per_event),
            memory.map_or("–".to_owned(), |bytes| format!("{bytes:.0}")),
        )
        .expect("a String takes all that is written to it");
    }
    text
}

fn cost_rows(lane: &Lane) -> String {
    let row =
        |name: &str, requests, empty, down: Option<Layers>, up: Option<Layers>, connections: &str, first| {
            let layer = |layers: Option<Layers>, read: fn(&Layers) -> f64| bytes(layers.as_ref().map(read));
            let line = format!(
                "{name:<9} {:>8} {:>6} {:>7} {:>8} {:>6} {:>7} {:>6} {:>6} {:>8}",
                number(requests),
                percent(empty),
                layer(down, |of| of.payload),
                layer(down, |of| of.envelope),
                layer(down, |of| of.http),
                layer(up, |of| of.envelope),
                layer(up, |of| of.http),
                connections,
                duration(first),
            );
            line.trim_end().to_owned() + "\n"
        };
    let (spent, predicted) = (&lane.bytes_per_event, lane.bytes_per_event.predicted);
    let (requests, empty, first) = (&lane.requests_per_event, &lane.empty_share, &lane.first_event_us);
    let connections = lane.connections_opened.to_string();
    row(
        lane.transport.name(),
        requests.measured,
        empty.measured,
        spent.down,
        spent.up,
        &connections,
        first.measured,
    ) + &row(
        "  theory",
        requests.predicted,
        empty.predicted,
        predicted.map(|bytes| bytes.down),
        predicted.map(|bytes| bytes.up),
        "",
        first.predicted,
    )
}

/// Columns for the latencies' shapes.
const WIDTH: usize = 68;

/// One line a lane: how many latencies fell where, on one logarithmic axis.
fn shapes(run: &Run) -> String {
    let control = run.control.iter().map(|control| ("(tcp)", &control.histogram));
    let lanes = run.lanes.iter().map(|lane| (lane.transport.name(), &lane.histogram));
    let rows: Vec<(&str, &Vec<(u64, u64)>)> = control.chain(lanes).collect();
    let buckets = || rows.iter().flat_map(|(_, histogram)| histogram.iter().map(|(bucket, _)| *bucket));
    let (Some(first), Some(last)) = (buckets().min(), buckets().max()) else { return String::new() };
    let column =
        |bucket: u64| ((bucket - first) as usize * WIDTH / (last - first + 1) as usize).min(WIDTH - 1);
    let mut text = format!("\n{:<11}{}\n", "", axis(first, last));
    for (name, histogram) in rows {
        let mut columns = [0; WIDTH];
        for (bucket, count) in histogram {
            columns[column(*bucket)] += count;
        }
        let most = columns.iter().copied().max().unwrap_or(0).max(1);
        let bar = |count: &u64| match count {
            0 => ' ',
            // Ceiling: a single event shows.
            _ => ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'][((count * 8).div_ceil(most) - 1) as usize],
        };
        let bars: String = columns.iter().map(bar).collect();
        text += &(format!("{name:<11}{bars}").trim_end().to_owned() + "\n");
    }
    text
}

/// Powers of ten, where they fall.
fn axis(first: u64, last: u64) -> String {
    let mut axis = vec![' '; WIDTH];
    for (label, us) in [
        ("10 µs", 1e1),
        ("100 µs", 1e2),
        ("1 ms", 1e3),
        ("10 ms", 1e4),
        ("100 ms", 1e5),
        ("1 s", 1e6),
        ("10 s", 1e7),
    ] {
        let bucket = f64::log2(us) * 4.0;
        let at = (bucket - first as f64) / (last - first + 1) as f64;
        let label: Vec<char> = format!("|{label}").chars().collect();
        let start = (at * WIDTH as f64) as usize;
        if at >= 0.0
            && start + label.len() <= WIDTH
            && axis[start..start + label.len()].iter().all(|c| *c == ' ')
        {
            axis[start..start + label.len()].copy_from_slice(&label);
        }
    }
    axis.into_iter().collect::<String>().trim_end().to_owned()
}

/// Every figure whose interval does not hold what theory says.
fn deviations(run: &Run) -> String {
    let mut off = Vec::new();
    for lane in &run.lanes {
        let latency = &lane.latency_us;
        let figures =
            [("mean", latency.mean), ("p50", latency.p50), ("p95", latency.p95), ("p99", latency.p99)];
        for (name, figure) in figures {
            let Some(deviation) = figure.deviation().filter(|off| off.abs() > 1.0) else { continue };
            off.push(format!(
                "{} {name} {} ({}–{}), theory {}, off by {deviation:+.1}",
                lane.transport,
                duration(figure.measured),
                duration(figure.low),
                duration(figure.high),
                duration(figure.predicted),
            ));
        }
    }
    if off.is_empty() {
        return "\nevery 95% interval holds what theory says\n".to_owned();
    }
    let mut text =
        String::from("\n* theory lies outside the 95% interval (in brackets), off in its half widths:\n");
    for line in off {
        writeln!(text, "  {line}").expect("a String takes all that is written to it");
    }
    text
}

fn quiet(run: &Run) -> String {
    if run.quiet.is_empty() {
        return String::new();
    }
    let mut text = String::from("\ntheory for a quiet feed, 1 event a minute, on the same connections:\n");
    for lane in &run.quiet {
        let requests = match lane.transport {
            Transport::Poll | Transport::Longpoll => format!(
                "{} requests an event, {} empty,",
                number(Some(lane.requests_per_event)),
                percent(lane.empty_share)
            ),
            Transport::Sse | Transport::Websocket => "no request,".to_owned(),
        };
        writeln!(
            text,
            "  {:<9} {requests:<35} {:>8} bytes an event",
            lane.transport.name(),
            bytes(Some(lane.bytes_per_event))
        )
        .expect("a String takes all that is written to it");
    }
    text
}
