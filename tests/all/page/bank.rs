//! Six connections an origin: a seventh EventSource is asked for, and waits.

use wirelanes::transport::Transport;

use super::browser::Browser;
use super::network::exchanges;
use super::served::Served;
use super::tab::Tab;
use crate::behaviour::raw;

/// Streams that the browser has asked for as the crowd does, without a name, and that the server has answered.
fn streams(tab: &Tab) -> (usize, usize) {
    let exchanges = exchanges(&tab.events());
    let streams: Vec<_> =
        exchanges.values().filter(|one| one.url.ends_with("/sse?topic=demo") && !one.is_over).collect();
    (streams.len(), streams.iter().filter(|one| one.status == 200).count())
}

/// So many places of the bank that look and read so.
fn places(class: &str, text: &str, count: usize) -> String {
    format!(
        "[...document.querySelectorAll('#bank li.{class}')].filter((place) => /^{text}$/.test(place.innerText)).length === {count}"
    )
}

#[test]
fn the_seventh_event_source_waits_and_the_page_shows_it_waiting() {
    let Some(browser) = Browser::shared() else { return };
    let served = Served::start(&["--source", "quiet", "--link", "lab=rtt=2ms"]);
    // All lanes off: six are free on the link.
    let tab = served.watched(&browser, "lanes=");
    tab.until_model("run.server !== null", "the page knows its links");
    tab.click("#crowd");
    tab.until(&places("busy", "EventSource \\d", 6), "six have a connection each");
    raw::publish(served.address, "\"hello\"");
    tab.until_model(
        "run.bank.seats().filter(({ state }) => state === 'event').length === 6",
        "each of them has an event",
    );
    tab.until(&places("waits", "EventSource 7 waits since \\d+ s", 1), "the seventh waits");
    assert_eq!(streams(&tab), (7, 6), "asked for and answered, as the browser's own tools see it");

    // A lane over the same origin waits as well, and says why.
    tab.press("3");
    tab.until_model("run.lanes.get('sse').state === 'blocked'", "the lane is blocked");
    let words = tab.model("run.lanes.get('sse').text");
    assert!(words.as_str().unwrap().contains("all 6 connections"), "{words}");
    tab.click("#crowd");
    tab.until_live(&[Transport::Sse]);
    tab.until(
        &format!("{} === 0", "document.querySelectorAll('#bank [data-waiting]').length"),
        "nobody waits any more",
    );
}

#[test]
fn a_second_tab_of_the_same_browser_is_told_about_the_limit() {
    let Some(browser) = Browser::shared() else { return };
    let served = Served::start(&["--source", "quiet", "--link", "lab=rtt=2ms"]);
    let tab = served.watched(&browser, "");
    tab.until_live(&Transport::ALL);
    assert!(tab.model("run.limit").is_null(), "one tab alone has all six");
    let second = tab.another(&format!("http://{}/", served.address));
    second.until_model("run.limit !== null", "the second tab is told");
    second.until("/tab/.test(document.querySelector('#notices').innerText)", "and says so");
}
