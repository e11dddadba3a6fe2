//! `wirelanes report`: a result that was kept, in another form.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use super::output::{Format, Output, output};
use crate::report;

/// Write a result of `bench` in another form: tables, a spreadsheet's rows, or a page with plots
#[derive(Args)]
pub(super) struct Arguments {
    /// What `wirelanes bench -o result.json` wrote
    #[arg(value_name = "RESULT.json")]
    result: PathBuf,
    /// Write to this file: `.html`, `.md`, `.csv`, `.txt` or `.json` [default: print]
    #[arg(short, long, value_name = "FILE", value_parser = output::<Format>)]
    output: Option<Output<Format>>,
    /// What to print [default: text]
    #[arg(long, value_enum, conflicts_with = "output")]
    format: Option<Format>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let report = read(&arguments.result)?;
    match &arguments.output {
        Some(output) => output.write(&output.format.write(&report)).map(|()| ExitCode::SUCCESS),
        None => super::print(&arguments.format.unwrap_or_default().write(&report)),
    }
}

/// Reads a result of `bench`.
pub(super) fn read(path: &Path) -> anyhow::Result<crate::bench::result::Report> {
    let named = || format!("cannot read `{}`", path.display());
    let text = std::fs::read_to_string(path).with_context(named)?;
    report::read(&text).with_context(named)
}
