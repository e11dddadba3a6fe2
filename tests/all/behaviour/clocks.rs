//! A server's clock, as it is known from afar.

use std::time::Duration;

use wirelanes::client::{Options, Timekeeper};
use wirelanes::clock::monotonic_us;

use super::PATIENCE;
use super::another_clock::AnotherClock;
use super::fake::{self, Script};
use super::stage::Stage;

/// So often that there are estimates in between in a run of a second.
const OFTEN: Duration = Duration::from_millis(5);

#[tokio::test]
async fn on_the_same_machine_the_offset_is_known_exactly() {
    let stage = Stage::open();
    let keeper = Timekeeper::ask(&stage.options(), OFTEN).await.unwrap();
    let offset = keeper.until_now(monotonic_us()).await.unwrap();
    match wirelanes::clock::boot_id() {
        Some(_) => {
            assert_eq!(offset.us(1), stage.feed.clock().monotonic_offset_us() as f64);
            assert_eq!((offset.within_us(), offset.drift_ppm(), offset.exchanges()), (0.0, 0.0, 1));
        }
        None => assert!(offset.within_us() > 0.0),
    }
}

/// A burst before the stretch, one in it, and the last.
const ENOUGH: usize = 3 * 32;

/// Asks for a second, and holds what came of it against the truth, which is known here.
async fn assert_recovered(ahead_us: i64, drift_ppm: f64, up_ms: u64, down_ms: u64) {
    let stage = Stage::open();
    let far = stage.feed.clock();
    let (up, down) = (Duration::from_millis(up_ms), Duration::from_millis(down_ms));
    let clock = AnotherClock { ahead_us, since_us: far.now_us(), drift_ppm, up, down };
    let target = clock.before(stage.address).to_string().parse().unwrap();
    let keeper = Timekeeper::ask(&Options::new(target), OFTEN).await.unwrap();
    let started_us = monotonic_us();
    tokio::time::sleep(Duration::from_secs(1)).await;
    // A machine that is busy takes longer to ask so often.
    while keeper.lately().exchanges() < ENOUGH {
        assert!(monotonic_us() - started_us < PATIENCE.as_micros() as u64, "{:?}", keeper.lately());
        tokio::time::sleep(OFTEN).await;
    }
    let ended_us = monotonic_us();
    let offset = keeper.until_now(started_us).await.unwrap();

    let case = format!("{clock:?}: {offset:?}");
    let within_us = offset.within_us();
    for tenth in 0..=10 {
        let at_us = started_us + (ended_us - started_us) * tenth / 10;
        let error_us = offset.us(at_us) - (clock.at(far.at(at_us)) - at_us as f64);
        assert!(error_us.abs() <= within_us, "off by {error_us} after {tenth} tenths in {case}");
        assert_eq!(offset.within_us_at(at_us), within_us);
    }
    // Half of what all is delayed by in one direction can be told from nothing, and is the truth here.
    assert!(within_us * 1e-3 >= up_ms.abs_diff(down_ms) as f64 / 2.0, "too sure in {case}");
    assert!((offset.drift_ppm() - drift_ppm).abs() <= offset.drift_within_ppm(), "{case}");
    assert!(offset.exchanges() >= ENOUGH, "{case}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_wrong_and_drifts_is_recovered_within_the_bound() {
    tokio::join!(
        assert_recovered(3_200_000, 200.0, 0, 0),
        assert_recovered(3_200_000, 5_000.0, 0, 0),
        assert_recovered(-86_400_000_000, -300.0, 0, 4),
        assert_recovered(0, 200.0, 4, 0),
    );
}

/// The same boot, and another clock: as in a container with a time namespace of its own.
#[tokio::test]
async fn a_clock_that_only_claims_to_be_ours_is_asked_as_any_other() {
    let Some(boot) = wirelanes::clock::boot_id() else { return };
    let far = move |_: usize, _: &str| {
        let now_us = monotonic_us() + 3_600_000_000;
        let time = format!(
            r#"{{"receive_us":{now_us},"transmit_us":{now_us},"boot_id":"{boot}","monotonic_offset_us":5}}"#
        );
        Script::Say(fake::answer("200 OK", "", &time))
    };
    let target = fake::serve(far).await.to_string().parse().unwrap();
    let keeper = Timekeeper::ask(&Options::new(target), OFTEN).await.unwrap();
    let offset = keeper.lately();
    assert!((offset.middle_us() - 3.6e9).abs() <= offset.within_us(), "{offset:?}");
    assert!(offset.within_us() > 0.0 && offset.exchanges() == 32, "{offset:?}");
}

#[tokio::test]
async fn a_clock_that_is_two_clocks_is_none() {
    let boots = |question: usize, _: &str| {
        let boot = if question < 40 { "a" } else { "b" };
        let time =
            format!(r#"{{"receive_us":5,"transmit_us":5,"boot_id":"{boot}","monotonic_offset_us":0}}"#);
        Script::Say(fake::answer("200 OK", "", &time))
    };
    let target = fake::serve(boots).await.to_string().parse().unwrap();
    let keeper = Timekeeper::ask(&Options::new(target), Duration::from_secs(3_600)).await.unwrap();
    let refused = keeper.until_now(0).await.unwrap_err().to_string();
    assert!(refused.contains("that of another machine"), "{refused}");
}

#[tokio::test]
async fn a_clock_that_is_set_while_it_is_asked_tells_nothing() {
    let jumps = |_: usize, _: &str| {
        let time = r#"{"receive_us":5,"transmit_us":90000000,"boot_id":null,"monotonic_offset_us":0}"#;
        Script::Say(fake::answer("200 OK", "", time))
    };
    let target = fake::serve(jumps).await.to_string().parse().unwrap();
    let refused = Timekeeper::ask(&Options::new(target), OFTEN).await.err().unwrap().to_string();
    assert!(refused.contains("passed faster there"), "{refused}");
}
