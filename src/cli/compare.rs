//! `wirelanes compare`: two results, figure by figure.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;

use super::output::OutputArguments;
use super::report::{keep_inputs, read};
use crate::bench::compare::compare;
use crate::report;

/// Compare two results of `bench`: what differs by more than chance, and what is `~`
///
/// Each side takes 6 rounds at least (`bench --rounds 6`): with 5, two sides that lie wholly apart are still that by
/// chance once in 126 times, which among the 20 or so figures that are compared at once is no news. 10 are recommended:
/// they show differences that are smaller, in figures that scatter more, and in several runs at once.
#[derive(Args)]
pub(super) struct Arguments {
    /// What to compare with: what `wirelanes bench --rounds 10 -o a.json` wrote; with fewer rounds than 6 nothing that
    /// has noise is compared
    #[arg(value_name = "A.json")]
    a: PathBuf,
    /// What to compare
    #[arg(value_name = "B.json")]
    b: PathBuf,
    /// Exit with 4 where a figure of B is worse, and with 1 where nothing could be compared
    #[arg(long)]
    fail_on_regression: bool,
    #[command(flatten)]
    output: OutputArguments,
}

/// A figure got worse.
const REGRESSED: u8 = 4;

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let output = arguments.output.output.as_ref().map(|output| &*output.path);
    keep_inputs([&arguments.a, &arguments.b], output);
    let (a, b) = (read(&arguments.a)?, read(&arguments.b)?);
    let [name_a, name_b] = [&arguments.a, &arguments.b].map(|path| path.display().to_string());
    let comparison = compare((&name_a, &a), (&name_b, &b));
    arguments.output.tell(&comparison, report::compared::compared)?;
    match arguments.fail_on_regression {
        true if comparison.has_regressed() => Ok(ExitCode::from(REGRESSED)),
        // Who asked for a gate must not take silence for a pass.
        true if comparison.compared == 0 => {
            bail!("no figure with noise was compared: run both sides alike, with `--rounds 6` or more")
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}
