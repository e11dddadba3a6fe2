//! A result of one of the labs, read again: its tables, as they were printed when it ended.

use serde::de::DeserializeOwned;

use super::read::{Label, NotAResult};
use super::{capacity, chaos, fallback, idle, soak, talk};
use crate::bench::capacity::result as of_capacity;
use crate::bench::chaos::result as of_chaos;
use crate::bench::fallback::result as of_fallback;
use crate::bench::idle::result as of_idle;
use crate::bench::soak::result as of_soak;
use crate::bench::talk::result as of_talk;

/// Tells again what a lab found out; nothing where it is another's result, or none of a lab's.
///
/// # Errors
/// Where it is none that this version can read.
pub fn retold(text: &str) -> Result<Option<String>, NotAResult> {
    let label = Label::of(text)?;
    let told = match label.lab() {
        Some("capacity") => tell(&label, of_capacity::SCHEMA_VERSION, text, capacity::text),
        Some("chaos") => tell(&label, of_chaos::SCHEMA_VERSION, text, chaos::text),
        Some("fallback") => tell(&label, of_fallback::SCHEMA_VERSION, text, fallback::text),
        Some("idle") => tell(&label, of_idle::SCHEMA_VERSION, text, idle::text),
        Some("soak") => tell(&label, of_soak::SCHEMA_VERSION, text, soak::text),
        Some("talk") => tell(&label, of_talk::SCHEMA_VERSION, text, talk::text),
        _ => return Ok(None),
    };
    told.map(Some)
}

fn tell<R: DeserializeOwned>(
    label: &Label,
    version: u32,
    text: &str,
    tables: fn(&R) -> String,
) -> Result<String, NotAResult> {
    label.check_version(version)?;
    let lab = || label.lab().unwrap_or_default().to_owned();
    serde_json::from_str(text)
        .map(|report| tables(&report))
        .map_err(|wrong| NotAResult::NotWhole(lab(), wrong))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_told_again_is_refused_in_words() {
        for (text, words) in [
            (r#"{"schema_version":1,"lab":"talk"}"#, "it is no whole result of `bench talk`: missing field"),
            (r#"{"schema_version":7,"kind":"capacity"}"#, "is 7, and this version of wirelanes reads 1"),
            ("[]", "it has no `schema_version`"),
        ] {
            let refused = retold(text).unwrap_err().to_string();
            assert!(refused.contains(words), "`{text}`: {refused}");
        }
        assert!(retold(r#"{"schema_version":1}"#).unwrap().is_none());
    }
}
