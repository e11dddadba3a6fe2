//! Two results compared: what is claimed, what is not, and how it ends.

use std::fs;

use fastrand::Rng;
use serde_json::{Value, json};
use wirelanes::bench::compare::{Comparison, Verdict, compare};
use wirelanes::bench::result::Report;

use super::bench::{Finished, run};
use super::usual::usual;

/// A result of so many rounds: each lane's latencies lie about 1 ms, 50 µs apart, and as much above as is told.
fn result(rounds: usize, seed: u64, above_us: impl Fn(&str) -> f64) -> Value {
    let mut rng = Rng::with_seed(seed);
    let mut result = usual().report.clone();
    let run = &mut result["runs"][0];
    run["rounds"] = json!(rounds);
    let mut trials =
        |name: &str| (0..rounds).map(|_| trial(name, above_us(name), &mut rng)).collect::<Vec<_>>();
    run["control"]["trials"] = json!(trials("(tcp)"));
    for lane in run["lanes"].as_array_mut().unwrap() {
        let name = lane["transport"].as_str().unwrap().to_owned();
        lane["trials"] = json!(trials(&name));
    }
    result
}

fn trial(name: &str, above_us: f64, rng: &mut Rng) -> Value {
    let mut about = |middle: f64, spread: f64| middle - spread * rng.f64().ln();
    let latency = [1_100.0, 1_000.0, 2_000.0].map(|middle| about(middle + above_us, 50.0));
    let envelope = if name == "websocket" { 4.0 } else { about(28.0, 0.1) };
    json!({
        "events": 97,
        "latency_us": { "mean": latency[0], "p50": latency[1], "p95": latency[2], "p99": null, "max": about(5e3, 1e3) },
        "requests_per_event": about(0.1, 0.01),
        "empty_share": null,
        "bytes_per_event": about(200.0, 5.0),
        "envelope_bytes_per_event": envelope,
    })
}

/// Runs `compare` on two results.
fn compared(a: &Value, b: &Value, flags: &[&str]) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    let paths = [("a.json", a), ("b.json", b)].map(|(name, result)| {
        let path = folder.path().join(name);
        fs::write(&path, result.to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    });
    let finished = run(&[&["compare", &paths[0], &paths[1]], flags].concat());
    // The folder has another name each time.
    let text = finished.text.replace(folder.path().to_str().unwrap(), "");
    Finished { text, ..finished }
}

fn same(rounds: usize, seed: u64) -> Value {
    result(rounds, seed, |_| 0.0)
}

/// A comparison in this process.
fn within(a: &Value, b: &Value) -> Comparison {
    let [a, b] = [a, b].map(|result| serde_json::from_value::<Report>(result.clone()).unwrap());
    compare(("a", &a), ("b", &b))
}

const FAIL: &[&str] = &["--fail-on-regression"];

#[test]
fn two_runs_of_the_same_are_the_same() {
    let finished = compared(&same(10, 1), &same(10, 2), FAIL);
    assert_eq!((finished.code, finished.errors.as_str()), (Some(0), ""));
    finished.assert_printable();
    // Three latencies of four lanes, requests and bytes of two, and the envelope of `sse`.
    assert!(
        finished.text.contains("\n~ no difference was shown in any of 17 figures\n"),
        "{}",
        finished.text
    );
    let itself = compared(&same(6, 1), &same(6, 1), FAIL);
    assert_eq!(itself.code, Some(0), "{}", itself.text);
    assert!(itself.text.contains("no difference was shown"), "{}", itself.text);
    let one = Comparison { compared: 1, ..within(&same(6, 1), &same(6, 1)) };
    assert!(wirelanes::report::compared::compared(&one).contains(" shown in any of 1 figure\n"));
}

/// Of two lanes, one that asks and one that is told: each figure is drawn anew ten thousand times.
#[test]
fn of_ten_comparisons_nine_claim_nothing_that_is_not_there() {
    let two_lanes = |seed| {
        let mut result = same(10, seed);
        let lanes = result["runs"][0]["lanes"].as_array_mut().unwrap();
        lanes.retain(|lane| ["poll", "sse"].contains(&lane["transport"].as_str().unwrap()));
        result
    };
    let claims = |seed: &u64| {
        let comparison = within(&two_lanes(*seed), &two_lanes(1_000 + seed));
        comparison.figures().any(|(_, _, one)| matches!(one.verdict, Verdict::Better | Verdict::Worse))
    };
    let wrong = (0..10).filter(claims).count();
    assert!(wrong <= 1, "{wrong} of 10");
}

#[test]
fn a_millisecond_more_is_told_on_the_lanes_that_have_it() {
    let slower = |name: &str| if ["sse", "websocket"].contains(&name) { 1_000.0 } else { 0.0 };
    for rounds in [6, 10] {
        let (before, after) = (same(rounds, 1), result(rounds, 2, slower));
        let worse = compared(&before, &after, FAIL);
        assert_eq!(worse.code, Some(4), "{}{}", worse.text, worse.errors);
        worse.assert_printable();
        let summary = "\n6 differ in b, of 17 with noise: sse mean slower, sse p50 slower, sse p95\n  slower, \
                       websocket mean slower, websocket p50 slower, websocket p95 slower\n";
        assert!(worse.text.contains(summary), "{}", worse.text);
    }
    let (before, after) = (same(6, 1), result(6, 2, slower));
    assert_eq!(compared(&before, &after, &[]).code, Some(0), "nobody asked to fail");
    let better = compared(&after, &before, FAIL);
    assert_eq!(better.code, Some(0), "{}", better.text);
    assert!(better.text.contains("websocket p95 faster"), "{}", better.text);
}

#[test]
fn five_rounds_claim_nothing_and_say_what_it_takes() {
    let finished = compared(&same(5, 1), &result(6, 2, |_| 1_000.0), FAIL);
    assert_eq!(finished.code, Some(1), "a gate that compared nothing is not passed: {}", finished.text);
    assert!(finished.errors.contains("with `--rounds 6` or more"), "{}", finished.errors);
    finished.assert_printable();
    assert!(
        finished
            .text
            .contains("\n– takes 6 rounds a side (`bench --rounds 6`), for p99 368 events a round\n"),
        "{}",
        finished.text
    );
    assert!(finished.text.contains("\n5 rounds in a, 6 in b\n"), "{}", finished.text);
    let help = run(&["compare", "--help"]).text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("takes 6 rounds at least") && help.contains("10 are recommended"), "{help}");
    for (a, b, words) in [(1, 5, "\n1 round in a, 5 in b\n"), (1, 1, "\n1 round a side\n")] {
        let text = compared(&same(a, 1), &same(b, 2), &[]).text;
        assert!(text.contains(words), "{text}");
    }
    let sse = finished.text.lines().find(|line| line.starts_with("sse ")).unwrap();
    assert!(sse.ends_with(" –"), "{sse}");
}

/// Two runs of 17 figures each: with six rounds nothing survives Holm's correction, however clear it is.
#[test]
fn where_too_much_is_compared_at_once_it_says_how_many_rounds_it_takes() {
    let sweep = |mut result: Value| {
        let run = result["runs"][0].clone();
        let runs = (0..2).map(|at| {
            let mut run = run.clone();
            run["link"] = json!(format!("rtt={at}ms"));
            run
        });
        result["runs"] = runs.collect();
        result
    };
    let finished = compared(&sweep(same(6, 1)), &sweep(result(6, 2, |_| 1_000.0)), FAIL);
    assert_eq!(finished.code, Some(0), "{}", finished.text);
    let text = finished.text.replace("\n  ", " ");
    assert!(text.contains("warning: 34 figures are compared at once, and with 6 and 6 rounds"), "{text}");
    assert!(text.contains("with fewer than 7 rounds a side"), "{text}");
    let more = compared(&sweep(same(7, 1)), &sweep(result(7, 2, |_| 1_000.0)), FAIL);
    assert_eq!(more.code, Some(4), "{}", more.text);
}

#[test]
fn what_has_no_noise_is_compared_to_the_byte() {
    let (before, mut after) = (same(2, 1), same(2, 2));
    for trial in after["runs"][0]["lanes"][3]["trials"].as_array_mut().unwrap() {
        trial["envelope_bytes_per_event"] = json!(10.0);
    }
    let longer = compared(&before, &after, FAIL);
    assert_eq!(longer.code, Some(4), "{}", longer.text);
    let row = "          envelope      4.0     10.0      +6.0              exact        more\n";
    assert!(longer.text.contains(row), "{}", longer.text);
    let equal = compared(&before, &same(2, 3), &[]);
    assert_eq!(equal.code, Some(0), "{}", equal.text);
    assert!(equal.text.contains(&row.replace("10.0", " 4.0").replace("+6.0", " 0.0").replace("more", "=")));
}

#[test]
fn events_that_go_amiss_where_none_did_are_a_regression() {
    let (before, mut after) = (same(6, 1), same(6, 2));
    after["runs"][0]["lanes"][2]["events"]["lost"] = json!(3);
    let lossy = compared(&before, &after, FAIL);
    assert_eq!(lossy.code, Some(4), "{}", lossy.text);
    assert!(lossy.text.contains("\n1 differs in b, of 17 with noise: sse amiss more\n"), "{}", lossy.text);
    let both = compared(&after, &after, FAIL);
    assert_eq!(both.code, Some(0), "how many is chance: {}", both.text);
}

#[test]
fn a_lane_that_gave_up_is_a_regression_and_says_why() {
    let (before, mut after) = (same(6, 1), same(6, 2));
    let lane = &mut after["runs"][0]["lanes"][3];
    lane["failure"] = json!("403 Forbidden: no upgrade here");
    lane["trials"] = json!([]);
    let failed = compared(&before, &after, FAIL);
    assert_eq!(failed.code, Some(4), "{}", failed.text);
    failed.assert_printable();
    assert!(failed.text.contains("\nwarning: websocket failed in b: 403 Forbidden: no upgrade here\n"));
    assert!(failed.text.contains("websocket amiss more"), "{}", failed.text);
    assert_eq!(compared(&after, &after, FAIL).code, Some(0), "as before");
}

#[test]
fn a_machine_that_changed_is_told_by_the_bare_socket() {
    let finished = compared(&same(10, 1), &result(10, 2, |_| 1_000.0), &[]);
    let text = finished.text.replace("\n  ", " ");
    assert!(text.contains("warning: the machine changed between the two"), "{text}");
    assert!(text.contains("(tcp), was slower in b"), "{text}");
    let doubtful = finished.text.lines().filter(|line| line.ends_with(" slower?")).count();
    assert_eq!(doubtful, 12, "three latencies of four lanes: {}", finished.text);
    finished.assert_printable();
    let mut farther = result(10, 2, |_| 1_000.0);
    farther["runs"][0]["link"] = json!("rtt=2ms");
    let finished = compared(&same(10, 1), &farther, &[]);
    assert!(!finished.text.contains("the machine changed"), "that was the link: {}", finished.text);
    assert!(finished.text.contains("\n10 rounds a side · no link in a, rtt=2ms in b\n"), "{}", finished.text);
}

#[test]
fn what_does_not_go_together_is_named_and_not_skipped() {
    let (mut a, mut b) = (same(6, 1), same(6, 2));
    let other = |link: &str, clients: u64| {
        let mut run = same(6, 3)["runs"][0].take();
        run["link"] = json!(link);
        run["clients"] = json!(clients);
        run
    };
    a["runs"].as_array_mut().unwrap().extend([other("rtt=50ms", 1), other("rtt=50ms", 100)]);
    b["runs"].as_array_mut().unwrap().extend([other("rtt=50ms", 1), other("rtt=90ms", 1)]);
    b["runs"][0]["lanes"].as_array_mut().unwrap().remove(0);
    b["runs"][0]["size_bytes"] = json!(500);
    b["environment"]["cpus"] = json!(64);
    b["interrupted"] = json!(true);
    let finished = compared(&a, &b, &[]);
    finished.assert_printable();
    for words in [
        "\n6 rounds a side · no link · size bytes 100 in a, size bytes 500 in b\n",
        "\n6 rounds a side · rtt=50ms\n",
        "\npoll      only in a\n",
        "\nonly in a, and not compared: 100 clients · HTTP/1.1 · rtt=50ms · poll interval\n  100 ms · 50/s · poisson · no TLS\n",
        "\nonly in b, and not compared: 1 client · HTTP/1.1 · rtt=90ms · poll interval 100\n  ms · 50/s · poisson · no TLS\n",
        "\nwarning: b was interrupted: it has what there was by then\n",
        "\nwarning: a debug build: do not quote these numbers\n",
    ] {
        assert!(finished.text.contains(words), "`{words}` is missing in\n{}", finished.text);
    }
    assert!(
        finished.text.contains("\nwarning: `cpus` is ") && finished.text.contains(" for a and 64 for b\n")
    );
}

#[test]
fn a_comparison_is_a_document_for_programs_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("compared.json");
    let slower = result(6, 2, |name| if name == "sse" { 1_000.0 } else { 0.0 });
    let flags = ["--format", "json", "-o", path.to_str().unwrap()];
    let finished = compared(&same(6, 1), &slower, &flags);
    assert_eq!(finished.code, Some(0), "{}", finished.errors);
    let printed: Value = serde_json::from_str(&finished.text).unwrap();
    let written: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!((&printed["pairs"], &printed["comparison_version"]), (&written["pairs"], &json!(1)));
    let sse = &printed["pairs"][0]["lanes"][2];
    let p50 = sse["figures"].as_array().unwrap().iter().find(|figure| figure["figure"] == "p50_us").unwrap();
    assert_eq!((&sse["transport"], &p50["verdict"]), (&json!("sse"), &json!("worse")));
    assert!(p50["low"].as_f64().unwrap() > 800.0 && p50["high"].as_f64().unwrap() < 1_200.0, "{p50}");
    assert!(p50["p_holm"].as_f64() > p50["p"].as_f64(), "{p50}");
    let quiet = compared(&same(6, 1), &slower, &["-q", "--fail-on-regression"]);
    assert_eq!((quiet.code, quiet.text.as_str()), (Some(4), ""));
}

#[test]
fn what_is_no_result_is_one_clear_line_that_says_what_is() {
    for (b, words) in [
        (json!({}), "it has no `schema_version`: give the file that `wirelanes bench -o"),
        (json!({"comparison_version": 1}), "it is a comparison, which `wirelanes compare` wrote"),
        (json!({"schema_version": 1, "lab": "idle"}), "it is a result of `bench idle`"),
        (json!({"schema_version": 9}), "its `schema_version` is 9"),
    ] {
        let refused = compared(&same(6, 1), &b, &[]);
        assert_eq!(refused.code, Some(1), "{}", refused.errors);
        assert!(
            refused.errors.starts_with("error: cannot read `") && refused.errors.contains(words),
            "{}",
            refused.errors
        );
        assert_eq!(refused.text, "");
    }
    let absent = run(&["compare", "no/such/a.json", "no/such/b.json"]);
    assert_eq!(absent.code, Some(1), "{}", absent.errors);
    assert!(absent.errors.contains("cannot read `no/such/a.json`: No such file"), "{}", absent.errors);
}
