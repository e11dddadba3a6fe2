//! What a browser brings along: `fetch`, `EventSource` and `WebSocket`, without any code of ours between.

use std::net::SocketAddr;

use serde_json::Value;

use super::clients::events;
use crate::behaviour::program::Program;
use crate::behaviour::raw;
use crate::page::browser::Browser;

/// Listens with each, publishes on the socket once all have what stood there, and gives what each heard.
const LISTEN: &str = r#"new Promise((resolve, reject) => {
  const heard = { poll: [], longpoll: [], sse: [], websocket: [] };
  const take = (lane, text) => {
    heard[lane].push(text);
    const { longpoll, sse, websocket } = heard;
    if (longpoll.length === 1 && sse.length === 1 && websocket.length === 1) {
      socket.send('{"publish":{"said":"here"},"ref":"7"}');
    }
    // The ack is the socket's third.
    if (longpoll.length === 2 && sse.length === 2 && websocket.length === 3) {
      fetch("/poll?last_event_id=earliest").then((answer) => answer.text()).then((text) => {
        heard.poll.push(text);
        resolve(heard);
      });
    }
  };
  const ask = async (id) => {
    const answer = await fetch(`/longpoll?last_event_id=${id}`);
    take("longpoll", await answer.text());
    if (heard.longpoll.length < 2) {
      ask(answer.headers.get("Last-Event-ID")).catch(reject);
    }
  };
  const source = new EventSource("/sse?last_event_id=earliest");
  source.onmessage = (event) => take("sse", event.data);
  const socket = new WebSocket(`ws://${location.host}/websocket?last_event_id=earliest`);
  socket.onmessage = (event) => take("websocket", event.data);
  socket.onerror = () => reject(new Error("no WebSocket"));
  ask("earliest").catch(reject);
})"#;

#[test]
fn a_browsers_own_clients_hear_the_same_events_to_the_byte() {
    let (_server, address) = Program::serve(&["--source", "quiet"]);
    hears_all_at(address);
}

/// Asks a server with nothing in its feed yet, or what stands in front of one.
pub(super) fn hears_all_at(address: SocketAddr) {
    let Some(browser) = Browser::shared() else { return };
    raw::publish(address, r#""größer als „ASCII“ 🚲""#);
    let mut tab = browser.tab(&format!("http://{address}/health"));
    // It asks for one by itself, and JSON names none.
    tab.expects("favicon.ico");
    let heard = tab.evaluate(LISTEN);
    let events = events(address);
    let texts = |lane: &str| -> Vec<String> {
        let texts: &Vec<Value> = heard[lane].as_array().unwrap();
        texts
            .iter()
            .map(|text| text.as_str().unwrap().to_owned())
            .filter(|text| !text.contains("ack"))
            .collect()
    };
    assert_eq!(events.len(), 2);
    assert_eq!(texts("poll"), [format!("[{}]", events.join(","))]);
    assert_eq!(texts("longpoll"), events.iter().map(|event| format!("[{event}]")).collect::<Vec<_>>());
    assert_eq!((texts("sse"), texts("websocket")), (events.clone(), events));
}
