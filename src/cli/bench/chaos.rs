//! `wirelanes bench chaos`: whether anything gets lost when everything goes wrong.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::super::experiment::refuse_unread;
use super::super::output::OutputArguments;
use super::super::{once_each, units, usage};
use super::marked;
use super::measuring::{ended, measure, nothing_yet};
use crate::bench::chaos::{self, Plan};
use crate::client::Http;
use crate::link::Link;
use crate::report;
use crate::source::Rate;
use crate::transport::Transport;

/// Whether anything gets lost: connections that are reset, a server that is drained and started again
#[derive(Args)]
pub(super) struct Arguments {
    /// Which transports, all at once [default: all four]
    #[arg(short, long, value_delimiter = ',')]
    transports: Vec<Transport>,
    /// Clients on each transport
    #[arg(short, long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    clients: u64,
    /// Which HTTP the clients speak
    #[arg(long, value_enum, default_value_t)]
    http: Http,
    /// How long to publish
    #[arg(short, long, default_value = "60s", value_parser = units::interval)]
    duration: Duration,
    /// Events a second, at Poisson instants
    #[arg(short, long, default_value = "500")]
    rate: Rate,
    /// Bytes of each event's data
    #[arg(short, long, default_value = "100", value_parser = marked)]
    size: usize,
    /// The network between clients and server, see `wirelanes relay --help`
    #[arg(long, value_name = "SPEC", default_value = "reset=5%/s")]
    link: Link,
    /// How often to drain the server and start it again
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(..=1000))]
    restarts: u64,
    /// Events that the server remembers [default: two seconds of them, so that who is away for longer must be told]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    memory: Option<u64>,
    /// How often to poll
    #[arg(short = 'i', long, default_value = "1s", value_parser = units::poll_interval)]
    poll_interval: Duration,
    /// How long a long poll may be held, in whole seconds [default: the server's 25 s]
    #[arg(long, value_parser = units::hold)]
    hold: Option<Duration>,
    /// Draw the same instants as every run with this seed [default: random]
    #[arg(long)]
    seed: Option<u64>,
    #[command(flatten)]
    output: OutputArguments,
}

impl Arguments {
    /// Ends with a usage error where nobody would hear anything.
    fn plan(&self) -> Plan {
        if self.link.outlook().refuses {
            usage(&format!("`{}` lets nobody in, so nothing is heard: leave out `refuse`", self.link));
        }
        Plan {
            transports: once_each(&self.transports, &Transport::ALL),
            clients: self.clients as usize,
            http: self.http,
            duration: self.duration,
            rate: self.rate,
            size: self.size,
            link: self.link.clone(),
            restarts: self.restarts as usize,
            memory: self.memory.map_or_else(|| Plan::usual_memory(self.rate), |memory| memory as usize),
            poll_interval: self.poll_interval,
            hold: self.hold,
            // What other programs read as a number stays the same there.
            seed: self.seed.unwrap_or_else(|| fastrand::u64(..1 << 53)),
        }
    }
}

/// Connecting, and catching up.
const AROUND: Duration = Duration::from_secs(10);

pub(super) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    refuse_unread(&arguments.link, arguments.http, false);
    let (plan, output) = (arguments.plan(), arguments.output);
    let expected = plan.duration + AROUND + plan.listening_on();
    let measured = measure(expected, output.quiet, async |command, progress, interrupt| {
        chaos::run(&plan, command, progress, interrupt).await.map(Some)
    });
    let Some(report) = measured? else { return Ok(nothing_yet()) };
    output.tell(&report, report::chaos::text)?;
    Ok(ended(report.interrupted, report.holds()))
}
