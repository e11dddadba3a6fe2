//! A bench whose way loses, doubles or swaps an event says so, of the lane it happened to, and fails.

use std::thread;

use serde_json::json;
use wirelanes::transport::Transport;

use super::bench::{Finished, bench};
use super::forger::{Forgery, forge};
use crate::behaviour::program::Program;

/// Publishes through the forger, and reads back on the stream that it forges and on one that it leaves alone.
fn bench_through(transport: Transport, forgery: Forgery) -> Finished {
    let (_server, address) = Program::serve(&["--source", "quiet"]);
    let url = forge(transport, forgery, address).to_string();
    bench(
        &[
            &["--url", &url, "--publish", "-t", "sse,websocket", "-r", "150", "-d", "1s"][..],
            &["--warmup", "100ms", "--hold", "1s", "-i", "100ms"],
        ]
        .concat(),
    )
}

fn assert_found_out(transport: Transport, forgery: Forgery) {
    let finished = bench_through(transport, forgery);
    let case = format!("{transport} {forgery:?}: {}{}", finished.text, finished.errors);
    assert_eq!(finished.code, Some(1), "{case}");
    for lane in finished.lanes() {
        let is_forged = lane["transport"] == transport.name();
        let times = |wrong: Forgery| u64::from(is_forged && forgery == wrong);
        let events = &lane["events"];
        let found = ["lost", "duplicated", "reordered"].map(|trouble| &events[trouble]);
        let expected = [Forgery::Lose, Forgery::Double, Forgery::Swap].map(times);
        assert_eq!(json!(found), json!(expected), "{case}");
        let delivered = events["expected"].as_u64().unwrap() - times(Forgery::Lose);
        assert_eq!(events["delivered"], delivered, "{case}");
    }
    let words = match forgery {
        Forgery::Lose => "1 lost, 0 doubled, 0 reordered",
        Forgery::Double => "0 lost, 1 doubled, 0 reordered",
        Forgery::Swap => "0 lost, 0 doubled, 1 reordered",
    };
    assert!(finished.text.contains(&format!("\n{transport}: {words}, ")), "{case}");
    finished.assert_printable();
}

#[test]
fn one_forged_event_of_one_stream_is_found_out() {
    thread::scope(|scope| {
        for transport in [Transport::Sse, Transport::Websocket] {
            for forgery in [Forgery::Lose, Forgery::Double, Forgery::Swap] {
                scope.spawn(move || assert_found_out(transport, forgery));
            }
        }
    });
}
