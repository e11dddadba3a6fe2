//! The page over TLS: its own port and those of links are one origin there as well, and a context that browsers trust.

use wirelanes::transport::Transport;

use super::browser::Browser;
use crate::behaviour::program::Program;

#[test]
fn all_four_lanes_of_the_page_are_live_over_tls_and_across_a_link() {
    let Some(browser) = Browser::shared() else { return };
    let arguments = ["--listen", "127.0.0.1:0", "--tls-self-signed", "-r", "10", "--link", "lab=rtt=20ms"];
    let server = Program::start(&[&["serve"], &arguments[..]].concat());
    let page = server.stdout.find("page https://");
    let tab = browser.tab(&format!("{}&interval=200ms", page.trim_start_matches("page ")));
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
