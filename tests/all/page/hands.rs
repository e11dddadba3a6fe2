//! Everybody can use the page: by keyboard alone, and with what reads it aloud.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use wirelanes::transport::Transport;

use super::browser::Browser;
use super::person::{Look, SHIFT};
use super::served::Served;
use super::tab::Tab;

/// Where `tests/run --install` puts it.
const AXE: &str = "target/axe-core-4.14.1/axe.min.js";

/// What axe finds, but for what it calls minor or moderate.
const FIND: &str = "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
  .filter(({ impact }) => impact === 'serious' || impact === 'critical')
  .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`).join(' | ')}`))";

fn axe() -> Option<String> {
    let axe = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(AXE)).ok();
    if axe.is_none() {
        assert!(std::env::var_os("CI").is_none(), "no axe-core: `tests/run --install` gets it");
        eprintln!("no axe-core, so this test is skipped; `tests/run --install` gets it");
    }
    axe
}

#[test]
fn axe_finds_nothing_serious() {
    let (Some(browser), Some(axe)) = (Browser::shared(), axe()) else { return };
    let served = Served::start(&["--rate", "5/s", "--link", "lab=rtt=20ms"]);
    for theme in ["light", "dark"] {
        let tab = served.operated(&browser, &format!("theme={theme}&interval=500ms"));
        tab.until_live(&Transport::ALL);
        tab.until_model(
            "[...run.lanes.keys()].every((lane) => run.figures(lane).n >= 5)",
            "there is something to see",
        );
        tab.evaluate(&axe);
        for width in [1600, 360] {
            tab.look(Look { width, height: 900, is_dark: theme == "dark", less_motion: true });
            for state in ["as it opens", "with all that opens open"] {
                let found = tab.evaluate(FIND);
                assert_eq!(found, json!([]), "{theme}, {width} px, {state}");
                tab.evaluate("for (const details of document.querySelectorAll('details:not([name])')) details.open = true;
                              document.querySelector('details[name]').open = true;");
            }
        }
    }
}

/// Everything that a mouse can work, told by a number of its own.
const CONTROLS: &str = "[...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]:not([tabindex=\"-1\"])')]
  .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.matches(':disabled') && !element.closest('dialog:not([open])'))
  .map((element, index) => (element.dataset.stop = index, index))";

#[test]
fn tab_reaches_every_control_in_the_order_of_the_page_and_shows_where_it_is() {
    let Some(browser) = Browser::shared() else { return };
    let served = Served::start(&["--source", "quiet", "--link", "lab=rtt=2ms"]);
    let tab = served.operated(&browser, "");
    tab.until_live(&Transport::ALL);
    let controls = tab.evaluate(CONTROLS);
    let mut unreached: HashSet<u64> = controls.as_array().unwrap().iter().filter_map(Value::as_u64).collect();
    assert!(unreached.len() > 15, "there are only {} controls", unreached.len());
    for _ in 0..3 * unreached.len() {
        tab.press("Tab");
        let stop = tab.evaluate("document.activeElement.dataset.stop ?? null");
        if let Some(stop) = stop.as_str().and_then(|stop| stop.parse().ok()) {
            unreached.remove(&stop);
            let is_seen = "(() => { const style = getComputedStyle(document.activeElement);
                return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== 'none'; })()";
            assert_eq!(tab.evaluate(is_seen), true, "focus is not seen on {}", focused(&tab));
        }
    }
    let names =
        "[...document.querySelectorAll('[data-stop]')].map((element) => element.outerHTML.slice(0, 120))";
    let names = tab.evaluate(names);
    let names: Vec<&Value> = unreached.iter().map(|stop| &names[*stop as usize]).collect();
    assert!(names.is_empty(), "Tab does not reach {names:#?}");
}

fn focused(tab: &Tab) -> Value {
    tab.evaluate("document.activeElement.outerHTML.slice(0, 200)")
}

#[test]
fn every_key_does_what_the_help_says() {
    let Some(browser) = Browser::shared() else { return };
    let served = Served::start(&["--source", "quiet", "--link", "lab=rtt=2ms"]);
    let tab = served.operated(&browser, "interval=200ms");
    tab.until_live(&Transport::ALL);

    tab.press_with("?", SHIFT);
    tab.until("document.querySelector('#keys').open", "? opens the help");
    for key in ["space", "r", "1", "s", "g", "e", "t", "+", "-", "?"] {
        let listed =
            format!("document.querySelector('#keys').innerText.toLowerCase().includes({})", json!(key));
        tab.until(&listed, &format!("the help lists {key}"));
    }
    tab.press("Escape");
    tab.until("!document.querySelector('#keys').open", "Escape closes it");

    for (key, lane) in ["1", "2", "3", "4"].into_iter().zip(Transport::ALL) {
        tab.press(key);
        tab.until_model(&format!("run.lanes.get('{lane}').state === 'off'"), &format!("{key} ends {lane}"));
    }
    tab.until("document.body.innerText.includes('no lane is on')", "it is said that nothing is on");
    for key in ["1", "2", "3", "4"] {
        tab.press(key);
    }
    tab.until_live(&Transport::ALL);

    tab.press("s");
    tab.until_model("[...run.lanes.keys()].every((lane) => run.figures(lane).received === 1)", "s sends one");
    tab.press("r");
    tab.until_model("run.figures('sse').n === 0", "r begins anew");

    let frozen = "document.querySelector('#freeze').getAttribute('aria-pressed') === 'true'";
    tab.press(" ");
    tab.until(frozen, "space freezes");
    tab.press(" ");
    tab.until(&format!("!({frozen})"), "space goes on");

    served.must(&json!({ "source": { "source": "poisson", "rate": "5/s", "size": 100 } }));
    let theory = "document.querySelector('#theory').getAttribute('aria-pressed') === 'true'";
    tab.press("e");
    tab.until(theory, "e shows theory");
    let said = "document.querySelector('#notices').innerText.includes('theory is on the screen already')";
    tab.press("g");
    tab.until(said, "a guess comes too late");
    tab.press("e");
    tab.until(&format!("!({theory})"), "e hides it");
    assert_eq!(tab.evaluate(said), false, "there is nothing to hide any more");
    tab.press("g");
    tab.until("document.querySelector('#guess-label').hidden", "g takes the guess away");

    tab.press("g");
    tab.until("!document.querySelector('#guess-label').hidden", "g places a guess");

    let theme = tab.evaluate("document.documentElement.dataset.theme");
    tab.evaluate("document.activeElement.blur()");
    tab.press("t");
    tab.until(&format!("document.documentElement.dataset.theme !== {theme}"), "t changes the theme");

    let size = tab.evaluate("getComputedStyle(document.documentElement).fontSize");
    tab.press_with("+", SHIFT);
    tab.until(
        &format!("getComputedStyle(document.documentElement).fontSize > {size}"),
        "+ makes text larger",
    );
    tab.press("-");
    tab.until(
        &format!("getComputedStyle(document.documentElement).fontSize === {size}"),
        "- makes it smaller",
    );
}
