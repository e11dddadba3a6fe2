//! The whole result, for programs.

use serde::Serialize;

/// One JSON document.
pub fn json(report: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(report).expect("numbers and strings are JSON");
    text.push('\n');
    text
}
