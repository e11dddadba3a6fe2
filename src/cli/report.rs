//! `wirelanes report`: a result that was kept, in another form.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;

use super::output::{Format, Output, output};
use super::usage;
use crate::report;

/// Write a result of `bench` in another form: tables, a spreadsheet's rows, or a page with plots
#[derive(Args)]
pub(super) struct Arguments {
    /// What `wirelanes bench -o result.json` wrote; what `bench capacity`, `talk` and others wrote is shown as text
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
    keep_inputs([&arguments.result], arguments.output.as_ref().map(|output| &*output.path));
    let format = arguments.output.as_ref().map_or(arguments.format, |output| Some(output.format));
    let written = written(&arguments.result, format.unwrap_or_default())?;
    match &arguments.output {
        Some(output) => output.write(&written).map(|()| ExitCode::SUCCESS),
        None => super::print(&written),
    }
}

/// A result in one of its forms: a lab's has but one.
fn written(path: &Path, format: Format) -> anyhow::Result<String> {
    let text = kept(path)?;
    match (report::retold(&text).with_context(|| unread(path))?, format) {
        (None, _) => Ok(format.write(&report::read(&text).with_context(|| unread(path))?)),
        (Some(tables), Format::Text) => Ok(tables),
        (Some(_), _) => bail!(
            "`{}` is a lab's result, which is told as text only: leave out `--format`, or write to a `.txt` file",
            path.display()
        ),
    }
}

/// Reads a result of `bench`.
pub(super) fn read(path: &Path) -> anyhow::Result<crate::bench::result::Report> {
    report::read(&kept(path)?).with_context(|| unread(path))
}

fn kept(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| unread(path))
}

fn unread(path: &Path) -> String {
    format!("cannot read `{}`", path.display())
}

/// Ends with a usage error where what is written would take the place of what is read: a result is a measurement, and
/// whoever overwrites it measures again.
pub(super) fn keep_inputs<const N: usize>(inputs: [&PathBuf; N], output: Option<&Path>) {
    let Some(output) = output else { return };
    if let Some(input) = inputs.into_iter().find(|input| is_same_file(input, output)) {
        usage(&format!(
            "`-o {}` is the same file as `{}`, which is read here and would be lost: write to another",
            output.display(),
            input.display(),
        ));
    }
}

/// Whether two paths lead to one file that is there: spelled otherwise, or by a link.
fn is_same_file(one: &Path, other: &Path) -> bool {
    identity(one).is_some_and(|file| identity(other) == Some(file))
}

/// Two hard links have different paths, and one inode.
#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|of| (of.dev(), of.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<PathBuf> {
    std::fs::canonicalize(path).ok()
}
