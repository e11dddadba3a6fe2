//! A result, written down: exporters take plain data and return text, and open no files.

pub mod capacity;
mod format;
pub mod idle;
pub mod json;
pub mod predicted;
pub mod text;
