//! `bench fallback`: what wins on which link is what theory says, and the checker sees every event.

use serde_json::Value;

use super::bench::{Finished, number, run};

fn fallback(arguments: &[&str]) -> Finished {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("result.json");
    let all = ["bench", "fallback", "--seed", "7", "--output", path.to_str().unwrap()];
    let finished = run(&[&all, arguments].concat());
    let report = std::fs::read(&path).map_or(Value::Null, |json| serde_json::from_slice(&json).unwrap());
    Finished { report, ..finished }
}

#[test]
fn every_link_is_read_over_what_theory_says_and_nothing_is_lost() {
    let links = ["rtt=40ms", "rtt=40ms,blackhole-upgrade", "rtt=40ms,buffer=8k,no-upgrade"];
    let flags = links.iter().flat_map(|link| ["--link", link]);
    let arguments: Vec<&str> = flags.chain(["--rounds", "1", "--rate", "10", "--stay", "300ms"]).collect();
    let finished = fallback(&arguments);
    assert_eq!(finished.code, Some(0), "{}{}", finished.text, finished.errors);
    finished.assert_printable();
    assert_eq!(
        (&finished.report["schema_version"], &finished.report["lab"]),
        (&1.into(), &"fallback".into())
    );
    let lanes = finished.report["lanes"].as_array().unwrap();
    let winners = ["websocket", "sse", "longpoll"].into_iter().flat_map(|winner| [winner; 2]);
    for ((lane, winner), place) in lanes.iter().zip(winners).zip(0..) {
        let [link, strategy] = [links[place / 2], ["sequential", "race"][place % 2]];
        assert_eq!((&lane["course"], &lane["strategy"]), (&link.into(), &strategy.into()));
        assert_eq!(lane["legs"][0]["transport"], winner, "{link}, {strategy}: {lane}");
        assert_eq!(lane["legs"][0]["predicted_transport"], winner, "{link}");
        assert_eq!(
            number(lane, "first_connections.measured"),
            number(lane, "first_connections.predicted"),
            "{lane}"
        );
        // No answer is quicker than light: 2R for each that comes, and patience or a head start for each that
        // does not.
        let [after_us, predicted_us] =
            ["first_event_us.measured", "first_event_us.predicted"].map(|of| number(lane, of));
        assert!(
            after_us >= 160_000.0 && predicted_us >= 160_000.0,
            "{link}: {after_us} and {predicted_us} µs"
        );
        assert!(number(lane, "first_bytes.measured") > 500.0, "{lane}");
        let events = &lane["events"];
        assert_eq!(events["expected"], events["delivered"], "{lane}");
        assert!(events["expected"].as_u64() > Some(0), "{lane}");
    }
    let after = |place: usize| number(&lanes[place], "first_event_us.measured");
    assert!(
        after(2) > 2.0 * after(3),
        "who waits for a silent one takes longer: {} and {}",
        after(2),
        after(3)
    );
    assert!(
        finished.text.contains("none of ") && finished.text.contains("websocket failed"),
        "{}",
        finished.text
    );
}

#[test]
fn a_link_that_changes_is_read_over_what_passes_each_time() {
    let course = "none then no-upgrade";
    let finished = fallback(&[
        "--link",
        course,
        "--strategy",
        "race",
        "--rounds",
        "1",
        "--stay",
        "300ms",
        "--rate",
        "50",
    ]);
    assert_eq!(finished.code, Some(0), "{}{}", finished.text, finished.errors);
    finished.assert_printable();
    let lanes = finished.report["lanes"].as_array().unwrap();
    let [lane] = &lanes[..] else { panic!("one strategy, one course: {lanes:?}") };
    let over: Vec<&Value> = lane["legs"].as_array().unwrap().iter().map(|leg| &leg["transport"]).collect();
    assert_eq!(over, ["websocket", "sse"], "{lane}");
    assert!(lane["switches"].as_u64() >= Some(1) && lane["left"][0]["transport"] == "websocket", "{lane}");
    let events = &lane["events"];
    assert!(events["expected"].as_u64() > Some(20) && events["expected"] == events["delivered"], "{lane}");
}

#[test]
fn what_cannot_be_measured_is_refused_with_the_remedy() {
    for (arguments, words) in [
        (&["--link", "refuse"][..], "leave out `refuse`"),
        (&["--link", "none then"], "empty part"),
        (&["--strategy", "best"], "possible values: sequential, race"),
        (&["--size", "70000"], "1 to 65536 bytes"),
    ] {
        let finished = fallback(arguments);
        assert!(
            finished.code == Some(2) && finished.errors.contains(words),
            "{arguments:?}: {}",
            finished.errors
        );
    }
}
