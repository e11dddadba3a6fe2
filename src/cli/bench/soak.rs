//! `wirelanes bench soak`: whether a server returns to what it was.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::super::output::OutputArguments;
use super::super::{once_each, units};
use super::measuring::{ended, measure, nothing_yet};
use crate::bench::soak::{self, Plan, Way};
use crate::report;
use crate::source::Rate;
use crate::transport::Transport;

/// Whether a server returns to what it was, after clients that connect, read a little and vanish
#[derive(Args)]
pub(super) struct Arguments {
    /// Which transports, all at once [default: all four]
    #[arg(short, long, value_delimiter = ',')]
    transports: Vec<Transport>,
    /// Clients of each transport that are there at a time
    #[arg(short, long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    clients: u64,
    /// How long they come and go; where some fall silent, the server takes a minute or two more to let go of them
    #[arg(short, long, default_value = "10m", value_parser = units::interval)]
    duration: Duration,
    /// Events a second
    #[arg(short, long, default_value = "20")]
    rate: Rate,
    /// How they vanish; may be repeated. One in twenty falls silent, where others do not [default: all three]
    #[arg(long, value_enum, value_delimiter = ',')]
    vanish: Vec<Way>,
    #[command(flatten)]
    output: OutputArguments,
}

impl Arguments {
    fn plan(&self) -> Plan {
        Plan {
            transports: once_each(&self.transports, &Transport::ALL),
            clients: self.clients as usize,
            duration: self.duration,
            rate: self.rate,
            ways: once_each(&self.vanish, &Way::ALL),
        }
    }
}

/// Warming up, and settling twice, where nobody is silent.
const AROUND: Duration = Duration::from_secs(10);

pub(super) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let (plan, output) = (arguments.plan(), arguments.output);
    let measured = measure(plan.duration + AROUND, output.quiet, async |command, progress, interrupt| {
        soak::run(&plan, command, progress, interrupt).await
    });
    let Some(report) = measured? else { return Ok(nothing_yet()) };
    output.tell(&report, report::soak::text)?;
    Ok(ended(report.interrupted, report.holds()))
}
