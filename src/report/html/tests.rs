use serde_json::{Value, json};

use super::super::text::tests::report;
use super::html;
use crate::bench::result::Report;

/// Two links, two rates, and curves: a sweep in both directions.
fn sweep() -> Report {
    let mut sweep = report(|_| {});
    sweep.runs.clear();
    for (rtt_us, link) in [(100.0, "none"), (50_000.0, "rtt=50ms")] {
        for (rate, per_s) in [("1/s", 1.1), ("20/s", 19.0)] {
            let run = report(|run| {
                run["link"] = json!(link);
                run["played"]["rate"] = json!(rate);
                run["rate_per_s"] = json!(per_s);
                run["theory"]["round_trip_us"]["value"] = json!(rtt_us);
                let point = |quantile: f64| json!({ "quantile": quantile, "measured_us": 150.0 + quantile, "predicted_us": 140.0 });
                run["lanes"][1]["curve"] = json!([point(0.5), point(0.95)]);
                run["lanes"][1]["transport"] = json!("longpoll");
            });
            sweep.runs.extend(run.runs);
        }
    }
    sweep
}

/// The charts that a page holds.
fn charts(page: &str) -> Vec<Value> {
    let (_, data) = page.split_once("<script type=\"application/json\" id=\"charts\">").unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    serde_json::from_str(data).unwrap()
}

fn count(page: &str, part: &str) -> usize {
    page.matches(part).count()
}

#[test]
fn a_page_holds_every_run_in_words_and_in_charts() {
    let page = html(&sweep());
    let charts = charts(&page);
    let of = |kind: &str| charts.iter().filter(|chart| chart["kind"] == kind).count();
    assert_eq!((of("curve"), of("bars")), (4, 4), "one a run");
    // Three latencies for each of two rates against the round trip, and with bytes four for each of two links.
    assert_eq!(of("lines"), 2 * 3 + 2 * 4);
    assert_eq!(count(&page, "<canvas class="), charts.len());
    for (number, _) in charts.iter().enumerate() {
        assert_eq!(count(&page, &format!("<figure data-chart=\"{number}\"")), 1);
    }
    for label in ["no link · 1/s", "no link · 20/s", "rtt=50ms · 1/s", "rtt=50ms · 20/s"] {
        // A curve and bars; a row each for the control and two lanes, for two lanes' costs, for theory.
        assert!(count(&page, &format!("<b>{label}</b>")) == 2, "{label} in {page}");
        assert_eq!(count(&page, &format!(">{label}</th>")), 6, "{label}");
    }
    assert_eq!(count(&page, "theory 140 µs, off by +1.5"), 4, "what is off is told of each run");
    assert!(page.contains("the machine was busy"), "warnings are there");
}

#[test]
fn a_lane_that_failed_is_told_before_any_figure() {
    let mut failed = sweep();
    failed.runs[3].lanes[1].failure = Some("`websocket` answered 403".to_owned());
    failed.interrupted = true;
    let page = html(&failed);
    let (before, _) = page.split_once("<dl>").unwrap();
    let told = "rtt=50ms · 20/s: longpoll: <code>websocket</code> answered 403";
    assert!(before.contains(told), "{before}");
    assert!(before.contains("<li>interrupted: this is what there was by then</li>"), "{before}");
}

#[test]
fn theory_and_the_cliff_are_on_the_axis_that_was_varied() {
    let charts = charts(&html(&sweep()));
    let against =
        |label: &str| charts.iter().filter(|chart| chart["x"]["label"] == label).collect::<Vec<_>>();
    let round_trip = against("round trip, as measured");
    let series = &round_trip[0]["series"][1];
    assert_eq!((&series["lane"], &series["points"][1]["x"]), (&json!("longpoll"), &json!(50_000.0)));
    assert_eq!(series["predicted"], json!([[100.0, 140.0], [50_000.0, 140.0]]));
    let marks: Vec<&Value> = round_trip.iter().map(|chart| &chart["marks"]).collect();
    assert_eq!(marks[0], &json!([]), "an event a second is on no axis that ends at 50 ms");
    assert_eq!(marks[3], &json!([{ "x": 52_631.6, "label": "λR = 1" }]));
    let rate = against("events a second");
    assert_eq!(rate[0]["marks"], json!([]), "10,000 events a second");
    assert_eq!(rate[4]["marks"], json!([{ "x": 20.0, "label": "λR = 1" }]));
}

#[test]
fn what_the_events_support_nowhere_has_no_chart() {
    let mut sweep = sweep();
    sweep.runs.iter_mut().flat_map(|run| &mut run.lanes).for_each(|lane| {
        lane.latency_us.p95.measured = None;
    });
    let page = html(&sweep);
    assert!(!page.contains("<b>p95 latency") && page.contains("<b>p50 latency, 1/s</b>"));
}

#[test]
fn one_run_has_no_sweep() {
    let charts = charts(&html(&report(|_| {})));
    let kinds: Vec<&Value> = charts.iter().map(|chart| &chart["kind"]).collect();
    assert_eq!(kinds, ["bars"], "this one has no curve either");
}

#[test]
fn a_page_fetches_nothing() {
    let page = html(&sweep());
    for word in [
        " src=",
        " href=",
        " action=",
        "url(",
        "@import",
        "<link",
        "<img",
        "<iframe",
        "<object",
        "fetch(",
        "import(",
        "XMLHttpRequest",
        "EventSource",
        "new WebSocket",
        "sendBeacon",
        "http://",
        "https://",
    ] {
        assert!(!page.contains(word), "`{word}` is in the page");
    }
    assert!(page.contains("default-src 'none'"), "and may not");
}

const HOSTILE: &str = "x</script><script>alert(1)</script><img src=x onerror='alert(2)'>\" & <!-- ' \u{2028}";

#[test]
fn what_is_hostile_is_text() {
    let mut hostile = sweep();
    hostile.command = HOSTILE.to_owned();
    hostile.warnings = vec![HOSTILE.to_owned()];
    hostile.ended_at = Some(HOSTILE.to_owned());
    hostile.environment.cpu = Some(HOSTILE.to_owned());
    hostile.runs[0].link = HOSTILE.to_owned();
    hostile.runs[1].source = HOSTILE.to_owned();
    let page = html(&hostile);
    assert_eq!((count(&page, "<script"), count(&page, "</script")), (2, 2));
    assert_eq!((count(&page, "<img"), count(&page, "<!--")), (0, 0));
    assert!(page.contains("<code>x&lt;/script&gt;&lt;script&gt;alert(1)"), "the command is told as it was");
    assert_well_formed(&page);
    assert!(!charts(&page).is_empty());
}

#[test]
fn a_page_is_well_formed() {
    assert_well_formed(&html(&sweep()));
    assert_well_formed(&html(&report(|run| run["lanes"] = json!([]))));
}

/// Every element is closed where it was opened. What stands in scripts and styles is no markup.
#[track_caller]
fn assert_well_formed(page: &str) {
    const VOID: [&str; 2] = ["meta", "br"];
    let mut rest = page.strip_prefix("<!DOCTYPE html>").expect("it begins with its kind");
    let mut open: Vec<&str> = Vec::new();
    while let Some((_, tag)) = rest.split_once('<') {
        let (tag, after) = tag.split_once('>').expect("a tag ends");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "</{tag}>");
            continue;
        }
        let name = tag.split(' ').next().unwrap();
        assert!(name.chars().all(|letter| letter.is_ascii_alphanumeric()), "<{tag}>");
        if ["script", "style"].contains(&name) {
            rest = rest.split_once(&format!("</{name}>")).expect("it is closed").1;
        } else if !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?} are never closed");
}
