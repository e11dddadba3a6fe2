//! The report's page, in a real browser, where there is one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::bench::run;
use super::links::two_links;

const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// What a reader might do: opens every table, and goes to the second point of each chart.
const READER: &str = "<script type=\"module\">
for (const details of document.querySelectorAll('details')) details.open = true;
for (const canvas of document.querySelectorAll('canvas'))
  for (const step of [1, 2]) canvas.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight' }));
</script>";

/// Opens a file, without a server, and returns its elements and what it complained of; nothing where there is
/// no browser.
fn opened(page: &Path, window: &str) -> Option<(String, String)> {
    let profile = tempfile::tempdir().unwrap();
    let profile = format!("--user-data-dir={}", profile.path().display());
    let address = format!("file://{}", page.display());
    // As root, which tests in a container are, it starts only without its sandbox.
    let arguments =
        ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--enable-logging=stderr"];
    for browser in BROWSERS {
        let mut command = Command::new(browser);
        command.args(arguments).args([
            &profile,
            window,
            "--virtual-time-budget=10000",
            "--dump-dom",
            &address,
        ]);
        let Ok(Output { stdout, stderr, .. }) = command.output() else { continue };
        let [elements, log] = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert!(elements.contains("<html"), "{browser} opened nothing: {log}");
        let complaints = log.lines().filter(|line| line.contains("CONSOLE")).collect::<Vec<_>>().join("\n");
        return Some((elements, complaints));
    }
    eprintln!("no browser: the report's page was not opened; see `tests/run`");
    None
}

/// The page of a sweep.
fn page(folder: &Path) -> PathBuf {
    let (kept, page) = (folder.join("result.json"), folder.join("report.html"));
    fs::write(&kept, two_links().report.to_string()).unwrap();
    let written = run(&["report", kept.to_str().unwrap(), "-o", page.to_str().unwrap()]);
    assert_eq!(written.code, Some(0), "{}", written.errors);
    page
}

/// The value of an attribute, of each element that has it.
fn values<'a>(elements: &'a str, attribute: &str) -> Vec<&'a str> {
    let begin = format!(" {attribute}=\"");
    elements
        .match_indices(&begin)
        .filter_map(|(at, _)| elements[at + begin.len()..].split('"').next())
        .collect()
}

#[test]
fn a_browser_draws_every_chart_and_has_nothing_to_complain_of() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(folder.path());
    for window in ["--window-size=1600,1200", "--window-size=360,800"] {
        let Some((elements, complaints)) = opened(&page, window) else { return };
        assert_eq!(complaints, "");
        let charts = values(&elements, "data-chart").len();
        let drawn = values(&elements, "data-drawn");
        assert_eq!(charts, 2 + 2 + 2, "mean and p50 of the sweep, a curve and bars for each of two runs");
        assert_eq!(drawn.len(), charts, "each is drawn");
        assert!(drawn.iter().all(|points| points.parse::<u32>().unwrap() > 0), "{drawn:?}");
    }
}

#[test]
fn a_chart_can_be_read_by_keyboard_and_as_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(folder.path());
    let text = fs::read_to_string(&page).unwrap();
    fs::write(&page, text + READER).unwrap();
    let Some((elements, complaints)) = opened(&page, "--window-size=800,600") else { return };
    assert_eq!(complaints, "");
    let charts = values(&elements, "data-chart").len();
    assert_eq!(elements.matches("</summary><div class=\"scrolling\"").count(), charts, "a table each");
    let read: Vec<&str> = elements.split("<output aria-live=\"polite\">").skip(1).collect();
    assert_eq!(read.len(), charts);
    for text in read {
        let words = text.split("</output>").next().unwrap();
        assert!(words.contains("theory"), "nothing was read out: `{words}`");
    }
}
