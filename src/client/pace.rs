//! When the next poll follows.

use tokio::time::{Instant, sleep, sleep_until};

use super::options::{Options, PollMode};

/// The clock of a poller.
#[derive(Debug, Default)]
pub(super) struct Pace {
    next: Option<Instant>,
}

impl Pace {
    /// Waits for the next regular poll. A poll that an answer was too late for is skipped.
    pub(super) async fn wait(&mut self, options: &Options) {
        let Options { poll_interval, poll_mode, poll_phase, .. } = *options;
        if poll_mode == PollMode::FixedDelay {
            return sleep(poll_interval).await;
        }
        let now = Instant::now();
        let mut next = self.next.unwrap_or_else(|| now + poll_interval.mul_f64(poll_phase));
        while next < now {
            next += poll_interval;
        }
        self.next = Some(next + poll_interval);
        sleep_until(next).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn every_second(poll_mode: PollMode) -> Options {
        let target = "127.0.0.1:1".parse().expect("this is an address");
        Options { poll_mode, poll_phase: 0.25, ..Options::new(target) }
    }

    /// When polls start whose answers take so long.
    async fn starts(poll_mode: PollMode, answer_ms: u64) -> Vec<u64> {
        let (options, begun, mut pace) = (every_second(poll_mode), Instant::now(), Pace::default());
        let mut starts = Vec::new();
        for _ in 0..3 {
            pace.wait(&options).await;
            starts.push(begun.elapsed().as_millis() as u64);
            sleep(Duration::from_millis(answer_ms)).await;
        }
        starts
    }

    #[tokio::test(start_paused = true)]
    async fn a_fixed_rate_keeps_its_phase_whatever_the_answers_take() {
        assert_eq!(starts(PollMode::FixedRate, 300).await, [250, 1_250, 2_250]);
        assert_eq!(starts(PollMode::FixedRate, 1_300).await, [250, 2_250, 4_250]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_fixed_delay_begins_after_the_answer() {
        assert_eq!(starts(PollMode::FixedDelay, 300).await, [1_000, 2_300, 3_600]);
    }
}
