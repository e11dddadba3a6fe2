//! How a run ends that is not allowed to: with what it has by then, and without leaving a server behind.

use rustix::process::Signal;

use crate::behaviour::program::Program;
use crate::behaviour::{eventually, raw};

#[test]
fn an_interrupt_prints_what_there_is_by_then() {
    let (_server, address) = Program::serve(&["--source", "quiet"]);
    let url = address.to_string();
    let mut bench = Program::start(
        &[
            &["bench", "--url", &url, "--publish", "-t", "sse", "-r", "100", "-d", "1h"][..],
            &["--warmup", "0"],
        ]
        .concat(),
    );
    let deliveries = || raw::stats(address)["transports"]["sse"]["deliveries"].as_u64();
    // Calibration makes fifty or so of one event each.
    eventually("a hundred events and some were read", || deliveries() > Some(150));
    bench.signal(Signal::INT);
    assert_eq!(bench.ended().code(), Some(130));
    let text = bench.stdout.all().join("\n");
    assert!(!text.starts_with("0 events") && text.contains("interrupted"), "{text}");
    assert!(text.contains("\nall lanes: none lost, doubled or reordered\n"), "{text}");
}

/// What `/proc` tells of a process: its parent, and whether it is a mere entry that nobody has asked about.
#[cfg(target_os = "linux")]
mod linux {
    use std::fs;

    use super::*;

    fn state_and_parent(id: u32) -> Option<(String, u32)> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let mut fields = stat.rsplit_once(") ")?.1.split(' ');
        Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
    }

    fn server_of(bench: &Program) -> Option<u32> {
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let mut ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        ids.find(|id| state_and_parent(*id).is_some_and(|(_, parent)| parent == bench.id()))
    }

    /// Waits for the server that a bench started.
    fn server(bench: &Program) -> u32 {
        eventually("the bench has a server", || server_of(bench).is_some());
        server_of(bench).unwrap()
    }

    fn assert_ends(server: u32) {
        eventually("the server is gone", || {
            state_and_parent(server).is_none_or(|(state, _)| matches!(state.as_str(), "Z" | "X"))
        });
    }

    #[test]
    fn no_server_is_left_behind_whatever_ends_the_bench() {
        let arguments = ["bench", "-t", "sse", "-r", "100", "-d", "1h", "--warmup", "0"];
        for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
            let mut bench = Program::start(&arguments);
            let server = server(&bench);
            bench.signal(signal);
            let code = bench.ended().code();
            assert_eq!(code, (signal != Signal::KILL).then_some(130), "{signal:?}: {:?}", bench.stderr.all());
            assert_ends(server);
        }
    }
}
