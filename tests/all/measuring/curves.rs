//! What a lane's figures are made of: a figure a round, and a latency for every quantile.

use serde_json::Value;

use super::bench::number;
use super::choices::{MANY, ROUNDS, brief};
use super::usual::usual;

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2])
}

#[test]
fn a_lanes_figure_is_the_median_of_those_of_its_rounds() {
    for lane in brief(ROUNDS).lanes() {
        let trials = lane["trials"].as_array().unwrap();
        assert_eq!(trials.len(), 5, "one a round");
        let of_each = |path: &str| trials.iter().map(|trial| number(trial, path)).collect::<Vec<f64>>();
        assert_eq!(of_each("events").iter().sum::<f64>(), number(lane, "events.delivered"), "{lane}");
        for (of_trial, of_lane) in [
            ("latency_us.mean", "latency_us.mean.measured"),
            ("latency_us.max", "latency_us.max.measured"),
            ("requests_per_event", "requests_per_event.measured"),
            ("bytes_per_event", "bytes_per_event.total.measured"),
        ] {
            assert_eq!(middle(of_each(of_trial)), number(lane, of_lane), "{of_trial} in {lane}");
        }
        for trial in trials {
            assert!(trial["latency_us"]["p99"].is_null(), "some thirty events support no p99: {trial}");
            let (envelope, all) =
                (number(trial, "envelope_bytes_per_event"), number(trial, "bytes_per_event"));
            assert!(0.0 < envelope && envelope < all, "{trial}");
        }
    }
}

#[test]
fn every_figure_of_latency_can_be_computed_anew_from_raw_arrivals() {
    let many = brief(MANY);
    for lane in many.lanes().iter().chain([&many.run()["control"]]) {
        let [raw] = &lane["raw"].as_array().unwrap()[..] else { panic!("one round, one trial: {lane}") };
        let list = |name: &str| raw[name].as_array().unwrap();
        let count = list("latency_us").len() as u64;
        assert_eq!(lane["events"]["delivered"], count);
        for name in ["client", "sequence", "scheduled_us"] {
            assert_eq!(list(name).len() as u64, count, "{name}");
        }
        // Nothing is published before it is due, so all of it was due before the window's end.
        let end_us = many.run()["duration_us"].as_i64().unwrap();
        assert!(list("scheduled_us").iter().all(|us| us.as_i64().unwrap() <= end_us), "{raw}");
        let clients: Vec<u64> = list("client").iter().map(|client| client.as_u64().unwrap()).collect();
        assert!(clients.is_sorted() && clients.first() == Some(&0) && clients.last() == Some(&19));
        let latencies: Vec<f64> = list("latency_us").iter().map(|us| us.as_f64().unwrap()).collect();
        let mean = latencies.iter().sum::<f64>() / latencies.len() as f64;
        assert_eq!(number(lane, "latency_us.mean.measured"), mean);
        assert_eq!(number(lane, "latency_us.max.measured"), latencies.into_iter().fold(0.0, f64::max));
    }
    assert!(usual().lanes()[0].get("raw").is_none(), "only where it was asked for");
}

#[test]
fn a_curve_goes_through_the_figures_of_the_tables_and_ends_where_the_events_do() {
    let run = usual().run();
    for lane in usual().lanes().iter().chain([&run["control"]]) {
        let curve = lane["curve"].as_array().unwrap();
        let at = |quantile: f64| curve.iter().find(|point| point["quantile"] == quantile);
        for (name, quantile) in [("p50", 0.5), ("p95", 0.95)] {
            let (point, figure) = (at(quantile).unwrap(), &lane["latency_us"][name]);
            assert_eq!(point["measured_us"], figure["measured"], "{name}");
            assert_eq!(point["predicted_us"], figure["predicted"], "{name}");
        }
        assert!(at(0.99).is_none() && at(0.01).is_none(), "a hundred events support neither: {lane}");
        let latencies: Vec<f64> = curve.iter().map(|point| number(point, "measured_us")).collect();
        assert!(latencies.is_sorted(), "{latencies:?}");
    }
    assert!(run["control"]["curve"][0]["predicted_us"].is_null(), "theory is made from the control row");
    let trace: Vec<&Value> = super::usual::trace().lanes().iter().map(|lane| &lane["curve"]).collect();
    for curve in trace {
        assert!(curve.as_array().unwrap().iter().any(|point| point["quantile"] == 0.99), "{curve}");
    }
}
