//! The browser's tools and the server's socket count the same bytes: else neither could judge the page.

use super::browser::Browser;
use super::network::{Counted, counted};
use crate::behaviour::eventually;
use crate::behaviour::program::Program;
use crate::behaviour::raw;

/// One request of each transport from the page's own origin, each under a name of its own.
const ASK: &str = "
  const ask = (path) => fetch(`/${path}?client=${path}&last_event_id=earliest`).then((answer) => answer.text());
  window.heard = { sse: 0, websocket: 0 };
  const sse = new EventSource('/sse?client=sse&heartbeat=60');
  sse.onmessage = () => heard.sse++;
  const socket = new WebSocket(`ws://${location.host}/websocket?client=websocket&heartbeat=60`);
  socket.onmessage = () => heard.websocket++;
  const open = (source) => new Promise((kept) => source.onopen = kept);
  Promise.all([ask('poll'), ask('longpoll'), open(sse), open(socket)]).then(() => 'open')";

#[test]
fn the_browser_s_tools_and_the_server_count_the_same_bytes() {
    let Some(browser) = Browser::shared() else { return };
    let (_server, address) = Program::serve(&["--source", "quiet"]);
    raw::publish(address, "\"before\"");
    // A page that asks nothing of its own accord.
    let mut tab = browser.tab(&format!("http://{address}/health"));
    tab.expects("favicon");
    assert_eq!(tab.evaluate(ASK), "open");
    for data in ["1", "\"größer\"", &format!("\"{}\"", "x".repeat(70_000 / 2))] {
        raw::publish(address, data);
    }
    tab.until("heard.sse === 3 && heard.websocket === 3", "three events came on both streams");
    let seen = |path: &str| {
        let events = tab.events();
        counted(&events, |url| url.contains(&format!("/{path}?")))
    };
    eventually("all frames are seen", || seen("websocket").frames == 3);
    let mut heard = 3;
    for path in ["poll", "longpoll", "sse", "websocket"] {
        eventually(&format!("both count the same for {path}: requests, bytes up, bytes down"), || {
            let stats = &raw::stats(address)["clients"][path];
            // What a stream's last bytes weighed is told with those that follow.
            if path == "sse" {
                heard += 1;
                raw::publish(address, "\"and another\"");
                tab.until(&format!("heard.sse === {heard}"), "another event came");
            }
            let Counted { requests, up, down, .. } = seen(path);
            let server = |way: &str| ["http", "body"].map(|layer| stats[way][layer].as_u64().unwrap());
            (stats["requests"].as_u64(), server("up"), server("down"))
                == (Some(requests), [up.http, up.body], [down.http, down.body])
        });
    }
}
