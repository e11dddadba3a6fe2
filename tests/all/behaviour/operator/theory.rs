//! `/theory`: what a page is told for the settings that it shows.

use serde_json::{Value, json};
use wirelanes::theory::{
    self, Arrivals, Heads, Heartbeats, Http, Inputs, OneWay, Payload, PollMode, Requests, bytes_per_event,
};
use wirelanes::transport::Transport;

use super::{ANY, Operated};
use crate::behaviour::{eventually, raw};

#[test]
fn theory_is_told_for_the_settings_of_a_page() {
    let here = Operated::start(ANY, &["--source=quiet"]);
    let lanes = &here.theory("source=poisson&rate=2/s&interval_ms=1000&hold_s=25&link=rtt%3D100ms")["lanes"];
    assert_eq!((&lanes["poll"]["p50_us"], &lanes["poll"]["mean_us"]), (&json!(550_000.0), &json!(550_000.0)));
    assert_eq!(lanes["poll"]["requests_per_event"], 0.5);
    assert!((lanes["poll"]["empty_share"].as_f64().unwrap() - (-2.0f64).exp()).abs() < 1e-9, "{lanes}");
    assert_eq!(
        (&lanes["sse"]["p99_us"], &lanes["sse"]["requests_per_event"]),
        (&json!(50_000.0), &Value::Null)
    );
    let curve = lanes["poll"]["curve"].as_array().unwrap();
    assert_eq!(
        (curve.len(), &curve[0], &curve[98]),
        (99, &json!([0.01, 60_000.0]), &json!([0.99, 1_040_000.0]))
    );
    assert!(lanes["longpoll"]["mean_us"].as_f64().unwrap() > 50_000.0, "{lanes}");

    let jitter = &here.theory("link=rtt%3D100ms,jitter%3D20ms")["lanes"]["websocket"];
    assert!((jitter["mean_us"].as_f64().unwrap() - 60_000.0).abs() < 1e-6, "{jitter}");
    assert!((jitter["p95_us"].as_f64().unwrap() - 69_000.0).abs() <= 200.0, "{jitter}");

    for (query, unknown) in [
        ("source=bursts", &["poll", "longpoll"][..]),
        ("link=corporate-proxy", &["sse", "websocket"]),
        ("link=serverless", &["longpoll", "sse", "websocket"]),
        ("link=idle%3D20s", &["longpoll", "websocket"]),
        ("link=refuse", &["poll", "longpoll", "sse", "websocket"]),
        ("link=3g&source=steady", &[]),
    ] {
        let lanes = here.theory(query)["lanes"].clone();
        for (lane, said) in lanes.as_object().unwrap() {
            assert_eq!(said.is_null(), unknown.contains(&lane.as_str()), "{query}: {lane} {said}");
        }
    }
    for (query, name) in [
        ("source=chaos", "source"),
        ("rate=0", "rate"),
        ("rate=", "rate"),
        ("size=0", "size"),
        ("size=x", "size"),
        ("interval_ms=-1", "interval_ms"),
        ("interval_ms=1.5", "interval_ms"),
        ("interval_ms=3600001", "interval_ms"),
        ("hold_s=61", "hold_s"),
        ("http=3", "http"),
        ("payload=0", "payload"),
        ("payload=170.5", "payload"),
        ("payload=65687", "payload"),
        ("id_bytes=7", "id_bytes"),
        ("id_bytes=28", "id_bytes"),
        ("link=fast", "link"),
        ("link=%00", "link"),
    ] {
        let (head, body) = raw::get(here.address, &format!("/theory?{query}"));
        assert!(
            head.starts_with("HTTP/1.1 400 ") && body.contains(&format!("`{name}")),
            "{query}: {head} {body}"
        );
    }
}

/// How many heads there are, times what each weighs, and the envelope: with that a page has what the formula has.
#[test]
fn theory_of_bytes_is_the_formula_without_the_weight_of_heads() {
    let here = Operated::start(ANY, &["--source=quiet"]);
    let heads = Heads::plain(700.0, 90.0, 150.0);
    let payload = Payload { bytes: 300.0, id_bytes: 12.0 };
    let inputs = Inputs {
        rate_per_s: 0.5,
        arrivals: Some(Arrivals::Poisson),
        one_way: OneWay::Given(50_000.0),
        round_trip_us: 100_000.0,
        server_us: 0.0,
        turnaround_us: 0.0,
        wake_us: 0.0,
        poll_interval_us: 1e6,
        poll_mode: PollMode::FixedRate,
        hold_us: 5e6,
        linger_us: 0.0,
        keep_alive: true,
        http: Http::One,
        tls: None,
        proxied: false,
        writes_per_event: 1.0,
    };
    let query =
        "source=poisson&rate=0.5/s&interval_ms=1000&hold_s=5&link=rtt%3D100ms&payload=300&id_bytes=12";
    let lanes = &here.theory(query)["lanes"];
    for transport in Transport::ALL {
        let said = |name: &str| lanes[transport.to_string()][name].as_f64();
        let beats = Heartbeats::default().per_event(transport, &inputs).unwrap();
        let requests = theory::requests(transport, &inputs);
        let asked = requests.unwrap_or_else(|| Requests::of_streams(1.0, 40.0));
        let bytes = bytes_per_event(transport, &inputs, &asked, beats, &heads, &payload);
        let envelope = bytes.down.envelope + bytes.up.envelope;
        assert!((said("envelope_per_event").unwrap() - envelope).abs() < 1e-9, "{transport}: {lanes}");
        let counts = ["requests_per_event", "empty_per_event", "full_per_event"].map(said);
        assert_eq!(
            counts,
            counts.map(|count| count.filter(|_| requests.is_some())),
            "{transport}: a stream's are given"
        );
        if let [Some(all), Some(empty), Some(full)] = counts {
            let down = empty * heads.empty_answer.http + full * heads.full_answer.http;
            assert!((down - bytes.down.http).abs() < 1e-9, "{transport}: {lanes}");
            assert!((all * heads.request.http - bytes.up.http).abs() < 1e-9, "{transport}: {lanes}");
        }
    }
    assert_eq!(
        here.theory("source=bursts")["lanes"]["sse"]["envelope_per_event"],
        Value::Null,
        "nobody knows how many heartbeats a burst leaves room for"
    );
}

/// Every 25 s a heartbeat, 15 s on SSE: none at 1000 events a second.
#[test]
fn theory_of_bytes_over_http_2_has_a_frame_around_each_body_and_no_chunk() {
    let here = Operated::start(ANY, &["--source=quiet"]);
    let envelope = |http: u8, lane: &str| {
        let query = format!("rate=1000/s&interval_ms=10&hold_s=5&payload=300&id_bytes=12&http={http}");
        here.theory(&query)["lanes"][lane]["envelope_per_event"].as_f64().unwrap()
    };
    let full = here.theory("rate=1000/s&interval_ms=10")["lanes"]["poll"]["full_per_event"].as_f64().unwrap();
    // A chunk of 325 bytes: `145`, and two line ends.
    for (lane, more) in [("websocket", 9.0), ("sse", 9.0 - 7.0), ("poll", 9.0 * full)] {
        let told = envelope(2, lane) - envelope(1, lane);
        assert!((told - more).abs() < 0.001, "{lane}: {told} bytes more, not {more}");
    }
}

#[test]
fn theory_takes_events_as_the_server_makes_them_where_it_is_told_no_others() {
    let here = Operated::start(ANY, &["--source=steady", "--rate=1000/s", "--size=20"]);
    let thousand = || raw::get(here.address, "/poll?last_event_id=earliest").1;
    eventually("a thousand events", || thousand().contains("-1000\""));
    let events: Vec<Value> = serde_json::from_str(&thousand()).unwrap();
    let event = &events[999];
    let given =
        format!("payload={}&id_bytes={}", event.to_string().len(), event["id"].as_str().unwrap().len());
    assert_eq!(here.theory("size=20"), here.theory(&format!("size=20&{given}")));
    assert_ne!(
        here.theory("size=20"),
        here.theory(&format!("size=20&{given}0")),
        "a longer id is told apart"
    );
}
