//! `/control`, `/theory`, and who may publish.

use std::sync::{Arc, Mutex};

use data_encoding::BASE64;
use serde_json::{Map, Value, json};
use wirelanes::server::{Commands, Key, Operator, Publishers, Refused};

use super::errors::names;
use super::websocket::{Frame, MASK, TEXT, masked, upgraded};
use crate::support::{Answer, Running};

/// Writes down what it is told, and does `ok` only.
#[derive(Default)]
struct Board(Mutex<Vec<Value>>);

impl Commands for Board {
    fn scene(&self) -> Map<String, Value> {
        let done = self.0.lock().unwrap().len();
        json!({ "source": null, "links": [], "done": done }).as_object().unwrap().clone()
    }

    fn carry_out(&self, command: &Map<String, Value>) -> Result<(), Refused> {
        match command.keys().next().map(String::as_str) {
            Some("ok") => self.0.lock().unwrap().push(command["ok"].clone()),
            Some("no") => return Err(Refused::Forbidden("`no` is not done".to_owned())),
            Some("gone") => return Err(Refused::NoSuch("`gone` is not there".to_owned())),
            _ => return Err(Refused::Malformed("`what` is no command".to_owned())),
        }
        Ok(())
    }

    fn theory(&self, parameter: &dyn Fn(&str) -> Option<String>) -> Result<Value, String> {
        parameter("rate").map(|rate| json!({ "lanes": rate })).ok_or("`rate` is missing".to_owned())
    }
}

struct Manned {
    here: Running,
    key: Key,
    board: Arc<Board>,
}

impl Manned {
    fn start(publish: Publishers) -> Self {
        let (key, board) = (Key::draw().unwrap(), Arc::<Board>::default());
        let operator = Operator { key: Some(key), publish, commands: board.clone(), ..Operator::default() };
        Self { here: Running::operated(operator), key, board }
    }

    fn bearer(&self) -> String {
        format!("authorization: Bearer {}\r\n", self.key.reveal())
    }

    async fn get(&self, path: &str, fields: &str) -> Answer {
        self.here.ask(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n{fields}\r\n")).await
    }

    async fn post(&self, path: &str, fields: &str, body: &str) -> Answer {
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\n{fields}content-length: {length}\r\n\r\n");
        self.here.ask(&(head + body)).await
    }

    async fn command(&self, body: &str) -> Answer {
        self.post("/control", &(self.bearer() + JSON), body).await
    }
}

const JSON: &str = "content-type: application/json\r\n";

#[tokio::test]
async fn everybody_may_look_and_who_bears_the_key_is_told_so() {
    let manned = Manned::start(Publishers::Operator);
    let answer = manned.get("/control", "").await;
    let expected = json!({ "operator": false, "version": env!("CARGO_PKG_VERSION"), "publish": "operator",
        "poll_floor_ms": 100, "devices": 0, "source": null, "links": [], "done": 0 });
    assert_eq!((answer.status(), answer.json()), (200, expected));
    for scheme in ["Bearer", "bearer", "BEARER "] {
        let fields = format!("authorization: {scheme} {}\r\n", manned.key.reveal());
        assert_eq!(manned.get("/control", &fields).await.json()["operator"], true, "`{scheme}`");
    }
}

#[tokio::test]
async fn a_wrong_key_opens_nothing_and_is_told_where_the_right_one_is() {
    let manned = Manned::start(Publishers::Anyone);
    let key = manned.key.reveal();
    let other = Key::draw().unwrap();
    let wrong = [
        format!("Bearer {}", other.reveal()),
        format!("Bearer {}", &key[1..]),
        format!("Bearer {key}a"),
        format!("Basic {key}"),
        format!("Bearer{key}"),
        key.to_owned(),
        "Bearer ".to_owned(),
        String::new(),
        "Bearer é".to_owned(),
    ];
    for given in wrong {
        let fields = format!("authorization: {given}\r\n");
        let posted = manned.post("/control", &(fields.clone() + JSON), r#"{"ok":1}"#).await;
        for answer in [manned.get("/control", &fields).await, posted] {
            assert_eq!(
                (answer.status(), answer.header("www-authenticate")),
                (401, Some("Bearer")),
                "`{given}`"
            );
            names(&answer, "Authorization: Bearer KEY");
        }
    }
    let answer = manned.post("/control", JSON, r#"{"ok":1}"#).await;
    assert_eq!((answer.status(), answer.header("www-authenticate")), (401, Some("Bearer")));
    assert!(manned.board.0.lock().unwrap().is_empty(), "nothing was done");
}

#[tokio::test]
async fn a_server_without_a_key_opens_to_none() {
    let here = Running::start();
    let fields = format!("authorization: Bearer {}\r\n", Key::draw().unwrap().reveal());
    for given in [&fields, "authorization: Bearer \r\n", "authorization: Bearer\r\n"] {
        let answer = here.ask(&format!("GET /control HTTP/1.1\r\nhost: x\r\n{given}\r\n")).await;
        assert_eq!(answer.status(), 401, "{given}");
    }
}

#[tokio::test]
async fn a_command_is_answered_with_what_came_of_it() {
    let manned = Manned::start(Publishers::Anyone);
    let answer = manned.command(r#"{"ok":{"rate":"1/s"}}"#).await;
    assert_eq!(
        (answer.status(), &answer.json()["operator"], &answer.json()["done"]),
        (200, &json!(true), &json!(1))
    );
    assert_eq!(*manned.board.0.lock().unwrap(), [json!({ "rate": "1/s" })]);
    let fields = manned.bearer() + "content-type: Application/JSON; charset=utf-8\r\n";
    assert_eq!(manned.post("/control", &fields, r#"{"ok":2}"#).await.status(), 200);
}

#[tokio::test]
async fn what_is_refused_is_refused_with_the_remedy() {
    let manned = Manned::start(Publishers::Anyone);
    let large = format!(r#"{{"ok":"{}"}}"#, "x".repeat(70_000));
    for (body, status, thing) in [
        (r#"{"no":1}"#, 403, "no"),
        (r#"{"gone":1}"#, 404, "gone"),
        (r#"{"else":1}"#, 400, "what"),
        ("", 400, r#"{"source":{"rate":"1/s"}}"#),
        ("[]", 400, r#"{"source":{"rate":"1/s"}}"#),
        ("{", 400, r#"{"source":{"rate":"1/s"}}"#),
        ("{\"ok\":\"\u{0}\"}", 400, r#"{"source":{"rate":"1/s"}}"#),
        (large.as_str(), 413, "/control"),
    ] {
        let answer = manned.command(body).await;
        assert_eq!(answer.status(), status, "{body:.40}");
        names(&answer, thing);
    }
    for kind in ["", "content-type: text/plain\r\n", "content-type: application/x-www-form-urlencoded\r\n"] {
        let answer = manned.post("/control", &(manned.bearer() + kind), r#"{"ok":1}"#).await;
        assert_eq!(answer.status(), 415, "{kind}");
        names(&answer, "Content-Type: application/json");
    }
    assert!(manned.board.0.lock().unwrap().is_empty(), "nothing was done");
}

#[tokio::test]
async fn every_page_that_watches_is_told_of_a_change() {
    let manned = Manned::start(Publishers::Anyone);
    let mut pages = Vec::new();
    for page in ["one", "two"] {
        let mut peer = manned.here.connect().await;
        peer.say(&format!("GET /sse?topic=control.{page} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
        assert_eq!(peer.answer().await.status(), 200);
        peer.chunk().await;
        pages.push(peer);
    }
    assert_eq!(manned.command(r#"{"no":1}"#).await.status(), 403);
    assert_eq!(manned.command(r#"{"ok":1}"#).await.status(), 200);
    for page in &mut pages {
        let block = page.chunk().await;
        let line =
            block.lines().find_map(|line| line.strip_prefix("data: ")).unwrap_or_else(|| panic!("{block}"));
        let event: Value = serde_json::from_str(line).unwrap();
        let state = &event["data"]["state"];
        assert_eq!((&state["done"], &state["publish"]), (&json!(1), &json!("anyone")), "{event}");
        assert!(state.get("operator").is_none(), "it is told to all: {event}");
    }
}

#[tokio::test]
async fn where_publishing_takes_the_key_who_has_none_is_refused() {
    let manned = Manned::start(Publishers::Operator);
    let wrong = format!("authorization: Bearer {}\r\n", Key::draw().unwrap().reveal());
    for fields in ["", &wrong] {
        let answer = manned.post("/publish", fields, "1").await;
        assert_eq!(answer.status(), 403);
        names(&answer, "--publish anyone");
    }
    assert_eq!(manned.here.feed.newest("demo").sequence, 0);
    assert_eq!(manned.post("/publish", &manned.bearer(), "1").await.status(), 201);

    for key in [String::new(), r#","key":"""#.to_owned(), format!(r#","key":"{}""#, "a".repeat(26))] {
        let mut peer = upgraded(&manned.here, "").await;
        peer.write(&masked(TEXT, format!(r#"{{"publish":2,"ref":"7"{key}}}"#).as_bytes())).await;
        let said: Value = serde_json::from_str(&Frame::read(&mut peer).await.text()).unwrap();
        assert_eq!(said["error"]["ref"], "7", "{said}");
        assert!(said["error"]["message"].as_str().unwrap().contains("`--publish anyone`"), "{said}");
        let goodbye = Frame::read(&mut peer).await;
        assert_eq!(goodbye.payload[..2], 1008u16.to_be_bytes(), "and it is shown the door");
    }
    let mut peer = upgraded(&manned.here, "").await;
    assert_eq!(manned.here.feed.newest("demo").sequence, 1);
    let key = manned.key.reveal();
    peer.write(&masked(TEXT, format!(r#"{{"publish":2,"ref":"8","key":"{key}"}}"#).as_bytes())).await;
    let said = [Frame::read(&mut peer).await.text(), Frame::read(&mut peer).await.text()].concat();
    assert!(said.contains(r#"{"ack":{"ref":"8","id":"8f3k2a-2"}}"#), "{said}");
    assert!(!said.contains(key), "a key is not for those who listen: {said}");
}

/// Who watches a client need not be that client: anybody may read `control.eve`.
#[tokio::test]
async fn a_key_is_not_shown_to_who_watches_its_holder() {
    let manned = Manned::start(Publishers::Operator);
    let key = manned.key.reveal();
    let mut watch = manned.here.connect().await;
    watch.say("GET /sse?topic=control.eve HTTP/1.1\r\nhost: x\r\n\r\n").await;
    watch.answer().await;
    watch.chunk().await;
    assert_eq!(manned.post("/publish?client=eve", &manned.bearer(), "1").await.status(), 201);
    let mut peer = upgraded(&manned.here, "?client=eve").await;
    peer.write(&masked(TEXT, format!(r#"{{"publish":2,"ref":"8","key":"{key}"}}"#).as_bytes())).await;
    let (mut shown, mut heard) = (Vec::new(), 0);
    while heard < 2 {
        let block = watch.chunk().await;
        let Some(line) = block.lines().find_map(|line| line.strip_prefix("data: ")) else { continue };
        let event: Value = serde_json::from_str(line).unwrap();
        for mark in event["data"]["marks"].as_array().unwrap() {
            heard += usize::from(mark["what"] == "heard");
            shown.push(BASE64.decode(mark["shown"].as_str().unwrap().as_bytes()).unwrap());
        }
    }
    let is_told =
        |part: &[u8]| shown.iter().any(|bytes| bytes.windows(part.len()).any(|window| window == part));
    let masked_key: [Vec<u8>; 4] = [0, 1, 2, 3].map(|phase| {
        let mask = MASK.iter().cycle().skip(phase);
        key.bytes().zip(mask).map(|(letter, mask)| letter ^ mask).collect()
    });
    assert!(
        is_told(format!("authorization: Bearer {}", "*".repeat(26)).as_bytes()),
        "the head itself is shown"
    );
    assert!(!is_told(key.as_bytes()) && !masked_key.iter().any(|key| is_told(key)), "{key} is told");
}

#[tokio::test]
async fn where_anyone_may_publish_a_key_changes_nothing() {
    let manned = Manned::start(Publishers::Anyone);
    for fields in ["", "authorization: Bearer wrong\r\n", &manned.bearer()] {
        assert_eq!(manned.post("/publish", fields, "1").await.status(), 201, "{fields}");
    }
    let mut peer = upgraded(&manned.here, "").await;
    peer.write(&masked(TEXT, br#"{"publish":2,"ref":"8","key":"wrong"}"#)).await;
    let said = [Frame::read(&mut peer).await.text(), Frame::read(&mut peer).await.text()].concat();
    assert!(said.contains(r#"{"ack":{"ref":"8","id":"8f3k2a-4"}}"#), "{said}");
}

#[tokio::test]
async fn theory_is_asked_in_the_query() {
    let manned = Manned::start(Publishers::Anyone);
    let answer = manned.get("/theory?rate=1%2Fs", "").await;
    assert_eq!((answer.status(), answer.json()), (200, json!({ "lanes": "1/s" })));
    let answer = manned.get("/theory", "").await;
    assert_eq!(answer.status(), 400);
    names(&answer, "rate");
}
