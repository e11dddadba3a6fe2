//! A page that needs a token: it has one from its address, and says so where it has none that is good.

use std::time::Duration;

use tempfile::NamedTempFile;
use wirelanes::server::{Claims, Tokens, now_s};
use wirelanes::transport::Transport;

use super::PATIENCE;
use super::browser::Browser;
use super::served::over_run;
use super::tab::Tab;
use crate::behaviour::program::Program;

const KEY: [u8; 32] = [b'k'; 32];

/// Longer than a page takes to be live where many others are opened at the same time.
const GOOD_FOR: Duration = Duration::from_secs(15);

/// A server that takes tokens.
struct Guarded {
    server: Program,
    /// The address of its page as it printed it, with a token.
    page: String,
    _key: NamedTempFile,
}

impl Guarded {
    /// With a feed of 20 events a second, and a link beside the main port.
    fn serve() -> Self {
        let key = key();
        let path = key.path().display().to_string();
        let (server, _) =
            Program::serve(&["--source=steady", "--rate=20", "--auth-key", &path, "--link", "lab=rtt=20ms"]);
        let page = server.stdout.find("page http://").replacen("page ", "", 1);
        Self { server, page, _key: key }
    }

    /// The address of its page, with nothing behind the `#`.
    fn address(&self) -> &str {
        self.page.split_once('#').unwrap().0
    }
}

/// A file with the key.
fn key() -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), KEY).unwrap();
    file
}

/// One that may read all, and publish nothing.
fn token(expires_s: f64) -> String {
    token_for(&["*"], expires_s)
}

fn token_for(topics: &[&str], expires_s: f64) -> String {
    Tokens::with_key(&KEY).unwrap().mint(&Claims {
        expires_s: now_s() + expires_s,
        begins_s: None,
        subject: "a room".to_owned(),
        subscribe: topics.iter().map(|&topic| topic.to_owned()).collect(),
        publish: Vec::new(),
    })
}

/// What stands behind the `#` of a page with this token.
fn hash(token: &str) -> String {
    format!("interval=200ms&token={token}")
}

/// Has a page go on with another token.
fn go_on_with(tab: &mut Tab, token: &str) {
    tab.evaluate(&format!("location.hash = '{}'", hash(token)));
}

/// How often a selector finds something.
fn count(selector: &str) -> String {
    format!("document.querySelectorAll('{selector}').length")
}

/// A browser complains of each 401, in words of its own for each kind of request.
fn expect_401(tab: &mut Tab) {
    for complaint in ["401 (Unauthorized)", "HTTP Authentication failed"] {
        tab.expects(complaint);
    }
}

/// The same of each 403.
fn expect_403(tab: &mut Tab) {
    for complaint in ["403 (", "WebSocket connection to", "MIME type", "error: network "] {
        tab.expects(complaint);
    }
}

#[test]
fn the_address_that_is_printed_lets_the_page_in_on_every_lane_and_shows_no_token_anywhere() {
    let Some(browser) = Browser::shared() else { return };
    let Guarded { server, page, _key } = Guarded::serve();
    let tab = browser.tab(&format!("{page}&interval=200ms&theory=shown"));
    tab.until_live(&Transport::ALL);
    tab.until_model("run.clock && run.figures('websocket').n > 5", "events come, and marks with them");
    tab.click("#talk > summary");
    tab.click("#talk-form input[name=text]");
    tab.write("hello");
    tab.press("Enter");
    tab.until("document.querySelector('#messages').innerText.includes('hello')", "what was said came back");
    let signature = page.rsplit('.').next().unwrap();
    let all = "JSON.stringify(run.export()) + location.href + document.body.innerText";
    let shown = tab.model(all).to_string();
    assert!(shown.contains("token=…") || !shown.contains("token="), "{shown:.2000}");
    assert!(!shown.contains(signature), "it is shown");
    assert!(!server.stderr.all().iter().any(|line| line.contains(signature)));
}

#[test]
fn a_page_whose_token_expires_says_so_on_every_lane_and_asks_no_more() {
    let Some(browser) = Browser::shared() else { return };
    let here = Guarded::serve();
    let mut tab = browser.tab(&format!("{}#{}", here.address(), hash(&token(GOOD_FOR.as_secs_f64()))));
    expect_401(&mut tab);
    let came = "[...run.lanes.keys()].every((lane) => run.figures(lane).received >= 1)";
    tab.until_model(came, "each lane has an event");
    let why = "document.querySelector('#talk-form .why').textContent.includes('token')";
    tab.until(why, "publishing is not granted");
    let over = "[...run.lanes.values()].every(({ state, text }) => state === 'refused' && text.includes('expired') \
                && !text.includes('back in'))";
    let patience = GOOD_FOR + PATIENCE;
    tab.until_within(patience, &over_run(over), "every lane says that the token has expired");
    // A new one is taken at once, without a new page.
    go_on_with(&mut tab, &token(3600.0));
    tab.until_live(&Transport::ALL);
}

#[test]
fn a_page_without_a_token_says_what_is_missing() {
    let Some(browser) = Browser::shared() else { return };
    let here = Guarded::serve();
    let mut tab = browser.tab(here.address());
    expect_401(&mut tab);
    tab.until(
        "/a token is needed here: open this page with `#token=TOKEN`/.test(document.querySelector('#notices').innerText)",
        "it says what to do about it",
    );
    let notices = tab.text("#notices");
    assert!(!notices.contains("Authorization"), "nobody sends a header by hand: {notices}");
    tab.until(
        "[...document.querySelectorAll('#lanes li:not([hidden]) .state')].every(({ textContent }) => \
         textContent.startsWith('refused: no valid token'))",
        "so does each lane",
    );
    go_on_with(&mut tab, &token(3600.0));
    tab.until_live(&Transport::ALL);
    let is_quiet = "!document.querySelector('#notices').innerText.includes('a token is needed here')";
    tab.until(is_quiet, "with a token there is nothing left to say");
}

#[test]
fn a_page_whose_token_grants_no_marks_says_what_it_does_not_know() {
    let Some(browser) = Browser::shared() else { return };
    let here = Guarded::serve();
    let mut tab = browser.tab(&format!("{}#{}", here.address(), hash(&token_for(&["demo"], 3600.0))));
    expect_403(&mut tab);
    tab.until_live(&Transport::ALL);
    let remedy = "document.querySelector('#notices').innerText.includes(\"`--subscribe 'control.*'`\")";
    tab.until(remedy, "it says what such a token lacks");
    let notices = tab.text("#notices");
    assert!(!notices.contains("control._"), "a name of this visit helps nobody: {notices}");
    tab.until_model("run.figures('sse').n >= 20", "events come");
    tab.until(&format!("{} === 1", count("#bank .unknown")), "who is connected is not known");
    assert_eq!(tab.evaluate(&count("#bank :is(.waits, .free, .busy, .idle, .beside)")), 0);
    assert!(tab.text("#marks-said").starts_with("no marks of the server"), "{}", tab.text("#marks-said"));

    // With one that grants them all is known, and without them again what was known stays as it was.
    go_on_with(&mut tab, &token_for(&["demo", "control.*"], 3600.0));
    tab.until(&format!("{} === 0 && {} >= 2", count("#bank .unknown"), count("#bank .busy")), "it is known");
    tab.press("r");
    let over = "run.figures('sse').bytes_per_event.envelope";
    tab.until_model(&format!("run.figures('sse').n >= 100 && {over} > 0"), "bytes are counted");
    let known = tab.model(over).as_f64().unwrap();
    go_on_with(&mut tab, &token_for(&["demo"], 3600.0));
    tab.until(&format!("{} === 1", count("#bank .unknown")), "the marks have ended");
    tab.until_model("run.figures('sse').n >= 400", "events go on");
    let later = tab.model(over).as_f64().unwrap();
    assert!((later - known).abs() < known / 2.0, "{known} B around an event, {later} B without marks");
}

/// Over HTTP/2 as well, where the server's words are in a frame.
#[test]
fn a_lane_that_is_refused_says_first_when_it_asks_again() {
    let Some(browser) = Browser::shared() else { return };
    let key = key();
    let path = key.path().display().to_string();
    let token = token_for(&["control.*"], 3600.0);
    for tls in [&[][..], &["--tls-self-signed"]] {
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--auth-key", &path];
        let server = Program::start(&[&arguments[..], tls].concat());
        let line = server.stdout.find("page http");
        let (address, _) = line.trim_start_matches("page ").split_once("/#").unwrap();
        let mut tab = browser.tab(&format!("{address}/time"));
        expect_403(&mut tab);
        tab.go(&format!("{address}/#{}", hash(&token)));
        for lane in Transport::ALL {
            let says = format!(
                "/^back in [\\d.]+ s: 403: reading `demo` is not granted/.test(run.lanes.get('{lane}').text)"
            );
            tab.until_model(&says, &format!("{address}: {lane} says when, and why"));
        }
        let empty = tab.model("run.figures('poll').empty_share");
        assert_eq!(empty, serde_json::Value::Null, "no answer came that could be empty");
    }
}
