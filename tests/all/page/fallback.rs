//! `auto`: the page reads over whichever transport works, says which, and nothing is lost or doubled on the way.

use std::thread;
use std::time::Duration;

use serde_json::json;
use wirelanes::transport::Transport;

use super::browser::{Browser, Turn};
use super::served::Served;
use super::tab::Tab;
use crate::behaviour::raw;

/// A better transport is tried again after 10 s, and judged within 2 s.
const SWITCH: Duration = Duration::from_secs(30);

/// A feed that is published by the test, so that it knows what there is to come.
fn serve(spec: &str) -> Served {
    let served = Served::start(&["--source", "quiet", "--link", &format!("lab={spec}")]);
    raw::publish(served.address, "\"was there before\"");
    served
}

fn open(browser: &Turn, served: &Served) -> Tab {
    let mut tab = served.watched(browser, "lanes=auto&interval=200ms");
    // What the browser itself says about a network that fails.
    tab.expects("error: network ");
    tab.expects("WebSocket connection to");
    tab
}

fn set(served: &Served, spec: &str) {
    served.must(&json!({ "link": { "name": "lab", "spec": spec } }));
}

#[track_caller]
fn until_says(tab: &Tab, words: &str) {
    let says = format!("run.lanes.get('auto')?.text === {}", json!(words));
    tab.until_within(SWITCH, &super::served::over_run(&says), &format!("auto says `{words}`"));
}

/// Publishes some, waits for all of them, and holds what came against what was published. A link that changes begins
/// a new run, with counts anew; the events stay.
#[track_caller]
fn brings(served: &Served, tab: &Tab, published: &mut u64, count: u64) {
    for n in 0..count {
        raw::publish(served.address, &n.to_string());
        thread::sleep(Duration::from_millis(20));
    }
    *published += count;
    let came = "run.events(2000).filter(({ arrivals }) => arrivals.auto).length";
    let came = |wanted: u64| super::served::over_run(&format!("{came} === {wanted}"));
    tab.until_within(SWITCH, &came(*published), &format!("all {published} events come"));
    let figures = tab.model("run.figures('auto')");
    for name in ["lost", "doubled", "reordered", "gaps"] {
        assert_eq!(figures[name], 0, "{name}: {figures}");
    }
}

/// What the server booked to the lane is what the model shows, and nothing of it to any transport's own.
fn assert_booked(tab: &Tab) {
    tab.until_model("run.lanes.get('auto').ledger?.down.body > 0", "the server's ledger of auto comes");
    for lane in Transport::ALL {
        assert!(tab.model(&format!("run.lanes.get('{lane}').ledger")).is_null(), "{lane} has asked nothing");
    }
    let bytes = tab.model("run.figures('auto').bytes_per_event");
    assert!(bytes["payload"].as_f64().is_some_and(|payload| payload > 60.0), "{bytes}");
    assert!(bytes["envelope"].as_f64().is_some_and(|envelope| envelope > 0.0), "{bytes}");
}

fn ends_on(spec: &str, words: &str) {
    let Some(browser) = Browser::shared() else { return };
    let served = serve(spec);
    let tab = open(&browser, &served);
    until_says(&tab, words);
    brings(&served, &tab, &mut 0, 20);
    assert_booked(&tab);
}

#[test]
fn nothing_in_the_way_is_a_websocket() {
    ends_on("rtt=2ms", "live over websocket");
}

#[test]
fn a_refused_upgrade_is_an_event_stream() {
    ends_on("rtt=2ms,no-upgrade", "live over sse: websocket refused");
}

#[test]
fn a_refused_upgrade_and_a_proxy_that_buffers_is_a_long_poll() {
    ends_on("rtt=2ms,buffer=8k,no-upgrade", "live over longpoll: websocket refused, sse silent");
}

#[test]
fn an_upgrade_that_nobody_answers_is_an_event_stream() {
    ends_on("rtt=2ms,blackhole-upgrade", "live over sse: websocket silent");
}

#[test]
fn a_network_that_changes_loses_and_doubles_nothing() {
    let Some(browser) = Browser::shared() else { return };
    let served = serve("rtt=2ms");
    let tab = open(&browser, &served);
    let mut published = 0;
    until_says(&tab, "live over websocket");
    brings(&served, &tab, &mut published, 10);

    // From one place to another: connections end, and the next network is a worse one.
    set(&served, "rtt=2ms,buffer=8k,no-upgrade");
    served.must(&json!({ "drop": { "link": "lab" } }));
    brings(&served, &tab, &mut published, 10);
    until_says(&tab, "live over longpoll: websocket refused, sse silent");
    brings(&served, &tab, &mut published, 10);

    // Nothing ends: the better ones are found by trying them, beside the one that works.
    set(&served, "rtt=2ms,no-upgrade");
    let mut rounds = 0;
    while tab.model("run.lanes.get('auto').text") != "live over sse: websocket refused" {
        brings(&served, &tab, &mut published, 5);
        rounds += 1;
        assert!(rounds < 200, "it stays {}", tab.model("run.lanes.get('auto').text"));
    }
    brings(&served, &tab, &mut published, 10);
}

#[test]
fn a_stream_that_falls_silent_is_left() {
    let Some(browser) = Browser::shared() else { return };
    let served = serve("rtt=2ms,no-upgrade");
    let tab = open(&browser, &served);
    until_says(&tab, "live over sse: websocket refused");
    let mut published = 0;
    brings(&served, &tab, &mut published, 5);
    // No connection ends: 4,000 bytes take 32 s from now on.
    set(&served, "rtt=2ms,rate=1kbit,no-upgrade");
    raw::publish(served.address, &json!("x".repeat(4_000)).to_string());
    published += 1;
    tab.until_model("/sse silent/.test(run.lanes.get('auto').text)", "the stream is left");
    set(&served, "rtt=2ms,no-upgrade");
    brings(&served, &tab, &mut published, 5);
}

#[test]
fn on_an_empty_log_the_first_event_judges_the_stream() {
    let Some(browser) = Browser::shared() else { return };
    let served = Served::start(&["--source", "quiet", "--link", "lab=rtt=2ms,no-upgrade"]);
    let tab = open(&browser, &served);
    until_says(&tab, "live over sse: websocket refused");
    brings(&served, &tab, &mut 0, 3);
}

#[test]
fn it_is_off_until_it_is_wanted_and_then_a_lane_like_any_other() {
    let Some(browser) = Browser::shared() else { return };
    let served = Served::start(&["--rate", "20/s", "--seed", "7", "--link", "lab=rtt=20ms"]);
    let tab = served.watched(&browser, "interval=200ms");
    tab.until_live(&Transport::ALL);
    assert_eq!(tab.model("[...run.lanes.keys()].join()"), "poll,longpoll,sse,websocket");
    tab.evaluate("document.activeElement.blur()");
    tab.press("5");
    until_says(&tab, "live over websocket");
    tab.until("/lanes=poll,longpoll,sse,websocket,auto/.test(location.hash)", "the address says so");
    tab.until_model("run.figures('auto').n >= 40", "its latencies are counted");
    tab.until_model("run.export().lanes.auto.samples.length >= 40", "and exported");
    tab.until(
        "[...document.querySelectorAll('#bank li.beside')].some((seat) => /auto over websocket/.test(seat.innerText))",
        "the bank has its connection",
    );
    // A frame of its own, byte by byte.
    tab.evaluate(
        "import('/page.js').then(({ run, stage }) => {
           const all = run.exchanges('auto');
           for (let at = all.begin; at < all.end; at += 1) if (all.get(at).kind === 'frame' && all.get(at).shown) stage.view.selected = all.get(at);
         })",
    );
    tab.until(
        "/auto frame over websocket.*FIN, opcode 1: text/s.test(document.querySelector('#inspector').innerText)",
        "the inspector takes it apart",
    );
    tab.evaluate(
        "globalThis.copied = null; navigator.clipboard.writeText = async (text) => { copied = text; }",
    );
    tab.evaluate("document.querySelector('#copying').showModal = () => { copied = document.querySelector('#copying textarea').value; }");
    for lane in ["1", "2", "3", "4"] {
        tab.press(lane);
    }
    tab.evaluate("document.querySelector('#copy-command').click()");
    tab.until("copied !== null", "a command was copied");
    let command = tab.evaluate("copied").as_str().unwrap().to_owned();
    let link = format!("http://{}", served.link("lab"));
    assert!(command.starts_with("wirelanes watch -t auto ") && command.ends_with(&link), "{command}");
    tab.press("5");
    tab.until_model("!run.lanes.has('auto')", "it is gone");
}
