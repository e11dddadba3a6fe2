//! The shape of a result, for whoever reads one by program: JSON Schema, draft 2020-12.
//!
//! It is made from the structs that are written, so it cannot say anything else than they do; what each key
//! means are their comments.

use schemars::generate::SchemaSettings;

use super::json::json;
use crate::bench::result::Report;

/// One JSON document.
pub fn schema() -> String {
    // Of what is written, not of what is read: every key that is always there is required.
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<Report>();
    schema.insert("title".to_owned(), "A result of `wirelanes bench`".into());
    json(&schema)
}
