//! The forms of a result, and the files they go to.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::print;
use crate::bench::result::Report;
use crate::report;

/// The form of a result.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum Format {
    /// Tables for a terminal
    #[default]
    #[value(alias = "txt")]
    Text,
    /// One document for programs, see `wirelanes schema`
    Json,
    /// A row for each lane of each run
    Csv,
    /// Tables for a page of text
    #[value(name = "md", alias = "markdown")]
    Markdown,
    /// A page with plots, in one file
    Html,
}

impl Format {
    pub(super) fn write(self, report: &Report) -> String {
        match self {
            Self::Text => report::text::text(report),
            Self::Json => report::json::json(report),
            Self::Csv => report::csv::csv(report),
            Self::Markdown => report::markdown::markdown(report),
            Self::Html => report::html::html(report),
        }
    }
}

/// The form of what `compare` and the labs of `bench` find out.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum LabFormat {
    /// Tables for a terminal
    #[default]
    #[value(alias = "txt")]
    Text,
    /// One document for programs
    Json,
}

/// Where what was found out goes, and in which form.
#[derive(Args)]
pub(super) struct OutputArguments {
    /// Write the result here, too; `.json` for programs, `.txt` as printed
    #[arg(short, long, value_name = "FILE", value_parser = output::<LabFormat>)]
    pub(super) output: Option<Output<LabFormat>>,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: LabFormat,
    /// Print nothing but errors
    #[arg(short, long)]
    pub(super) quiet: bool,
}

impl OutputArguments {
    /// Prints what was found out, and writes it to the file that was named.
    pub(super) fn tell<R: Serialize>(&self, found: &R, text: fn(&R) -> String) -> anyhow::Result<()> {
        let written = |format| match format {
            LabFormat::Text => text(found),
            LabFormat::Json => report::json::json(found),
        };
        if !self.quiet {
            print(&written(self.format))?;
        }
        self.output.as_ref().map_or(Ok(()), |output| output.write(&written(output.format)))
    }
}

/// Where a result goes, and in which form.
#[derive(Clone, Debug)]
pub(super) struct Output<F> {
    pub(super) path: PathBuf,
    pub(super) format: F,
}

impl<F> Output<F> {
    pub(super) fn write(&self, text: &str) -> anyhow::Result<()> {
        std::fs::write(&self.path, text).with_context(|| format!("cannot write `{}`", self.path.display()))
    }
}

/// Reads a path whose ending names the form, and whose folder is there.
pub(super) fn output<F: ValueEnum>(text: &str) -> Result<Output<F>, String> {
    let path = PathBuf::from(text);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) {
        return Err(format!("`{text}`: there is no such folder; make it first"));
    }
    let ending = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match F::from_str(ending, true) {
        Ok(format) => Ok(Output { path, format }),
        Err(_) => Err(format!("`{text}`: the form is told by the ending, {}", endings::<F>())),
    }
}

/// `.txt`, `.json` or `.csv`
fn endings<F: ValueEnum>() -> String {
    let shortest = |format: &F| {
        let value = format.to_possible_value().expect("no form is hidden");
        let names = value.get_name_and_aliases();
        format!("`.{}`", names.min_by_key(|name| name.len()).expect("it has a name"))
    };
    let mut endings: Vec<String> = F::value_variants().iter().map(shortest).collect();
    let last = endings.pop().expect("there is a form");
    format!("{} or {last}", endings.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_tells_the_form_and_a_wrong_one_those_there_are() {
        let form = |text: &str| output::<Format>(text).map(|output| format!("{:?}", output.format));
        for (path, expected) in [
            ("a.json", "Json"),
            ("a.b.txt", "Text"),
            ("A.MD", "Markdown"),
            ("a.csv", "Csv"),
            ("a.html", "Html"),
        ] {
            assert_eq!(form(path).as_deref(), Ok(expected), "{path}");
        }
        let endings = "the form is told by the ending, `.txt`, `.json`, `.csv`, `.md` or `.html`";
        for path in ["result.pdf", "result", "md"] {
            assert_eq!(form(path), Err(format!("`{path}`: {endings}")));
        }
        let lab = output::<LabFormat>("idle.html").unwrap_err();
        assert_eq!(lab, "`idle.html`: the form is told by the ending, `.txt` or `.json`");
    }
}
