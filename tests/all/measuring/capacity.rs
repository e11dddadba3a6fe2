//! `bench capacity`: who carries a load, who does not, and what is said of it. Objectives here are so wide that
//! no machine is too slow for them.

use serde_json::Value;
use wirelanes::transport::Transport;

use super::bench::{Finished, run};
use super::hub;
#[cfg(unix)]
use crate::behaviour::program::Program;

/// Runs `bench capacity` with an objective that anybody keeps, and reads the result that it wrote.
fn capacity(arguments: &[&str]) -> Finished {
    keeping("p99<1m", arguments)
}

fn keeping(slo: &str, arguments: &[&str]) -> Finished {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("result.json");
    let all = ["bench", "capacity", "--slo", slo, "--output", path.to_str().unwrap()];
    let finished = run(&[&all, arguments].concat());
    let report = std::fs::read(&path).map_or(Value::Null, |json| serde_json::from_slice(&json).unwrap());
    Finished { report, ..finished }
}

fn lane(finished: &Finished, index: usize) -> &Value {
    let lane = &finished.report["lanes"][index];
    assert!(lane.is_object(), "{}{}", finished.text, finished.errors);
    lane
}

#[test]
fn a_load_that_anybody_carries_holds_on_all_four_transports() {
    let brief = ["-c", "3", "-r", "100", "-d", "300ms", "-i", "20ms", "--hold", "1", "--seed", "7"];
    let finished = capacity(&brief);
    assert_eq!(finished.code, Some(0), "{}{}", finished.text, finished.errors);
    finished.assert_printable();
    assert_eq!(finished.report["lanes"].as_array().unwrap().len(), 4);
    for (index, transport) in Transport::ALL.into_iter().enumerate() {
        let lane = lane(&finished, index);
        assert_eq!(lane["transport"], transport.name());
        let step = &lane["peak"]["step"];
        assert_eq!((&step["rate_per_s"], &step["clients"]), (&100.into(), &3.into()));
        assert_eq!(step["held"], true, "{step}");
        let events = serde_json::json!(
            {"due": 30, "accepted": 30, "delivered": 90, "lost": 0, "doubled": 0, "reordered": 0}
        );
        assert_eq!(step["events"], events, "{transport}");
        assert!(finished.text.contains(&format!("\n{transport}\n  100 ")), "{}", finished.text);
    }
}

#[test]
fn a_load_is_carried_over_tls_and_the_result_says_so() {
    let finished = capacity(&["--tls", "-c", "2", "-r", "100", "-d", "300ms", "-i", "20ms"]);
    assert_eq!(finished.code, Some(0), "{}{}", finished.text, finished.errors);
    finished.assert_printable();
    assert!(finished.text.starts_with("TLS · "), "{}", finished.text);
    assert_eq!(finished.report["tls"], true);
    for (index, transport) in Transport::ALL.into_iter().enumerate() {
        let events = &lane(&finished, index)["peak"]["step"]["events"];
        assert_eq!(events["delivered"], 60, "{transport}: {events}");
    }
}

#[test]
fn a_result_has_keys_with_units() {
    let finished = capacity(&["-t", "sse", "-c", "1", "-r", "50", "-d", "200ms"]);
    let report = &finished.report;
    assert_eq!((&report["schema_version"], &report["kind"]), (&1.into(), &"capacity".into()));
    assert_eq!((&report["axis"], &report["slo"]), (&"none".into(), &"p99<1m".into()));
    assert_eq!((&report["duration_us"], &report["warmup_us"]), (&200_000.into(), &500_000.into()));
    for key in ["seed", "environment", "warnings", "interrupted", "size_bytes", "poll_interval_us"] {
        assert!(!report[key].is_null(), "{key}");
    }
    let step = lane(&finished, 0)["rounds"][0]["steps"][0].as_object().unwrap();
    for key in [
        "verdict",
        "wanted_deliveries_per_s",
        "deliveries_per_s",
        "server_cpu_share",
        "deliveries_per_server_cpu_s",
        "client_cpu_share",
        "publisher_lag_p99_us",
        "readers_cut",
    ] {
        assert!(step.contains_key(key), "{key}");
    }
    let latency = &step["latency_us"];
    assert!(latency["p50"].is_u64() && latency["p99"].is_null(), "ten deliveries support no p99: {latency}");
}

/// Runs against a server that does this with its events.
async fn against(
    slo: &'static str,
    scheme: &str,
    path: &str,
    fate: impl Fn(usize, &str) -> Vec<String> + Send + Sync + 'static,
) -> Finished {
    let address = hub::serve(fate).await;
    let (url, publish) = (format!("{scheme}://{address}{path}"), format!("http://{address}/in"));
    let finished = tokio::task::spawn_blocking(move || {
        let theirs = ["--url", &url, "--publish-url", &publish, "-c", "2", "-r", "100", "-d", "300ms"];
        keeping(slo, &theirs)
    });
    finished.await.unwrap()
}

fn pass_on(_: usize, data: &str) -> Vec<String> {
    vec![data.to_owned()]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn somebody_elses_server_is_measured_over_what_it_speaks() {
    for (scheme, path, transport) in [("http", "/events", "sse"), ("ws", "/ws", "websocket")] {
        let finished = against("p99<1m", scheme, path, pass_on).await;
        assert_eq!(finished.code, Some(0), "{}{}", finished.text, finished.errors);
        finished.assert_printable();
        let lane = lane(&finished, 0);
        assert_eq!(
            (&lane["transport"], &lane["peak"]["step"]["events"]["delivered"]),
            (&transport.into(), &60.into())
        );
        assert!(lane["peak"]["step"]["server_cpu_share"].is_null(), "nobody told whose it is");
    }
}

/// What does not come is waited for as long as the objective allows it to be on its way: so that is brief here,
/// and nothing is said of who keeps it. Each publishing connection brings seven or eight events of the window, after twelve or thirteen.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_server_that_loses_or_doubles_is_found_out() {
    let lose = |number, data: &str| if number == 16 { vec![] } else { pass_on(number, data) };
    let double = |number, data: &str| vec![data.to_owned(); if number == 16 { 2 } else { 1 }];
    let (lost, doubled) =
        tokio::join!(against("p99<1s", "http", "/events", lose), against("p99<1s", "ws", "/ws", double));
    for (finished, key) in [(lost, "lost"), (doubled, "doubled")] {
        assert_eq!(finished.code, Some(1), "{}{}", finished.text, finished.errors);
        let lane = lane(&finished, 0);
        assert!(lane["peak"].is_null());
        let step = &lane["rounds"][0]["steps"][0];
        assert_eq!(
            (&step["events"][key], &step["held"]),
            (&8.into(), &false.into()),
            "4 connections, 2 readers"
        );
        assert!(finished.text.contains("nothing held"), "{}", finished.text);
    }
}

#[cfg(unix)]
#[test]
fn a_server_that_asks_for_a_token_is_shown_it_by_readers_and_publisher() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key").display().to_string();
    assert_eq!(run(&["token", "--new-key", &key]).code, Some(0));
    let rights = ["--sub", "ann", "--subscribe", "demo", "--publish", "demo"];
    let token = run(&[&["token", "--auth-key", &key][..], &rights].concat()).text;
    let (_server, address) = Program::serve(&["--source", "quiet", "--auth-key", &key]);
    let url = address.to_string();
    let brief = ["--url", &url, "-c", "2", "-r", "100", "-d", "300ms", "-i", "20ms"];
    let shown = capacity(&[&brief[..], &["--token", token.trim()]].concat());
    assert_eq!(shown.code, Some(0), "{}{}", shown.text, shown.errors);
    for (index, transport) in Transport::ALL.into_iter().enumerate() {
        let events = &lane(&shown, index)["peak"]["step"]["events"];
        assert_eq!((&events["accepted"], &events["lost"]), (&30.into(), &0.into()), "{transport}: {events}");
    }
    assert!(!shown.report.to_string().contains(token.trim()), "{}", shown.report["command"]);
    let refused = capacity(&brief);
    assert_eq!(refused.code, Some(1), "{}", refused.errors);
    for words in ["the server answered `401 ", "`--token TOKEN`", "`WIRELANES_TOKEN`"] {
        assert!(refused.errors.contains(words), "{}", refused.errors);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_that_is_named_has_its_cpu_time_read() {
    let (server, address) = Program::serve(&["--source", "quiet"]);
    let (url, id) = (address.to_string(), server.id().to_string());
    let finished =
        capacity(&["--url", &url, "--pid", &id, "-t", "longpoll", "-c", "2", "-r", "100", "-d", "300ms"]);
    assert_eq!(finished.code, Some(0), "{}{}", finished.text, finished.errors);
    let step = &lane(&finished, 0)["peak"]["step"];
    assert_eq!(step["events"]["delivered"], 60);
    assert!(step["server_cpu_share"].as_f64().unwrap() > 0.0, "{step}");
}

#[test]
fn what_cannot_be_run_is_one_clear_line_and_exit_code_1() {
    for (arguments, words) in [
        (&["--url", "127.0.0.1:1"][..], "cannot connect to `127.0.0.1:1`"),
        #[cfg(target_os = "linux")]
        (&["--cores", "1023,0"], "no CPU `1023` here: choose"),
    ] {
        let failed = capacity(&[arguments, &["-t", "sse", "-r", "1", "-c", "1"]].concat());
        assert_eq!(failed.code, Some(1), "{arguments:?}: {}", failed.errors);
        assert!(failed.errors.starts_with("error: ") && failed.errors.contains(words), "{}", failed.errors);
        assert_eq!(failed.errors.lines().count(), 1, "{arguments:?}: {}", failed.errors);
    }
}

#[cfg(unix)]
#[test]
fn an_interrupt_prints_what_there_is_by_then() {
    let mut bench = Program::start(&["bench", "capacity", "-t", "sse", "-c", "1", "-r", "10", "-d", "1h"]);
    bench.stdout.find("sse");
    bench.signal(rustix::process::Signal::INT);
    assert_eq!(bench.ended().code(), Some(130));
    let text = bench.stdout.all().join("\n");
    assert!(text.contains("interrupted: this is what there was by then"), "{text}");
}
