//! `wirelanes serve` while it runs: what its operator can change, and what nobody can.

mod theory;

use std::io::{Read, Write};
use std::net::SocketAddr;

use serde_json::{Value, json};

use super::program::Program;
use super::{eventually, raw};

/// The binary, and the key it printed.
struct Operated {
    server: Program,
    address: SocketAddr,
    key: String,
}

impl Operated {
    fn start(listen: &str, arguments: &[&str]) -> Self {
        let (server, address) = Program::serve_at(listen, arguments);
        let page = server.stdout.find("page http://");
        let (page, key) = page.split_once("/#key=").unwrap_or_else(|| panic!("no key in `{page}`"));
        assert!(page.ends_with(&format!(":{}", address.port())), "{page}");
        Self { server, address, key: key.to_owned() }
    }

    fn post(&self, path: &str, key: Option<&str>, body: &str) -> (u16, Value) {
        let bearer = key.map(|key| format!("authorization: Bearer {key}\r\n")).unwrap_or_default();
        let mut socket = raw::connect(SocketAddr::from(([127, 0, 0, 1], self.address.port())));
        write!(
            socket,
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n\
             {bearer}content-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let answer = String::from_utf8(raw::rest(&mut socket)).unwrap();
        let body = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: `{answer}`")).1;
        (answer.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
    }

    fn command(&self, body: &Value) -> (u16, Value) {
        self.post("/control", Some(&self.key), &body.to_string())
    }

    fn done(&self, body: &Value) -> Value {
        let (status, state) = self.command(body);
        assert_eq!(status, 200, "{body}: {state}");
        state
    }

    fn state(&self) -> Value {
        serde_json::from_str(&raw::get(self.address, "/control").1).unwrap()
    }

    fn theory(&self, query: &str) -> Value {
        serde_json::from_str(&raw::get(self.address, &format!("/theory?{query}")).1).unwrap()
    }
}

const ANY: &str = "127.0.0.1:0";

#[test]
fn the_state_says_what_was_typed() {
    let here = Operated::start(ANY, &["--source=steady", "--rate=1/60s", "--seed=7", "--link=lab=rtt=100ms"]);
    let state = here.state();
    let source = json!({ "source": "steady", "rate": "1/60s", "size": 100, "seed": 7, "speed": 1.0, "loop": false,
                         "is_over": false });
    assert_eq!(
        (&state["source"], &state["operator"], &state["publish"]),
        (&source, &json!(false), &json!("anyone"))
    );
    let link = here.server.stdout.find("link lab on http://");
    let port =
        link.split("127.0.0.1:").nth(1).unwrap().split([':', ' ']).next().unwrap().parse::<u16>().unwrap();
    assert_eq!(state["links"], json!([{ "name": "lab", "port": port, "spec": "rtt=100ms", "open": 0 }]));
    assert_eq!(state["listen"], here.address.to_string());
    assert_eq!(
        state["sources"],
        json!(["poisson", "steady", "pairs", "bursts", "quiet", "trace:earthquakes"])
    );
    assert!(state["presets"].as_array().unwrap().iter().any(|preset| preset["name"] == "3g"), "{state}");
}

#[test]
fn a_seed_that_was_drawn_can_be_typed_by_a_browser() {
    let here = Operated::start(ANY, &["--source=quiet"]);
    assert!(here.state()["source"]["seed"].as_u64().unwrap() < 1 << 53);
}

#[test]
fn a_source_is_replaced_and_what_is_left_out_stays() {
    let here = Operated::start(ANY, &["--source=quiet", "--size=20", "--seed=7"]);
    let state = here.done(&json!({ "source": { "source": "steady", "rate": "100/s" } }));
    assert_eq!(state["operator"], true);
    let source = &state["source"];
    assert_eq!(
        (&source["source"], &source["rate"], &source["size"]),
        (&json!("steady"), &json!("100/s"), &json!(20))
    );
    let events = || -> Vec<Value> {
        let (_, body) = raw::get(here.address, "/poll?last_event_id=earliest");
        serde_json::from_str(if body.is_empty() { "[]" } else { &body }).unwrap()
    };
    eventually("the new source is played", || events().len() >= 5);
    assert!(events().iter().all(|event| event["data"].to_string().len() == 20));
    here.done(&json!({ "source": { "source": "quiet" } }));
    let count = events().len();
    assert_eq!(events().len(), count, "once it is answered, nothing of the old source comes");
    assert_eq!(here.state()["source"]["rate"], "100/s", "kept for the next");
    here.done(&json!({ "source": { "source": "trace:earthquakes", "speed": 1e9 } }));
    eventually("the trace is over", || here.state()["source"]["is_over"] == true);
}

#[test]
fn a_link_is_changed_and_its_connections_are_dropped() {
    let here = Operated::start(ANY, &["--source=quiet", "--link=lab=none"]);
    let port = here.state()["links"][0]["port"].as_u64().unwrap() as u16;
    let through = SocketAddr::from(([127, 0, 0, 1], port));
    let state = here.done(&json!({ "link": { "name": "lab", "spec": "3g,rtt=40ms" } }));
    assert_eq!(state["links"][0]["spec"], "3g,rtt=40ms");
    let mut stream = raw::ask(through, "/sse", "");
    raw::head(&mut stream);
    eventually("the connection is counted", || here.state()["links"][0]["open"] == 1);
    here.done(&json!({ "drop": { "link": "lab" } }));
    let ended = stream.read_to_end(&mut Vec::new());
    assert_eq!(ended.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    eventually("nobody is left", || here.state()["links"][0]["open"] == 0);
    assert!(raw::get(through, "/time").0.starts_with("HTTP/1.1 200 "), "the port goes on");
}

#[test]
fn what_cannot_be_done_changes_nothing() {
    let mut trace = tempfile::NamedTempFile::new().unwrap();
    writeln!(trace, r#"{{"at_ms":0,"data":"one"}}"#).unwrap();
    let named = format!("trace:{}", trace.path().display());
    let here = Operated::start(ANY, &["--source", &named, "--link=lab=rtt=100ms"]);
    let before = here.state();
    for (command, status, words) in [
        (json!({}), 400, "`source`, `link` or `drop`"),
        (json!({ "source": {}, "drop": { "link": "lab" } }), 400, "`source`, `link` or `drop`"),
        (json!({ "stop": {} }), 400, "no command `stop`"),
        (json!({ "source": ["steady"] }), 400, "`source` is no JSON object"),
        (
            json!({ "source": { "speeed": 2 } }),
            400,
            "unknown field `speeed`, expected one of `source`, `rate`",
        ),
        (json!({ "source": { "source": "chaos" } }), 400, "no source `chaos`"),
        (json!({ "source": { "rate": "fast" } }), 400, "`fast` is no rate"),
        (json!({ "source": { "rate": 2 } }), 400, "integer `2`"),
        (json!({ "source": { "size": 0 } }), 400, "`--size 0`"),
        (json!({ "source": { "size": 65_537 } }), 400, "65537"),
        (json!({ "source": { "size": -1 } }), 400, "`-1`"),
        (json!({ "source": { "speed": 0 } }), 400, "`--speed 0`"),
        (json!({ "source": { "seed": 1u64 << 53 } }), 400, "`seed` is 9007199254740992"),
        (json!({ "source": { "loop": "yes" } }), 400, "boolean"),
        (json!({ "source": { "source": "stdin" } }), 403, "`--source stdin`"),
        (json!({ "source": { "source": "trace:/etc/passwd" } }), 403, "`trace:/etc/passwd`"),
        (json!({ "source": { "source": "trace:./earthquakes" } }), 403, "`trace:./earthquakes`"),
        (json!({ "link": { "name": "lab" } }), 400, "missing field `spec`"),
        (json!({ "link": { "name": "lab", "spec": "fast" } }), 400, "`fast` is no part of a link"),
        (json!({ "link": { "name": "lab", "spec": "none", "port": 1 } }), 400, "unknown field `port`"),
        (json!({ "link": { "name": "slow", "spec": "none" } }), 404, "choose `lab`"),
        (json!({ "drop": { "link": "slow" } }), 404, "choose `lab`"),
        (json!({ "drop": "lab" }), 400, "`drop` is no JSON object"),
    ] {
        let (got, answer) = here.command(&command);
        assert_eq!(got, status, "{command}: {answer}");
        let said = answer["error"].as_str().unwrap_or_else(|| panic!("{command}: {answer}"));
        assert!(said.contains(words), "{command}: {said}");
    }
    let after = here.state();
    assert_eq!((&after["source"]["source"], &after["links"]), (&json!(named), &before["links"]));
    here.done(&json!({ "source": { "source": "poisson" } }));
    here.done(&json!({ "source": { "source": named } }));
    assert_eq!(here.post("/control", None, r#"{"drop":{"link":"lab"}}"#).0, 401);
}

#[test]
fn beyond_loopback_publishing_takes_the_key_unless_everybody_is_let_in() {
    for (listen, arguments, publish, without) in [
        (ANY, &["--source=quiet"][..], "anyone", 201),
        (ANY, &["--source=quiet", "--publish=operator"], "operator", 403),
        ("0.0.0.0:0", &["--source=quiet"], "operator", 403),
        ("0.0.0.0:0", &["--source=quiet", "--publish=anyone"], "anyone", 201),
    ] {
        let here = Operated::start(listen, arguments);
        let case = format!("{listen} {arguments:?}");
        assert_eq!(here.post("/publish", None, "1").0, without, "{case}");
        assert_eq!(here.post("/publish", Some(&here.key), "1").0, 201, "{case}");
        let local = SocketAddr::from(([127, 0, 0, 1], here.address.port()));
        let state: Value = serde_json::from_str(&raw::get(local, "/control").1).unwrap();
        assert_eq!(state["publish"], publish, "{case}");
        let invites = here.server.stderr.all().iter().any(|line| line.contains("/publish'"));
        assert_eq!(invites, without == 201, "{case}: nobody is invited to what is refused");
    }
}

/// A proxy on this machine brings the world, all of it from one address of this machine.
#[test]
fn behind_a_proxy_publishing_takes_the_key_unless_everybody_is_let_in() {
    for (arguments, without) in [(&[][..], "HTTP/1.1 403 "), (&["--publish=anyone"], "HTTP/1.1 201 ")] {
        let all = [&["--source=quiet", "--public-url=https://feed.example"], arguments].concat();
        let (server, address) = Program::serve(&all);
        let page = server.stdout.find("page https://feed.example/#key=");
        let (_, key) = page.split_once("#key=").unwrap();
        let head = raw::post(address, "/publish", "", "1").0;
        assert!(head.starts_with(without), "{arguments:?}: {head}");
        let head = raw::post(address, "/publish", &format!("authorization: Bearer {key}\r\n"), "1").0;
        assert!(head.starts_with("HTTP/1.1 201 "), "{arguments:?}: {head}");
    }
}

#[test]
fn the_key_is_printed_once_and_logged_nowhere() {
    let here = Operated::start(ANY, &["--source=quiet", "--link=lab=none", "-vv"]);
    here.done(&json!({ "source": { "rate": "1/s" } }));
    here.done(&json!({ "drop": { "link": "lab" } }));
    let wrong = "b".repeat(26);
    assert_eq!(here.post("/control", Some(&wrong), "{}").0, 401);
    assert_eq!(here.post("/publish", Some(&here.key), "1").0, 201);
    here.server.stderr.find("POST /control");
    let lines = here.server.stderr.all();
    assert!(!lines.iter().any(|line| line.contains(&here.key) || line.contains(&wrong)), "{lines:#?}");
    let lines = here.server.stdout.all();
    assert_eq!(lines.iter().filter(|line| line.contains(&here.key)).count(), 1, "{lines:#?}");
    assert!(lines[0].starts_with("listening on http://"), "{lines:#?}");
}
