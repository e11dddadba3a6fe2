//! The address bar holds the scene, and what is taken along repeats the run.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use wirelanes::transport::Transport;

use super::browser::Browser;
use super::served::Served;
use super::tab::Tab;
use crate::behaviour::eventually;

/// Whoever copies here may: what was copied is `copied`.
const CLIPBOARD: &str = "Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (text) => { window.copied = text; } } })";

fn set(tab: &Tab, selector: &str, value: &str) {
    tab.evaluate(&format!(
        "(() => {{ const field = document.querySelector({}); field.value = {}; field.dispatchEvent(new Event('input', {{ bubbles: true }})); field.dispatchEvent(new Event('change', {{ bubbles: true }})); }})()",
        json!(selector),
        json!(value)
    ));
}

#[test]
fn a_scene_that_was_chosen_stands_in_the_address_and_opens_again_from_it() {
    let Some(browser) = Browser::shared() else { return };
    let served = Served::start(&["--source", "quiet", "--link", "lab=rtt=2ms"]);
    let tab = served.watched(&browser, "");
    tab.until_live(&Transport::ALL);
    set(&tab, "#ask-form input[name=interval]", "3s");
    tab.press("2");
    tab.press("t");
    tab.until("/interval=3s/.test(location.hash) && /theme=dark/.test(location.hash)", "the address follows");
    let address = tab.evaluate("location.href").as_str().unwrap().to_owned();
    let again = browser.tab(&address);
    again.until_live(&[Transport::Poll, Transport::Sse, Transport::Websocket]);
    assert_eq!(again.model("run.lanes.get('longpoll').state"), "off");
    assert_eq!(again.evaluate("document.documentElement.dataset.theme"), "dark");
    assert!(again.text("#ask-said").contains("3 s"), "{}", again.text("#ask-said"));

    // Of a scene that makes no sense, each part is said and the rest is taken.
    let nonsense = served.watched(&browser, "constructor=1&interval=soon&lanes=sse&colour=red");
    nonsense.until_live(&[Transport::Sse]);
    nonsense
        .until("/soon/.test(document.querySelector('#notices').innerText)", "it says what it cannot read");
}

#[test]
fn a_change_of_link_or_feed_begins_a_new_run_and_silence_does_not() {
    let Some(browser) = Browser::shared() else { return };
    let served = Served::start(&["--rate", "20/s", "--link", "lab=rtt=2ms"]);
    let tab = served.watched(&browser, "interval=200ms");
    tab.until_live(&Transport::ALL);
    let said = |words: &str| format!("/{words}/.test(document.querySelector('#run-said').innerText)");
    tab.until_model("run.figures('sse').n >= 10", "events come");
    served.must(&json!({ "link": { "name": "lab", "spec": "rtt=60ms" } }));
    tab.until(&said("new link"), "the page says why a run began");
    tab.until_model("run.figures('sse').n >= 10", "events come through the new link");
    // One way, 30 ms: with a sample of before, at 1 ms, p50 could be anything.
    tab.until_model("run.figures('sse').p50_us > 25000", "figures are of the new link alone");

    served.must(&json!({ "source": { "source": "quiet" } }));
    tab.until_model("run.server?.source?.source === 'quiet'", "the page knows that nothing is published");
    assert_eq!(tab.model("run.figures('sse').n >= 10"), true, "what was measured stays");
    served.must(&json!({ "source": { "source": "steady", "rate": "10/s" } }));
    tab.until(&said("new feed"), "another feed begins a run");
}

#[test]
fn a_run_can_be_taken_along_as_files_and_as_a_command() {
    let Some(browser) = Browser::shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(&["--rate", "20/s", "--seed", "7", "--link", "lab=rtt=20ms"]);
    let tab = served.watched(&browser, "interval=200ms");
    tab.save_into(folder.path());
    tab.evaluate(CLIPBOARD);
    tab.until_live(&Transport::ALL);
    tab.until_model("[...run.lanes.keys()].every((lane) => run.figures(lane).n >= 40)", "events came");

    let saved = |extension: &str| {
        tab.evaluate(&format!("document.querySelector('[data-save={extension}]').click()"));
        let find = || {
            let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
            names.into_iter().find(|path| path.extension().is_some_and(|found| found == extension))
        };
        eventually(&format!("a file .{extension} is saved"), || {
            find().is_some_and(|path| fs::metadata(path).unwrap().len() > 0)
        });
        fs::read(find().unwrap()).unwrap()
    };
    let run: Value = serde_json::from_slice(&saved("json")).unwrap();
    for lane in Transport::ALL {
        let lane = &run["lanes"][lane.name()];
        let samples = lane["samples"].as_array().unwrap();
        let counted = samples.iter().filter(|sample| sample["hollow"] == false).count();
        assert!(
            counted >= 40 && lane["figures"]["n"] == json!(counted),
            "{} samples of {}",
            counted,
            lane["figures"]
        );
    }
    let table = String::from_utf8(saved("csv")).unwrap();
    let mut rows = table.lines();
    assert_eq!(rows.next(), Some("lane,at_ms,latency_us,error_us,hollow"));
    assert!(rows.clone().count() >= 160 && rows.all(|row| row.split(',').count() == 5), "{table}");
    assert!(saved("png").starts_with(b"\x89PNG\r\n"), "a picture");

    tab.evaluate("document.querySelector('#copy-command').click()");
    tab.until("typeof copied === 'string'", "a command was copied");
    let command = tab.evaluate("copied").as_str().unwrap().to_owned();
    println!("{command}");
    let words: Vec<&str> = command.split_whitespace().collect();
    assert_eq!(words[0], "wirelanes", "{command}");
    let linked = words.windows(2).any(|pair| pair == ["--link", "rtt=20ms"]);
    assert!(linked, "the link is not in `{command}`");
    // Whoever pastes it gets a run of the same: here, of two seconds.
    let at = words.iter().position(|word| *word == "-d").expect("it says how long") + 1;
    let arguments =
        words.iter().enumerate().skip(1).map(|(index, word)| if index == at { "2s" } else { word });
    let output = Command::new(env!("CARGO_BIN_EXE_wirelanes")).args(arguments).output().unwrap();
    assert!(output.status.success(), "`{command}`: {}", String::from_utf8_lossy(&output.stderr));
}
