//! The page, in a real browser without a screen: what it shows is held against what the server counted, what
//! the browser's own tools counted, and theory.
//!
//! Read first what the tests stand on: [`devtools`] (how a browser is spoken to), [`browser`] (one for all),
//! [`tab`] (what goes on in a page), [`person`] (who looks, points and presses keys), [`network`] (what the browser's
//! tools count), [`served`] (a server, its operator, and the model of its page).
#![allow(clippy::unwrap_used, reason = "clippy knows test functions, not their helpers")]

pub(crate) mod browser;
mod devtools;
mod network;
pub(crate) mod person;
mod served;
pub(crate) mod tab;

mod bank;
mod bytes;
mod delivery;
mod fallback;
mod faults;
mod hands;
mod leisure;
mod looks;
mod memory;
mod referee;
mod safety;
mod scene;
mod secured;
mod talk;
mod tokens;
mod wall;
mod written;

use std::time::Duration;

/// A browser draws in software, on cores that the server and other tests have as well: on one core alone some pages
/// take 20 s until all they show is there.
const PATIENCE: Duration = Duration::from_secs(60);
