//! `bench chaos` at small scale: connections that are reset twice a second, a server that is drained and started again.
//! That the checker catches what is wrong is tested beside it: here is what it must not catch.

use serde_json::Value;

use super::bench::{Finished, run};
#[cfg(target_os = "linux")]
use crate::behaviour::program::Program;

/// A memory of a fifth of a second: who is cut off comes back after half a second at least, and too late for some.
const SMALL: [&str; 12] =
    ["-c", "3", "-d", "3s", "-r", "100", "--link", "reset=50%/s", "--memory", "20", "-i", "100ms"];

fn chaos(arguments: &[&str]) -> Finished {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("result.json");
    let output = ["--output", path.to_str().unwrap()];
    let finished = run(&[&["bench", "chaos"], arguments, &output].concat());
    let report = std::fs::read(&path).map_or(Value::Null, |json| serde_json::from_slice(&json).unwrap());
    Finished { report, ..finished }
}

fn sum(lane: &Value, keys: &[&str]) -> u64 {
    keys.iter().map(|key| lane[*key].as_u64().unwrap_or_else(|| panic!("no `{key}` in {lane}"))).sum()
}

#[test]
fn through_resets_and_a_restart_every_event_comes_once_or_is_announced_as_lost() {
    nothing_is_lost_over("1");
}

#[test]
fn through_resets_and_a_restart_nothing_is_lost_over_http_2_either() {
    nothing_is_lost_over("2");
}

fn nothing_is_lost_over(http: &str) {
    // The shorter a hold, the shorter all listen on in the end.
    let finished = chaos(&[&SMALL[..], &["--restarts", "1", "--hold", "1", "--http", http]].concat());
    assert_eq!(finished.code, Some(0), "{}{}", finished.text, finished.errors);
    finished.assert_printable();
    assert!(
        finished.text.contains("all 12 clients: every event that was to be had came"),
        "{}",
        finished.text
    );
    let report = &finished.report;
    assert_eq!((&report["lab"], &report["breaches"]), (&"chaos".into(), &0.into()));
    assert_eq!(report["http"].to_string(), http);
    assert!(!cfg!(debug_assertions) || report["warnings"][0].as_str().unwrap().starts_with("a debug build"));
    let lives = report["lives"].as_array().unwrap();
    assert_eq!((lives.len(), &lives[0]["exit_code"]), (2, &0.into()), "{lives:#?}");
    assert!(lives[0]["drain_us"].is_u64() && lives[1]["drain_us"].is_null(), "{lives:#?}");
    let (known, unclear) =
        (sum(&report["published"], &["acknowledged"]), sum(&report["published"], &["unclear"]));
    assert!(known > 100, "{known} published in three seconds of a hundred each");
    let lanes = report["lanes"].as_array().unwrap();
    assert_eq!(lanes.len(), 4);
    for lane in lanes {
        // Each event of each client came, was announced as missing, or went down with a log.
        let told = sum(lane, &["events", "missed", "gone"]);
        assert!((3 * known..=3 * (known + unclear)).contains(&told), "{told} of {known} + {unclear}: {lane}");
        assert_eq!((&lane["clients"], sum(lane, &["new_lives"])), (&3.into(), 3), "{lane}");
        assert!(sum(lane, &["connections"]) > 3, "nobody was ever cut off: {lane}");
    }
    assert!(lanes.iter().any(|lane| sum(lane, &["gaps"]) > 0), "nobody was ever too late: {lanes:#?}");
}

#[test]
fn what_cannot_be_is_refused_with_the_remedy() {
    for (arguments, words) in [
        (
            &["bench", "chaos", "--size", "20"][..],
            "`--size` is 44 to 65536 here: each event carries its number",
        ),
        (&["bench", "chaos", "--link", "storm"], "`storm` is no part of a link"),
        (&["bench", "chaos", "--memory", "0"], "1..="),
    ] {
        let refused = run(arguments);
        assert_eq!(refused.code, Some(2), "{arguments:?}: {}", refused.errors);
        assert!(refused.errors.contains(words), "{arguments:?}: {}", refused.errors);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_ends_it_with_what_there_is_by_then() {
    let mut bench = Program::start(&["bench", "chaos", "-c", "2", "-t", "sse", "-d", "1h", "--link", "none"]);
    crate::behaviour::eventually("it has a server", || {
        std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", bench.id()))
            .is_ok_and(|children| !children.is_empty())
    });
    std::thread::sleep(std::time::Duration::from_millis(500));
    bench.signal(rustix::process::Signal::INT);
    assert_eq!(bench.ended().code(), Some(130), "{:?}", bench.stderr.all());
    bench.stdout.find("all 2 clients: every event");
}
