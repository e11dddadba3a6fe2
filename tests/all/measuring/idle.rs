//! `bench idle`: that every figure is there, what is given back, and what is refused.

use serde_json::Value;
#[cfg(target_os = "linux")]
use wirelanes::transport::Transport;

use super::bench::{Finished, at_once, bench, run};
#[cfg(target_os = "linux")]
use super::bench::{assert_near, number};
use crate::behaviour::fake::{self, Script};

/// A window that is too short for any heartbeat, but not for a poll or for a hold.
const BRIEF: [&str; 9] = ["idle", "-c", "20", "-d", "1200ms", "-i", "400ms", "--hold", "1s"];

/// `--output` belongs to the lab and stands behind its name.
fn idle(arguments: &[&str]) -> Finished {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("result.json");
    let output = ["--output", path.to_str().unwrap()];
    let finished = run(&[&["bench"], &BRIEF[..], arguments, &output].concat());
    let report = std::fs::read(&path).map_or(Value::Null, |json| serde_json::from_slice(&json).unwrap());
    Finished { report, ..finished }
}

fn lanes(finished: &Finished) -> &Vec<Value> {
    let lanes = finished.report["lanes"].as_array();
    lanes.unwrap_or_else(|| panic!("no lanes: {}{}", finished.text, finished.errors))
}

/// The traffic of asking shows in the window, and has its theory beside it.
#[cfg(target_os = "linux")]
#[test]
fn every_transport_is_weighed_and_gives_all_its_file_descriptors_back() {
    let finished = idle(&[]);
    assert_eq!(finished.code, Some(0), "{}{}", finished.text, finished.errors);
    finished.assert_printable();
    assert_eq!((&finished.report["lab"], &finished.report["connections"]), (&"idle".into(), &20.into()));
    assert_eq!(finished.report["window_us"], 1_200_000);
    assert_eq!(lanes(&finished).len(), 4);
    for (lane, transport) in lanes(&finished).iter().zip(Transport::ALL) {
        assert_eq!((&lane["transport"], &lane["lost"]), (&transport.name().into(), &0.into()));
        assert_eq!(number(lane, "given_back.file_descriptors_opened"), 20.0, "{lane}");
        assert_eq!(number(lane, "given_back.file_descriptors_closed"), 20.0, "{lane}");
        assert!(number(lane, "kernel_memory.socket_bytes_per_connection") > 1_000.0, "{lane}");
        for known in [
            "opening_us",
            "server_memory.bytes_per_connection",
            "server_memory.again_bytes_per_connection",
            "server_memory.before_bytes",
            "server_memory.open_bytes",
            "server_memory.after_bytes",
            "kernel_memory.buffer_bytes_per_connection",
            "kernel_memory.buffers_within_bytes_per_connection",
        ] {
            number(lane, known);
        }
        for side in ["measured", "predicted", "long_run"] {
            for key in
                ["down.payload_bytes", "down.packets", "down.wire_bytes", "up.payload_bytes", "up.packets"]
            {
                assert!(number(lane, &format!("per_minute.{side}.{key}")) >= 0.0, "{lane}");
            }
        }
        let asks = matches!(transport, Transport::Poll | Transport::Longpoll);
        assert_eq!(number(lane, "per_minute.measured.up.payload_bytes") > 0.0, asks, "{lane}");
    }
}

/// How often they ask in a window is the machine's to say; how much longer an answer is than its request is not, and
/// 22 bytes on each of them change that by a fifth.
#[cfg(target_os = "linux")]
#[test]
fn over_tls_each_message_is_a_record_longer() {
    let each = Transport::ALL.map(|transport| ["--tls", "-t", transport.name()]);
    let each = at_once(idle, each.each_ref().map(|arguments| &arguments[..]));
    for secured in &each {
        assert_eq!(secured.code, Some(0), "{}{}", secured.text, secured.errors);
        secured.assert_printable();
        assert_eq!(secured.report["tls"], true);
        assert!(secured.text.contains("HTTP/1.1, TLS,"), "{}", secured.text);
        let lane = &lanes(secured)[0];
        assert_eq!(number(lane, "given_back.file_descriptors_closed"), 20.0, "{lane}");
    }
    let poll = &lanes(&each[0])[0];
    let down_for_up = |of: &str| {
        let bytes = |way| number(poll, &format!("per_minute.{of}.{way}.payload_bytes"));
        bytes("down") / bytes("up")
    };
    assert_near("down for up", down_for_up("measured"), down_for_up("predicted"), 0.06);
}

#[test]
fn json_on_stdout_is_the_same_document() {
    let [finished, quiet] = at_once(idle, [&["-t", "sse", "--format", "json"], &["-t", "sse", "--quiet"]]);
    assert_eq!(
        serde_json::from_str::<Value>(&finished.text).unwrap(),
        finished.report,
        "{}",
        finished.errors
    );
    assert_eq!(quiet.text, "");
}

#[test]
fn what_does_not_go_together_names_the_remedy() {
    for (arguments, words) in [
        (&["bench", "idle", "--pid", "1"][..], "--url"),
        (&["bench", "idle", "--url", "ws://127.0.0.1:1/x", "-t", "sse"], "leave out `--transports`"),
        (&["bench", "idle", "-i", "80s"], "choose up to 70s"),
        (&["bench", "idle", "--hold", "0"], "choose 1 to 60"),
        (&["bench", "idle", "-c", "0"], "1..="),
        (&["bench", "idle", "-r", "5"], "'-r'"),
        (&["bench", "-r", "5", "idle"], "cannot be used with '--rate <RATE>'"),
    ] {
        let refused = run(arguments);
        assert_eq!(refused.code, Some(2), "{arguments:?}: {}", refused.errors);
        assert!(refused.errors.contains(words), "{arguments:?}: {}", refused.errors);
    }
}

/// The comparison stands beside the lab, not behind it.
#[test]
fn bench_alone_is_still_the_comparison() {
    let compared = bench(&["-t", "sse", "-d", "200ms", "--warmup", "0", "-r", "50"]);
    compared.assert_whole();
}

#[cfg(target_os = "linux")]
mod elsewhere {
    use super::*;
    use crate::behaviour::program::Program;
    use crate::behaviour::secured::issued;

    #[test]
    fn a_server_that_runs_already_is_weighed_by_its_process() {
        let (server, address) = Program::serve(&["--source", "quiet"]);
        let (url, id) = (format!("http://{address}"), server.id().to_string());
        let weighed = idle(&["--url", &url, "--pid", &id, "-t", "longpoll"]);
        assert_eq!(weighed.code, Some(0), "{}", weighed.errors);
        let lane = &lanes(&weighed)[0];
        assert_eq!(number(lane, "given_back.file_descriptors_closed"), 20.0);
        assert!(number(lane, "server_memory.before_bytes") > 0.0);
        assert!(lane["per_minute"]["predicted"].is_object());
    }

    #[test]
    fn a_server_that_speaks_tls_is_weighed_by_who_trusts_it() {
        let folder = tempfile::tempdir().unwrap();
        let [authority, own, key] = issued(folder.path(), "127.0.0.1").map(|path| path.display().to_string());
        let flags = ["--source", "quiet", "--tls-cert", &own, "--tls-key", &key];
        // One each: nobody else's connections are there to be waited for.
        let servers = [(); 4].map(|()| Program::serve(&flags));
        let [first, second, third, fourth] =
            servers.each_ref().map(|(_, address)| format!("https://{address}"));
        let endpoint = format!("{}/websocket", third.replace("https", "wss"));
        let [all, one, of_endpoint, refused] = at_once(
            idle,
            [
                &["--url", &first, "--cacert", &authority, "-t", "poll,sse"],
                &["--url", &second, "--insecure", "-t", "longpoll"],
                &["--url", &endpoint, "--insecure"],
                &["--url", &fourth, "-t", "sse"],
            ],
        );
        for (weighed, lanes_there, is_endpoint) in [(all, 2, false), (one, 1, false), (of_endpoint, 1, true)]
        {
            let text = &weighed.text;
            assert_eq!(weighed.code, Some(0), "{text}{}", weighed.errors);
            assert_eq!(
                (lanes(&weighed).len(), &weighed.report["tls"]),
                (lanes_there, &true.into()),
                "{text}"
            );
            let predicted = &lanes(&weighed)[0]["per_minute"]["predicted"];
            assert_eq!(predicted.is_null(), is_endpoint, "{text}");
        }
        assert_eq!(refused.code, Some(1), "{}", refused.errors);
        assert!(refused.errors.contains("`--insecure`"), "{}", refused.errors);
        assert_eq!(refused.errors.lines().count(), 1, "{}", refused.errors);
    }

    #[test]
    fn of_a_single_endpoint_nothing_is_predicted_and_without_its_process_nothing_weighed() {
        let (_server, address) = Program::serve(&["--source", "quiet"]);
        let socket = format!("ws://{address}/websocket");
        let stream = format!("http://{address}/sse?topic=a");
        let found = at_once(idle, [&["--url", &socket], &["--url", &stream]]);
        for (found, transport) in found.iter().zip([Transport::Websocket, Transport::Sse]) {
            assert_eq!(found.code, Some(0), "{}", found.errors);
            found.assert_printable();
            let lane = &lanes(found)[0];
            assert_eq!(lane["transport"], transport.name());
            assert!(lane["per_minute"]["measured"].is_object() && lane["per_minute"]["predicted"].is_null());
            let memory = &lane["server_memory"]["bytes_per_connection"];
            assert!(memory.is_null() && found.text.contains('–'), "{}", found.text);
        }
    }

    #[test]
    fn an_interrupt_ends_it_with_what_there_is_by_then() {
        let mut bench = Program::start(&["bench", "idle", "-c", "20", "-t", "sse", "-d", "1h"]);
        crate::behaviour::eventually("it has a server", || {
            std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", bench.id()))
                .is_ok_and(|children| !children.is_empty())
        });
        bench.signal(rustix::process::Signal::INT);
        assert_eq!(bench.ended().code(), Some(130), "{:?}", bench.stderr.all());
    }
}

/// Connections that a server ends by itself were not idle: that is a failure, and says why.
#[tokio::test]
async fn connections_that_do_not_stay_are_told() {
    let leaves = |_: usize, _: &str| {
        Script::SayAndClose(fake::answer("200 OK", "content-type: text/event-stream\r\n", ""))
    };
    let url = format!("http://{}/stream", fake::serve(leaves).await);
    let left = tokio::task::spawn_blocking(move || idle(&["--url", &url])).await.unwrap();
    assert_eq!(left.code, Some(1), "{}", left.errors);
    assert_eq!(lanes(&left)[0]["lost"], 20);
    assert!(left.text.contains("20 connections did not stay, the first: closed"), "{}", left.text);
}

/// Where a token is asked for, how many connections there are is told to nobody else.
#[tokio::test]
async fn a_server_is_shown_the_token_that_is_asked_how_many_connections_it_has() {
    let (tell, asked) = std::sync::mpsc::channel();
    let guarded = move |_: usize, head: &str| {
        if !fake::path(head).starts_with("/stats") {
            return fake::tell(head, "", &[]);
        }
        tell.send(head.to_ascii_lowercase()).unwrap();
        Script::Say(fake::answer("404 Not Found", "", ""))
    };
    let url = format!("http://{}", fake::serve(guarded).await);
    let arguments = ["--url", &url, "-t", "poll", "--token", "abc"].map(str::to_owned);
    let weighing = move || idle(&arguments.each_ref().map(String::as_str));
    let weighed = tokio::task::spawn_blocking(weighing).await.unwrap();
    assert_eq!(weighed.code, Some(0), "{}{}", weighed.text, weighed.errors);
    let asked: Vec<String> = asked.try_iter().collect();
    assert!(!asked.is_empty() && asked.iter().all(|head| head.contains("authorization: bearer abc\r\n")));
}

#[tokio::test]
async fn a_server_that_refuses_is_one_clear_line() {
    let not_found = |_: usize, _: &str| Script::Say(fake::answer("404 Not Found", "", "nothing here"));
    let url = format!("http://{}/stream", fake::serve(not_found).await);
    let failed = tokio::task::spawn_blocking(move || idle(&["--url", &url])).await.unwrap();
    assert_eq!(failed.code, Some(1), "{}", failed.errors);
    assert!(failed.errors.contains("cannot open sse connection 1 of 1"), "{}", failed.errors);
    assert!(failed.errors.contains("refused with 404"), "{}", failed.errors);
    assert_eq!(failed.errors.lines().count(), 1, "{}", failed.errors);
}
