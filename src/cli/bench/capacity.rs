//! `wirelanes bench capacity`: how much a server carries.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::super::client::{Credentials, TrustArguments};
use super::super::output::{LabFormat, OutputArguments};
use super::measuring::ended;
use super::{marked, process};
use crate::bench::capacity::result::{Axis, Report};
use crate::bench::capacity::slo::Slo;
use crate::bench::capacity::{self, Load, News, Plan, Theirs};
use crate::bench::cores::Cores;
use crate::cli::typed::command;
use crate::cli::{interrupted, once_each, print, runtime, units, usage};
use crate::client::Target;
use crate::report;
use crate::source::SourceKind;
use crate::transport::Transport;

/// Find the highest load at which nothing is lost, doubled or reordered and latency stays within bounds
///
/// Each step publishes over HTTP at a steady rate and reads with clients that do hardly more than to find their
/// events; each has a fresh server. The load is doubled until a step fails, then halved in between until what
/// failed is within a tenth of what held.
#[derive(Args)]
pub(super) struct Arguments {
    /// Which transports [default: poll,longpoll,sse,websocket]
    #[arg(short, long, value_delimiter = ',')]
    transports: Vec<Transport>,
    /// Clients [default: 100]
    #[arg(short, long, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    clients: Option<u64>,
    /// Whole events a second, to run one step and search nothing; with `--axis clients` those of all steps
    #[arg(short, long, value_parser = clap::value_parser!(u64).range(1..=MOST_PER_S))]
    rate: Option<u64>,
    /// What to raise: the rate, or the number of clients
    #[arg(long, value_enum, default_value = "rate")]
    axis: Axis,
    /// Where to begin [default: 500 events a second, or 100 clients]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    start: Option<u64>,
    /// What must hold: p50, p95, p99, p99.9 or max, and its bound
    #[arg(long, default_value_t)]
    slo: Slo,
    /// Bytes of each event's data
    #[arg(short, long, default_value = "100", value_parser = marked)]
    size: usize,
    /// When events happen: steady or poisson
    #[arg(long, default_value = "steady", value_parser = source)]
    source: SourceKind,
    /// How long to measure in each step, after 500 ms that are not counted
    #[arg(short, long, default_value = "3s", value_parser = units::interval)]
    duration: Duration,
    /// How often to search; the middle answer is reported
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1000))]
    rounds: u64,
    /// Draw the same instants as every run with this seed [default: random]
    #[arg(long)]
    seed: Option<u64>,
    /// How often to poll
    #[arg(short = 'i', long, default_value = "50ms", value_parser = units::poll_interval)]
    poll_interval: Duration,
    /// How long a long poll may be held, in whole seconds [default: the server's 25 s]
    #[arg(long, value_parser = units::hold)]
    hold: Option<Duration>,
    /// The CPU of the server, and that of its clients: `0,1` (Linux) [default: any]
    #[arg(long, value_name = "SERVER,CLIENTS", conflicts_with = "url")]
    cores: Option<Cores>,
    /// Read this running server; or one endpoint of any server that speaks SSE (`http://host/path`) or WebSocket
    /// (`ws://host/path`)
    #[arg(long, value_name = "URL")]
    url: Option<Target>,
    #[command(flatten)]
    credentials: Credentials,
    #[command(flatten)]
    trust: TrustArguments,
    /// Over TLS, on servers of our own: each with a certificate that is made for it, and trusted alone
    #[arg(long)]
    tls: bool,
    /// Where an event is POSTed, at a server that is not ours
    #[arg(long, value_name = "URL", requires = "url")]
    publish_url: Option<Target>,
    /// The process of the server at --url, to read its CPU time (Linux)
    #[arg(long, requires = "url", value_parser = process)]
    pid: Option<u32>,
    #[command(flatten)]
    output: OutputArguments,
}

/// One in each microsecond: the grain of an instant.
const MOST_PER_S: u64 = 1_000_000;

fn source(text: &str) -> Result<SourceKind, String> {
    match text.parse() {
        Ok(kind @ (SourceKind::Steady | SourceKind::Poisson)) => Ok(kind),
        _ => Err(format!("`{text}` has no rate to raise; choose `steady` or `poisson`")),
    }
}

impl Arguments {
    /// Ends with a usage error where two flags do not go together.
    fn plan(&self) -> Plan {
        let (axis, start, most) = self.range();
        let theirs = self.theirs();
        if theirs.is_some() && self.tls {
            usage("`--tls` is for a server of our own: name an `https://` URL with `--url`");
        }
        if theirs.is_none() && self.credentials.typed().is_some() {
            usage("`--token` is for a server that asks for one, and our own do not: name it with `--url`");
        }
        Plan {
            transports: self.transports(theirs.as_ref()),
            axis,
            start,
            most,
            slo: self.slo,
            size: self.size,
            source: self.source.clone(),
            duration: self.duration,
            rounds: self.rounds as usize,
            seed: self.seed.unwrap_or_else(|| fastrand::u64(..1_000_000)),
            poll_interval: self.poll_interval,
            hold: self.hold,
            cores: self.cores,
            tls: self.tls,
            theirs,
        }
    }

    /// What is raised, from where, and up to where.
    fn range(&self) -> (Axis, Load, u64) {
        let Plan { start: usual, .. } = Plan::default();
        let clients = self.clients.unwrap_or(usual.clients);
        match (self.axis, self.rate) {
            (Axis::Clients, None) => usage("`--axis clients` raises them at one rate: add `--rate`"),
            (Axis::Clients, Some(_)) if self.clients.is_some() => usage(
                "`--axis clients` chooses how many: leave out `--clients`, or name the first with `--start`",
            ),
            (Axis::Clients, Some(rate_per_s)) => {
                let clients = self.start.unwrap_or(usual.clients);
                (Axis::Clients, Load { rate_per_s, clients }, most_clients())
            }
            (_, Some(_)) if self.start.is_some() => {
                usage("`--rate` is one step and searches nothing: leave out `--start`")
            }
            (_, Some(rate_per_s)) => (Axis::None, Load { rate_per_s, clients }, MOST_PER_S),
            (_, None) => {
                let rate_per_s = self.start.unwrap_or(usual.rate_per_s);
                (Axis::Rate, Load { rate_per_s, clients }, MOST_PER_S)
            }
        }
    }

    fn theirs(&self) -> Option<Theirs> {
        let url = self.trust.of(self.url.clone()?);
        let publish_url = match &self.publish_url {
            Some(publish) if publish.is_websocket() => {
                usage("`--publish-url` is POSTed to: write `http://` or `https://`")
            }
            Some(publish) => self.trust.of(publish.clone()),
            None if url.is_server() => url.clone(),
            None => usage("an endpoint does not tell where it is published to: add `--publish-url`"),
        };
        let [token, publish_token] = [&url, &publish_url].map(|url| self.credentials.token(Some(url)));
        Some(Theirs { url, token, publish_url, publish_token, pid: self.pid })
    }

    fn transports(&self, theirs: Option<&Theirs>) -> Vec<Transport> {
        let transports = once_each(&self.transports, &Transport::ALL);
        let Some(url) = theirs.map(|theirs| &theirs.url).filter(|url| !url.is_server()) else {
            return transports;
        };
        let spoken = if url.is_websocket() { Transport::Websocket } else { Transport::Sse };
        if !self.transports.is_empty() && transports != [spoken] {
            usage(&format!(
                "`--url` names an endpoint, which is read as `{spoken}`: leave out `--transports`"
            ));
        }
        vec![spoken]
    }
}

/// As many connections as this process may have files, but for those that it needs itself.
fn most_clients() -> u64 {
    const OWN: u64 = 100;
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};
        getrlimit(Resource::Nofile).maximum.unwrap_or(1_000_000).saturating_sub(OWN).max(1)
    }
    #[cfg(not(unix))]
    {
        10_000 - OWN
    }
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let (plan, OutputArguments { output, format, quiet }) = (arguments.plan(), arguments.output);
    // Threads inherit it: so before there are any.
    plan.cores.map_or(Ok(()), Cores::pin)?;
    let command = command();
    let shows = !quiet && matches!(format, LabFormat::Text);
    if shows {
        print(&report::capacity::conditions(&plan.report(command.clone())))?;
    }
    let told = |news: News<'_>| {
        if shows {
            // A reader that went away misses nothing by it.
            let _ = print(&report::capacity::news(&news));
        }
    };
    let report = runtime()?.block_on(measure(&plan, command, &told))?;
    match format {
        _ if quiet => {}
        LabFormat::Text => drop(print(&report::capacity::peaks(&report))?),
        LabFormat::Json => drop(print(&report::capacity::json(&report))?),
    }
    if let Some(output) = output {
        let text = match output.format {
            LabFormat::Text => report::capacity::text(&report),
            LabFormat::Json => report::capacity::json(&report),
        };
        output.write(&text)?;
    }
    Ok(ended(report.interrupted, report.lanes.iter().all(|lane| lane.peak.is_some())))
}

/// What there is when it is over, or interrupted.
async fn measure(plan: &Plan, command: String, told: capacity::Told<'_>) -> anyhow::Result<Report> {
    let interrupt = CancellationToken::new();
    let running = capacity::run(plan, command, told, &interrupt);
    tokio::pin!(running);
    tokio::select! {
        report = &mut running => report,
        () = interrupted() => {
            interrupt.cancel();
            running.await
        }
    }
}
