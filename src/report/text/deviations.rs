//! Where theory and measurement part: shown, never hidden. It is either a bug or a discovery.

use super::super::parting::{OfRun, Parting};
use super::folded;
use crate::bench::result::Run;

/// Every figure whose interval does not hold what theory says; nothing where there is no interval. And every first
/// event that came at another time.
pub(super) fn deviations(runs: &[Run], names: &[String]) -> String {
    let parting = Parting::of(runs, names);
    intervals(&parting) + &first_events(&parting)
}

fn intervals(parting: &Parting) -> String {
    match (parting.figures, parting.off()) {
        (0, _) => String::new(),
        (1, 0) => "\nthe 95% interval of the one figure that has one holds what theory says\n".to_owned(),
        (known, 0) => {
            format!("\nthe 95% intervals of all {known} figures that have one hold what theory says\n")
        }
        (known, count) => {
            let lines: String = parting.runs.iter().map(|run| lines(run, &run.off)).collect();
            format!(
                "\n* theory lies outside the 95% interval (in brackets), off in its half widths,\n  \
                 for {count} of {known} figures:\n{lines}"
            )
        }
    }
}

fn first_events(parting: &Parting) -> String {
    match parting.runs.iter().map(|run| lines(run, &run.first)).collect::<String>() {
        none if none.is_empty() => none,
        lines => format!("\ntheory of the first event is off by more than a quarter:\n{lines}"),
    }
}

/// Sentences of one run, under its name where there are several.
fn lines(run: &OfRun, sentences: &[String]) -> String {
    let has_heading = !run.name.is_empty() && !sentences.is_empty();
    let heading = if has_heading { format!("  {}\n", run.name) } else { String::new() };
    sentences.iter().fold(heading, |text, sentence| text + &folded("  ", sentence))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_figure_is_no_plural() {
        let said = |figures| intervals(&Parting { figures, runs: Vec::new() });
        assert_eq!(said(0), "");
        assert_eq!(said(1), "\nthe 95% interval of the one figure that has one holds what theory says\n");
        assert!(said(2).contains("of all 2 figures that have one hold what"), "{}", said(2));
    }
}
