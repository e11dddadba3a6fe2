//! Runs that must hold something: what is printed, what is kept, and how they end.

use serde_json::{Value, json};

use super::bench::{Finished, at_once, bench, number, run};

const SHORT: &[&str] =
    &["-d", "600ms", "--warmup", "100ms", "-i", "100ms", "-r", "100", "-t", "poll,sse", "--link", "none"];

fn bench_holding(thresholds: &[&str], more: &[&str]) -> Finished {
    let flags: Vec<&str> = thresholds.iter().flat_map(|text| ["--threshold", text]).collect();
    bench(&[SHORT, &flags, more].concat())
}

fn outcomes(finished: &Finished) -> &Vec<Value> {
    finished.report["thresholds"].as_array().unwrap_or_else(|| panic!("{}{}", finished.text, finished.errors))
}

/// A minute, and a microsecond: no machine is so slow, and none so fast.
#[test]
fn thresholds_that_hold_and_that_do_not_are_told_apart() {
    let [held, failed] = at_once(
        |thresholds| bench_holding(thresholds, &[]),
        [
            &["sse.p50<1m", "poll.requests@i=100ms<=1", "sse.lost<=0", "sse.p50>1us"],
            &["sse.p50<1us", "sse.p50<1m"],
        ],
    );
    assert_eq!(held.code, Some(0), "{}{}", held.text, held.errors);
    held.assert_printable();
    assert!(held.text.contains("\nthresholds:\n  ok     sse.p50<1m: "), "{}", held.text);
    assert!(held.text.contains("\n  ok     sse.lost<=0: 0\n"), "{}", held.text);
    assert!(!held.text.contains("FAILED"), "{}", held.text);
    let p50 = &outcomes(&held)[0];
    assert_eq!((&p50["holds"], &p50["run"], &p50["transport"]), (&json!(true), &json!(0), &json!("sse")));
    assert_eq!(number(p50, "figure.p50_us.limit"), 6e7);
    let measured = number(p50, "figure.p50_us.measured");
    assert_eq!(measured, number(&held.lanes()[1], "latency_us.p50.measured"));

    assert_eq!(failed.code, Some(3), "{}{}", failed.text, failed.errors);
    assert!(failed.text.contains("\nthresholds:\n  FAILED sse.p50<1us: "), "{}", failed.text);
    assert!(failed.text.contains("\n  ok     sse.p50<1m: "), "{}", failed.text);
    assert_eq!(failed.errors, "", "the text says it");
}

#[test]
fn a_threshold_is_held_against_every_run_that_it_means() {
    let sweep = ["--link", "rtt=20ms"];
    let failed = bench_holding(&["sse.p50<9ms", "sse.p50@rtt=20ms>9ms", "sse.p50@none<1m"], &sweep);
    assert_eq!(failed.code, Some(3), "{}{}", failed.text, failed.errors);
    failed.assert_printable();
    let holds: Vec<(&Value, bool)> =
        outcomes(&failed).iter().map(|one| (&one["run"], one["holds"].as_bool().unwrap())).collect();
    assert_eq!(holds[1..], [(&json!(1), false), (&json!(1), true), (&json!(0), true)], "{}", failed.text);
    assert!(failed.text.contains("FAILED sse.p50<9ms [rtt=20ms]: "), "{}", failed.text);
}

#[test]
fn who_prints_no_text_is_told_on_stderr_what_failed() {
    let holding = |flags: &[&str]| bench_holding(&["sse.p50<1us", "sse.p50<1m"], flags);
    for failed in at_once(holding, [&["-q"], &["--format", "json"]]) {
        assert_eq!(failed.code, Some(3), "{}", failed.errors);
        assert!(failed.errors.starts_with("  FAILED sse.p50<1us: "), "{}", failed.errors);
        assert_eq!(failed.errors.lines().count(), 1, "{}", failed.errors);
    }
}

/// The window was too short for what it was planned for: what cannot be told has failed, and says so.
#[test]
fn a_figure_that_could_not_be_told_has_failed() {
    let (_server, address) = crate::behaviour::program::Program::serve(&["--rate", "20"]);
    let url = address.to_string();
    let short = ["--url", &url, "-t", "sse", "-d", "300ms", "--warmup", "0", "--threshold", "sse.p99<1m"];
    let failed = bench(&short);
    assert_eq!(failed.code, Some(3), "{}{}", failed.text, failed.errors);
    let text = failed.text.replace("\n  ", " ");
    assert!(text.contains("FAILED sse.p99<1m: it needs 368 events a round, and there were fewer"), "{text}");
    assert_eq!(outcomes(&failed)[0]["figure"]["p99_us"]["measured"], Value::Null);
}

#[test]
fn what_was_kept_tells_of_its_thresholds_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kept.json");
    let failed = bench_holding(&["sse.p50<1us"], &[]);
    std::fs::write(&path, failed.report.to_string()).unwrap();
    let again = run(&["report", path.to_str().unwrap()]);
    assert!(again.text.contains("\nthresholds:\n  FAILED sse.p50<1us: "), "{}{}", again.text, again.errors);
}
