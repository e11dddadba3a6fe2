//! `wirelanes bench`: all transports on the same events, beside theory.

mod capacity;
mod chaos;
mod fallback;
mod idle;
mod measuring;
mod soak;
mod talk;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::client::TrustArguments;
use super::experiment::{ExperimentArguments, refuse_unread};
use super::output::{Format, Output, output};
use super::{print, say, units, usage};
use crate::bench::capacity::marker::SMALLEST;
use crate::bench::cores::Cores;
use crate::bench::result::Report;
use crate::bench::threshold::{self, Threshold};
use crate::bench::until::Until;
use crate::bench::{self, Mode, Plan};
use crate::client::{Http, Target};
use crate::link::Link;
use crate::report;
use crate::source::{MAX_DATA, SourceKind};
use crate::transport::ask::is_name;
use measuring::{ended, measure, nothing_yet};

/// Measure all four transports on the same events, beside theory
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    lab: Option<Lab>,
    #[command(flatten)]
    experiment: ExperimentArguments,
    /// Listen to this running server instead of starting one
    #[arg(long, value_name = "URL")]
    url: Option<Target>,
    #[command(flatten)]
    trust: TrustArguments,
    /// Publish to the server at --url, too
    #[arg(long, requires = "url")]
    publish: bool,
    /// The topic [default: demo]
    #[arg(long, requires = "url", value_parser = topic)]
    topic: Option<String>,
    /// How long to measure [default: 10s; a trace runs to its end]
    #[arg(short, long, value_parser = units::interval)]
    duration: Option<Duration>,
    /// What to run first and not count; a trace has none
    #[arg(long, default_value = "1s", value_parser = units::duration)]
    warmup: Duration,
    /// The network between the two ends: `rtt=50ms`, `3g`, `rtt=20ms,buffer=8k`, see `wirelanes relay --help`;
    /// may be repeated [default: none and rtt=50ms; with --url or --mode isolated only none]
    #[arg(long, value_name = "SPEC")]
    link: Vec<Link>,
    /// How often to run it all [default: 1; with --until 5]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1000))]
    rounds: Option<u64>,
    /// Go on until a figure of every lane is known so well: `p50±2%` (or `p50+-2%`), of mean, p50, p95 or p99
    #[arg(long, value_name = "FIGURE")]
    until: Option<Until>,
    /// Where --until is not reached, stop after so many rounds
    #[arg(long, requires = "until", default_value_t = 30, value_parser = clap::value_parser!(u64).range(5..=1000))]
    max_rounds: u64,
    /// All lanes at once, or one after another
    #[arg(long, value_enum, default_value_t)]
    mode: Mode,
    /// The CPU of the server, and that of its clients: `0,1` (Linux) [default: any]
    #[arg(long, value_name = "SERVER,CLIENTS")]
    cores: Option<Cores>,
    /// Write the result here, too: `.json` for programs, `.html` with plots, `.md`, `.csv`, `.txt` as printed
    #[arg(short, long, value_name = "FILE", value_parser = output::<Format>)]
    output: Option<Output<Format>>,
    /// Exit with 3 where this does not hold, `websocket.p99@rtt=50ms<80ms`: of mean, p50, p95, p99, max, first,
    /// requests, empty, bytes or lost; may be repeated
    #[arg(long = "threshold", value_name = "THRESHOLD")]
    thresholds: Vec<Threshold>,
    /// Keep every arrival in the result: 25 bytes of JSON for each event, client and lane
    #[arg(long)]
    raw: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Print nothing but errors
    #[arg(short, long)]
    quiet: bool,
}

/// What is measured in another way.
#[derive(Subcommand)]
enum Lab {
    Capacity(Box<capacity::Arguments>),
    Chaos(Box<chaos::Arguments>),
    Fallback(Box<fallback::Arguments>),
    Idle(Box<idle::Arguments>),
    Soak(Box<soak::Arguments>),
    Talk(Box<talk::Arguments>),
}

fn topic(text: &str) -> Result<String, String> {
    match is_name(text) {
        true => Ok(text.to_owned()),
        false => Err(format!("`{text}`: a topic is 1 to 64 of `A-Z a-z 0-9 _ . -`, such as `demo`")),
    }
}

/// Bytes of data that carry a number and an instant.
fn marked(text: &str) -> Result<usize, String> {
    match units::bytes(text)? {
        size if (SMALLEST..=MAX_DATA).contains(&size) => Ok(size),
        _ => Err(format!("`--size` is {SMALLEST} to {MAX_DATA} here: each event carries its number")),
    }
}

/// The id of a process that runs here, as far as this machine tells.
fn process(text: &str) -> Result<u32, String> {
    let tells = Path::new("/proc/self").exists();
    match text.parse() {
        Ok(id) if tells && !Path::new(&format!("/proc/{id}")).exists() => Err(format!(
            "there is no process `{id}` on this machine: `pgrep wirelanes` names those of wirelanes"
        )),
        Ok(id) => Ok(id),
        Err(_) => Err(format!("`{text}` is no id of a process: it is a number, as `pgrep wirelanes` prints")),
    }
}

/// How long a window is that nobody gave a length.
const DURATION: Duration = Duration::from_secs(10);

impl Arguments {
    /// A plan for each cell of the sweep. Ends with a usage error where two flags do not go together.
    fn plans(&self) -> Vec<Plan> {
        let mut plans = self.experiment.plans(&self.links());
        let kind = plans[0].source.kind.clone();
        self.refuse_contradictions(&kind);
        let ends = matches!(kind, SourceKind::Trace(_)) && !plans[0].source.looped && !self.listens_only();
        for plan in &mut plans {
            plan.duration = self.duration.or((!ends).then_some(DURATION));
            plan.warmup = self.warmup;
            plan.rounds = self.rounds();
            plan.until = self.until.map(|until| (until, (self.max_rounds as usize).max(plan.rounds)));
            plan.mode = self.mode;
            plan.tls |= self.url.as_ref().is_some_and(Target::is_secured);
            plan.url = self.url.clone().map(|url| self.trust.of(url));
            plan.headers.token = self.experiment.token(self.url.as_ref());
            if let Some(url) = &self.url {
                plan.proxy = self.experiment.proxy_to(url);
            }
            plan.publish = self.publish;
            plan.topic = self.topic.clone();
            plan.cores = self.cores;
            plan.raw = self.raw;
        }
        plans.iter().for_each(Self::refuse_too_few_events);
        if let Some(why) = plans.iter().find_map(|plan| units::kept(plan.poll_interval).err()) {
            usage(&why);
        }
        for Plan { link, http, tls, proxy, .. } in &plans {
            // A proxy is asked for a tunnel in HTTP/1.1, and HTTP/2 in that passes as it is.
            let http = if proxy.is_some() { Http::One } else { *http };
            refuse_unread(link, http, *tls);
        }
        if let Some(why) = self.thresholds.iter().find_map(|one| threshold::refusal(one, &plans)) {
            usage(&why);
        }
        plans
    }

    /// A round that cannot say the figure will not say it the thirtieth time.
    fn refuse_too_few_events(plan: &Plan) {
        let (Some((until, _)), Some(duration)) = (plan.until, plan.duration) else { return };
        let (needed, planned) = (until.events_needed(), plan.source.rate.per_s() * duration.as_secs_f64());
        if planned < needed as f64 {
            usage(&format!(
                "`--until {until}` needs {needed} events a round, and {} for {} is {planned:.0}: make `-d` longer",
                plan.source.rate,
                humantime::format_duration(duration)
            ));
        }
    }

    fn refuse_contradictions(&self, kind: &SourceKind) {
        if self.listens_only() && self.experiment.chooses_events() {
            usage(
                "`--rate`, `--size`, `--source`, `--speed` and `--loop` say what to publish: add `--publish`",
            );
        }
        if *kind == SourceKind::Stdin {
            usage("`--source stdin` cannot be played twice: serve it, and `bench --url` that server");
        }
        self.experiment.refuse_idle_flags();
        if self.url.is_none() && self.trust.is_asked() {
            usage(
                "`--insecure` and `--cacert` say whom to trust at `--url`, and a server of our own is known by its \
                 certificate: leave them out",
            );
        }
        if self.url.is_some() && self.experiment.tls {
            usage("`--tls` is for a server of our own: name an `https://` URL with `--url`");
        }
        if self.url.is_some() && self.mode == Mode::Isolated {
            usage("`--mode isolated` starts a server for each lane: leave out `--url`");
        }
        if self.url.as_ref().is_some_and(|url| !url.is_server()) {
            usage("`--url` names a server, which is asked on all its endpoints: leave out the path");
        }
        if self.until.is_some() && self.mode == Mode::Isolated {
            usage(
                "`--until` looks at all lanes after each round: leave out `--mode isolated`, or name `--rounds`",
            );
        }
    }

    fn listens_only(&self) -> bool {
        self.url.is_some() && !self.publish
    }

    /// Where none is named: this machine as it is, and beside it a network on which transports differ.
    fn links(&self) -> Vec<Link> {
        let usual = if self.url.is_none() && self.mode == Mode::Together {
            vec!["none", "rtt=50ms"]
        } else {
            vec!["none"]
        };
        match self.link.is_empty() {
            true => usual.into_iter().map(|spec| spec.parse().expect("these are links")).collect(),
            false => self.link.clone(),
        }
    }

    /// An interval over rounds takes five.
    fn rounds(&self) -> usize {
        let usual = if self.until.is_some() { 5 } else { 1 };
        self.rounds.unwrap_or(usual) as usize
    }
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.lab {
        None => compare(arguments),
        Some(Lab::Capacity(arguments)) => capacity::run(*arguments),
        Some(Lab::Chaos(arguments)) => chaos::run(*arguments),
        Some(Lab::Fallback(arguments)) => fallback::run(*arguments),
        Some(Lab::Idle(arguments)) => idle::run(*arguments),
        Some(Lab::Soak(arguments)) => soak::run(*arguments),
        Some(Lab::Talk(arguments)) => talk::run(*arguments),
    }
}

fn compare(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let plans = arguments.plans();
    // Threads inherit it: so before there are any.
    plans[0].cores.map_or(Ok(()), Cores::pin)?;
    let expected = bench::expected(&plans);
    let measured = measure(expected, arguments.quiet, async |command, progress, interrupt| {
        let report = bench::run(&plans, command, progress, interrupt).await?;
        // Where it was interrupted before its first round, there is nothing to tell.
        Ok((!report.runs.is_empty()).then_some(report))
    });
    let Some(mut report) = measured? else { return Ok(nothing_yet()) };
    report.thresholds = threshold::check(&arguments.thresholds, &report);
    if !arguments.quiet {
        print(&arguments.format.write(&report))?;
    }
    if arguments.quiet || !matches!(arguments.format, Format::Text) {
        report::failures(&report).lines().for_each(say);
    }
    if let Some(output) = arguments.output {
        output.write(&output.format.write(&report))?;
    }
    Ok(verdict(&report))
}

/// A threshold does not hold.
const FAILED_A_THRESHOLD: u8 = 3;

fn verdict(report: &Report) -> ExitCode {
    let mut lanes = report.runs.iter().flat_map(|run| &run.lanes);
    let is_whole = lanes.all(|lane| lane.failure.is_none() && lane.events.are_accounted_for());
    let is_within = report.thresholds.iter().all(|outcome| outcome.holds);
    match (report.interrupted, is_whole, is_within) {
        (false, true, false) => ExitCode::from(FAILED_A_THRESHOLD),
        (is_interrupted, is_whole, _) => ended(is_interrupted, is_whole),
    }
}
