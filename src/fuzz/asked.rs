//! The parameters of a request, and what an operator sends.

use hyper::Request;
use serde_json::{Map, Value};

use crate::cli::Board;
use crate::event::{EventId, Position};
use crate::link::Link;
use crate::server::{Commands, Refused};
use crate::source::{Rate, SourceKind};
use crate::transport::ask::{Ask, is_name, parameter};

/// A query, and behind a line end a position in the head.
pub fn ask(bytes: &[u8]) {
    let (query, position) = split(bytes);
    let mut request = Request::get([b"/poll?", query].concat());
    if let Some(position) = position {
        request = request.header("last-event-id", position);
        if let Ok(text) = str::from_utf8(position) {
            id(text);
        }
    }
    let Ok(request) = request.body(()) else { return };
    let (head, ()) = request.into_parts();
    let ask = match Ask::read(&head) {
        Ok(ask) => ask,
        Err(refusal) => return names_the_thing(&refusal.to_string()),
    };
    assert!(is_name(&ask.topic), "`{}` was taken for a topic", ask.topic);
    if let Position::After(asked) = ask.from {
        id(&asked.to_string());
    }
    match ask.number("limit", 1..=10_000, 1_000) {
        Ok(number) => assert!((1..=10_000).contains(&number)),
        Err(refusal) => names_the_thing(&refusal.to_string()),
    }
    for name in ["client", "token"] {
        let twice = [parameter(&head, name), parameter(&head, name)];
        assert_eq!(twice[0], twice[1]);
    }
}

/// There is one spelling of each id.
fn id(text: &str) {
    let read = text.parse::<EventId>();
    if let Ok(id) = read {
        assert_eq!(id.to_string(), text);
        assert_eq!(serde_json::to_value(id).unwrap_or_default(), text);
        assert!(id.previous().sequence <= id.sequence && id.next().sequence >= id.sequence);
    }
    let position = text.parse::<Position>();
    let expected = match text {
        "" => Some(Position::Latest),
        "earliest" => Some(Position::Earliest),
        _ => read.ok().map(Position::After),
    };
    assert_eq!(position.ok(), expected, "`{text}`");
}

/// A refusal names what it refuses.
fn names_the_thing(message: &str) {
    assert!(message.contains('`'), "no thing is named: {message}");
}

fn split(bytes: &[u8]) -> (&[u8], Option<&[u8]>) {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&bytes[..at], Some(&bytes[at + 1..])),
        None => (bytes, None),
    }
}

/// A command: what is printed of each of its parts is read as the same. Then it is carried out.
pub fn commands(bytes: &[u8]) {
    let Ok(command) = serde_json::from_slice::<Map<String, Value>>(bytes) else { return };
    let parts = |name: &str| command.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
    let (source, link) = (parts("source"), parts("link"));
    for text in source.values().chain(link.values()).chain(command.values()).filter_map(Value::as_str) {
        if let Ok(rate) = text.parse::<Rate>() {
            assert!(rate.per_s() > 0.0 && rate.gap_us() >= 1.0, "{text}");
            assert_eq!(rate.to_string().parse(), Ok(rate), "{text}");
        }
        if let Ok(kind) = text.parse::<SourceKind>() {
            assert_eq!(kind.to_string().parse(), Ok(kind), "{text}");
        }
        super::link(text.as_bytes());
    }
    if let Some(Ok(read)) = link.get("spec").map(|spec| serde_json::from_value::<Link>(spec.clone())) {
        assert_eq!(
            serde_json::to_value(&read).ok().and_then(|it| serde_json::from_value(it).ok()),
            Some(read)
        );
    }
    carry_out(&command);
}

/// What is played then is a command itself, which changes nothing; a refusal says of what.
fn carry_out(command: &Map<String, Value>) {
    let board = Board::rehearsal();
    let source = || {
        let mut source = board.scene().remove("source").and_then(|source| source.as_object().cloned());
        source.iter_mut().for_each(|source| drop(source.remove("is_over")));
        source
    };
    match board.carry_out(command) {
        Ok(()) => {
            let played = source().expect("there is nothing else to carry out");
            let again = Map::from_iter([("source".to_owned(), Value::Object(played.clone()))]);
            assert_eq!(board.carry_out(&again), Ok(()), "{again:?}");
            assert_eq!(source(), Some(played));
        }
        Err(Refused::Malformed(why) | Refused::Forbidden(why) | Refused::NoSuch(why)) => {
            names_the_thing(&why);
        }
    }
    board.stop();
}
