//! Time that passes when a test says so.

use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use super::PATIENCE;

/// Lets everybody do what there is to do now, without waiting for a clock.
pub(crate) async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// Time that stands still, but for what a test lets pass; for as long as this lives.
///
/// A clock of tokio's that is paused jumps ahead whenever everybody waits, unless a blocking task is under
/// way: bytes between two sockets are not always there at once. So one is, until the test is through, or is
/// stuck: then time jumps, and whoever waits in vain says so.
pub(crate) struct StoppedTime(#[expect(dead_code, reason = "its end ends the blocking task")] Sender<()>);

pub(crate) fn stop_time() -> StoppedTime {
    let (running, ended) = channel();
    tokio::task::spawn_blocking(move || ended.recv_timeout(PATIENCE));
    tokio::time::pause();
    StoppedTime(running)
}

impl StoppedTime {
    /// Lets everybody do what there is to do, then so much time pass at once.
    pub(crate) async fn passes(&self, time: Duration) {
        settle().await;
        tokio::time::advance(time).await;
        settle().await;
    }
}
