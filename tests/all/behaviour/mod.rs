//! What a subscriber may rely on, asked through the real clients of a real server. What holds for all
//! transports is one loop over [`Transport::ALL`](wirelanes::transport::Transport::ALL).
//!
//! Read first what the tests stand on: [`stage`] (a server in this process), [`program`] (the binary, where
//! something must die), [`listener`] (a client and what it was told), [`light`] (a reader of which there can be
//! thousands), [`fake`] (a server that lies), [`another_clock`] (one whose clock is wrong), [`connect`] (a proxy).
#![allow(clippy::unwrap_used, reason = "clippy knows test functions, not their helpers")]

pub(crate) mod another_clock;
pub(crate) mod connect;
pub(crate) mod fake;
mod forwarder;
mod gate;
#[cfg(target_os = "linux")]
mod light;
mod listener;
pub(crate) mod program;
pub(crate) mod raw;
mod stage;

mod abandoned;
mod clocks;
mod crowd;
mod cuts;
mod delivery;
mod farewell;
mod follow;
mod foreign;
mod goaway;
#[cfg(target_os = "linux")]
mod hospitality;
mod lies;
mod link;
mod mistaken;
mod mute;
mod operator;
mod pong;
mod proxies;
#[cfg(target_os = "linux")]
mod referee;
mod refusals;
#[cfg(unix)]
mod restart;
pub(crate) mod secured;
#[cfg(unix)]
mod serve;
mod slow;
mod speaking;
mod streams;
#[cfg(target_os = "linux")]
mod thousands;
mod tokens;

use std::time::{Duration, Instant};

/// Far more than anything here takes, and less than the 25 s that a long poll is held: an answer that came only
/// because its time was up is not taken for one that came in time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Looks again and again until `seen` is so.
pub(crate) fn eventually(what: &str, mut seen: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !seen() {
        assert!(begun.elapsed() < PATIENCE, "after {PATIENCE:?} it is still not so that {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
