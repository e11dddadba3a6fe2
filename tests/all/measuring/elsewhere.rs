//! A server that was there before the bench, and may not be one of ours.

use wirelanes::transport::Transport;

use super::bench::{bench, bench_all, run};
use crate::behaviour::fake::{self, Script};
use crate::behaviour::program::Program;
use crate::behaviour::raw;

#[test]
fn what_others_publish_is_listened_to() {
    let (_server, address) = Program::serve(&["--rate", "100"]);
    let url = address.to_string();
    let listened = bench(&["--url", &url, "-d", "1s", "--warmup", "200ms", "-i", "100ms", "-t", "poll,sse"]);
    listened.assert_whole();
    listened.assert_printable();
    assert!(listened.text.contains(" events · listened · poll 100 ms"), "{}", listened.text);
    let expected = listened.lane(Transport::Sse)["events"]["expected"].as_u64().unwrap();
    // 100 in the mean; what was published before is not counted as lost.
    assert!((40..=200).contains(&expected), "{expected} events");
    assert!(listened.run()["size_bytes"].is_null() && listened.run()["played"].is_null(), "not ours to know");
}

/// Ten events stand in the topic that nobody reads any more, and in the other none ever stood.
#[test]
fn a_topic_where_nothing_happens_loses_nothing() {
    let (_server, address) = Program::serve(&["--source", "quiet"]);
    for number in 0..10 {
        raw::publish(address, &number.to_string());
    }
    let url = address.to_string();
    let brief = ["--url", &url, "-d", "300ms", "--warmup", "0", "-t", "poll,sse", "-i", "100ms"];
    let empty = [&brief[..], &["--topic", "empty"]].concat();
    for silent in bench_all([&brief, &empty]) {
        silent.assert_whole();
        silent.assert_printable();
        assert_eq!(silent.lanes()[0]["events"]["expected"], 0);
    }
}

#[test]
fn publishing_to_another_server_counts_from_where_it_stands() {
    let (_server, address) = Program::serve(&["--source", "quiet"]);
    for number in 0..10 {
        raw::publish(address, &number.to_string());
    }
    let url = address.to_string();
    let publish = ["--url", &url, "--publish", "-d", "500ms", "--warmup", "0", "-r", "50", "-i", "100ms"];
    let own = [&publish[..], &["--topic", "own.topic"]].concat();
    let trace =
        ["--url", &url, "--publish", "--topic", "trace", "--source", "trace:earthquakes", "-t", "poll,sse"];
    let trace = [&trace[..], &["--speed", "6000000", "-i", "100ms"]].concat();
    let [demo, own, trace] = bench_all([&publish, &own, &trace]);
    for published in [&demo, &own, &trace] {
        published.assert_whole();
        published.assert_printable();
        assert!(published.run()["played"].is_object());
    }
    assert!(demo.lanes()[0]["events"]["expected"].as_u64().unwrap() < 100, "two benches, two topics");
    assert_eq!(trace.lanes()[0]["events"]["expected"], 1707);
    let again = bench(&own_again(&url));
    again.assert_whole();
}

/// The same topic once more: it has a past now.
fn own_again(url: &str) -> [&str; 13] {
    [
        "--url",
        url,
        "--publish",
        "--topic",
        "own.topic",
        "-d",
        "300ms",
        "--warmup",
        "0",
        "-t",
        "sse",
        "-r",
        "50",
    ]
}

#[tokio::test]
async fn a_server_that_is_none_of_ours_is_one_clear_line() {
    let not_found = |_: usize, _: &str| Script::Say(fake::answer("404 Not Found", "", "nothing here"));
    let no_time = |_: usize, _: &str| Script::Say(fake::answer("200 OK", "", "<html>"));
    let hangs_up = |_: usize, _: &str| Script::SayAndClose(Vec::new());
    for (address, words) in [
        (fake::serve(not_found).await, "404 Not Found: nothing here"),
        (fake::serve(no_time).await, "cannot read the time"),
        (fake::serve(hangs_up).await, "closed before the answer was whole"),
    ] {
        let url = address.to_string();
        let failed = tokio::task::spawn_blocking(move || run(&["bench", "--url", &url])).await.unwrap();
        assert_eq!(failed.code, Some(1), "{}", failed.errors);
        assert!(failed.errors.starts_with("error: cannot ask `http://127.0.0.1:"), "{}", failed.errors);
        assert!(failed.errors.contains(words), "{}", failed.errors);
        assert_eq!(failed.errors.lines().count(), 1, "{}", failed.errors);
    }
}
