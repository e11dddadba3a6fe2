//! `wirelanes bench talk`: what it takes to publish.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::super::client::TrustArguments;
use super::super::output::OutputArguments;
use super::super::proxy::ProxyArguments;
use super::super::{once_each, units, usage};
use super::marked;
use super::measuring::{ended, measure, nothing_yet};
use crate::bench::cores::Cores;
use crate::bench::talk::result::Lane;
use crate::bench::talk::{self, Plan};
use crate::cli::client::Credentials;
use crate::client::{Header, HeaderStyle, Headers, Target};
use crate::link::Link;
use crate::report;
use crate::source::{Rate, Source, SourceKind};
use crate::transport::Transport;

/// What it takes to publish: frames on a WebSocket against POSTs, beside theory
///
/// Every lane is one client that listens on its transport and publishes at its own rate, to a topic of its own,
/// without waiting for the answer to the message before. A WebSocket says its messages where it listens. The others
/// POST them, once on a single connection, which carries one at a time, and once on several.
#[derive(Args)]
pub(super) struct Arguments {
    /// Which transports
    #[arg(short, long, value_delimiter = ',', default_value = "poll,longpoll,sse,websocket")]
    transports: Vec<Transport>,
    /// Connections of a client that POSTs on several, the one it listens on included: a browser has 6; 2 leaves
    /// those lanes out
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u64).range(2..=99))]
    connections: u64,
    /// Messages a second of each lane, on average: 10, 0.5 or 1/60s
    #[arg(short, long, default_value = "10")]
    rate: Rate,
    /// When messages are due: poisson, steady, pairs or bursts
    #[arg(long, default_value = "poisson", value_parser = source)]
    source: SourceKind,
    /// Bytes of each message's data
    #[arg(short, long, default_value = "100", value_parser = marked)]
    size: usize,
    /// The network between the two ends, see `wirelanes relay --help`
    #[arg(long, value_name = "SPEC", default_value_t)]
    link: Link,
    /// How long to measure
    #[arg(short, long, default_value = "10s", value_parser = units::interval)]
    duration: Duration,
    /// What to run first and not count
    #[arg(long, default_value = "1s", value_parser = units::duration)]
    warmup: Duration,
    /// Draw the same instants as every run with this seed [default: random]
    #[arg(long)]
    seed: Option<u64>,
    /// How often to run it all
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1000))]
    rounds: u64,
    /// How often to poll
    #[arg(short = 'i', long, default_value = "1s", value_parser = units::poll_interval)]
    poll_interval: Duration,
    /// How long a long poll may be held, in whole seconds [default: the server's 25 s]
    #[arg(long, value_parser = units::hold)]
    hold: Option<Duration>,
    /// Whose request heads to send
    #[arg(long, value_enum, default_value_t)]
    headers: HeaderStyle,
    /// A header of your own, `Name: value`; may be repeated
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    extra: Vec<Header>,
    #[command(flatten)]
    credentials: Credentials,
    #[command(flatten)]
    proxy: ProxyArguments,
    /// Publish to this running server instead of starting one, to the topics talk-01, talk-02, …
    #[arg(long, value_name = "URL")]
    url: Option<Target>,
    #[command(flatten)]
    trust: TrustArguments,
    /// The CPU of the server, and that of its clients: `0,1` (Linux) [default: any]
    #[arg(long, value_name = "SERVER,CLIENTS", conflicts_with = "url")]
    cores: Option<Cores>,
    #[command(flatten)]
    output: OutputArguments,
}

fn source(text: &str) -> Result<SourceKind, String> {
    use SourceKind::{Bursts, Pairs, Poisson, Steady};
    match text.parse() {
        Ok(kind @ (Poisson | Steady | Pairs | Bursts)) => Ok(kind),
        _ => Err(format!("`{text}` is nothing to talk by; choose `poisson`, `steady`, `pairs` or `bursts`")),
    }
}

impl Arguments {
    /// Ends with a usage error where the URL names no server, and where there is too much to keep account of.
    fn plan(&self) -> Plan {
        if self.url.as_ref().is_some_and(|url| !url.is_server()) {
            usage("`--url` names a server, which is asked on all its endpoints: leave out the path");
        }
        let plan = Plan {
            transports: once_each(&self.transports, &Transport::ALL),
            link: self.link.clone(),
            connections: self.connections as usize,
            source: Source {
                kind: self.source.clone(),
                rate: self.rate,
                size: self.size,
                seed: self.seed.unwrap_or_else(|| fastrand::u64(..1_000_000)),
                ..Source::default()
            },
            duration: self.duration,
            warmup: self.warmup,
            rounds: self.rounds as usize,
            poll_interval: self.poll_interval,
            hold: self.hold,
            headers: Headers {
                style: self.headers,
                extra: self.extra.clone(),
                token: self.credentials.token(self.url.as_ref()),
            },
            proxy: self.url.as_ref().map_or_else(|| self.proxy.named(), |url| self.proxy.to(url)),
            url: self.url.clone().map(|url| self.trust.of(url)),
            cores: self.cores,
        };
        if plan.messages() > Plan::MOST_MESSAGES {
            usage(&format!(
                "{:.0} messages are more than can be kept account of, {}: choose a lower `--rate`, a shorter \
                 `--duration`, fewer `--rounds` or `--transports`",
                plan.messages(),
                Plan::MOST_MESSAGES
            ));
        }
        plan
    }
}

/// Calibrating, and what is under way when a round ends, where the machine is not slow.
const AROUND: Duration = Duration::from_secs(2);

pub(super) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let (plan, output) = (arguments.plan(), arguments.output);
    // Threads inherit it: so before there are any.
    plan.cores.map_or(Ok(()), Cores::pin)?;
    let round = plan.warmup + plan.duration + plan.poll_interval;
    let expected = AROUND + round * plan.rounds as u32;
    let measured = measure(expected, output.quiet, async |command, progress, interrupt| {
        talk::run(&plan, command, progress, interrupt).await
    });
    let Some(report) = measured? else { return Ok(nothing_yet()) };
    output.tell(&report, report::talk::text)?;
    // What was sent must come back once, or be refused.
    Ok(ended(report.interrupted, report.lanes.iter().all(Lane::is_sound)))
}
