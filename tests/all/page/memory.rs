//! Two hours at 50 events a second leave the page's memory as it was.
//!
//! What the Worker would tell in two hours is told in seconds, to the page's own model and with the panels drawn:
//! 360,000 events on each of four lanes, each with its request, its answer and its marks. How the Worker itself
//! keeps up is a test of its own.

use serde_json::json;
use wirelanes::transport::Transport;

use super::browser::Browser;
use super::served::Served;

const EVENTS: u64 = 2 * 60 * 60 * 50;
const BATCH: u64 = 2000;

/// Entries as the Worker tells them, of events `from` on, 20 ms apart: on `poll` and `longpoll` each has a request
/// of its own. Two hours ahead of now, so that none is too old to be drawn.
const FEED: &str = "(async () => {
  const { run } = await import('/page.js');
  const json = JSON.stringify({ data: { pad: '.'.repeat(80) } });
  const begun = performance.timeOrigin + performance.now();
  let n = 1_000_000;
  window.feed = async (from, count) => {
    for (let k = from; k < from + count; k += 50) {
      const entries = [];
      for (let sequence = k; sequence < k + 50; sequence++) {
        const at = begun + sequence * 20;
        const sent_us = Math.round(at * 1000) - 5000 - 1000 * (sequence % 97);
        for (const lane of run.lanes.keys()) {
          const asks = lane === 'poll' || lane === 'longpoll';
          if (asks || sequence === 1) entries.push({ is: 'asked', lane, n: ++n, at: at - 4, url: `${location.origin}/${lane}?n=${n}` });
          if (asks) entries.push({ is: 'marks', unshown: 0, ledgers: {}, marks: [{ lane, n, connection: 5, at_us: sent_us, what: 'arrived', http: 200, body: 0, shown: 'R0VU' }] });
          entries.push({ is: 'event', lane, n, at, id: `made0p-${sequence}`, sequence, sent_us, bytes: json.length, json, flag: '' });
          if (asks) entries.push({ is: 'answered', lane, n, at, status: 200, bytes: json.length });
        }
      }
      run.take(entries);
    }
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    return run.figures('sse').n;
  };
})()";

#[test]
fn two_hours_of_events_leave_the_page_s_memory_flat() {
    let Some(browser) = Browser::shared() else { return };
    let served = Served::start(&["--source", "quiet"]);
    let tab = served.watched(&browser, "lanes=");
    tab.until_model("run.clock !== null", "the clocks are compared");
    tab.evaluate(FEED);
    let mut heaps = Vec::new();
    for from in (0..EVENTS).step_by(BATCH as usize) {
        let n = tab.evaluate(&format!("feed({}, {BATCH})", from + 1));
        assert_eq!(n, json!(from + BATCH), "the model takes every event");
        // After 10, 20, … 120 minutes.
        if (from + BATCH).is_multiple_of(EVENTS / 12) {
            heaps.push(tab.heap());
        }
    }
    let megabytes: Vec<String> = heaps.iter().map(|bytes| format!("{:.1}", bytes / 1e6)).collect();
    println!("JavaScript holds {} MB after 10, 20, … minutes", megabytes.join(" "));
    for lane in Transport::ALL {
        assert_eq!(tab.model(&format!("run.figures('{lane}').n")), json!(EVENTS));
    }
    // The rings are full after the first ten minutes: from then on nothing is to be added. Four bytes kept of each
    // event, the least that JavaScript can keep, would be 3.8 MB from the first four to the last four: half of that
    // is a leak. A collection may leave a megabyte that the next one takes, never less than is held: so the least
    // of four stands for each end.
    let least = |heaps: &[f64]| heaps.iter().copied().fold(f64::INFINITY, f64::min);
    let kept = least(&heaps[8..]) - least(&heaps[..4]);
    let leak = 4.0 * (4 * EVENTS * 8 / 12) as f64;
    assert!(kept < leak / 2.0, "{megabytes:?} MB: it grows with the run");
}

/// The way from the socket through the Worker to the model, as fast as it goes.
#[test]
fn the_worker_keeps_up_with_thousands_of_events_a_second() {
    let Some(browser) = Browser::alone() else { return };
    let served = Served::start(&["--source", "quiet", "--retain", "100000"]);
    let tab = served.operated(&browser, "interval=200ms");
    tab.until_live(&Transport::ALL);
    tab.press("r");
    served.must(&json!({ "source": { "source": "steady", "rate": "1000/s", "size": 100 } }));
    let came = "[...run.lanes.keys()].every((lane) => run.figures(lane).received >= 5000)";
    tab.until_model(came, "5,000 events come on each lane");
    served.must(&json!({ "source": { "source": "quiet" } }));
    for lane in Transport::ALL {
        let figures = tab.model(&format!("run.figures('{lane}')"));
        for trouble in ["lost", "doubled", "reordered", "gaps"] {
            assert_eq!(figures[trouble], json!(0), "{trouble} on {lane}: {figures}");
        }
    }
}
