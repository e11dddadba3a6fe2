//! What a capacity test found, 80 columns wide: a line for each step as it ends, and at last what held.

use std::fmt::Write as _;

use super::conditions::tls;
use super::format::{chosen, counted, duration, number, three_digits};
use super::text::folded;
use crate::bench::capacity::News;
use crate::bench::capacity::result::{Axis, Events, Peak, Report, Step, Verdict};

/// One JSON document.
pub fn json(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(report).expect("numbers and strings are JSON");
    text.push('\n');
    text
}

/// All of it, as it was printed.
pub fn text(report: &Report) -> String {
    let mut text = conditions(report);
    for lane in &report.lanes {
        for (index, round) in lane.rounds.iter().enumerate() {
            text += &news(&News::Search(lane.transport, index + 1, lane.rounds.len()));
            round.steps.iter().for_each(|step| text += &row(step));
        }
    }
    text + &peaks(report)
}

/// Under which conditions it runs, and what its columns are.
pub fn conditions(report: &Report) -> String {
    let cores = report.cores.map(|[server, client]| format!("server on CPU {server}, clients on {client}"));
    let server = report.url.as_ref().map_or("a fresh server each step".to_owned(), |url| format!("at {url}"));
    let facts = [
        Some(tls(report.tls).to_owned()),
        Some(format!("{} B", report.size_bytes)),
        Some(report.source.clone()),
        Some(format!("must hold: {}, nothing lost, doubled or reordered", report.slo)),
        Some(format!("{} a step after {}", chosen(report.duration_us), chosen(report.warmup_us))),
        Some(format!("poll {}", chosen(report.poll_interval_us))),
        Some(server),
        cores,
    ];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    folded("", &facts.join(" · "))
        + &folded(
            "",
            &format!(
                "latency = age of the event on arrival, up to {} of it a rest of our readers; server CPU includes \
             taking the events in",
                chosen(report.reader_rest_us)
            ),
        )
        + "\n"
        + &columns()
}

fn columns() -> String {
    format!(
        "{:>5} {:>6} {:>13} {:>15} {:>7} {:>12}\n\
         {:>5} {:>6} {:>6} {:>6} {:>7} {:>7} {:>7} {:>5} {:>6}  verdict\n",
        "rate",
        "cli-",
        "deliveries/s",
        "latency",
        "lost/",
        "server CPU",
        "a s",
        "ents",
        "wanted",
        "came",
        "p50",
        "p99",
        "dbl/ord",
        "cores",
        "del./s",
    )
}

/// What is to be said as it happens.
pub fn news(news: &News<'_>) -> String {
    match news {
        News::Search(transport, _, 1) => format!("{transport}\n"),
        News::Search(transport, number, of) => format!("{transport}, round {number} of {of}\n"),
        News::Step(step) => row(step),
    }
}

fn row(step: &Step) -> String {
    let events = &step.events;
    let line = format!(
        "{:>5} {:>6} {:>6} {:>6} {:>7} {:>7} {:>7} {:>5} {:>6}  {}",
        count(step.rate_per_s),
        step.clients,
        three_digits(step.wanted_deliveries_per_s),
        three_digits(step.deliveries_per_s),
        latency(step.latency_us.p50),
        latency(step.latency_us.p99),
        wrong(events),
        step.server_cpu_share.map_or_else(|| "–".to_owned(), |share| format!("{share:.2}")),
        number(step.deliveries_per_server_cpu_s),
        verdict(step),
    );
    line + "\n" + &step.cut.as_ref().map_or(String::new(), |why| cut(step, why))
}

fn cut(step: &Step, why: &str) -> String {
    folded(
        "  ",
        &format!("cut off: {} of {}, the first by: {why}", step.readers_cut, counted(step.clients, "client")),
    )
}

fn latency(us: Option<u64>) -> String {
    duration(us.map(|us| us as f64))
}

/// What is wrong, by its kind; in all where that takes too much room.
fn wrong(events: &Events) -> String {
    let kinds = [events.lost, events.doubled, events.reordered];
    let text = kinds.map(count).join("/");
    if text.len() <= 7 { text } else { format!("Σ {}", count(kinds.iter().sum())) }
}

/// A whole number: as it is while it is short.
fn count(number: u64) -> String {
    match number {
        0..100_000 => number.to_string(),
        number => three_digits(number as f64),
    }
}

/// What to make of a step, in a word or two.
fn verdict(step: &Step) -> String {
    let events = &step.events;
    match step.verdict {
        Verdict::Lost if events.lost > 0 => format!("lost {}", count(events.lost)),
        Verdict::Lost if events.doubled > 0 => format!("doubled {}", count(events.doubled)),
        Verdict::Lost => format!("reordered {}", count(events.reordered)),
        Verdict::Refused => format!("{} untaken", count(events.due - events.accepted)),
        Verdict::Late => "too late".to_owned(),
        other => word(other).to_owned(),
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Late => "too late",
        Verdict::Lost => "losses",
        Verdict::Refused => "events untaken",
        Verdict::ClientBound => "client-bound",
        Verdict::PublisherBound => "publisher-bound",
    }
}

/// What held: a line for each transport.
pub fn peaks(report: &Report) -> String {
    let what = if report.axis == Axis::None { "one step" } else { "most that held" };
    let mut text = format!(
        "\n{what:<14} {:>12} {:>8} {:>7} {:>7} {:>10}  above it\n",
        "deliveries/s", "events/s", "clients", "p99", "del./CPU s"
    );
    for lane in &report.lanes {
        let name = lane.transport.name();
        let row = lane
            .peak
            .as_ref()
            .map_or_else(|| "           –  nothing held".to_owned(), |peak| found(peak, report.axis));
        writeln!(text, "{name:<14} {row}").expect("a String takes all that is written to it");
    }
    if report.lanes.iter().any(|lane| lane.rounds.len() > 1) {
        text += "each the middle one of its rounds\n";
    }
    if report.lanes.iter().filter_map(|lane| lane.peak.as_ref()).any(|peak| peak.at_least) {
        text += "≥: the server may carry more; it was not the limit, or nothing above was tried\n";
    }
    if report.interrupted {
        text += "interrupted: this is what there was by then\n";
    }
    report.warnings.iter().for_each(|warning| text += &folded("warning: ", warning));
    text
}

fn found(peak: &Peak, axis: Axis) -> String {
    let step = &peak.step;
    let at_least = if peak.at_least { "≥ " } else { "" };
    let limit = match peak.limit {
        Verdict::Ok if axis == Axis::None => "–",
        Verdict::Ok => "not tried",
        limit => word(limit),
    };
    format!(
        "{:>12} {:>8} {:>7} {:>7} {:>10}  {limit}",
        format!("{at_least}{}", three_digits(step.deliveries_per_s)),
        count(step.rate_per_s),
        step.clients,
        latency(step.latency_us.p99),
        number(step.deliveries_per_server_cpu_s),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::capacity::Plan;
    use crate::bench::capacity::result::{Lane, Latency, Round};
    use crate::transport::Transport;

    fn step(verdict: Verdict, events: Events) -> Step {
        Step {
            rate_per_s: 36_000,
            clients: 10_000,
            verdict,
            held: verdict == Verdict::Ok,
            wanted_deliveries_per_s: 360e6,
            deliveries_per_s: 3.594e6,
            latency_us: Latency { p50: Some(7_660), p99: Some(121_700), ..Latency::default() },
            events,
            server_cpu_share: Some(0.972),
            server_waited_share: None,
            deliveries_per_server_cpu_s: Some(3.69e6),
            reader_cpu_share: None,
            client_cpu_share: None,
            publisher_lag_p99_us: 300,
            readers_cut: 0,
            cut: None,
        }
    }

    fn report(steps: Vec<Step>) -> Report {
        let held = steps.iter().find(|step| step.held).cloned();
        let peak = held.map(|step| Peak { step, at_least: true, limit: Verdict::PublisherBound });
        let round = Round { peak: peak.clone(), steps };
        let lane = Lane { transport: Transport::Websocket, peak, rounds: vec![round.clone(), round] };
        Report { lanes: vec![lane], interrupted: true, ..Plan::default().report(String::new()) }
    }

    #[test]
    fn a_report_fits_a_terminal() {
        let wrong = Events { due: 108_000, lost: 12_345, doubled: 123, reordered: 1, ..Events::default() };
        let cut = Step {
            readers_cut: 17,
            cut: Some("connection reset by peer".repeat(3)),
            ..step(Verdict::Late, wrong)
        };
        let verdicts = [Verdict::Lost, Verdict::Refused, Verdict::ClientBound, Verdict::PublisherBound];
        let steps = verdicts.map(|verdict| step(verdict, wrong));
        let text = text(&report([&[step(Verdict::Ok, Events::default()), cut], &steps[..]].concat()));
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }

    #[test]
    fn a_step_is_a_line_and_a_peak_is_another() {
        let text = text(&report(vec![step(Verdict::Ok, Events::default())]));
        let row = "36000  10000   360M  3.59M 7.66 ms  122 ms   0/0/0  0.97  3.69M  ok\n";
        assert!(text.contains(&format!("\nwebsocket, round 2 of 2\n{row}")), "{text}");
        let row = "websocket           ≥ 3.59M    36000   10000  122 ms      3.69M  publisher-bound\n";
        assert!(text.contains(row), "{text}");
        assert!(text.contains("\ninterrupted") && text.contains("\n≥: "), "{text}");
    }

    #[test]
    fn where_nothing_held_that_is_said() {
        let lost = Events { lost: 12, ..Events::default() };
        let text = text(&report(vec![step(Verdict::Lost, lost)]));
        assert!(
            text.contains("  lost 12\n") && text.contains("websocket                 –  nothing held\n"),
            "{text}"
        );
    }
}
