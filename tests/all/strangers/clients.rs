//! Clients that others wrote, each told the same feed: what stood there before it came, what comes while it listens,
//! and, where its transport speaks, what it says itself.

use std::net::SocketAddr;
use std::process::Command;

use super::stranger::{Stranger, fetched, installed, script};
use crate::behaviour::program::Program;
use crate::behaviour::raw;

/// A feed with two events in it, one of them with more than ASCII.
fn feed() -> (Program, SocketAddr) {
    let (server, address) = Program::serve(&["--source", "quiet"]);
    raw::publish(address, r#"{"n":1}"#);
    raw::publish(address, r#""größer als „ASCII“ 🚲""#);
    (server, address)
}

/// The JSON of each event, byte for byte, as a poll has it.
pub(super) fn events(address: SocketAddr) -> Vec<String> {
    let (_, array) = raw::get(address, "/poll?last_event_id=earliest");
    let events: Vec<&serde_json::value::RawValue> = serde_json::from_str(&array).unwrap();
    events.into_iter().map(|event| event.get().to_owned()).collect()
}

/// Hears two events that stood there, then two that come; each to the byte, and nothing else.
fn hears(mut client: Stranger, address: SocketAddr, speaks: bool) {
    client.stdout.wait_for(2);
    raw::publish(address, "3");
    client.stdout.wait_for(3);
    if speaks {
        client.say(r#"{"publish":{"said":"here"},"ref":"7"}"#);
        client.stdout.find(r#"{"ack":{"ref":"7","#);
    } else {
        raw::publish(address, r#"{"said":"elsewhere"}"#);
    }
    client.stdout.find(r#""data":{"said":"#);
    let mut heard = client.stdout.all();
    heard.retain(|line| !line.starts_with(r#"{"ack":"#));
    assert_eq!(heard, events(address), "{:?}", client.stderr.all());
}

fn from_earliest(scheme: &str, address: SocketAddr, path: &str) -> String {
    format!("{scheme}://{address}{path}?last_event_id=earliest")
}

/// What curl makes of a server, in one version of HTTP.
fn curl_asks(flags: &[&str], origin: &str, version: &str) {
    let Some(curl) = installed("curl") else { return };
    let ask = |more: &[&str], path: &str| {
        let url = format!("{origin}{path}");
        let mut command = Command::new(&curl);
        command.args(["-sS", "-q", "--noproxy", "*", "-w", "\n%{http_version}"]).args(flags).args(more);
        let output = command.arg(&url).output().unwrap();
        assert!(output.status.success(), "{url}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let (body, spoken) = text.rsplit_once('\n').unwrap();
        assert_eq!(spoken, version, "{url}");
        body.to_owned()
    };
    for data in [r#"{"n":1}"#, r#""größer als „ASCII“ 🚲""#] {
        let answer = ask(&["-d", data], "/publish");
        assert!(answer.starts_with(r#"{"id":""#), "{answer}");
    }
    let polled = ask(&[], "/poll?last_event_id=earliest");
    assert_eq!(polled, ask(&[], "/longpoll?last_event_id=earliest"));
    let events: Vec<&serde_json::value::RawValue> = serde_json::from_str(&polled).unwrap();
    let mut command = Command::new(&curl);
    command.args(["-sSN", "-q", "--noproxy", "*"]).args(flags);
    let client = Stranger::start(command.arg(format!("{origin}/sse?last_event_id=earliest")));
    client.stdout.find("größer");
    let lines = client.stdout.all();
    let data: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("data: ")).collect();
    assert_eq!(data, events.iter().map(|event| event.get()).collect::<Vec<_>>());
}

#[test]
fn curl_asks_in_plain_and_over_tls_and_in_both_versions_of_http() {
    let quiet = ["--source", "quiet"];
    for (flag, version) in [("--http1.1", "1.1"), ("--http2-prior-knowledge", "2")] {
        let (_server, address) = Program::serve(&quiet);
        curl_asks(&[flag], &format!("http://{address}"), version);
    }
    for (flag, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let arguments = [&["serve", "--listen", "127.0.0.1:0", "--tls-self-signed"][..], &quiet].concat();
        let server = Program::start(&arguments);
        let line = server.stdout.find("listening on https://");
        curl_asks(&["--insecure", flag], line.trim_start_matches("listening on "), version);
    }
}

#[test]
fn curl_reads_an_event_stream_as_it_comes() {
    let Some(curl) = installed("curl") else { return };
    let (_server, address) = feed();
    let url = from_earliest("http", address, "/sse");
    let client = Stranger::start(Command::new(curl).args(["-sSN", "-q", "--noproxy", "*", &url]));
    client.stdout.find("größer");
    raw::publish(address, "3");
    client.stdout.find(r#""data":3}"#);
    let lines = client.stdout.all();
    let data: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("data: ")).collect();
    assert_eq!(data, events(address));
}

#[test]
fn python_websockets_listens_and_speaks() {
    let (Some(python), Some(packages)) = (installed("python3"), fetched("python")) else { return };
    let (_server, address) = feed();
    let mut client = Command::new(python);
    client.env("PYTHONPATH", packages).env("PYTHONIOENCODING", "utf-8").arg(script("read.py"));
    hears(Stranger::start(client.arg(from_earliest("ws", address, "/websocket"))), address, true);
}

#[test]
fn npm_ws_listens_and_speaks_and_npm_eventsource_listens() {
    let (Some(node), Some(packages)) = (installed("node"), fetched("node_modules")) else { return };
    for (scheme, path) in [("ws", "/websocket"), ("http", "/sse")] {
        let (_server, address) = feed();
        let mut client = Command::new(&node);
        client.env("NODE_PATH", &packages).arg(script("read.cjs"));
        let client = Stranger::start(client.arg(from_earliest(scheme, address, path)));
        hears(client, address, path == "/websocket");
    }
}

/// An event source comes back by itself, with the id it was told last: nothing is lost, nothing comes twice.
#[cfg(unix)]
#[test]
fn npm_eventsource_comes_back_to_a_server_that_left() {
    let (Some(node), Some(packages)) = (installed("node"), fetched("node_modules")) else { return };
    let (server, address) = feed();
    let mut client = Command::new(node);
    client.env("NODE_PATH", packages).arg(script("read.cjs"));
    let client = Stranger::start(client.arg(from_earliest("http", address, "/sse")));
    client.stdout.wait_for(2);
    drop(server);
    let (_again, address) = Program::serve_at(&address.to_string(), &["--source", "quiet"]);
    raw::publish(address, r#""anew""#);
    // Another epoch: the gap says so, and what its log has follows.
    client.stdout.find("anew");
    let heard = client.stdout.all();
    let gap: serde_json::Value = serde_json::from_str(&heard[2]).unwrap();
    assert_eq!((heard.len(), &gap["gap"]["missed"]), (4, &serde_json::Value::Null), "{heard:?}");
}

#[test]
fn websocat_listens_and_speaks() {
    let Some(websocat) = installed("websocat") else { return };
    let (_server, address) = feed();
    let url = from_earliest("ws", address, "/websocket");
    hears(Stranger::start(Command::new(websocat).arg(url)), address, true);
}
