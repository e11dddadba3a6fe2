//! Who watches a client sees its requests over HTTP/2, too: what they weighed, and what they stood for.

use bytes::Bytes;
use data_encoding::BASE64;
use hyper::Method;
use serde_json::Value;

use super::Client;
use crate::support::Running;

/// The marks that stand in the control topic, in order.
async fn marks(here: &Running) -> (Vec<Value>, Value) {
    let answer =
        here.ask("GET /poll?topic=control._a&last_event_id=earliest HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let (mut marks, mut ledgers) = (Vec::new(), Value::Null);
    if answer.status() == 204 {
        return (marks, ledgers);
    }
    for event in answer.json().as_array().unwrap() {
        let Some(told) = event["data"]["marks"].as_array() else { continue };
        marks.extend(told.iter().cloned());
        for (lane, ledger) in event["data"]["ledgers"].as_object().unwrap() {
            ledgers[lane] = ledger.clone();
        }
    }
    (marks, ledgers)
}

async fn until(here: &Running, count: usize) -> (Vec<Value>, Value) {
    for _ in 0..300 {
        let told = marks(here).await;
        if told.0.len() >= count {
            return told;
        }
        tokio::time::sleep(crate::support::ms(10)).await;
    }
    panic!("fewer than {count} marks: {:#?}", marks(here).await);
}

fn whats(marks: &[Value]) -> Vec<&str> {
    marks.iter().map(|mark| mark["what"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_request_is_told_as_it_goes_and_shown_as_text() {
    let here = Running::start();
    let mut desk = here.connect().await;
    desk.say("GET /sse?topic=control._a HTTP/1.1\r\nhost: x\r\n\r\n").await;
    desk.until("\r\n\r\n").await;
    let client = Client::connect(&here).await;
    let held = client.get("/longpoll?client=_a&n=1");
    let publish = async {
        here.until_readers(1).await;
        here.publish("\"hello\"");
    };
    let (held, ()) = tokio::join!(held, publish);
    held.rest().await;
    let (told, ledgers) = until(&here, 3).await;
    assert_eq!(whats(&told[..3]), ["arrived", "held", "answered"]);
    let shown = |mark: &Value| {
        let shown = BASE64.decode(mark["shown"].as_str().unwrap().as_bytes()).unwrap();
        String::from_utf8_lossy(&shown).into_owned()
    };
    assert!(shown(&told[0]).starts_with(":method: GET\r\n"), "{}", shown(&told[0]));
    assert!(shown(&told[0]).contains(":path: /longpoll?client=_a&n=1\r\n"));
    assert!(shown(&told[2]).starts_with(":status: 200\r\n") && shown(&told[2]).contains("\"hello\""));
    assert_eq!((&told[0]["n"], &told[2]["status"]), (&1.into(), &200.into()));
    // Each byte is told once.
    let (told, ledger) = (told, &ledgers["longpoll"]);
    let sum = |whats: &[&str], layer: &str| -> u64 {
        let these = told.iter().filter(|mark| whats.contains(&mark["what"].as_str().unwrap()));
        these.map(|mark| mark[layer].as_u64().unwrap()).sum()
    };
    assert_eq!(ledger["up"]["http"], sum(&["arrived", "heard"], "http"));
    assert_eq!(ledger["down"]["body"], sum(&["answered", "wrote", "closed"], "body"));
    assert_eq!(ledger["down"]["http"], sum(&["answered", "wrote", "closed"], "http"));
}

#[tokio::test]
async fn one_that_is_given_up_is_closed() {
    let here = Running::start();
    let mut desk = here.connect().await;
    desk.say("GET /sse?topic=control._a HTTP/1.1\r\nhost: x\r\n\r\n").await;
    desk.until("\r\n\r\n").await;
    let client = Client::connect(&here).await;
    let mut requests = client.requests.clone().ready().await.unwrap();
    let (held, _) = requests.send_request(client.request(Method::GET, "/longpoll?client=_a"), true).unwrap();
    here.until_readers(1).await;
    drop(held);
    let (told, _) = until(&here, 3).await;
    assert!(whats(&told).contains(&"closed"), "{told:#?}");
    let posted =
        client.ask(client.request(Method::POST, "/publish?client=_a"), Bytes::from_static(b"1")).await;
    assert_eq!(posted.status, 201);
}
