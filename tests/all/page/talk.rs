//! Two-way: a message goes up on each lane as its transport has it, and comes back to all.

use serde_json::json;
use wirelanes::transport::Transport;

use super::browser::Browser;
use super::network::exchanges;
use super::served::Served;
use super::tab::Tab;

/// The cells of a lane's row.
fn row(tab: &Tab, lane: Transport) -> Vec<String> {
    let cells = "[...document.querySelectorAll('#talk-rows tr')].map((row) => [...row.cells].map((cell) => cell.innerText))";
    let rows = tab.evaluate(cells);
    let rows: Vec<Vec<String>> = serde_json::from_value(rows).unwrap();
    rows.into_iter().find(|cells| cells[0].ends_with(lane.name())).unwrap()
}

#[test]
fn a_message_goes_up_on_every_lane_and_it_shows_what_that_took() {
    let Some(browser) = Browser::shared() else { return };
    let served = Served::start(&["--source", "quiet", "--link", "lab=rtt=40ms"]);
    let tab = served.watched(&browser, "interval=200ms");
    tab.until_live(&Transport::ALL);
    tab.click("#talk > summary");
    tab.click("#talk-form input[name=text]");
    tab.write("hello <b>room</b>");
    tab.press("Enter");
    let came = "[...run.lanes.keys()].every((lane) => run.figures(lane).received === 4)";
    tab.until_model(came, "four messages, one said on each lane, came on all of them");
    let said = "document.querySelector('#messages').innerText.split('hello <b>room</b>').length - 1 === 4";
    tab.until(said, "they are seen as text");
    let weighed = "[...document.querySelectorAll('#talk-rows td')].every((cell) => cell.innerText !== '–')";
    tab.until(weighed, "time and bytes of each are known");
    for lane in Transport::ALL {
        let row = row(&tab, lane);
        println!("{row:?}");
        let (how, after) = (&row[1], &row[2]);
        assert_eq!(how.contains("frame"), lane == Transport::Websocket, "{row:?}");
        assert!(after.ends_with('s'), "{lane} does not say after how long it came: {row:?}");
    }
    // By the browser's own tools: three POSTs, and one frame on a connection that was there.
    let exchanges = exchanges(&tab.events());
    let posts =
        exchanges.values().filter(|one| one.method == "POST" && one.url.contains("/publish?")).count();
    assert_eq!(posts, 3);
    let up = exchanges
        .values()
        .filter(|one| one.url.contains("/websocket?"))
        .map(|one| one.counted.up.body)
        .sum::<u64>();
    let cell = &row(&tab, Transport::Websocket)[3];
    assert_eq!(*cell, format!("{up} B"), "the frame weighs what the browser's tools say");
    assert_eq!(tab.model("run.figures('websocket').lost"), json!(0));
}
