//! `bench soak` at small scale: nobody falls silent, which takes a server more than a minute to notice.

use serde_json::Value;

use super::bench::run;

#[test]
fn a_server_returns_to_what_it_was_after_guests_that_vanish() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("result.json");
    let output = ["--output", path.to_str().unwrap()];
    let brief = ["bench", "soak", "-c", "5", "-d", "2s", "--vanish", "close,reset"];
    let finished = run(&[&brief[..], &output].concat());
    assert_eq!(finished.code, Some(0), "{}{}", finished.text, finished.errors);
    finished.assert_printable();
    assert!(finished.text.contains("everything returned to the start, "), "{}", finished.text);
    let report: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert!(!cfg!(debug_assertions) || report["warnings"][0].as_str().unwrap().starts_with("a debug build"));
    assert_eq!((&report["lab"], &report["left_behind"]), (&"soak".into(), &Value::Array(Vec::new())));
    let lanes = report["lanes"].as_array().unwrap();
    assert_eq!(lanes.len(), 4);
    for lane in lanes {
        let number = |key: &str| lane[key].as_u64().unwrap_or_else(|| panic!("no `{key}` in {lane}"));
        assert!(number("answered") > 0 && number("read_bytes") > 0, "{lane}");
        assert_eq!(number("closed") + number("reset"), number("visits"), "{lane}");
        assert_eq!((number("silent"), number("failed")), (0, 0), "{lane}: {}", report["first_failure"]);
    }
    let rows = report["rows"].as_array().unwrap();
    let [first, through @ .., last] = &rows[..] else { panic!("no rows: {report}") };
    assert_eq!(through.len(), 10);
    for held in ["connections", "subscriptions", "tasks", "file_descriptors"] {
        assert_eq!(first[held], last[held], "{held}");
        let most = through.iter().map(|row| row[held].as_u64().unwrap()).max();
        assert!(most > first[held].as_u64(), "{held} never grew: {rows:#?}");
    }
    assert!(last["pages_bytes"].as_u64() >= last["in_use_bytes"].as_u64(), "{last}");
    assert!(!cfg!(target_env = "gnu") || last["in_use_bytes"].is_u64(), "{last}");
}
