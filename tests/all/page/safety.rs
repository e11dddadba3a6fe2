//! What the page must never do: run what comes over the wire, show its key, or change the server without it.

use serde_json::{Value, json};
use wirelanes::transport::Transport;

use super::browser::Browser;
use super::served::Served;
use super::tab::Tab;
use crate::behaviour::raw;

const HOSTILE: &str = r#""<img src=x onerror=document.title='ran'><script>document.title='ran'</script>""#;

#[test]
fn what_is_published_as_html_is_seen_as_text() {
    let Some(browser) = Browser::shared() else { return };
    let served = Served::start(&["--source", "quiet"]);
    let tab = served.watched(&browser, "interval=200ms");
    tab.until_live(&Transport::ALL);
    let title = tab.evaluate("document.title");
    raw::publish(served.address, HOSTILE);
    raw::publish(served.address, &format!("{{\"text\":{HOSTILE}}}"));
    tab.until(
        "document.querySelector('#log').innerText.includes('<img src=x onerror=')",
        "it is seen in the log",
    );
    for click in ["#log button", "#log [tabindex]", "#log tr", "#log li"] {
        tab.evaluate(&format!("document.querySelector('{click}')?.click()"));
    }
    assert_eq!(tab.evaluate("document.querySelectorAll('main img, main script, #log img').length"), 0);
    assert_eq!(tab.evaluate("document.title"), title);
}

#[test]
fn the_key_leaves_the_address_and_no_link_to_copy_has_it() {
    let Some(browser) = Browser::shared() else { return };
    let served = Served::start(&["--source", "quiet", "--link", "lab=rtt=2ms"]);
    let tab = served.operated(&browser, "interval=2s");
    tab.until_model("run.server !== null", "the server has answered");
    let seen = |what: &str| {
        let seen = tab.evaluate(what).as_str().unwrap().to_owned();
        assert!(!seen.contains(&served.key) && !seen.contains("key="), "`{what}` shows the key: {seen}");
        seen
    };
    seen("location.href");
    seen("document.documentElement.outerHTML");
    // Without leave to write the clipboard, the text is there to be copied by hand.
    tab.evaluate("Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (text) => { window.copied = text; } } })");
    tab.evaluate("document.querySelector('#copy-link').click()");
    tab.until("typeof copied === 'string'", "a link was copied");
    assert!(seen("copied").contains("interval=2s"));
    assert!(seen("history.length > 0 ? document.URL : ''").contains("interval=2s"));
    // Whoever is given that link is no operator.
    let guest = browser.tab(tab.evaluate("copied").as_str().unwrap());
    guest.until_model("run.server !== null", "the server has answered");
    assert_eq!(guest.evaluate("sessionStorage.length"), 0);
}

/// All that can be clicked, typed into or chosen in a form that changes the server.
const TRY_ALL: &str = "(() => {
  for (const details of document.querySelectorAll('details')) details.open = true;
  for (const form of document.querySelectorAll('#feed-form, #link-form')) {
    for (const field of form.querySelectorAll('input, select')) {
      field.value = field.name === 'rate' ? '9/s' : field.value;
      field.dispatchEvent(new Event('change', { bubbles: true }));
    }
    form.requestSubmit?.();
    form.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
    for (const button of form.querySelectorAll('button:not(#send-one)')) { button.disabled = false; button.click(); }
  }
})()";

/// What a command can change.
fn changeable(served: &Served) -> Value {
    let state = served.state();
    let specs: Vec<_> = state["links"].as_array().unwrap().iter().map(|link| link["spec"].clone()).collect();
    json!({ "source": state["source"], "links": specs })
}

fn opened(served: &Served, tab: &Tab) -> Value {
    tab.until_model("run.server !== null", "the server has answered");
    changeable(served)
}

#[test]
fn without_the_key_nothing_on_the_page_changes_the_server() {
    let Some(browser) = Browser::shared() else { return };
    let served = Served::start(&["--source", "steady", "--rate", "2/s", "--link", "lab=rtt=2ms"]);
    let mut tab = served.watched(&browser, "link=rtt=300ms&rate=5/s&interval=2s");
    tab.expects("401");
    let before = opened(&served, &tab);
    tab.evaluate(TRY_ALL);
    tab.until(
        "/asked rtt 300 ms, server has (rtt )?2 ms/.test(document.body.innerText)",
        "it says what it cannot do",
    );
    tab.until_model("run.figures('sse').received >= 2", "events go on coming");
    assert_eq!(changeable(&served), before);

    let operator = served.operated(&browser, "link=rtt=300ms&rate=5/s");
    operator.until_model("run.server.links[0].spec === 'rtt=300ms'", "whoever has the key changes the link");
    assert_eq!(changeable(&served)["links"], json!(["rtt=300ms"]));
    // All pages are told.
    tab.until_model("run.server.links[0].spec === 'rtt=300ms'", "the other page is told");
}
