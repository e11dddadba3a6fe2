//! Under which conditions a run was made, one by one, so that runs can be told apart; and on what.

use super::format::{chosen, counted, duration, rate};
use super::text::heads;
use crate::bench::Mode;
use crate::bench::result::{Environment, Lane, PollMode, Report, Run};

/// How much was measured: `90 to 104 events a client and run, 5 rounds of 10.0 s`.
pub(super) fn extent<'a>(runs: impl IntoIterator<Item = &'a Run>) -> String {
    let runs: Vec<&Run> = runs.into_iter().collect();
    let counts = || runs.iter().filter_map(|run| Some(events(run)? / run.clients.max(1) as u64));
    let (fewest, most) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
    let to = if fewest == most { String::new() } else { format!("{fewest} to ") };
    let events = counted(most, "event");
    let of_each = if runs.len() > 1 { " a client and run" } else { " a client" };
    let first = runs.first();
    let rounds = counted(first.map_or(0, |run| run.rounds), "round");
    let window = duration(first.map(|run| run.duration_us as f64));
    format!("{to}{events}{of_each}, {rounds} of {window}")
}

/// Pairs of an event and a client that there were.
fn events(run: &Run) -> Option<u64> {
    run.lanes.first().map(|lane| lane.events.expected)
}

/// What must be known before any figure is quoted: that it was interrupted, which lanes failed, and the
/// warnings.
pub(super) fn caveats(report: &Report) -> Vec<String> {
    let interrupted = report.interrupted.then(|| "interrupted: this is what there was by then".to_owned());
    let runs = report.runs.iter().zip(labels(&report.runs));
    let failures = runs.flat_map(|(run, label)| {
        let of_run = if label.is_empty() { label } else { format!("{label}: ") };
        run.lanes.iter().filter_map(move |lane| {
            let why = lane.failure.as_ref()?;
            Some(format!("{of_run}{}: {}", lane.transport, troubled(lane, why)))
        })
    });
    interrupted.into_iter().chain(failures).chain(report.warnings.iter().cloned()).collect()
}

/// What a lane's trouble came to: one that was late to begin has figures all the same.
pub(super) fn troubled(lane: &Lane, why: &str) -> String {
    if lane.events.expected == 0 { format!("not measured: {why}") } else { why.to_owned() }
}

/// On what it was run, and when.
pub(super) fn machine(report: &Report) -> String {
    let Environment { version, build, os, arch, cpus, cpu, kernel } = &report.environment;
    let kernel = kernel.as_ref().map_or(String::new(), |kernel| format!(" {kernel}"));
    let cpu = cpu.as_ref().map_or(String::new(), |cpu| format!(" ({cpu})"));
    let ended = report.ended_at.as_ref().map_or(String::new(), |ended| format!(", {ended}"));
    format!("wirelanes {version}, {build} build, on {os}{kernel}, {arch}, {cpus} CPUs{cpu}{ended}")
}

/// Something that was chosen, and may differ from run to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Link,
    Source,
    Rate,
    Size,
    PollInterval,
    PollMode,
    Hold,
    Linger,
    Clients,
    Mode,
    Http,
    Tls,
    Headers,
    KeepAlive,
    Proxy,
}

impl Condition {
    const ALL: [Self; 15] = [
        Self::Link,
        Self::Source,
        Self::Rate,
        Self::Size,
        Self::PollInterval,
        Self::PollMode,
        Self::Hold,
        Self::Linger,
        Self::Clients,
        Self::Mode,
        Self::Http,
        Self::Tls,
        Self::Headers,
        Self::KeepAlive,
        Self::Proxy,
    ];

    /// Those that differ among these runs, and those that are the same in all.
    pub(super) fn parted(runs: &[Run]) -> (Vec<Self>, Vec<Self>) {
        let varies = |condition: &Self| runs.iter().any(|run| condition.of(run) != condition.of(&runs[0]));
        Self::ALL.into_iter().partition(varies)
    }

    /// All but one: what runs must share to be points of one curve.
    pub(super) fn others(self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |other| *other != self)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Source => "source",
            Self::Rate => "rate",
            Self::Size => "size",
            Self::PollInterval => "poll every",
            Self::PollMode => "poll mode",
            Self::Hold => "hold",
            Self::Linger => "linger",
            Self::Clients => "clients",
            Self::Mode => "mode",
            Self::Http => "HTTP",
            Self::Tls => "TLS",
            Self::Headers => "heads",
            Self::KeepAlive => "keep-alive",
            Self::Proxy => "proxy",
        }
    }

    /// As it was asked for, where it was ours to choose.
    pub(super) fn of(self, run: &Run) -> String {
        match self {
            Self::Link => run.link.clone(),
            Self::Source => run.source.clone(),
            Self::Rate => run.played.as_ref().map_or("–".to_owned(), |source| source.rate.to_string()),
            Self::Size => run.size_bytes.map_or("–".to_owned(), |size| format!("{size} B")),
            Self::PollInterval => chosen(run.poll_interval_us),
            Self::PollMode => match run.poll_mode {
                PollMode::FixedRate => "fixed-rate".to_owned(),
                PollMode::FixedDelay => "fixed-delay".to_owned(),
            },
            Self::Hold => chosen(run.hold_us),
            Self::Linger => chosen(run.linger_us),
            Self::Clients => run.clients.to_string(),
            Self::Mode => match run.mode {
                Mode::Together => "together".to_owned(),
                Mode::Isolated => "isolated".to_owned(),
            },
            Self::Http => run.http.to_string(),
            Self::Tls => tls(run.tls).to_owned(),
            Self::Headers => heads(run.headers).to_owned(),
            Self::KeepAlive => if run.keep_alive { "yes" } else { "no" }.to_owned(),
            Self::Proxy => proxy(run).to_owned(),
        }
    }
}

/// The address of the proxy that connections went through.
pub(super) fn proxy(run: &Run) -> &str {
    run.proxy.as_deref().unwrap_or("none")
}

/// A server of our own and our own clients agree on 1.3; of another server's version nothing is known here.
pub(super) fn tls(is_on: bool) -> &'static str {
    if is_on { "TLS" } else { "no TLS" }
}

/// What tells each run from the others: `rtt=50ms · 10/s`; empty where there is but one.
pub(super) fn labels(runs: &[Run]) -> Vec<String> {
    let (varying, _) = Condition::parted(runs);
    runs.iter().map(|run| label(&varying, run)).collect()
}

/// These conditions of a run, each in words that tell which it is.
pub(super) fn label(conditions: &[Condition], run: &Run) -> String {
    let word = |condition: &Condition| {
        let value = condition.of(run);
        match condition {
            Condition::Link if value == "none" => "no link".to_owned(),
            Condition::Rate if run.asked_in_vain().is_some() => {
                format!("{value} asked for, {} played", rate(run.rate_per_s))
            }
            Condition::PollInterval | Condition::Hold | Condition::Linger => {
                format!("{} {value}", condition.name())
            }
            Condition::Clients => counted(value, "client"),
            Condition::Headers => format!("{value} heads"),
            Condition::KeepAlive if run.keep_alive => "keep-alive".to_owned(),
            Condition::KeepAlive => "no keep-alive".to_owned(),
            Condition::Proxy if run.proxy.is_none() => "no proxy".to_owned(),
            Condition::Proxy => format!("proxy {value}"),
            _ => value,
        }
    };
    conditions.iter().map(word).collect::<Vec<_>>().join(" · ")
}
