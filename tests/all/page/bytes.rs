//! Bytes on the page are those of the server's socket, and those of the browser's own tools.

use std::time::Instant;

use serde_json::Value;
use wirelanes::transport::Transport;

use super::PATIENCE;
use super::browser::Browser;
use super::network::{counted, exchanges};
use super::served::Served;
use super::tab::Tab;
use crate::behaviour::raw;

/// Requests, and bytes up and down: heads, and what follows them.
type Layers = [u64; 5];

/// What the browser's tools counted at an endpoint: of what bears a name, or of all but the control topic, which
/// the server books elsewhere.
fn by_browser(tab: &Tab, endpoint: Transport, is_named: bool) -> Layers {
    let (endpoint, events) = (format!("/{endpoint}?"), tab.events());
    let is_meant =
        |url: &str| if is_named { url.contains("&client=") } else { !url.contains("topic=control.") };
    let sum = counted(&events, |url| url.contains(&endpoint) && is_meant(url));
    [sum.requests, sum.up.http, sum.up.body, sum.down.http, sum.down.body]
}

fn by_ledger(ledger: &Value) -> Layers {
    let whole = |value: &Value| value.as_u64().unwrap_or_default();
    let [up, down] = ["up", "down"].map(|way| ["http", "body"].map(|layer| whole(&ledger[way][layer])));
    [whole(&ledger["requests"]), up[0], up[1], down[0], down[1]]
}

/// What the page shows: the server's ledger of this page's lane.
fn on_page(tab: &Tab, lane: Transport) -> Layers {
    by_ledger(&tab.model(&format!("run.lanes.get('{lane}').ledger")))
}

/// What `/stats` says of a transport on which nobody else was.
fn by_server(served: &Served, lane: Transport) -> Layers {
    let traffic = &raw::stats(served.address)["transports"][lane.name()];
    let whole = |way: &str, layer: &str| traffic[way][layer].as_u64().unwrap();
    let body = |way: &str| whole(way, "payload") + whole(way, "envelope");
    let requests = traffic["requests"].as_u64().unwrap();
    [requests, whole("up", "http"), body("up"), whole("down", "http"), body("down")]
}

/// Whether the browser's tools count the same. What the last bytes of a stream weighed they may tell only with those
/// that follow: then what they say is what it was before the last event.
fn is_same(tools: Layers, page: Layers, before: Option<Layers>) -> bool {
    tools == page || before == Some(tools)
}

/// Has another event come, and be counted. What was counted before it.
fn another(served: &Served, tab: &Tab) -> Layers {
    let before = on_page(tab, Transport::Sse);
    raw::publish(served.address, "\"and another\"");
    let grown = format!("run.lanes.get('sse').ledger.down.body > {}", before[4]);
    tab.until_model(&grown, "another event was counted");
    before
}

#[test]
fn the_page_the_server_and_the_browser_s_tools_count_the_same_bytes() {
    let Some(browser) = Browser::shared() else { return };
    let served = Served::start(&["--source", "quiet", "--link", "lab=rtt=20ms"]);
    let tab = served.watched(&browser, "interval=1s");
    tab.until_live(&Transport::ALL);
    for event in 0..20 {
        raw::publish(served.address, &format!("\"größer {}\"", "x".repeat(event * 400)));
    }
    tab.until_model(
        "[...run.lanes.keys()].every((lane) => run.figures(lane).received === 20)",
        "all events came",
    );
    let lanes = exchanges(&tab.events()).into_values().filter(|one| one.url.contains("&client="));
    assert!(lanes.into_iter().all(|one| one.by_worker), "lanes run in the Worker");
    for lane in Transport::ALL {
        // A poll is always under way somewhere: there is an instant between two at which all have counted the same.
        let begun = Instant::now();
        loop {
            let before = (lane == Transport::Sse).then(|| another(&served, &tab));
            let (page, server) = (on_page(&tab, lane), by_server(&served, lane));
            let [lane_s, all] = [true, false].map(|is_named| by_browser(&tab, lane, is_named));
            let is_whole = page[0] > 0 && page[4] > 20 * 2000;
            if is_same(lane_s, page, before) && is_same(all, server, before) && is_whole {
                println!("{lane}: {page:?} requests, bytes up, bytes down");
                break;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{lane}: requests, heads up, bodies up, heads down, bodies down:\n{page:?} on the page\n\
                 {lane_s:?} of that by the browser's tools\n{server:?} of all by the server\n\
                 {all:?} of all by the browser's tools"
            );
        }
    }
}
