//! What can be chosen, and what comes of each choice.

use std::sync::LazyLock;

use wirelanes::transport::Transport;

use super::bench::{Finished, assert_near, bench_all, number};
use super::usual::usual;

/// Short runs, all at once.
static BRIEF: LazyLock<[Finished; 14]> = LazyLock::new(|| {
    let runs = CHOICES.map(|choice| [&SHORT[..], choice].concat());
    let finished = bench_all(std::array::from_fn(|at| &runs[at][..]));
    for finished in &finished {
        finished.assert_whole();
        finished.assert_printable();
    }
    finished
});

const SHORT: [&str; 8] = ["-d", "600ms", "--warmup", "200ms", "-i", "100ms", "--hold", "2s"];

pub(super) const QUIET: &[&str] = &["--source", "quiet"];
pub(super) const FEW: &[&str] = &["-t", "ws,sse", "-r", "50", "--threshold", "sse.p50<1m"];
pub(super) const MANY: &[&str] = &["-c", "20", "-r", "20", "-t", "poll,sse", "--raw"];
pub(super) const ROUNDS: &[&str] = &["--rounds", "5", "-r", "50", "-t", "longpoll,websocket"];
pub(super) const ISOLATED: &[&str] = &["--mode", "isolated", "-t", "sse", "-r", "50"];
const FRESH: &[&str] = &["--no-keepalive", "-t", "poll,longpoll", "-r", "50"];
const DELAYED: &[&str] = &["--poll-mode", "fixed-delay", "-t", "poll", "-r", "50"];
const LINGERING: &[&str] = &["--linger", "20ms", "-t", "longpoll", "-r", "50"];
const PAIRS: &[&str] = &["--source", "pairs", "-r", "100", "-t", "poll,longpoll"];
const BURSTS: &[&str] = &["--source", "bursts", "-r", "200", "-t", "longpoll"];
const STEADY: &[&str] = &["--source", "steady", "-r", "10", "-t", "poll"];
const CURL: &[&str] = &["-t", "poll", "-r", "50", "--headers", "curl"];
/// A payload shorter than the 126 bytes from which a frame header is longer.
pub(super) const SMALL: &[&str] = &["-r", "150", "-s", "20", "-t", "sse,websocket"];
const CHROME: &[&str] = &["-t", "poll", "-r", "50", "--headers", "chrome", "-H", "Cookie: a=b"];

const CHOICES: [&[&str]; 14] = [
    QUIET, FEW, MANY, ROUNDS, ISOLATED, FRESH, DELAYED, LINGERING, PAIRS, BURSTS, STEADY, CURL, CHROME, SMALL,
];

pub(super) fn brief(choice: &[&str]) -> &'static Finished {
    let at = CHOICES.iter().position(|of| *of == choice).expect("it is one of the choices");
    &BRIEF[at]
}

fn names(finished: &Finished) -> Vec<&str> {
    finished.lanes().iter().map(|lane| lane["transport"].as_str().unwrap()).collect()
}

#[test]
fn a_quiet_source_is_no_trouble() {
    let quiet = brief(QUIET);
    assert!(quiet.text.starts_with("0 events · Quiet · "), "{}", quiet.text);
    for lane in quiet.lanes() {
        assert_eq!(lane["events"]["expected"], 0);
        assert!(lane["bytes_per_event"]["down"].is_null(), "{lane}");
        let name = lane["transport"].as_str().unwrap();
        for row in quiet.text.lines().filter(|line| line.starts_with(name)).take(2) {
            let figures = row.split_whitespace().filter(|word| word.contains(|c: char| c.is_ascii_digit()));
            // Connections, the time of a first event, and empty answers were there to be counted.
            assert!(figures.count() <= 4 && row.contains('–'), "{row}");
        }
    }
    assert!(!quiet.text.contains("95%"), "there is no interval to speak of: {}", quiet.text);
}

#[test]
fn lanes_clients_and_rounds_are_as_many_as_asked_for() {
    let [few, many, rounds] = [FEW, MANY, ROUNDS].map(brief);
    assert_eq!(names(few), ["sse", "websocket"]);
    assert!(!few.text.contains("poll intervals"), "nobody polls: {}", few.text);

    let events = &many.lane(Transport::Sse)["events"];
    assert_eq!(events["expected"].as_u64().unwrap() % 20, 0, "{events}");
    assert_eq!(many.lane(Transport::Sse)["connections_opened"], 20);
    assert!(many.text.contains(" 20 clients"), "{}", many.text);

    assert_eq!(rounds.run()["rounds"], 5);
    let mean = &rounds.lane(Transport::Websocket)["latency_us"]["mean"];
    assert_eq!(mean["interval_over"], "trials", "{mean}");
    let requests = &rounds.lane(Transport::Longpoll)["requests_per_event"];
    assert!(number(requests, "low") <= number(requests, "high"), "{requests}");
}

#[test]
fn isolated_lanes_have_a_server_each_and_know_what_it_spent() {
    let isolated = brief(ISOLATED);
    assert!(isolated.text.contains(" one lane after"), "{}", isolated.text);
    assert!(isolated.run()["control"].is_object());
    if cfg!(target_os = "linux") {
        assert!(number(isolated.lane(Transport::Sse), "server_cpu_us_per_event") > 0.0);
    }
    let memory = &isolated.lane(Transport::Sse)["server_memory_bytes_per_client"];
    assert!(memory.is_null(), "one client says nothing of memory: {memory}");
}

#[test]
fn a_connection_for_every_request_is_counted_and_predicted() {
    let fresh = brief(FRESH);
    assert!(fresh.text.contains(" no keep-alive"), "{}", fresh.text);
    for lane in fresh.lanes() {
        // The warm-up's connections are among them, so there are more than the window's requests.
        let requests = number(lane, "requests_per_event.measured") * number(lane, "events.expected");
        assert!(number(lane, "connections_opened") >= requests, "{lane}");
    }
}

#[test]
fn every_way_to_ask_has_its_theory() {
    let [delayed, lingering] = [DELAYED, LINGERING].map(brief);
    assert_eq!(delayed.run()["poll_mode"], "fixed-delay");
    assert!(delayed.text.contains("after each answer"), "{}", delayed.text);
    let longpoll = lingering.lane(Transport::Longpoll);
    // Who lingers for 20 ms waits for them: simulated, since there is no closed form.
    assert!(number(longpoll, "latency_us.mean.predicted") > 10_000.0, "{longpoll}");
    assert!(number(longpoll, "requests_per_event.predicted") < 1.0, "{longpoll}");
}

#[test]
fn every_source_has_its_theory() {
    let [pairs, bursts, steady] = [PAIRS, BURSTS, STEADY].map(brief);
    for lane in pairs.lanes().iter().chain(bursts.lanes()) {
        assert!(number(lane, "latency_us.mean.predicted") > 0.0, "{lane}");
        assert!(number(lane, "requests_per_event.predicted") > 0.0, "{lane}");
    }
    // Ten events at once take one request, or two where the first was answered before the last of them came;
    // that they come together does not mean that the server slept for 9/200 of a second.
    let requests = number(bursts.lane(Transport::Longpoll), "requests_per_event.predicted");
    assert!(requests < 0.2, "{requests} requests an event");
    let wake_us = number(bursts.run(), "theory.wake_us.value");
    assert!(wake_us < 22_500.0, "{wake_us} µs to wake up");
    assert!(steady.text.contains("warning: phase lock: "), "{}", steady.text);
    assert!(!pairs.text.contains("phase lock"), "{}", pairs.text);
}

#[test]
fn heavier_heads_weigh_as_much_as_predicted() {
    let bare = usual();
    let [curl, chrome] = [CURL, CHROME].map(brief);
    let heads = [bare, curl, chrome].map(|finished| {
        let lane = finished.lane(Transport::Poll);
        let [measured, predicted] = [("up", "measured"), ("predicted.up", "predicted")].map(|(up, of)| {
            let http = number(lane, &format!("bytes_per_event.{up}.http"));
            http / number(lane, &format!("requests_per_event.{of}"))
        });
        assert_near("the head of a request", measured, predicted, 1.0);
        measured
    });
    assert!(heads[0] + 20.0 < heads[1] && heads[1] + 200.0 < heads[2], "{heads:?}");
}
