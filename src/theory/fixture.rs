//! What the tests of this chapter share.

use super::{Arrivals, Heads, Inputs, OneWay, Payload, PollMode};
use crate::client::Http;

/// d.
pub(super) const D_US: f64 = 100.0;

/// A bare client's heads, about.
pub(super) const HEADS: Heads = Heads::plain(70.0, 90.0, 150.0);

/// 100 bytes of data in their shell.
pub(super) const PAYLOAD: Payload = Payload { bytes: 170.0, id_bytes: 11.0 };

/// A Poisson event a second, polled every second, held 25 s; nothing but R makes the gap.
pub(super) fn inputs() -> Inputs {
    Inputs {
        rate_per_s: 1.0,
        arrivals: Some(Arrivals::Poisson),
        one_way: OneWay::Given(D_US),
        round_trip_us: 200.0,
        server_us: 0.0,
        turnaround_us: 0.0,
        wake_us: 0.0,
        poll_interval_us: 1e6,
        poll_mode: PollMode::FixedRate,
        hold_us: 25e6,
        linger_us: 0.0,
        keep_alive: true,
        http: Http::One,
        tls: None,
        proxied: false,
        writes_per_event: 1.0,
    }
}

/// So many Poisson instants in microseconds, the same each time.
pub(super) fn poisson(rate_per_s: f64, events: usize) -> Vec<f64> {
    let mut random = fastrand::Rng::with_seed(7);
    let mut at = 0.0;
    let mut next = || {
        at -= (1.0 - random.f64()).ln() * 1e6 / rate_per_s;
        at
    };
    (0..events).map(|_| next()).collect()
}

/// So many instants in microseconds, one every 1/rate.
pub(super) fn steady(rate_per_s: f64, events: usize) -> Vec<f64> {
    (0..events).map(|event| event as f64 * 1e6 / rate_per_s).collect()
}

#[track_caller]
pub(super) fn assert_near(what: &str, figure: f64, expected: f64, tolerance: f64) {
    let apart = (figure - expected).abs();
    assert!(
        apart <= tolerance,
        "{what}: {figure} is {apart:.3e} away from {expected}, more than {tolerance}"
    );
}
