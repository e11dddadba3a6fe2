//! The page over TLS: its own port and those of links are one origin there as well, and a context that browsers trust.

use std::time::Instant;

use wirelanes::transport::Transport;

use super::PATIENCE;
use super::browser::Browser;
use super::tab::Tab;
use crate::behaviour::program::Program;

#[test]
fn all_four_lanes_of_the_page_are_live_over_tls_and_across_a_link() {
    let Some(browser) = Browser::shared() else { return };
    let arguments = ["--listen", "127.0.0.1:0", "--tls-self-signed", "-r", "10", "--link", "lab=rtt=20ms"];
    let server = Program::start(&[&["serve"], &arguments[..]].concat());
    let page = server.stdout.find("page https://");
    let lanes = "lanes=poll,longpoll,sse,websocket,auto";
    let tab = browser.tab(&format!("{}&interval=200ms&{lanes}", page.trim_start_matches("page ")));
    tab.until_live(&Transport::ALL);
    tab.until_model("[...run.lanes.keys()].every((lane) => run.figures(lane).n >= 5)", "events came to each");
    // The browser speaks HTTP/2 where it can: then nobody waits for one of six.
    tab.until(
        "/HTTP.2: one connection carries all requests/.test(document.querySelector('#bank .origin')?.innerText)",
        "the bank says that the six do not apply",
    );
    tab.until(
        "/^#\\d+ .*longpoll.*sse/.test(document.querySelector('#bank .shared')?.innerText)",
        "lanes share a connection",
    );
    tab.until(
        "/auto over websocket/.test(document.querySelector('#bank').innerText) \
         && !/auto/.test(document.querySelector('#bank .shared').innerText)",
        "`auto` is no longer where it first asked: its request there has ended",
    );
    assert_eq!(
        tab.evaluate("document.querySelectorAll('#bank .free').length"),
        0,
        "no seat is free or taken"
    );
    assert_eq!(tab.evaluate("isSecureContext && location.protocol"), "https:");
    for lane in Transport::ALL {
        let figures = tab.model(&format!("run.figures('{lane}')"));
        assert_eq!((&figures["lost"], &figures["doubled"]), (&0.into(), &0.into()), "{lane}: {figures}");
    }
}

/// Events of all sizes, one after another: the largest takes four frames of DATA.
const PUBLISH: &str = "(async () => {
  window.publish = (letters) => fetch('/publish?topic=demo', { method: 'POST', body: JSON.stringify('x'.repeat(letters)) });
  for (const letters of [1, 100, 120, 900, 1100, 2000, 20000, 64000]) await publish(letters);
})()";
const PUBLISHED: u64 = 8;

/// Many at a time: a frame of DATA holds several of them, and begins some beyond what its mark shows.
const BURST: &str =
    "Promise.all(Array.from({ length: 20 }, (_, event) => publish(40 * event))).then(() => 0)";
const OF_A_BURST: u64 = 20;
const BURSTS: u64 = 5;

/// Of a lane: what its passages come to, and what the server's ledger says; frames that the server told nothing of.
const COUNTED: &str = "(({ passages, ledger, booked }) => {
  const sum = { up: { http: 0, body: 0 }, down: { http: 0, body: 0 } };
  let untold = 0;
  for (let number = passages.begin; number < passages.end; number += 1) {
    const { is_up, is_counted, kind, http, body } = passages.get(number);
    if (!is_counted) untold += kind === 'frame';
    else for (const [layer, bytes] of Object.entries({ http, body })) sum[is_up ? 'up' : 'down'][layer] += bytes;
  }
  return { untold, sum, ledger, booked: { events: booked.events, payload: booked.payload } };
})(run.lanes.get('LANE'))";

/// Waits until a lane has so many events, and its passages come to what the ledger says, each to what was told of it.
#[track_caller]
fn until_counted(tab: &Tab, lane: Transport, events: u64) {
    let begun = Instant::now();
    loop {
        let counted = tab.model(&COUNTED.replace("LANE", lane.name()));
        let bytes = |of: &str, layer: &str| counted[of]["down"][layer].as_u64().unwrap_or_default();
        let is_same = ["body", "http"].iter().all(|layer| bytes("sum", layer) == bytes("ledger", layer));
        if is_same && counted["booked"]["events"] == events && counted["untold"] == 0 {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{lane}: passages against the ledger, down: {counted}");
    }
}

/// The browser asks for a WebSocket over HTTP/2 as well where that is the page's own origin: no link stands between.
#[test]
fn over_http_2_each_frame_on_the_page_weighs_what_the_server_booked() {
    let Some(browser) = Browser::alone() else { return };
    let server =
        Program::start(&["serve", "--listen", "127.0.0.1:0", "--tls-self-signed", "--source", "quiet"]);
    let page = server.stdout.find("page https://");
    let tab = browser.tab(&format!("{}&interval=200ms", page.trim_start_matches("page ")));
    tab.until_live(&Transport::ALL);
    tab.evaluate(PUBLISH);
    for lane in Transport::ALL {
        until_counted(&tab, lane, PUBLISHED);
        tab.until_model(&format!("run.lanes.get('{lane}').is_http2"), "a mark says which HTTP it is");
    }
    for burst in 1..=BURSTS {
        tab.evaluate(BURST);
        Transport::ALL.iter().for_each(|lane| until_counted(&tab, *lane, PUBLISHED + burst * OF_A_BURST));
    }
}
