//! `wirelanes bench idle`: what an idle connection costs.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::super::output::OutputArguments;
use super::super::{once_each, units, usage};
use super::measuring::{ended, measure, nothing_yet};
use super::process;
use crate::bench::cores::Cores;
use crate::bench::idle::{self, Plan};
use crate::cli::client::{Credentials, TrustArguments};
use crate::client::{Header, HeaderStyle, Headers, Target};
use crate::report;
use crate::transport::Transport;

/// What an idle connection costs: memory, and what keeps it alive
#[derive(Args)]
pub(super) struct Arguments {
    /// Which transports, one after another, each with a server of its own [default: all four; with the URL of
    /// one endpoint: sse, or websocket where it says ws://]
    #[arg(short, long, value_delimiter = ',')]
    transports: Vec<Transport>,
    /// Clients of each transport: as many connections
    #[arg(short, long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    clients: u64,
    /// How long to count their traffic; 150 s holds a whole number of all heartbeats
    #[arg(short, long, default_value = "30s", value_parser = units::interval)]
    duration: Duration,
    /// How often to do it all
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1000))]
    rounds: u64,
    /// How often to poll; memory is read between two polls
    #[arg(short = 'i', long, default_value = "30s", value_parser = units::poll_interval)]
    poll_interval: Duration,
    /// How long a long poll may be held, in whole seconds [default: the server's 25 s]
    #[arg(long, value_parser = hold)]
    hold: Option<Duration>,
    /// Whose request heads to send
    #[arg(long, value_enum, default_value_t)]
    headers: HeaderStyle,
    /// A header of your own, `Name: value`; may be repeated
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    extra: Vec<Header>,
    #[command(flatten)]
    credentials: Credentials,
    /// Connect to this running server instead of starting one, or to the whole URL of somebody's endpoint
    #[arg(long, value_name = "URL")]
    url: Option<Target>,
    #[command(flatten)]
    trust: TrustArguments,
    /// Over TLS, on servers of our own: each with a certificate that is made for it, and trusted alone
    #[arg(long)]
    tls: bool,
    /// The process of the server at --url, on this machine: its memory and its files, and its children's
    #[arg(long, requires = "url", value_parser = process)]
    pid: Option<u32>,
    /// The CPU of the server, and that of its clients: `0,1` (Linux) [default: any]
    #[arg(long, value_name = "SERVER,CLIENTS", conflicts_with = "url")]
    cores: Option<Cores>,
    #[command(flatten)]
    output: OutputArguments,
}

/// Without a hold a long poll is a poll, as often as the machine can.
fn hold(text: &str) -> Result<Duration, String> {
    match units::hold(text)? {
        Duration::ZERO => Err("0 is no hold; choose 1 to 60 seconds".to_owned()),
        hold => Ok(hold),
    }
}

impl Arguments {
    /// Ends with a usage error where two flags do not go together.
    fn plan(&self) -> Plan {
        let transports = self.transports();
        if self.url.as_ref().is_some_and(Target::is_websocket) && transports != [Transport::Websocket] {
            usage("`--url ws://…` speaks WebSocket only: leave out `--transports`");
        }
        if self.url.is_some() && self.tls {
            usage("`--tls` is for a server of our own: name an `https://` URL with `--url`");
        }
        Plan {
            transports,
            connections: self.clients as usize,
            window: self.duration,
            rounds: self.rounds as usize,
            poll_interval: self.poll_interval,
            hold: self.hold,
            headers: Headers {
                style: self.headers,
                extra: self.extra.clone(),
                token: self.credentials.token(self.url.as_ref()),
            },
            url: self.url.clone().map(|url| self.trust.of(url)),
            tls: self.tls,
            process: self.pid,
            cores: self.cores,
        }
    }

    fn transports(&self) -> Vec<Transport> {
        let spoken: &[Transport] = match &self.url {
            Some(url) if url.is_websocket() => &[Transport::Websocket],
            Some(url) if !url.is_server() => &[Transport::Sse],
            _ => &Transport::ALL,
        };
        once_each(&self.transports, spoken)
    }
}

/// Opening, settling and closing two crowds, where the machine is not slow.
const AROUND: Duration = Duration::from_secs(8);

pub(super) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let (plan, output) = (arguments.plan(), arguments.output);
    // Threads inherit it: so before there are any.
    plan.cores.map_or(Ok(()), Cores::pin)?;
    let expected = (plan.window + AROUND) * (plan.rounds * plan.transports.len()) as u32;
    let measured = measure(expected, output.quiet, async |command, progress, interrupt| {
        idle::run(&plan, command, progress, interrupt).await
    });
    let Some(report) = measured? else { return Ok(nothing_yet()) };
    output.tell(&report, report::idle::text)?;
    // A connection that did not stay open was not idle.
    Ok(ended(report.interrupted, report.lanes.iter().all(|lane| lane.lost == 0)))
}
