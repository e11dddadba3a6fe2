//! What the page looks like on a projector, a laptop and a telephone, by day and by night.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use wirelanes::transport::Transport;

use super::browser::Browser;
use super::person::Look;
use super::served::Served;
use super::tab::Tab;

const SIZES: [(u32, u32); 3] = [(1600, 900), (1024, 768), (360, 800)];

/// Smaller text is not read from the third row, nor by anybody over fifty.
const SMALLEST_PX: f64 = 11.0;

/// Elements that reach beyond the window's edges, and texts that are too small.
const FLAWS: &str = "(() => {
  const flaws = [];
  const scrolls = (element) => element && (/auto|scroll|hidden|clip/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  for (const element of document.body.querySelectorAll('*')) {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    if (box.width <= 1 || box.height <= 1 || style.visibility === 'hidden' || element.closest('.unseen')) continue;
    const name = `${element.tagName.toLowerCase()}#${element.id}.${element.className} in #${element.parentElement.closest('[id]')?.id}`;
    // A drawer that is shut has its place when it opens.
    if ((box.right > innerWidth + 1 || box.left < -1) && element.checkVisibility() && !scrolls(element.parentElement)) flaws.push(`${name} is at ${box.left} to ${box.right}`);
    const says = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (says && parseFloat(style.fontSize) < SMALLEST) flaws.push(`${name} has text of ${style.fontSize}`);
    if (says && style.overflow === 'visible' && element.scrollWidth > element.clientWidth + 1 && style.display === 'block') flaws.push(`${name} is ${element.clientWidth} wide and says ${element.scrollWidth}`);
    // A figure that is cut is another figure.
    if (element.matches('#figures li, #figures p') && (element.scrollHeight > element.clientHeight + 1 || element.scrollWidth > element.clientWidth + 1)) flaws.push(`${name} has ${element.clientWidth} by ${element.clientHeight} for ${element.scrollWidth} by ${element.scrollHeight}: ${element.innerText}`);
  }
  if (document.documentElement.scrollWidth > innerWidth) flaws.push(`the page is ${document.documentElement.scrollWidth} wide`);
  return flaws;
})()";

/// Panels that are not whole in the first screen.
const BELOW: &str = "['lanes', 'ladder', 'figures', 'strip', 'distribution', 'bytes', 'bank', 'log', 'inspector'].filter((panel) => {
  const box = document.querySelector(`.panel.at-${panel}`)?.getBoundingClientRect();
  return !box || box.height < 60 || box.bottom > innerHeight + 1;
})";

fn keep(tab: &Tab, name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/page");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), tab.screenshot()).unwrap();
}

/// Twice: what is drawn in the next frame may be measured in that.
const DRAWN: &str =
    "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => drawn(true))))";

/// Changes the theme as a key does, until it is this one.
fn wear(tab: &Tab, theme: &str) {
    let worn = "document.documentElement.dataset.theme";
    for _ in 0..2 {
        if tab.evaluate(worn) != theme {
            tab.press("t");
        }
    }
    assert_eq!(tab.evaluate(worn), theme);
}

fn flaws(tab: &Tab) -> Vec<Value> {
    let flaws = tab.evaluate(&FLAWS.replace("SMALLEST", &SMALLEST_PX.to_string()));
    flaws.as_array().unwrap().clone()
}

#[test]
fn nothing_overflows_and_every_text_can_be_read_in_three_sizes_and_two_themes() {
    let Some(browser) = Browser::shared() else { return };
    let served = Served::start(&["--rate", "5/s", "--link", "lab=rtt=100ms"]);
    let tab = served.operated(&browser, "theme=light");
    tab.until_live(&Transport::ALL);
    tab.until_model(
        "[...run.lanes.keys()].every((lane) => run.figures(lane).n >= 20)",
        "there is something to see",
    );
    for theme in ["light", "dark"] {
        wear(&tab, theme);
        for (width, height) in SIZES {
            tab.look(Look { width, height, is_dark: theme == "dark", less_motion: false });
            tab.until(DRAWN, "it is drawn");
            keep(&tab, &format!("{theme}-{width}x{height}.png"));
            let flaws = flaws(&tab);
            assert!(
                flaws.is_empty(),
                "{theme}, {width}×{height}:\n{}",
                json!(flaws).to_string().replace("\",", "\",\n")
            );
            if width == 1600 {
                assert_eq!(
                    tab.evaluate(BELOW),
                    json!([]),
                    "{theme}: panels that are not in the first screen"
                );
            }
        }
    }
}

#[test]
fn a_fifth_lane_has_room_and_a_colour_that_is_seen_on_either_theme() {
    let Some(browser) = Browser::shared() else { return };
    let served = Served::start(&["--rate", "5/s", "--link", "lab=rtt=20ms,buffer=8k,no-upgrade"]);
    let mut tab = browser.tab(&format!("http://{}/time", served.address));
    tab.expects("error: network ");
    tab.expects("WebSocket connection to");
    // What is asked in vain is said in a line of its own, which takes from the panels' height.
    let scene = "theme=light&lanes=poll,longpoll,sse,websocket,auto&nothing=1";
    tab.go(&format!("http://{}/#{scene}", served.address));
    tab.until("document.querySelector('#notices p') !== null", "there is a notice");
    tab.until_model("run.figures('auto').n >= 10", "there is something to see");
    for theme in ["light", "dark"] {
        wear(&tab, theme);
        for (width, height) in [(1600, 900), (1280, 720), (1024, 768), (360, 800)] {
            tab.look(Look { width, height, is_dark: theme == "dark", less_motion: false });
            tab.until(DRAWN, "it is drawn");
            keep(&tab, &format!("{theme}-auto-{width}x{height}.png"));
            assert_eq!(json!(flaws(&tab)), json!([]), "{theme}, {width}×{height}");
            let contrast = tab.evaluate(CONTRAST).as_f64().unwrap();
            assert!(contrast >= 3.0, "{theme}: {contrast}:1");
        }
    }
}

/// Of the lane's marker against its ground, as WCAG 2.2 has it.
const CONTRAST: &str = "(() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map((part) => part / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const glyph = document.querySelector('#lanes .glyph[data-lane=auto]');
  const [one, other] = [getComputedStyle(glyph).color, getComputedStyle(document.body).backgroundColor].map(light).sort((a, b) => b - a);
  return (one + 0.05) / (other + 0.05);
})()";
