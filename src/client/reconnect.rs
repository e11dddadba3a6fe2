//! When to come back.
//!
//! First the server's own `retry:`, else a random half to one second; then random, up to twice as long each
//! time, 20 s at most. Random, so that a crowd that was cut off at one instant does not come back at one. A server that
//! answers and hangs up, and asks for `retry: 0`, is not asked a thousand times a second.

use std::time::Duration;

/// No wait is drawn from beyond this.
const LONGEST_S: f64 = 20.0;
const SHORTEST_S: f64 = 0.5;

/// Nobody comes back sooner, whatever the server asked for.
const SOONEST: Duration = Duration::from_millis(100);

#[derive(Debug, Default)]
pub(crate) struct Reconnect {
    /// What the server asked for.
    pub(super) retry: Option<Duration>,
    failures: u32,
}

impl Reconnect {
    /// An answer came: the next failure is a first one again.
    pub(crate) fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// Whether no answer came since the last failure.
    pub(crate) fn has_failed(&self) -> bool {
        self.failures > 0
    }

    /// How long to wait now, and no less than `least`.
    pub(crate) fn wait(&mut self, least: Duration) -> Duration {
        let failures = self.failures;
        self.failures += 1;
        let wait = match (failures, self.retry) {
            (0, Some(retry)) => retry.max(SOONEST),
            (0, None) => between(SHORTEST_S, 1.0),
            (n, _) => between(SHORTEST_S, LONGEST_S.min(f64::from(n.min(10)).exp2())),
        };
        wait.max(least)
    }
}

fn between(low_s: f64, high_s: f64) -> Duration {
    Duration::from_secs_f64(low_s + fastrand::f64() * (high_s - low_s))
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(f64) -> Duration = Duration::from_secs_f64;

    #[test]
    fn waits_grow_from_the_servers_own_to_twenty_seconds() {
        let mut longest = [Duration::ZERO; 9];
        for _ in 0..2_000 {
            let mut reconnect = Reconnect { retry: Some(S(1.7)), failures: 0 };
            assert_eq!(reconnect.wait(Duration::ZERO), S(1.7), "the server's own comes first");
            for longest in &mut longest {
                let wait = reconnect.wait(Duration::ZERO);
                assert!(wait >= S(0.5), "{wait:?} is too soon");
                *longest = wait.max(*longest);
            }
        }
        let bounds = [2.0, 4.0, 8.0, 16.0, 20.0, 20.0, 20.0, 20.0, 20.0];
        for (longest, bound) in longest.into_iter().zip(bounds) {
            assert!(longest <= S(bound) && longest > S(bound * 0.9), "{longest:?} for a bound of {bound} s");
        }
    }

    #[test]
    fn nobody_comes_back_at_once_though_every_answer_is_a_success() {
        let mut reconnect = Reconnect { retry: Some(Duration::ZERO), failures: 0 };
        for _ in 0..3 {
            assert_eq!(reconnect.wait(Duration::ZERO), SOONEST);
            reconnect.succeeded();
        }
    }

    #[test]
    fn a_success_begins_anew_and_retry_after_is_a_minimum() {
        let mut reconnect = Reconnect::default();
        for _ in 0..9 {
            reconnect.wait(Duration::ZERO);
        }
        reconnect.succeeded();
        assert!(reconnect.wait(Duration::ZERO) <= S(1.0));
        assert_eq!(reconnect.wait(S(60.0)), S(60.0));
    }
}
