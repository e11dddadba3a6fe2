//! The server as its machine sees it: memory, file descriptors, and what it says itself of its connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::bench::process;
use crate::client::{Connection, Headers, Options, Target, get};

/// Where a server runs, as far as it is known.
pub(super) struct Host {
    /// Its process, where it runs on this machine and is known.
    pub(super) process: Option<u32>,
    pub(super) target: Target,
    /// What lets one in there.
    pub(super) headers: Headers,
    pub(super) address: SocketAddr,
}

/// What there is at one moment; `None` for what cannot be known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Snapshot {
    /// Proportional set sizes of the process and of those it started.
    pub(super) memory_bytes: Option<u64>,
    /// What somebody holds of it, as the server says.
    pub(super) in_use_bytes: Option<u64>,
    pub(super) file_descriptors: Option<u64>,
    /// Of all TCP sockets of this machine.
    pub(super) buffer_bytes: Option<u64>,
}

/// From one reading to the next, while something still moves.
const PAUSE: Duration = Duration::from_millis(250);

/// How long to wait until nothing moves any more.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long memory that nobody needs may be kept for who comes next.
const A_MOMENT: Duration = Duration::from_secs(3);

/// Two readings alike: eight pages apart at most, for a timer or a log line that came between.
pub(super) const STILL_BYTES: u64 = 8 * 4096;

impl Host {
    /// Whether both ends are on this machine.
    pub(super) fn is_local(&self) -> bool {
        self.address.ip().is_loopback()
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let family = self.process.map(process::family);
        let sum = |read: fn(u32) -> Option<u64>| family.as_ref()?.iter().map(|id| read(*id)).sum();
        Snapshot {
            memory_bytes: sum(process::memory_bytes),
            in_use_bytes: None,
            file_descriptors: sum(process::file_descriptors),
            buffer_bytes: super::kernel::buffer_bytes(),
        }
    }

    /// Connections that the server says are open, but for the one that asks; `None` where it does not say.
    pub(super) async fn connections(&self) -> Option<u64> {
        self.stats().await?["connections"]["open"].as_u64()?.checked_sub(1)
    }

    /// Bytes in use, where it is a server that tells.
    async fn in_use_bytes(&self) -> Option<u64> {
        self.stats().await?["memory_in_use_bytes"].as_u64()
    }

    async fn stats(&self) -> Option<serde_json::Value> {
        if !self.target.is_server() {
            return None;
        }
        let options = Options { headers: self.headers.clone(), ..Options::new(self.target.clone()) };
        timeout(PATIENCE, ask(&options)).await.ok()?
    }

    /// Waits until the server has this many connections, or fewer after closing, and its memory stands still.
    /// Gives what there is then, and whether it did.
    pub(super) async fn settled(&self, is_so: impl Fn(u64) -> bool) -> (Snapshot, bool) {
        self.still(is_so, 1).await
    }

    /// The same after closing. Memory is given back, where it is, a moment later: by a server that asks its
    /// allocator to, or an allocator that does so by itself.
    pub(super) async fn left(&self, is_so: impl Fn(u64) -> bool) -> (Snapshot, bool) {
        self.still(is_so, (A_MOMENT.as_millis() / PAUSE.as_millis()) as usize).await
    }

    async fn still(&self, is_so: impl Fn(u64) -> bool, readings: usize) -> (Snapshot, bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut last = self.snapshot();
        let mut alike = 0;
        loop {
            let counts = self.connections().await.is_none_or(&is_so);
            sleep(PAUSE).await;
            let now = self.snapshot();
            let is_still =
                last.memory_bytes.zip(now.memory_bytes).is_none_or(|(a, b)| a.abs_diff(b) <= STILL_BYTES);
            alike = if counts && is_still { alike + 1 } else { 0 };
            if alike >= readings || Instant::now() > deadline {
                return (Snapshot { in_use_bytes: self.in_use_bytes().await, ..now }, alike >= readings);
            }
            last = now;
        }
    }
}

async fn ask(options: &Options) -> Option<serde_json::Value> {
    let mut connection = Connection::open(options, &Arc::default()).await.ok()?;
    let answer = connection.exchange(get(options, "/stats")).await.ok()?;
    serde_json::from_slice(&answer.body).ok()
}
