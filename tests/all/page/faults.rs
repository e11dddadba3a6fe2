//! What becomes of the network shows on each lane, and every lane comes back without anybody reloading the page.

use serde_json::json;
use wirelanes::transport::Transport;

use super::browser::{Browser, Turn};
use super::served::Served;
use super::tab::Tab;
use crate::behaviour::raw;

/// An address to which no client's own port can get in the way while nobody listens there.
const LISTEN: &str = if cfg!(target_os = "linux") { "127.0.0.9:0" } else { "127.0.0.1:0" };

/// Fails, should the page be loaded anew.
const STAYED: &str = "window.stayed = true";

/// Notes on the page which lanes were seen not to be live: from outside, a lane that is back at once is seen too late.
const AWAY: &str = "(globalThis.away = new Set(), setInterval(() => {
  for (const [lane, { state }] of run.lanes) if (state !== 'live') away.add(lane);
}, 5))";

/// Publishes one, and waits until it came on these lanes.
fn delivers(served: &Served, tab: &Tab, lanes: &[Transport]) {
    let id = raw::publish(served.address, "\"is it there?\"");
    for lane in lanes {
        let came = format!("run.event('{id}')?.arrivals.{lane} !== undefined");
        tab.until_model(&came, &format!("an event comes on {lane}"));
    }
    assert_eq!(tab.evaluate("window.stayed"), true, "the page was loaded anew");
}

fn until_state(tab: &Tab, lane: Transport, states: &[&str]) -> String {
    let is_so = format!("{}.includes(run.lanes.get('{lane}').state)", json!(states));
    tab.until_model(&is_so, &format!("{lane} is one of {states:?}"));
    let words = tab.model(&format!("run.lanes.get('{lane}').text"));
    words.as_str().unwrap().to_owned()
}

fn set(served: &Served, spec: &str) {
    served.must(&json!({ "link": { "name": "lab", "spec": spec } }));
}

fn open(browser: &Turn, served: &Served) -> Tab {
    let mut tab = served.watched(browser, "interval=200ms");
    // What the browser itself says about a network that fails.
    tab.expects("error: network ");
    tab.expects("WebSocket connection to");
    tab.evaluate(STAYED);
    tab.until_live(&Transport::ALL);
    delivers(served, &tab, &Transport::ALL);
    tab
}

#[test]
fn lanes_say_that_they_wait_for_a_server_that_died_and_come_back_to_the_next() {
    let Some(browser) = Browser::shared() else { return };
    let served = Served::start_at(LISTEN, &["--source", "quiet", "--link", "lab=rtt=2ms"]);
    let (address, link) = (served.address, served.link("lab"));
    let tab = open(&browser, &served);
    served.die();
    for lane in Transport::ALL {
        let words = until_state(&tab, lane, &["waiting"]);
        assert!(words.contains("back in"), "{lane}: {words}");
    }
    let served = Served::start_at(
        &address.to_string(),
        &["--source", "quiet", "--link", &format!("lab=rtt=2ms@{}", link.port())],
    );
    tab.until_live(&Transport::ALL);
    delivers(&served, &tab, &Transport::ALL);
}

#[test]
fn lanes_whose_connections_are_dropped_come_back_and_miss_nothing() {
    let Some(browser) = Browser::shared() else { return };
    let served = Served::start(&["--source", "quiet", "--link", "lab=rtt=2ms"]);
    let tab = open(&browser, &served);
    tab.model(AWAY);
    served.must(&json!({ "drop": { "link": "lab" } }));
    // A request whose connection was reset before any answer is asked again by the browser itself, and nobody is told.
    for lane in [Transport::Sse, Transport::Websocket] {
        tab.until(&format!("away.has('{lane}')"), &format!("{lane} notices"));
    }
    raw::publish(served.address, "\"while they are away\"");
    tab.until_live(&Transport::ALL);
    delivers(&served, &tab, &Transport::ALL);
    for lane in Transport::ALL {
        let figures = tab.model(&format!("run.figures('{lane}')"));
        assert_eq!((&figures["received"], &figures["lost"]), (&json!(3), &json!(0)), "{lane}: {figures}");
    }
}

#[test]
fn a_proxy_that_buffers_makes_a_stream_silent_and_the_lane_says_what_the_server_sent() {
    let Some(browser) = Browser::shared() else { return };
    let served = Served::start(&["--source", "quiet", "--link", "lab=rtt=2ms"]);
    let tab = open(&browser, &served);
    set(&served, "rtt=2ms,buffer=64k");
    served.must(&json!({ "drop": { "link": "lab" } }));
    let others = [Transport::Poll, Transport::Longpoll, Transport::Websocket];
    tab.until_live(&others);
    delivers(&served, &tab, &others);
    let words = until_state(&tab, Transport::Sse, &["silent"]);
    assert!(words.contains("the server sent") && words.contains("none came"), "{words}");
    set(&served, "rtt=2ms");
    served.must(&json!({ "drop": { "link": "lab" } }));
    tab.until_live(&Transport::ALL);
    delivers(&served, &tab, &Transport::ALL);
}

#[test]
fn a_middlebox_that_strips_the_upgrade_shows_on_the_websocket_lane_alone() {
    let Some(browser) = Browser::shared() else { return };
    let served = Served::start(&["--source", "quiet", "--link", "lab=rtt=2ms"]);
    let tab = open(&browser, &served);
    set(&served, "rtt=2ms,drop-upgrade");
    served.must(&json!({ "drop": { "link": "lab" } }));
    until_state(&tab, Transport::Websocket, &["refused", "waiting", "blocked"]);
    let others = [Transport::Poll, Transport::Longpoll, Transport::Sse];
    tab.until_live(&others);
    delivers(&served, &tab, &others);
    set(&served, "rtt=2ms");
    tab.until_live(&Transport::ALL);
    delivers(&served, &tab, &Transport::ALL);
}

#[test]
fn control_itself_finds_a_way_through_the_middlebox_that_the_page_came_by() {
    let Some(browser) = Browser::shared() else { return };
    let served = Served::start(&["--source", "quiet", "--link", "lab=buffer=64k,drop-upgrade"]);
    let mut tab = browser.tab(&format!("http://{}/#interval=200ms", served.link("lab")));
    tab.expects("error: network ");
    tab.expects("WebSocket connection to");
    tab.evaluate(STAYED);
    tab.until_model("['longpoll', 'poll'].includes(run.control?.transport)", "control is read by asking");
    let lanes = [Transport::Poll, Transport::Longpoll];
    tab.until_live(&lanes);
    delivers(&served, &tab, &lanes);
    // What the server counted came by that way.
    tab.until_model("run.lanes.get('longpoll').ledger.down.body > 0", "the ledger of longpoll is there");
    tab.until(
        "/control: (long)?poll/.test(document.querySelector('#control-said').innerText)",
        "the page says how",
    );
    set(&served, "none");
    served.must(&json!({ "drop": { "link": "lab" } }));
    tab.until_live(&Transport::ALL);
    delivers(&served, &tab, &Transport::ALL);
}
