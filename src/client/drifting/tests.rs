use fastrand::Rng;

use super::*;

/// The server's clock in a simulation: ahead by so much at 0, and straight from one bend to the next.
struct Truth {
    ahead_us: f64,
    /// From when on, and how fast.
    bends: Vec<(f64, f64)>,
}

impl Truth {
    fn straight(ahead_us: f64, drift: f64) -> Self {
        Self { ahead_us, bends: vec![(0.0, drift)] }
    }

    fn us(&self, at_us: f64) -> f64 {
        let ends = self.bends.iter().skip(1).map(|bend| bend.0).chain([f64::INFINITY]);
        let gained =
            self.bends.iter().zip(ends).map(|((from, drift), to)| drift * (at_us.min(to) - from).max(0.0));
        self.ahead_us + gained.sum::<f64>()
    }

    /// An exchange that sets out at this instant, its stamps cut to whole microseconds.
    fn asked(&self, at_us: f64, up_us: f64, down_us: f64) -> Exchange {
        let (came_us, left_us) = (at_us + up_us, at_us + up_us + 40.0);
        let far = |at_us: f64| (at_us + self.us(at_us)) as u64;
        Exchange {
            before_us: at_us as u64,
            receive_us: far(came_us),
            transmit_us: far(left_us),
            after_us: (left_us + down_us) as u64,
        }
    }

    /// The furthest that an offset is from it, in units of its bound.
    fn worst(&self, offset: &Drifting, estimates: &[Exchange]) -> f64 {
        let (first, last) = (estimates[0].after_us, estimates[estimates.len() - 1].before_us);
        let step = (last - first) as usize / 1_000;
        let error = |at_us: u64| (offset.us(at_us) - self.us(at_us as f64)).abs();
        (first..=last).step_by(step).map(error).fold(0.0, f64::max) / offset.within_us()
    }
}

const EVERY_US: f64 = 3e6;

/// Ten estimates, each the best of 32 on a way with queues.
fn estimates(truth: &Truth, way_us: [f64; 2], queue_us: f64, rng: &mut Rng) -> Vec<Exchange> {
    let mut delay = |way_us: f64| way_us - queue_us * rng.f64().ln();
    let mut ask = |at_us: f64| truth.asked(at_us, delay(way_us[0]), delay(way_us[1]));
    let mut best = |of: usize| {
        let asked = (0..32).map(|one| ask(5e6 + of as f64 * EVERY_US + f64::from(one) * 9e4));
        asked.reduce(Exchange::better_of).unwrap()
    };
    (0..10).map(&mut best).collect()
}

#[test]
fn an_instant_that_no_clock_shows_has_an_age_all_the_same() {
    let same = Drifting::known(0);
    for (sent_us, arrived_us, age_us) in [
        (0, 1_000, 1_000),
        (1_000, 0, -1_000),
        (u64::MAX, 1_000, i64::MIN),
        (1 << 63, 1_000, 1_000 + i64::MIN),
        (0, u64::MAX, i64::MAX),
    ] {
        assert_eq!(same.age_us(sent_us, arrived_us), age_us, "{sent_us} to {arrived_us}");
    }
}

#[test]
fn the_truth_is_within_the_bound_whatever_the_network_does() {
    let mut rng = Rng::with_seed(7);
    for way_us in [[25_000.0, 25_000.0], [50_000.0, 0.0], [0.0, 50_000.0], [40.0, 40.0], [0.0, 0.0]] {
        for queue_us in [0.0, 20.0, 5_000.0] {
            for drift in [0.0, 200e-6, -200e-6, 0.01] {
                let truth = Truth::straight(1.7e15 + rng.f64() * 1e6, drift);
                let estimates = estimates(&truth, way_us, queue_us, &mut rng);
                let offset = Drifting::through(&estimates);
                let case = format!("{way_us:?} {queue_us} {drift}: {offset:?}");
                let worst = truth.worst(&offset, &estimates);
                assert!(worst <= 1.0, "{worst} bounds off in {case}");
                let error_ppm = (offset.drift_ppm() - drift * 1e6).abs();
                assert!(error_ppm <= offset.drift_within_ppm() + 1e-6, "{error_ppm} ppm off in {case}");
            }
        }
    }
}

/// All of the round trip in one direction at the beginning and in the other at the end: no line through the
/// estimates is further off, and neither is this one further than it says.
#[test]
fn the_bound_is_reached_where_the_way_is_as_crooked_as_can_be() {
    let truth = Truth::straight(1.7e15, 200e-6);
    for (first, last) in [([9_000.0, 0.0], [0.0, 9_000.0]), ([0.0, 9_000.0], [9_000.0, 0.0])] {
        let asked = |at_us: f64, [up, down]: [f64; 2]| truth.asked(at_us, up, down);
        let estimates = [asked(5e6, first), asked(20e6, [4_500.0, 4_500.0]), asked(35e6, last)];
        let offset = Drifting::through(&estimates);
        let worst = truth.worst(&offset, &estimates);
        assert!((0.99..=1.0).contains(&worst), "{worst} bounds off: {offset:?}");
        assert!((4_500.0..4_510.0).contains(&offset.within_us()), "half a round trip: {offset:?}");
    }
}

/// Half the estimates by a clock at +50 ppm and half at −50: the line cannot follow, and says how far it is off.
#[test]
fn a_clock_that_bends_makes_the_bound_wider() {
    let bent = Truth { ahead_us: 1.7e15, bends: vec![(0.0, 50e-6), (20e6, -50e-6)] };
    let [bent, straight] = [bent, Truth::straight(1.7e15, 50e-6)].map(|truth| {
        let estimates = [5e6, 12.5e6, 20e6, 27.5e6, 35e6].map(|at_us| truth.asked(at_us, 40.0, 40.0));
        let offset = Drifting::through(&estimates);
        assert!(truth.worst(&offset, &estimates) <= 1.0, "{offset:?}");
        offset.within_us()
    });
    // In the middle it is 50e-6 · 15 s = 750 µs higher than at its ends: half of that on either side.
    assert!(straight < 45.0 && (400.0..430.0).contains(&bent), "{straight} µs straight, {bent} µs bent");
}

#[test]
fn what_was_asked_in_a_queue_is_left_out() {
    let truth = Truth::straight(1.7e15, 0.0);
    let asked = |at_us: f64, up_us: f64| truth.asked(at_us, up_us, 100.0);
    let offset = Drifting::through(&[asked(5e6, 100.0), asked(20e6, 30_000.0), asked(35e6, 100.0)]);
    assert!(offset.within_us() < 105.0, "{offset:?}");
}

#[test]
fn beyond_the_estimates_the_bound_grows() {
    let truth = Truth::straight(1.7e15, 100e-6);
    let one = truth.asked(5e6, 50.0, 50.0);
    let alone = Drifting::through(&[one]);
    for after_s in [0.0, 1.0, 60.0] {
        let at_us = one.after_us + (after_s * 1e6) as u64;
        let error_us = (alone.us(at_us) - truth.us(at_us as f64)).abs();
        let within_us = alone.within_us_at(at_us);
        assert!(error_us <= within_us, "after {after_s} s off by {error_us} µs, said {within_us} µs");
    }
    assert!(alone.within_us_at(one.after_us + 1_000_000) > 500.0, "nothing told how it drifts");
    let both = Drifting::through(&[one, truth.asked(35e6, 50.0, 50.0)]);
    assert!(both.within_us_at(36_000_000) < both.within_us() + 5.0, "{both:?}");
    assert_eq!(both.within_us_at(20_000_000), both.within_us());
}

#[test]
fn negative_ages_are_kept() {
    let offset = Drifting::known(4_900);
    assert_eq!((offset.age_us(5_000, 180), offset.age_us(5_100, 180)), (80, -20));
    assert_eq!((offset.within_us(), offset.within_us_at(u64::MAX)), (0.0, 0.0));
}
