//! Strangers: clients that others wrote, and proxies that others run, against a server of ours. What is not installed
//! is skipped, and said so; `tests/run --install` gets most of it.
//!
//! Read first [`stranger`], how their programs are run.
#![allow(clippy::unwrap_used, reason = "clippy knows test functions, not their helpers")]

pub(crate) mod stranger;

mod browser;
mod clients;
#[cfg(unix)]
mod nginx;
#[cfg(unix)]
mod proxies;
