//! The page over TLS: its own port and those of links are one origin there as well, and a context that browsers trust.

use std::time::Instant;

use wirelanes::transport::Transport;

use super::browser::Browser;
use crate::behaviour::PATIENCE;
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

/// Events of all sizes: one frame of DATA holds several of the small ones, and the largest takes four.
const PUBLISH: &str = "(async () => {
  const publish = (letters) => fetch('/publish?topic=demo', { method: 'POST', body: JSON.stringify('x'.repeat(letters)) });
  for (const letters of [1, 100, 120, 900, 1100, 2000, 20000, 64000]) await publish(letters);
  await Promise.all(Array.from({ length: 20 }, (_, event) => publish(40 * event)));
  return 28;
})()";

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

/// The browser asks for a WebSocket over HTTP/2 as well where that is the page's own origin: no link stands between.
///
/// With the browser to itself: where a mark is here before its events, as on a busy machine, the bytes of several stand
/// on the first of them.
#[test]
fn over_http_2_each_frame_on_the_page_weighs_what_the_server_booked() {
    let Some(browser) = Browser::alone() else { return };
    let server =
        Program::start(&["serve", "--listen", "127.0.0.1:0", "--tls-self-signed", "--source", "quiet"]);
    let page = server.stdout.find("page https://");
    let tab = browser.tab(&format!("{}&interval=200ms", page.trim_start_matches("page ")));
    tab.until_live(&Transport::ALL);
    assert_eq!(tab.evaluate(PUBLISH), 28);
    for lane in Transport::ALL {
        let begun = Instant::now();
        loop {
            let counted = tab.model(&COUNTED.replace("LANE", lane.name()));
            let bytes =
                |of: &str, way: &str, layer: &str| counted[of][way][layer].as_u64().unwrap_or_default();
            let is_same = bytes("sum", "down", "body") == bytes("ledger", "down", "body")
                && bytes("sum", "down", "http") == bytes("ledger", "down", "http");
            let is_whole = counted["booked"]["events"] == 28 && counted["untold"] == 0;
            if is_same && is_whole {
                println!("{lane}: {counted}");
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "{lane}: passages against the ledger, down: {counted}");
        }
        assert_eq!(tab.model(&format!("run.lanes.get('{lane}').is_http2")), true, "{lane}");
    }
}
