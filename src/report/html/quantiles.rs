//! Latency at every quantile: a small chart for each run, all with the same axes.

use super::chart::{Axis, Chart, Figure, Plot, Point, Scale, Series, Unit};
use crate::bench::result::{Compared, Latency, QuantilePoint, Run};
use crate::bench::statistics::Method;
use crate::report::conditions::{extent, labels};

pub(super) const TEXT: &str = "How old an event was on arrival (upwards, logarithmic) for every share of events \
    (to the right): half of them were no older than the value at p50. To the right each nine takes as much room \
    as the one before, so that tails can be seen. A curve is the median over rounds of each round's quantile, \
    and ends where the events of a round support no more.";

/// One for each run that has curves.
pub(super) fn figures(runs: &[Run]) -> Vec<Figure> {
    let all: Vec<Vec<Series>> = runs.iter().map(series).collect();
    let series = || all.iter().flatten();
    let x = Axis {
        label: "quantile".to_owned(),
        scale: Scale::Nines,
        unit: Unit::Quantile,
        low: series().flat_map(Series::places).fold(0.05, f64::min),
        high: series().flat_map(Series::places).fold(0.95, f64::max),
    };
    let y = Axis::log("latency", Unit::Us, series().flat_map(Series::heights));
    let of_runs = runs.iter().zip(labels(runs)).zip(all);
    let drawn = of_runs.filter(|(_, series)| series.iter().any(|lane| !lane.points.is_empty()));
    let figure = |((run, label), series): ((&Run, String), Vec<Series>)| Figure {
        title: if label.is_empty() { "latency at every quantile".to_owned() } else { label },
        caption: caption(&[run]),
        chart: Chart::Curve(Plot { x: x.clone(), y: y.clone(), series, marks: Vec::new() }),
    };
    drawn.map(figure).collect()
}

fn series(run: &Run) -> Vec<Series> {
    let control = run.control.iter().map(|control| of("(tcp)", &control.curve, &control.latency_us));
    let lanes = run.lanes.iter().map(|lane| of(lane.transport.name(), &lane.curve, &lane.latency_us));
    control.chain(lanes).collect()
}

/// A logarithm has no place for what is not above 0: such a latency is in the tables.
fn of(lane: &str, curve: &[QuantilePoint], latency: &Latency) -> Series {
    let points = curve.iter().filter(|point| point.measured_us > 0.0).map(|point| {
        let interval = interval(latency, point.quantile);
        Point { x: point.quantile, y: point.measured_us, low: interval.low, high: interval.high }
    });
    let theory = |point: &QuantilePoint| {
        let us = point.predicted_us.filter(|us| *us > 0.0)?;
        Some([point.quantile, us])
    };
    Series {
        lane: lane.to_owned(),
        points: points.collect(),
        predicted: curve.iter().filter_map(theory).collect(),
    }
}

/// The quantiles of the tables have one.
fn interval(latency: &Latency, quantile: f64) -> Compared {
    let of_tables = [(0.5, latency.p50), (0.95, latency.p95), (0.99, latency.p99)];
    let found = of_tables.into_iter().find(|(of_table, _)| *of_table == quantile);
    found
        .map(|(_, figure)| figure)
        .filter(|figure| figure.low.is_some_and(|low| low > 0.0))
        .unwrap_or_default()
}

/// How many events, and what the bars of a figure stand for.
pub(super) fn caption(runs: &[&Run]) -> String {
    let lanes = runs.iter().flat_map(|run| &run.lanes);
    let mut methods = lanes.filter_map(|lane| lane.latency_us.mean.interval_over);
    let bars = match methods.next() {
        Some(Method::Trials) => "bars: 95%, rounds resampled",
        Some(Method::Blocks) => "bars: 95%, ten blocks of each round resampled",
        None => "no intervals: too few events",
    };
    format!("{}; {bars}", extent(runs.iter().copied()))
}
