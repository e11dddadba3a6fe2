//! How fast one address may publish: a bucket that fills at the rate and holds a second's worth (GCRA, as in ATM).

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// When so many addresses are remembered, those whose bucket is full again are forgotten.
const MANY: usize = 10_000;

/// One event and no more, for as long as any server runs. What takes longer does not fit into the limiter's clock, which
/// counts nanoseconds in 64 bits.
const SLOWEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

pub(super) struct Pace {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
}

impl Pace {
    /// So many a second, each address for itself.
    pub(super) fn per_s(rate: f64) -> Self {
        let between = Duration::try_from_secs_f64(1.0 / rate).unwrap_or(SLOWEST);
        let between = between.clamp(Duration::from_nanos(1), SLOWEST);
        let burst = NonZeroU32::new(rate.ceil() as u32).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(between).expect("it is longer than 0").allow_burst(burst);
        Self { limiter: RateLimiter::keyed(quota), clock: DefaultClock::default() }
    }

    /// One more from there.
    ///
    /// # Errors
    /// How long to wait where that is too many.
    pub(super) fn check(&self, from: IpAddr) -> Result<(), Duration> {
        if self.limiter.len() >= MANY {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&from).map_err(|early| early.wait_time_from(self.clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    #[test]
    fn each_address_has_a_seconds_worth_at_once_and_is_told_when_there_is_more() {
        let pace = Pace::per_s(0.1);
        assert_eq!(pace.check(address(1)), Ok(()));
        let wait = pace.check(address(1)).unwrap_err();
        assert!(wait > Duration::from_secs(9) && wait <= Duration::from_secs(10), "{wait:?}");
        assert_eq!(pace.check(address(2)), Ok(()), "another address");
        let fast = Pace::per_s(1_000.0);
        let allowed = (0..2_000).filter(|_| fast.check(address(1)).is_ok()).count();
        assert!(allowed >= 1_000, "{allowed}");
    }

    #[test]
    fn no_rate_is_too_slow() {
        for rate in [1e-300, 1e-14, f64::MIN_POSITIVE] {
            let pace = Pace::per_s(rate);
            assert_eq!(pace.check(address(1)), Ok(()), "{rate}");
            assert!(pace.check(address(1)).unwrap_err() > SLOWEST / 2, "{rate}");
        }
    }

    #[test]
    fn addresses_that_come_once_are_forgotten() {
        let pace = Pace::per_s(1e6);
        (0..3 * MANY as u32).for_each(|n| assert!(pace.check(IpAddr::from(n.to_be_bytes())).is_ok()));
        assert!(pace.limiter.len() <= MANY, "{}", pace.limiter.len());
    }
}
