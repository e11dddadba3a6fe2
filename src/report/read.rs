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
    #[error("it is a result of `bench {0}`, which has no other forms: run `bench {0} -o result.txt`")]
    OfALab(String),
    /// A result of another time.
    #[error("its `schema_version` is {0}, and this version of wirelanes reads {SCHEMA_VERSION}{1}")]
    OfAnotherVersion(u64, String),
    /// A result that something was done to.
    #[error("it is not of the shape that `wirelanes schema` prints: {0}")]
    Misshapen(serde_json::Error),
}

/// What tells a result from anything else.
#[derive(Deserialize)]
struct Label {
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

/// Reads a result.
///
/// # Errors
/// Where it is none, or one that this version cannot read.
pub fn read(text: &str) -> Result<Report, NotAResult> {
    let label: Label = serde_json::from_str(text).map_err(|wrong| match wrong.classify() {
        serde_json::error::Category::Data => NotAResult::Foreign,
        _ => NotAResult::NotJson(wrong),
    })?;
    if label.comparison_version.is_some() {
        let names = label.a.zip(label.b).map(|(a, b)| format!(", `{}` or `{}`", a.name, b.name));
        return Err(NotAResult::Comparison(names.unwrap_or_default()));
    }
    let version = label.schema_version.ok_or(NotAResult::Foreign)?;
    if let Some(lab) = label.kind.or(label.lab) {
        return Err(NotAResult::OfALab(lab));
    }
    if version != u64::from(SCHEMA_VERSION) {
        let writer = label.environment.and_then(|environment| environment.version);
        let remedy = writer.map_or(String::new(), |writer| format!(": it was written by {writer}, use that"));
        return Err(NotAResult::OfAnotherVersion(version, remedy));
    }
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
            (r#"{"schema_version":1,"kind":"capacity"}"#, "of `bench capacity`, which has no other forms"),
            (r#"{"schema_version":1,"lab":"idle"}"#, "run `bench idle -o result.txt`"),
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
