//! One clock: microseconds since the UNIX epoch that never step.
//!
//! The wall clock is read once, when the clock is made; from then on time is that reading plus what the
//! monotonic clock has counted since. NTP may slew or step the wall clock: no latency turns negative by it.
//!
//! Two processes of one boot read the same monotonic clock, so they can compare instants exactly, given
//! each other's offset. `boot_id` tells them that this is so.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Microseconds of the machine's monotonic clock: what both ends of a measurement on one machine share.
pub fn monotonic_us() -> u64 {
    imp::monotonic_us()
}

/// Names this boot of this machine, or nothing where the platform does not say.
///
/// Linux: `/proc/sys/kernel/random/boot_id`. Elsewhere clients estimate the offset over the network.
pub fn boot_id() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

/// A wall clock fixed to the monotonic clock at the moment it was made.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    offset_us: i64,
}

impl Clock {
    /// Reads the wall clock for the first and last time.
    pub fn start() -> Self {
        let wall_us =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64);
        Self { offset_us: wall_us - monotonic_us() as i64 }
    }

    /// Now, in microseconds since the UNIX epoch.
    pub fn now_us(&self) -> u64 {
        self.at(monotonic_us())
    }

    /// An instant of [`monotonic_us`], in microseconds since the UNIX epoch.
    pub fn at(&self, monotonic_us: u64) -> u64 {
        monotonic_us.saturating_add_signed(self.offset_us)
    }

    /// This clock minus [`monotonic_us`], in microseconds.
    pub fn monotonic_offset_us(&self) -> i64 {
        self.offset_us
    }
}

/// What `GET /time` answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Time {
    /// When the request was received, in microseconds of the clock of `sent_us`.
    pub receive_us: u64,
    /// When the answer was made.
    pub transmit_us: u64,
    /// Names the boot of the server's machine; absent where the platform does not say.
    pub boot_id: Option<String>,
    /// The clock of `sent_us` minus the machine's monotonic clock.
    pub monotonic_offset_us: i64,
}

/// CPU time this process has used, all threads, user and system, in microseconds; `None` where unknown.
pub fn process_cpu_us() -> Option<u64> {
    imp::process_cpu_us()
}

/// CPU time the calling thread has used, in microseconds; `None` where unknown.
pub fn thread_cpu_us() -> Option<u64> {
    imp::thread_cpu_us()
}

#[cfg(unix)]
mod imp {
    use rustix::time::{ClockId, clock_gettime};

    fn read_us(clock: ClockId) -> u64 {
        let at = clock_gettime(clock);
        at.tv_sec as u64 * 1_000_000 + at.tv_nsec as u64 / 1_000
    }

    pub(super) fn monotonic_us() -> u64 {
        read_us(ClockId::Monotonic)
    }

    pub(super) fn process_cpu_us() -> Option<u64> {
        Some(read_us(ClockId::ProcessCPUTime))
    }

    pub(super) fn thread_cpu_us() -> Option<u64> {
        Some(read_us(ClockId::ThreadCPUTime))
    }
}

#[cfg(not(unix))]
mod imp {
    use std::sync::OnceLock;
    use std::time::Instant;

    /// Counts from the first call: comparable within this process only, which is why `boot_id` is `None` here.
    pub(super) fn monotonic_us() -> u64 {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed().as_micros() as u64
    }

    pub(super) fn process_cpu_us() -> Option<u64> {
        None
    }

    pub(super) fn thread_cpu_us() -> Option<u64> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_converts_by_the_offset_alone() {
        let clock = Clock::start();
        let at = monotonic_us();
        assert_eq!(clock.at(at) as i64 - at as i64, clock.monotonic_offset_us());
    }

    #[test]
    fn time_never_runs_backwards() {
        let clock = Clock::start();
        let mut last = clock.now_us();
        for _ in 0..10_000 {
            let now = clock.now_us();
            assert!(now >= last, "{now} came after {last}");
            last = now;
        }
    }
}
