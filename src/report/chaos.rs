//! What came of chaos, for a terminal: the server's lives, the clients by transport, and what must not have happened.

use super::format::{chosen, counted, duration, three_digits};
use super::text::folded;
use crate::bench::chaos::result::{Lane, Life, Report};

/// The tables.
pub fn text(report: &Report) -> String {
    let caveats: String = report.warnings.iter().map(|caveat| folded("warning: ", caveat)).collect();
    conditions(report)
        + &caveats
        + &fate(report)
        + &lives(&report.lives)
        + &lanes(&report.lanes)
        + &breaches(report)
}

fn conditions(report: &Report) -> String {
    let published = &report.published;
    let mut facts = vec![
        format!("{} on each transport", counted(report.clients, "client")),
        report.http.to_string(),
        format!("link {}", report.link),
        format!("{} asked for", report.rate),
        format!("{}/s published for {}", achieved(report), duration(Some(report.duration_us as f64))),
        format!("memory {}", counted(report.memory_events, "event")),
        format!("poll {}", chosen(report.poll_interval_us)),
        counted(published.acknowledged, "event"),
    ];
    if published.unclear > 0 {
        facts.push(format!("{} more, perhaps: the answer was lost", published.unclear));
    }
    if published.unsent > 0 {
        facts.push(format!("{} more were due, and not sent in time", published.unsent));
    }
    facts.push(format!("seed {}", report.seed));
    if report.interrupted {
        facts.push("interrupted: this is what there was by then".to_owned());
    }
    folded("", &facts.join(" · "))
}

/// What the machine let the publisher do: what was due while nobody answered came later.
fn achieved(report: &Report) -> String {
    three_digits(report.published.acknowledged as f64 / (report.duration_us as f64 / 1e6))
}

fn fate(report: &Report) -> String {
    let clients: usize = report.lanes.iter().map(|lane| lane.clients).sum();
    let all = if clients == 1 { "the one client".to_owned() } else { format!("all {clients} clients") };
    match report.breaches {
        0 => folded(
            "",
            &format!(
                "{all}: every event that was to be had came, once and in order; every loss was \
                 announced, with the right count"
            ),
        ),
        count => format!("BREACHES: {count}, see below\n"),
    }
}

fn lives(lives: &[Life]) -> String {
    let mut text =
        String::from("\nthe server's log     newest event    drained in    exit code    away for\n");
    for (number, life) in (1..).zip(lives) {
        let is_over = life.drain_us.is_some();
        let us = |us: Option<u64>| duration(us.map(|us| us as f64));
        let code = match life.exit_code {
            Some(code) => code.to_string(),
            None if is_over => "killed".to_owned(),
            None => "–".to_owned(),
        };
        text += &format!(
            "{number:<4}{:<10}{:>19}{:>14}{code:>13}{:>12}\n",
            life.newest.epoch,
            life.newest.sequence,
            us(life.drain_us),
            us(life.away_us),
        );
    }
    text
}

fn lanes(lanes: &[Lane]) -> String {
    let mut text = String::from(
        "\n                                      ── announced ──  ── another log ──\n\
         transport  clients  opened   events     gaps   missed     gaps     gone breaches\n",
    );
    let short = |count: u64| if count < 10_000 { count.to_string() } else { three_digits(count as f64) };
    for lane in lanes {
        text += &format!(
            "{:<11}{:>7}{:>8}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}\n",
            lane.transport.name(),
            lane.clients,
            short(lane.connections),
            short(lane.events),
            short(lane.gaps),
            short(lane.missed),
            short(lane.new_lives),
            short(lane.gone),
            short(lane.breaches),
        );
    }
    text + "opened: connections; gone: with a log that was over, or forgotten\n"
}

fn breaches(report: &Report) -> String {
    let mut text = String::new();
    for (number, life) in (1..).zip(&report.lives).filter(|(_, life)| !life.left_well()) {
        let code =
            life.exit_code.map_or_else(|| "had to be killed".to_owned(), |code| format!("ended with {code}"));
        text += &folded("breach: ", &format!("server, life {number}: {code} after SIGTERM, and 0 is meant"));
    }
    for breach in &report.first_breaches {
        text += &folded("breach: ", &format!("{}: {}", breach.to, breach.what));
    }
    match report.breaches - report.first_breaches.len() as u64 {
        0 => text,
        more => text + &format!("and {more} more\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::chaos::result::{Named, Published};
    use crate::bench::result::{Environment, Http};
    use crate::transport::Transport;

    fn report(breaches: u64, exit_code: i32) -> Report {
        let newest = "8f3k2a-123456".parse().unwrap();
        let over =
            Life { newest, drain_us: Some(10_000_000), exit_code: Some(exit_code), away_us: Some(9_000) };
        let last = Life { newest, drain_us: None, exit_code: None, away_us: None };
        let lane = Lane {
            transport: Transport::Websocket,
            clients: 100_000,
            connections: 123_456_789,
            events: 123_456_789,
            gaps: 123_456_789,
            missed: 123_456_789,
            new_lives: 123_456_789,
            gone: 123_456_789,
            breaches,
        };
        let what = "lost: `8f3k2a-1` to `8f3k2a-3` never came, and no gap said so".to_owned();
        Report {
            schema_version: 1,
            lab: "chaos".to_owned(),
            command: "wirelanes bench chaos".to_owned(),
            environment: Environment {
                version: "0.1.0".to_owned(),
                build: "release".to_owned(),
                os: "linux".to_owned(),
                arch: "x86_64".to_owned(),
                cpus: 2,
                cpu: None,
                kernel: None,
            },
            warnings: vec!["a debug build".to_owned()],
            interrupted: false,
            seed: 7,
            link: "reset=5%/s".parse().unwrap(),
            clients: 100_000,
            http: Http::Two,
            duration_us: 60_000_000,
            rate: "500".parse().unwrap(),
            memory_events: 1_000,
            poll_interval_us: 1_000_000,
            published: Published { due: 30_000, acknowledged: 30_000, unclear: 3, unsent: 0, tried_again: 0 },
            lives: vec![over, last],
            catching_up_us: 1,
            lanes: vec![lane],
            breaches,
            first_breaches: (0..breaches.min(1))
                .map(|_| Named { to: "sse 17".to_owned(), what: what.clone() })
                .collect(),
        }
    }

    #[test]
    fn the_first_breaches_are_named_and_the_others_counted() {
        assert!(report(0, 0).holds() && !report(1, 0).holds());
        let text = text(&report(12, 0));
        assert!(text.contains("\nwarning: a debug build\n"), "{text}");
        assert!(text.contains("BREACHES: 12, see below\n"), "{text}");
        assert!(text.contains("breach: sse 17: lost: `8f3k2a-1` to `8f3k2a-3` never came,"), "{text}");
        assert!(text.ends_with("and 11 more\n"), "{text}");
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }

    #[test]
    fn of_one_there_is_no_plural() {
        let mut report = Report { clients: 1, memory_events: 1, ..report(0, 0) };
        (report.published.acknowledged, report.lanes[0].clients) = (1, 1);
        let text = text(&report).replace("\n  ", " ");
        for words in
            ["1 client on each transport", "memory 1 event ·", "· 1 event ·", "\nthe one client: every"]
        {
            assert!(text.contains(words), "`{words}` is missing in {text}");
        }
    }

    #[test]
    fn a_server_that_does_not_leave_well_is_a_breach_too() {
        let report = report(0, 101);
        assert!(!report.holds());
        assert!(text(&report).contains("server, life 1: ended with 101 after SIGTERM"), "{}", text(&report));
    }
}
