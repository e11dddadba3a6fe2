//! `wirelanes bench chaos`: whether anything gets lost when everything goes wrong.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::super::output::{LabFormat, Output, output};
use super::super::typed::command;
use super::super::{print, runtime, units};
use super::{INTERRUPTED, ticking, until_interrupted, usage};
use crate::bench::capacity::marker::SMALLEST;
use crate::bench::chaos::result::Report;
use crate::bench::chaos::{self, Plan};
use crate::link::Link;
use crate::report;
use crate::source::{MAX_DATA, Rate};
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
    /// How long to publish
    #[arg(short, long, default_value = "60s", value_parser = units::interval)]
    duration: Duration,
    /// Events a second, at Poisson instants
    #[arg(short, long, default_value = "500")]
    rate: Rate,
    /// Bytes of each event's data
    #[arg(short, long, default_value_t = 100)]
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
    #[arg(short = 'i', long, default_value = "1s", value_parser = units::interval)]
    poll_interval: Duration,
    /// How long a long poll may be held, in whole seconds [default: the server's 25 s]
    #[arg(long, value_parser = units::hold)]
    hold: Option<Duration>,
    /// Draw the same instants as every run with this seed [default: random]
    #[arg(long)]
    seed: Option<u64>,
    /// Write the result here, too; `.json` for programs, `.txt` as printed
    #[arg(short, long, value_name = "FILE", value_parser = output::<LabFormat>)]
    output: Option<Output<LabFormat>>,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    format: LabFormat,
    /// Print nothing but errors
    #[arg(short, long)]
    quiet: bool,
}

impl Arguments {
    /// Ends with a usage error where an event cannot carry its number.
    fn plan(&self) -> Plan {
        if !(SMALLEST..=MAX_DATA).contains(&self.size) {
            usage(&format!("`--size` is {SMALLEST} to {MAX_DATA} here: each event carries its number"));
        }
        let mut transports = self.transports.clone();
        transports.sort();
        transports.dedup();
        Plan {
            transports: if transports.is_empty() { Transport::ALL.to_vec() } else { transports },
            clients: self.clients as usize,
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

impl LabFormat {
    fn write_chaos(self, report: &Report) -> String {
        match self {
            Self::Text => report::chaos::text(report),
            Self::Json => report::json::json(report),
        }
    }
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let plan = arguments.plan();
    let Some(report) = runtime()?.block_on(play(&plan, arguments.quiet))? else {
        eprintln!("interrupted: nothing was found out yet");
        return Ok(ExitCode::from(INTERRUPTED));
    };
    if !arguments.quiet {
        print(&arguments.format.write_chaos(&report))?;
    }
    if let Some(output) = arguments.output {
        output.write(&output.format.write_chaos(&report))?;
    }
    if report.interrupted {
        return Ok(ExitCode::from(INTERRUPTED));
    }
    Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Connecting, and catching up.
const AROUND: Duration = Duration::from_secs(10);

/// `None` where it was interrupted twice.
async fn play(plan: &Plan, quiet: bool) -> anyhow::Result<Option<Report>> {
    let bar = ticking((plan.duration + AROUND).as_secs(), quiet);
    let interrupt = CancellationToken::new();
    let command = command();
    let progress = |what: &str| bar.set_message(what.to_owned());
    let running = Box::pin(async { chaos::run(plan, command, &progress, &interrupt).await.map(Some) });
    let report = until_interrupted(running, &interrupt).await;
    bar.finish_and_clear();
    report
}
