//! `wirelanes bench fallback`: how long it takes to find a transport that works.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::super::output::OutputArguments;
use super::super::{once_each, units, usage};
use super::measuring::{ended, measure, nothing_yet};
use crate::bench::fallback::result::Lane;
use crate::bench::fallback::{self, Course, Plan};
use crate::fallback::Strategy;
use crate::report;
use crate::source::{MAX_DATA, Rate, Source, SourceKind};

/// How long it takes to find a transport that works, and whether anything is lost on the way
///
/// Every lane is one reader, as `watch -t auto` is, behind a link of its own: it learns where the feed stands, and
/// tries websocket, sse, longpoll and poll until an event comes that is waiting. All lanes run at once. Where a link
/// is `A then B`, it becomes B once it is read over the best transport that passes A.
#[derive(Args)]
pub(super) struct Arguments {
    /// The network between the two ends, see `wirelanes relay --help`, or several that follow each other: `none then
    /// no-upgrade then none`; may be repeated [default: a round trip of 50 ms, with each middlebox]
    #[arg(long, value_name = "SPEC")]
    link: Vec<Course>,
    /// When the next transport is begun: after the one before has failed, or beside it after a head start [default:
    /// both]
    #[arg(long, value_enum)]
    strategy: Vec<Strategy>,
    /// How often to run it all
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=1000))]
    rounds: u64,
    /// Events a second, on average: 5, 0.5 or 1/2s. A middlebox that buffers must not be full too soon
    #[arg(short, long, default_value = "5")]
    rate: Rate,
    /// Bytes of each event's data
    #[arg(short, long, default_value = "100", value_parser = size)]
    size: usize,
    /// How long a link stays once it is read over the best transport that passes
    #[arg(long, default_value = "1s", value_parser = units::duration)]
    stay: Duration,
    /// How often to poll
    #[arg(short = 'i', long, default_value = "1s", value_parser = units::poll_interval)]
    poll_interval: Duration,
    /// Draw the same instants as every run with this seed [default: random]
    #[arg(long)]
    seed: Option<u64>,
    #[command(flatten)]
    output: OutputArguments,
}

/// Each middlebox that breaks a transport, two that break two, one that cuts silence, and a network that changes.
const USUAL: [&str; 7] = [
    "rtt=50ms",
    "rtt=50ms,no-upgrade",
    "rtt=50ms,drop-upgrade",
    "rtt=50ms,blackhole-upgrade",
    "rtt=50ms,buffer=8k,no-upgrade",
    "rtt=50ms,idle=10s",
    "rtt=50ms then rtt=50ms,buffer=8k,blackhole-upgrade then rtt=50ms",
];

fn size(text: &str) -> Result<usize, String> {
    match units::bytes(text)? {
        size if (1..=MAX_DATA).contains(&size) => Ok(size),
        _ => Err(format!("`{text}` is out of range: an event's data is 1 to {MAX_DATA} bytes")),
    }
}

impl Arguments {
    fn plan(&self) -> Plan {
        let usual = || USUAL.iter().map(|spec| spec.parse().expect("these are links")).collect();
        let plan = Plan {
            courses: if self.link.is_empty() { usual() } else { self.link.clone() },
            strategies: once_each(&self.strategy, &Strategy::ALL),
            rounds: self.rounds as usize,
            source: Source {
                kind: SourceKind::Poisson,
                rate: self.rate,
                size: self.size,
                seed: self.seed.unwrap_or_else(|| fastrand::u64(..1_000_000)),
                ..Source::default()
            },
            stay: self.stay,
            poll_interval: self.poll_interval,
        };
        if let Some(course) = plan.courses.iter().find(|course| course.lets_nobody_in()) {
            usage(&format!("`{course}` lets nobody in, so nothing is found: leave out `refuse`"));
        }
        plan
    }
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let (plan, output) = (arguments.plan(), arguments.output);
    let expected = plan.expected() * plan.rounds as u32;
    let measured = measure(expected, output.quiet, async |command, progress, interrupt| {
        fallback::run(&plan, command, progress, interrupt).await
    });
    let Some(report) = measured? else { return Ok(nothing_yet()) };
    output.tell(&report, report::fallback::text)?;
    // Whatever it is read over, every event must come once and in order.
    Ok(ended(report.interrupted, report.lanes.iter().all(Lane::is_sound)))
}
