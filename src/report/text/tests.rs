mod example;

use serde_json::{Value, json};

use super::text;
pub(in crate::report) use example::report;
use example::{events, figure, layers, needs, plain};

const GOLDEN: &str = "\
97 events · Poisson 10/s · 100 B · poll 1 s · HTTP/1.1, no TLS, bare heads
all lanes: none lost, doubled or reordered
latency = age of the event on arrival, not how long a request took

latency        p50  theory       p95  theory       p99  theory       max  theory
(tcp)       131 µs            366 µs                 –            987 µs
poll        530 ms  500 ms    961 ms  950 ms         –            1.00 s  990 ms
sse         152 µs  131 µs*   402 µs  366 µs         –           1.20 ms  987 µs
–: p99 needs 368 events

cost an event             ────── bytes down ─────  ─ bytes up ──   con-    first
          requests  empty payload envelope  heads  envel.  heads  nects    event
poll         0.103    0 %   168.7      1.1   20.1     0.0    7.8      1   412 µs
  theory     0.103    0 %   168.7      1.1   20.1     0.0    7.8      1   391 µs
sse          0.010      –   168.7     28.7    2.1     0.0    0.7      1   530 µs
  theory     0.010      –   168.7     28.7    2.1     0.0    0.7      1   391 µs
sse        server: 61 µs CPU an event; memory a client: – (needs 100)

                           |1 ms            |10 ms           |100 ms
(tcp)      ▄█ ▁
poll                                                                    ▄   ██
sse        ▁ █  ▅

* theory lies outside the 95% interval (in brackets), off in its half widths,
  for 2 of 6 figures:
  sse mean 171 µs (150 µs–201 µs), theory 140 µs, off by +1.5
  sse p50 152 µs (140 µs–160 µs), theory 131 µs, off by +1.8

theory for a quiet feed, 1 event a minute, on the same connections:
  poll      60.0 requests an event, 98 % empty,    11390 bytes an event
  sse       no request,                            225.4 bytes an event
warning: the publisher was 96 µs late at its p99, more than a tenth of the
  smallest p50: the machine was busy
";

#[test]
fn a_report_is_printed_so() {
    let printed = text(&report(|_| {}));
    assert!(printed == GOLDEN, "{printed}");
}

/// What is printed of a run that differs in this.
fn printed(change: impl Fn(&mut Value)) -> String {
    text(&report(change))
}

#[track_caller]
fn assert_says(printed: &str, part: &str) {
    assert!(printed.contains(part), "`{part}` is missing in\n{printed}");
}

#[test]
fn the_conditions_say_what_is_not_as_usual() {
    let unusual = printed(|run| {
        run["clients"] = json!(20);
        run["rounds"] = json!(5);
        run["mode"] = json!("isolated");
        run["poll_mode"] = json!("fixed-delay");
        run["poll_interval_us"] = json!(250_000);
        run["headers"] = json!("chrome");
        run["keep_alive"] = json!(false);
        run["played"]["rate"] = json!("1/60s");
        run["rate_per_s"] = json!(1.0 / 60.0);
    });
    let lines: Vec<&str> = unusual.lines().take(4).collect();
    assert_eq!(
        lines[..3],
        [
            "4 events · Poisson 1/60s · 100 B · poll 250 ms · after each answer · 20 clients",
            "  a lane · 5 rounds · one lane after another · HTTP/1.1, no keep-alive, no TLS,",
            "  Chrome's heads",
        ]
    );
    assert_says(&printed(|run| run["played"]["kind"] = json!("quiet")), " events · Quiet · ");
    let trace = printed(|run| {
        run["source"] = json!("trace:earthquakes");
        run["played"]["speed"] = json!(600.0);
        run["size_bytes"] = Value::Null;
    });
    assert_says(&trace, "97 events · trace:earthquakes at 600× · poll");
    let listened = printed(|run| {
        run["source"] = json!("listened");
        run["played"] = Value::Null;
        run["size_bytes"] = Value::Null;
    });
    assert_says(&listened, "97 events · listened · poll");
}

#[test]
fn the_rate_that_was_played_is_told_where_it_is_another_than_was_asked_for() {
    let at = |kind: &str, per_s: f64| {
        report(|run| {
            run["played"]["kind"] = json!(kind);
            run["played"]["rate"] = json!("40/s");
            run["rate_per_s"] = json!(per_s);
        })
    };
    // 400 events in 10 s: ± 80 by chance where they are drawn, and ± 2.8 at the ends of the window.
    for (kind, per_s) in [("poisson", 48.2), ("poisson", 31.8), ("steady", 40.2), ("bursts", 65.0)] {
        assert_says(&text(&at(kind, per_s)), " 40/s · 100 B");
    }
    for (kind, per_s) in [("poisson", 31.5), ("poisson", 48.5), ("steady", 39.7), ("bursts", 66.0)] {
        assert_says(&text(&at(kind, per_s)), &format!(" 40/s asked for · {per_s}/s played · 100 B"));
    }
    let report = at("poisson", 12.9);
    for form in [crate::report::markdown::markdown(&report), crate::report::html::html(&report)] {
        assert_says(&form, "40/s asked for, 12.9/s played");
    }
}

#[test]
fn what_became_of_lost_events_is_told_of_the_lanes_that_lost_them() {
    let lossy = printed(|run| run["lanes"][1]["events"] = events(2));
    assert_says(
        &lossy,
        "\nsse: 2 lost, 0 doubled, 0 reordered, 0 announced missing in 0 gaps, of 97\nlatency =",
    );
    assert!(!lossy.contains("none lost"), "{lossy}");
}

#[test]
fn where_there_are_two_clocks_they_are_told_apart() {
    let afar = printed(|run| {
        run["clock"] = json!({ "us": 1, "ahead_us": -3_200_000, "within_us": 204, "drift_ppm": 199.96,
                               "drift_within_ppm": 35.2, "exchanges": 128 });
        run["lanes"][1]["latency_us"]["p50"] = plain(-19_600.0, -19_612.0);
    });
    assert_says(
        &afar,
        "\nclocks: the server's is 3.20 s behind ours, known within ±204 µs, and gains\n  200.0 ±35.2 ppm on \
         it; 128 exchanges\n",
    );
    assert_says(&afar, "\nsse       -19.6 ms -19.6ms ");
}

#[test]
fn theory_is_marked_just_where_it_lies_outside() {
    let at = |predicted: f64| {
        printed(|run| {
            run["lanes"][1]["latency_us"]["mean"]["predicted"] = json!(171.0);
            run["lanes"][1]["latency_us"]["p50"]["predicted"] = json!(predicted);
        })
    };
    for inside in [140.0, 152.0, 160.0] {
        let printed = at(inside);
        assert!(!printed.contains('*'), "{printed}");
        assert_says(&printed, "\nthe 95% intervals of all 6 figures that have one hold what theory says\n");
    }
    assert_says(&at(139.0), "139 µs*");
    assert_says(&at(168.0), "  sse p50 152 µs (140 µs–160 µs), theory 168 µs, off by -2.0\n");
}

#[test]
fn requests_and_bytes_are_held_against_theory_where_they_have_an_interval() {
    let printed = printed(|run| {
        run["lanes"][0]["requests_per_event"] = figure(0.1031, 0.101, 0.104, 0.12);
        run["lanes"][0]["bytes_per_event"]["total"] = figure(197.7, 190.0, 199.7, 200.7);
    });
    assert_says(&printed, "  poll requests 0.103 (0.101–0.104), theory 0.120, off by -18.8\n");
    assert_says(&printed, "  poll bytes 197.7 (190.0–199.7), theory 200.7, off by -1.5\n");
}

#[test]
fn a_first_event_is_held_against_theory_and_late_through_a_proxy_it_says_why() {
    let of_sse = |of: Value, proxy: Option<&str>| {
        report(|run| {
            run["proxy"] = json!(proxy);
            run["own"] = json!({ "lateness_p50_us": 64.0, "lateness_p99_us": 150.0, "cpu_share": 0.1 });
            run["lanes"][1]["first_event_us"] = of.clone();
        })
    };
    for near in [
        figure(600.0, 580.0, 640.0, 500.0),
        figure(640.0, 620.0, 680.0, 500.0),
        // (tcp) has 131 µs at p50, and 366 at p95.
        figure(730.0, 710.0, 750.0, 500.0),
        figure(41_800.0, 400.0, 42_000.0, 500.0),
        plain(41_800.0, 500.0),
    ] {
        let printed = text(&of_sse(near, None));
        assert!(!printed.contains("theory of the first event"), "{printed}");
    }
    let now_and_then = figure(41_800.0, 400.0, 42_000.0, 500.0);
    for (late, brackets) in [(now_and_then, " (400 µs–42.0 ms)"), (plain(41_800.0, 500.0), "")] {
        let printed = text(&of_sse(late, Some("127.0.0.1:3128")));
        assert_says(&printed, &format!("sse first event 41.8 ms{brackets}, theory 500 µs: as through a"));
    }
    let late = figure(41_800.0, 41_200.0, 42_000.0, 500.0);
    let told = "\ntheory of the first event is off by more than a quarter:\n  \
                sse first event 41.8 ms (41.2 ms–42.0 ms), theory 500 µs";
    assert_says(&text(&of_sse(late.clone(), None)), &format!("{told}\n\n"));
    let proxied = of_sse(late, Some("127.0.0.1:3128"));
    assert_says(&text(&proxied), &format!("{told}: as through a proxy\n  that does not set TCP_NODELAY,"));
    for form in [crate::report::markdown::markdown(&proxied), crate::report::html::html(&proxied)] {
        assert_says(&form, "theory 500 µs: as through a proxy that does not set TCP");
    }
    let quick = figure(200.0, 150.0, 300.0, 500.0);
    assert_says(
        &text(&of_sse(quick, Some("127.0.0.1:3128"))),
        "sse first event 200 µs (150 µs–300 µs), theory 500 µs\n",
    );
}

#[test]
fn what_is_off_by_much_and_what_is_small_is_told_in_three_digits() {
    let printed = printed(|run| {
        run["lanes"][0]["requests_per_event"] = figure(6.2e-6, 5.2e-6, 7.2e-6, 0.03);
    });
    assert_says(&printed, "  poll requests 6.2e-6 (5.2e-6–7.2e-6), theory 0.030, off by -30.0k\n");
}

#[test]
fn without_an_interval_nothing_is_claimed_of_it() {
    let bare = printed(|run| {
        for lane in 0..2 {
            for name in ["mean", "p50", "p95"] {
                run["lanes"][lane]["latency_us"][name] = needs(72);
            }
        }
    });
    assert!(!bare.contains("95%"), "{bare}");
    assert_says(&bare, "–: p50 needs 72 events, p95 needs 72 events, p99 needs 368 events\n");
}

/// Columns that hold what a slow feed, a large payload and a slow network bring.
#[test]
fn nothing_is_wider_than_80_columns() {
    let wide = printed(|run| {
        for lane in 0..2 {
            run["lanes"][lane]["transport"] = json!("websocket");
            run["lanes"][lane]["requests_per_event"] = plain(3_600.0, 36_123.4);
            run["lanes"][lane]["empty_share"] = plain(1.0, 1.0);
            let bytes = &mut run["lanes"][lane]["bytes_per_event"];
            bytes["down"] = layers(65_536.2, 12_345.6, 416_123.4);
            bytes["up"] = layers(0.0, 1_234.5, 1_864_123.4);
            bytes["predicted"] = json!({ "down": bytes["down"], "up": bytes["up"] });
            run["lanes"][lane]["connections_opened"] = json!(99_999);
            run["lanes"][lane]["first_event_us"] = plain(12_345_678.0, 999_499.0);
            run["lanes"][lane]["latency_us"]["p95"] = figure(99_400_000.0, 98_000_000.0, 99_900_000.0, 1e6);
            run["lanes"][lane]["latency_us"]["max"] = plain(99_400_000.0, 9_940.0);
        }
    });
    let widest = wide.lines().max_by_key(|line| line.chars().count()).unwrap();
    assert!(widest.chars().count() <= 80, "{} columns: {widest}", widest.chars().count());
}

#[test]
fn what_could_not_be_known_is_a_dash() {
    let unknown = printed(|run| {
        let lane = &mut run["lanes"][0];
        lane["bytes_per_event"]["down"] = Value::Null;
        lane["bytes_per_event"]["up"] = Value::Null;
        lane["requests_per_event"] = json!({ "measured": null, "predicted": null });
    });
    assert_says(
        &unknown,
        "\npoll             –    0 %       –        –      –       –      –      1   412 µs\n",
    );
}
