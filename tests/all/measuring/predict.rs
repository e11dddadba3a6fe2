//! Theory alone, on a terminal.

use super::bench::{Finished, run};

fn predict(arguments: &[&str]) -> Finished {
    let finished = run(&[&["predict"], arguments].concat());
    assert_eq!(finished.code, Some(0), "{arguments:?}: {}", finished.errors);
    finished.assert_printable();
    finished
}

/// The words of the n-th row that begins so.
fn row(finished: &Finished, name: &str, nth: usize) -> Vec<String> {
    let line = finished.text.lines().filter(|line| line.starts_with(name)).nth(nth);
    let line = line.unwrap_or_else(|| panic!("no row `{name}` in {}", finished.text));
    line.split_whitespace().map(str::to_owned).collect()
}

/// By hand: 60 polls an event of which e^(−1/60) are empty; the hold of 25 s ends empty with e^(−25/60).
#[test]
fn a_feed_of_one_event_a_minute_to_five_hundred_clients_costs_what_it_costs() {
    let finished = predict(&["-r", "1/60s", "-i", "1s", "--rtt", "50ms", "-c", "500"]);
    assert!(finished.text.starts_with("poisson 1/60s · 100 B · rtt 50ms · poll every 1s · "));
    // Half an interval and d; d alone.
    assert_eq!(row(&finished, "poll", 0)[1..5], ["525", "ms", "525", "ms"]);
    assert_eq!(row(&finished, "websocket", 0)[1..3], ["25.0", "ms"]);
    assert_eq!(row(&finished, "poll", 1)[1..4], ["60.0", "98", "%"]);
    assert_eq!(row(&finished, "longpoll", 1)[1..4], ["2.93", "66", "%"]);
    // 500 clients ask once a second.
    assert!(row(&finished, "poll", 1).contains(&"500/s".to_owned()), "{}", finished.text);
    assert!(finished.text.contains("\nbreak-even rates: "), "{}", finished.text);
}

#[test]
fn tables_keep_their_width_whatever_is_predicted() {
    for arguments in [
        &["-c", "1000000", "-r", "1000000", "-s", "65536", "--send-cost", "1ms"][..],
        &["-r", "1/1000h", "-i", "10ms", "--rtt", "3s"],
        &["--linger", "50ms", "--headers", "chrome", "-t", "longpoll"],
        &["--source", "steady", "-r", "30", "--no-keepalive", "--poll-mode", "fixed-delay"],
    ] {
        predict(arguments);
    }
}

#[test]
fn what_many_clients_add_is_told_also_where_it_never_ends() {
    let adds = predict(&["-c", "99", "-r", "1/1000h", "--send-cost", "10us"]);
    assert!(adds.text.contains("push to 99 clients adds 500 µs on average\n"), "{}", adds.text);
    let overloaded = predict(&["-c", "1000", "-r", "100", "--send-cost", "10us"]);
    assert!(overloaded.text.contains("push to 1000 clients cannot keep up"), "{}", overloaded.text);
}

#[test]
fn what_has_no_closed_form_is_a_dash() {
    let lingering = predict(&["--linger", "20ms"]);
    assert_eq!(row(&lingering, "longpoll", 0)[1..5], ["–", "–", "–", "–"]);
}
