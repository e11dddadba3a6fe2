//! A result, read again: what `wirelanes bench -o result.json` wrote, in this version or an earlier one.

use serde::Deserialize;

use crate::bench::result::{Report, SCHEMA_VERSION};

/// Why a text is no result.
#[derive(Debug, thiserror::Error)]
pub enum NotAResult {
    /// Not even JSON.
    #[error("it is no JSON: give the file that `wirelanes bench -o result.json` wrote: {0}")]
    NotJson(serde_json::Error),
    /// JSON of somebody else.
    #[error("it has no `schema_version`: give the file that `wirelanes bench -o result.json` wrote")]
    Foreign,
    /// What came of comparing two results.
    #[error(
        "it is a comparison, which `wirelanes compare` wrote: give one of the results that it compared{0}"
    )]
    Comparison(String),
    /// A result of another kind.
    #[error("it is a result of `bench {0}`, which is told as text only: `wirelanes report` shows it")]
    OfALab(String),
    /// A result of another kind that something was done to.
    #[error("it is no whole result of `bench {0}`: {1}")]
    NotWhole(String, serde_json::Error),
    /// A result of another time, and the one that this version reads.
    #[error("its `schema_version` is {0}, and this version of wirelanes reads {1}{2}")]
    OfAnotherVersion(u64, u32, String),
    /// A result that something was done to.
    #[error("it is not of the shape that `wirelanes schema` prints: {0}")]
    Misshapen(serde_json::Error),
}

/// What tells a result from anything else.
#[derive(Deserialize)]
pub(super) struct Label {
    schema_version: Option<u64>,
    kind: Option<String>,
    lab: Option<String>,
    environment: Option<Environment>,
    comparison_version: Option<u64>,
    a: Option<Side>,
    b: Option<Side>,
}

/// One of two that were compared.
#[derive(Deserialize)]
struct Side {
    name: String,
}

#[derive(Deserialize)]
struct Environment {
    version: Option<String>,
}

impl Label {
    /// Reads what a text says that it is.
    ///
    /// # Errors
    /// Where it is nobody's result, or of two at once.
    pub(super) fn of(text: &str) -> Result<Self, NotAResult> {
        let mut label: Self = serde_json::from_str(text).map_err(|wrong| match wrong.classify() {
            serde_json::error::Category::Data => NotAResult::Foreign,
            _ => NotAResult::NotJson(wrong),
        })?;
        if label.comparison_version.is_some() {
            let both = label.a.take().zip(label.b.take());
            let names = both.map(|(a, b)| format!(", `{}` or `{}`", a.name, b.name));
            return Err(NotAResult::Comparison(names.unwrap_or_default()));
        }
        label.schema_version.ok_or(NotAResult::Foreign)?;
        Ok(label)
    }

    /// Which lab's result it is, where it is one's.
    pub(super) fn lab(&self) -> Option<&str> {
        self.kind.as_deref().or(self.lab.as_deref())
    }

    /// # Errors
    /// Where it is of another version than this one.
    pub(super) fn check_version(&self, read: u32) -> Result<(), NotAResult> {
        let version = self.schema_version.unwrap_or_default();
        if version == u64::from(read) {
            return Ok(());
        }
        let writer = self.environment.as_ref().and_then(|environment| environment.version.as_ref());
        let remedy = writer.map_or(String::new(), |writer| format!(": it was written by {writer}, use that"));
        Err(NotAResult::OfAnotherVersion(version, read, remedy))
    }
}

/// Reads a result.
///
/// # Errors
/// Where it is none, or one that this version cannot read.
pub fn read(text: &str) -> Result<Report, NotAResult> {
    let label = Label::of(text)?;
    if let Some(lab) = label.lab() {
        return Err(NotAResult::OfALab(lab.to_owned()));
    }
    label.check_version(SCHEMA_VERSION)?;
    serde_json::from_str(text).map_err(NotAResult::Misshapen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_result_is_refused_with_the_remedy() {
        for (text, words) in [
            ("", "it is no JSON: give the file"),
            ("{\"schema_version\": 1", "it is no JSON: give the file"),
            ("[1]", "it has no `schema_version`: give"),
            ("7", "it has no `schema_version`: give"),
            ("{}", "it has no `schema_version`: give"),
            (r#"{"schema_version":1,"kind":"capacity"}"#, "of `bench capacity`, which is told as text only"),
            (r#"{"schema_version":1,"lab":"idle"}"#, "of `bench idle`, which is told as text only"),
            (
                r#"{"schema_version":9,"environment":{"version":"3.1"}}"#,
                "is 9, and this version of wirelanes",
            ),
            (
                r#"{"schema_version":9,"environment":{"version":"3.1"}}"#,
                "reads 1: it was written by 3.1, use",
            ),
            (r#"{"comparison_version":1}"#, "it is a comparison, which `wirelanes compare` wrote: give one"),
            (
                r#"{"comparison_version":1,"a":{"name":"old.json"},"b":{"name":"new.json"}}"#,
                "that it compared, `old.json` or `new.json`",
            ),
            (r#"{"schema_version":9}"#, "is 9, and this version of wirelanes reads 1"),
            (r#"{"schema_version":1}"#, "not of the shape that `wirelanes schema` prints: missing field"),
        ] {
            let refused = read(text).unwrap_err().to_string();
            assert!(refused.contains(words), "`{text}`: {refused}");
        }
    }
}
