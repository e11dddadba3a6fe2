//! `wirelanes bench soak`: whether a server returns to what it was.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::super::output::{LabFormat, Output, output};
use super::super::typed::command;
use super::super::{print, runtime, units};
use super::{INTERRUPTED, ticking, until_interrupted};
use crate::bench::soak::result::Report;
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

/// Those that were named, in order and once; where none was, all.
fn once_each<T: Copy + Ord>(named: &[T], all: &[T]) -> Vec<T> {
    let mut each = if named.is_empty() { all.to_vec() } else { named.to_vec() };
    each.sort();
    each.dedup();
    each
}

impl LabFormat {
    fn write_soak(self, report: &Report) -> String {
        match self {
            Self::Text => report::soak::text(report),
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
        print(&arguments.format.write_soak(&report))?;
    }
    if let Some(output) = arguments.output {
        output.write(&output.format.write_soak(&report))?;
    }
    if report.interrupted {
        return Ok(ExitCode::from(INTERRUPTED));
    }
    Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Warming up, and settling twice, where nobody is silent.
const AROUND: Duration = Duration::from_secs(10);

/// `None` where it was interrupted twice, or before anybody had come.
async fn play(plan: &Plan, quiet: bool) -> anyhow::Result<Option<Report>> {
    let bar = ticking((plan.duration + AROUND).as_secs(), quiet);
    let interrupt = CancellationToken::new();
    let command = command();
    let progress = |what: &str| bar.set_message(what.to_owned());
    let running = Box::pin(async { soak::run(plan, command, &progress, &interrupt).await });
    let report = until_interrupted(running, &interrupt).await;
    bar.finish_and_clear();
    report
}
