//! A result, written down: exporters take plain data and return text, and open no files.

pub mod capacity;
pub mod chaos;
pub mod compared;
mod conditions;
pub mod csv;
pub mod fallback;
mod format;
pub mod html;
pub mod idle;
pub mod json;
pub mod markdown;
mod parting;
pub mod predicted;
mod read;
mod retold;
mod schema;
pub mod soak;
pub mod talk;
pub mod text;
mod thresholds;

pub(crate) use format::duration;
pub use read::{NotAResult, read};
pub use retold::retold;
pub use schema::schema;
pub use thresholds::failures;
