//! The report's page, in a real browser, where there is one.

use std::fs;
use std::path::{Path, PathBuf};

use super::bench::run;
use super::links::two_links;
use crate::page::browser::Browser;
use crate::page::person::Look;
use crate::page::tab::Tab;

/// Mean and p50 of the sweep, a curve and bars for each of two runs.
const CHARTS: usize = 2 + 2 + 2;

/// The page of a sweep.
fn page(folder: &Path) -> PathBuf {
    let (kept, page) = (folder.join("result.json"), folder.join("report.html"));
    fs::write(&kept, two_links().report.to_string()).unwrap();
    let written = run(&["report", kept.to_str().unwrap(), "-o", page.to_str().unwrap()]);
    assert_eq!(written.code, Some(0), "{}", written.errors);
    page
}

/// Opens a file, without a server, and waits until every chart is drawn; nothing where there is no browser.
fn opened(page: &Path) -> Option<Tab> {
    let tab = Browser::shared()?.tab(&format!("file://{}", page.display()));
    let drawn = format!(
        "document.querySelectorAll('[data-chart] [data-drawn], [data-chart][data-drawn]').length === {CHARTS}"
    );
    tab.until(&drawn, "each chart is drawn");
    Some(tab)
}

#[test]
fn a_browser_draws_every_chart_and_has_nothing_to_complain_of() {
    let folder = tempfile::tempdir().unwrap();
    let Some(tab) = opened(&page(folder.path())) else { return };
    for width in [1600, 360] {
        tab.look(Look { width, height: 1200, ..Look::default() });
        tab.until(
            "[...document.querySelectorAll('[data-drawn]')].every((chart) => Number(chart.dataset.drawn) > 0)",
            "each has points",
        );
        tab.until("document.documentElement.scrollWidth <= innerWidth", "nothing is wider than the window");
    }
}

#[test]
fn a_chart_can_be_read_by_keyboard_and_as_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let Some(tab) = opened(&page(folder.path())) else { return };
    for chart in 0..CHARTS {
        tab.evaluate(&format!("document.querySelectorAll('canvas')[{chart}].focus()"));
        tab.press("ArrowRight");
        tab.press("ArrowRight");
        let read =
            tab.evaluate("document.activeElement.closest('figure').querySelector('output').textContent");
        assert!(read.as_str().unwrap().contains("theory"), "of chart {chart} is read out: {read}");
    }
    tab.evaluate("for (const details of document.querySelectorAll('details')) details.open = true;");
    let tables = format!("document.querySelectorAll('summary + div.scrolling > table').length === {CHARTS}");
    tab.until(&tables, "each chart has its table");
}
