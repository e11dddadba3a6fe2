//! One run of the binary, and what came of it.

use std::process::{Command, Output};
use std::thread;

use serde_json::Value;
use wirelanes::transport::Transport;

/// What a run left behind.
pub(super) struct Finished {
    pub(super) code: Option<i32>,
    pub(super) text: String,
    pub(super) errors: String,
    /// Its result; null where it wrote none.
    pub(super) report: Value,
}

/// Runs the binary to its end.
pub(super) fn run(arguments: &[&str]) -> Finished {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_wirelanes")).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Finished { code: status.code(), text: text(stdout), errors: text(stderr), report: Value::Null }
}

/// Runs `bench`, and reads the result that it wrote; without a link, where none is named.
pub(super) fn bench(arguments: &[&str]) -> Finished {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("result.json");
    let link: &[&str] = if arguments.contains(&"--link") { &[] } else { &["--link", "none"] };
    let finished = run(&[&["bench", "--output", path.to_str().unwrap()], link, arguments].concat());
    let report = std::fs::read(&path).map_or(Value::Null, |json| serde_json::from_slice(&json).unwrap());
    Finished { report, ..finished }
}

/// Runs `bench` with each of these at once.
pub(super) fn bench_all<const N: usize>(runs: [&[&str]; N]) -> [Finished; N] {
    at_once(bench, runs)
}

/// Runs it with each of these at once: most of a run is waiting.
pub(super) fn at_once<const N: usize>(run: fn(&[&str]) -> Finished, of: [&[&str]; N]) -> [Finished; N] {
    thread::scope(|scope| {
        let runs = of.map(|arguments| scope.spawn(move || run(arguments)));
        runs.map(|run| run.join().unwrap())
    })
}

impl Finished {
    /// What was measured, whatever the lane.
    pub(super) fn run(&self) -> &Value {
        &self.report["runs"][0]
    }

    pub(super) fn lanes(&self) -> &Vec<Value> {
        self.run()["lanes"].as_array().unwrap_or_else(|| panic!("no lanes: {}{}", self.text, self.errors))
    }

    pub(super) fn lane(&self, transport: Transport) -> &Value {
        let lane = self.lanes().iter().find(|lane| lane["transport"] == transport.name());
        lane.unwrap_or_else(|| panic!("{transport} is not among the lanes"))
    }

    /// Ended well, and every lane has every event, once and in order.
    #[track_caller]
    pub(super) fn assert_whole(&self) {
        assert_eq!(self.code, Some(0), "{}{}", self.text, self.errors);
        for lane in self.lanes().iter().chain(self.run().get("control").filter(|control| !control.is_null()))
        {
            let events = &lane["events"];
            assert_eq!(events["expected"], events["delivered"], "{lane}");
            for trouble in ["lost", "duplicated", "reordered", "missed", "gaps"] {
                assert_eq!(events[trouble], 0, "{trouble} in {lane}");
            }
        }
        let fate = if self.text.starts_with("0 events") {
            "no events, so none to lose"
        } else {
            "none lost, doubled or reordered"
        };
        assert!(self.text.contains(&format!("\nall lanes: {fate}\n")), "{}", self.text);
    }

    /// No line is wider than a terminal, and nothing in it is a number that is none.
    #[track_caller]
    pub(super) fn assert_printable(&self) {
        for line in self.text.lines() {
            let columns = line.chars().count();
            assert!(columns <= 80, "{columns} columns: {line}");
        }
        for wrong in ["NaN", "inf"] {
            assert!(!self.text.contains(wrong), "{}", self.text);
        }
    }
}

/// The number at a path of keys; it must be one.
#[track_caller]
pub(super) fn number(value: &Value, path: &str) -> f64 {
    let found = path.split('.').fold(value, |value, key| &value[key]);
    found.as_f64().unwrap_or_else(|| panic!("`{path}` is {found}"))
}

#[track_caller]
pub(super) fn assert_near(what: &str, measured: f64, predicted: f64, tolerance: f64) {
    let apart = (measured - predicted).abs();
    assert!(apart <= tolerance, "{what}: {measured} measured, {predicted} predicted, {apart:.4} apart");
}
