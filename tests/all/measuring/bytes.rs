//! Every byte has a layer, and theory knows how many there are.

use serde_json::Value;
use wirelanes::transport::Transport;

use super::bench::{Finished, assert_near, number};
use super::choices::{SMALL, brief};
use super::usual::usual;

const LAYERS: [&str; 4] = ["payload", "envelope", "http", "tls"];

fn sum(way: &Value) -> f64 {
    LAYERS.iter().map(|layer| number(way, layer)).sum()
}

#[test]
fn the_layers_add_up_to_the_total() {
    for lane in usual().lanes() {
        let bytes = &lane["bytes_per_event"];
        let measured = sum(&bytes["down"]) + sum(&bytes["up"]);
        assert_near("the measured layers", measured, number(bytes, "total.measured"), 1e-6);
        let predicted = sum(&bytes["predicted"]["down"]) + sum(&bytes["predicted"]["up"]);
        assert_near("the predicted layers", predicted, number(bytes, "total.predicted"), 1e-6);
    }
}

/// Streams wrap every event alike and connect once: there is nothing to vary.
#[track_caller]
fn assert_streams_cost_what_theory_says(finished: &Finished) {
    for transport in [Transport::Sse, Transport::Websocket] {
        let bytes = &finished.lane(transport)["bytes_per_event"];
        for way in ["down", "up"] {
            let (measured, predicted) = (&bytes[way], &bytes["predicted"][way]);
            for layer in ["payload", "http"] {
                let what = format!("{transport} {way} {layer}");
                let predicted = number(predicted, layer);
                assert_near(&what, number(measured, layer), predicted, predicted * 0.01);
            }
            let what = format!("{transport} {way} envelope");
            // An id may grow by a digit between two ends of a window that are some events apart where a machine is
            // busy: a few hundredths of a byte. A heartbeat too many would be 8/100, a byte an event 100/100.
            assert_near(&what, number(measured, "envelope"), number(predicted, "envelope"), 0.05);
        }
    }
}

#[test]
fn streams_cost_what_theory_says() {
    assert_streams_cost_what_theory_says(usual());
    assert_eq!(number(usual().lane(Transport::Websocket), "bytes_per_event.down.envelope"), 4.0);
}

#[test]
fn a_short_event_has_a_short_frame_header() {
    let short = brief(SMALL);
    assert_streams_cost_what_theory_says(short);
    assert!(number(short.run(), "payload_bytes") < 126.0);
    assert_eq!(number(short.lane(Transport::Websocket), "bytes_per_event.down.envelope"), 2.0);
}

/// What they cost depends on how often they ask, which is chance; what a request costs does not, but for the
/// length of the id it names: at the hundredth event that grows by a digit, and of some twenty polls a few more
/// or fewer may come after it than there are events after it.
#[test]
fn who_asks_pays_for_each_request_what_theory_says() {
    for transport in [Transport::Poll, Transport::Longpoll] {
        let lane = usual().lane(transport);
        let bytes = &lane["bytes_per_event"];
        let a_request = |up: &Value, requests: &str| number(up, "http") / number(lane, requests);
        assert_near(
            &format!("{transport}: the head of a request"),
            a_request(&bytes["up"], "requests_per_event.measured"),
            a_request(&bytes["predicted"]["up"], "requests_per_event.predicted"),
            0.2,
        );
    }
}
