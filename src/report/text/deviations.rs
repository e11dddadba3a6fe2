//! Where theory and measurement part: shown, never hidden. It is either a bug or a discovery.

use super::super::parting::{OfRun, Parting};
use crate::bench::result::Run;

/// Every figure whose interval does not hold what theory says; nothing where there is no interval.
pub(super) fn deviations(runs: &[Run], names: &[String]) -> String {
    let parting = Parting::of(runs, names);
    match (parting.figures, parting.off()) {
        (0, _) => String::new(),
        (known, 0) => {
            format!("\nthe 95% intervals of all {known} figures that have one hold what theory says\n")
        }
        (known, count) => {
            let lines: String = parting.runs.iter().map(lines).collect();
            format!(
                "\n* theory lies outside the 95% interval (in brackets), off in its half widths,\n  \
                 for {count} of {known} figures:\n{lines}"
            )
        }
    }
}

/// Figures of one run, under its name where there are several.
fn lines(run: &OfRun) -> String {
    let has_heading = !run.name.is_empty() && !run.off.is_empty();
    let heading = if has_heading { format!("  {}\n", run.name) } else { String::new() };
    run.off.iter().fold(heading, |text, sentence| text + "  " + sentence + "\n")
}
