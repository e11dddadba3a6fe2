//! The whole result, for programs.

use crate::bench::result::Report;

/// One JSON document.
pub fn json(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(report).expect("numbers and strings are JSON");
    text.push('\n');
    text
}
