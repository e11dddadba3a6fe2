//! bench
pub mod statistics;
