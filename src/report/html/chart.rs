//! What a canvas shows, as plain data: the shape that `static/chart/*.js` draw.

use serde::Serialize;

use crate::bench::result::Compared;

/// A chart, and the words around it.
pub(super) struct Figure {
    pub(super) title: String,
    /// How many events, and how the figures were obtained.
    pub(super) caption: String,
    pub(super) chart: Chart,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum Chart {
    /// Latency at every quantile.
    Curve(Plot),
    /// A figure against what was varied.
    Lines(Plot),
    /// Bytes by layer.
    Bars(Bars),
}

impl Chart {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Curve(_) => "curve",
            Self::Lines(_) => "lines",
            Self::Bars(_) => "bars",
        }
    }
}

#[derive(Serialize)]
pub(super) struct Plot {
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) series: Vec<Series>,
    pub(super) marks: Vec<Mark>,
}

#[derive(Clone, Serialize)]
pub(super) struct Axis {
    pub(super) label: String,
    pub(super) scale: Scale,
    pub(super) unit: Unit,
    pub(super) low: f64,
    pub(super) high: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Scale {
    Linear,
    Log,
    /// p90 is as far from p99 as p99 from p99.9.
    Nines,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Unit {
    Us,
    Bytes,
    PerS,
    Quantile,
    Count,
}

/// One lane.
#[derive(Serialize)]
pub(super) struct Series {
    pub(super) lane: String,
    pub(super) points: Vec<Point>,
    /// Places of theory: x and y.
    pub(super) predicted: Vec<[f64; 2]>,
}

/// What was measured, and the 95% interval where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
}

/// A place on the x axis that has a name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Mark {
    pub(super) x: f64,
    pub(super) label: String,
}

#[derive(Serialize)]
pub(super) struct Bars {
    /// The most that any bar shows.
    pub(super) high: f64,
    pub(super) layers: [&'static str; 5],
    pub(super) rows: Vec<Row>,
}

#[derive(Serialize)]
pub(super) struct Row {
    pub(super) lane: String,
    pub(super) measured: Option<[f64; 5]>,
    pub(super) predicted: Option<[f64; 5]>,
}

impl Series {
    /// Of figures at places, in the order of these.
    pub(super) fn of(lane: &str, figures: &[(f64, Compared)]) -> Self {
        let point = |(x, figure): &(f64, Compared)| {
            Some(Point { x: *x, y: figure.measured?, low: figure.low, high: figure.high })
        };
        let theory = |(x, figure): &(f64, Compared)| Some([*x, figure.predicted?]);
        Self {
            lane: lane.to_owned(),
            points: figures.iter().filter_map(point).collect(),
            predicted: figures.iter().filter_map(theory).collect(),
        }
    }

    /// Every y that has to have a place.
    pub(super) fn heights(&self) -> impl Iterator<Item = f64> {
        let of_point = |point: &Point| [Some(point.y), point.low, point.high].into_iter().flatten();
        let points = self.points.iter().flat_map(of_point);
        points.chain(self.predicted.iter().map(|[_, y]| *y))
    }

    /// Every x that has to have a place.
    pub(super) fn places(&self) -> impl Iterator<Item = f64> {
        self.points.iter().map(|point| point.x).chain(self.predicted.iter().map(|[x, _]| *x))
    }
}

/// From this ratio on between the largest and the smallest, what is small could not be told from nothing.
const WIDE: f64 = 30.0;

impl Axis {
    /// Linear and from 0, where all of it can be seen so; else logarithmic.
    pub(super) fn fitting(label: &str, unit: Unit, values: &[f64]) -> Self {
        let (low, high) = range(values.iter().copied());
        match low > 0.0 && high / low > WIDE {
            true => Self::log(label, unit, values.iter().copied()),
            false => Self::linear(label, unit, values.iter().copied()),
        }
    }

    /// From 0, with a little air above.
    pub(super) fn linear(label: &str, unit: Unit, values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = range(values.chain([0.0]));
        let high = if high > 0.0 { 1.06 * high } else { 1.0 };
        Self { label: label.to_owned(), scale: Scale::Linear, unit, low, high }
    }

    /// Of what is above 0, with a little air at both ends.
    pub(super) fn log(label: &str, unit: Unit, values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = range(values.filter(|value| *value > 0.0));
        let (low, high) = if high > 0.0 { (low / 1.25, high * 1.25) } else { (1.0, 10.0) };
        Self { label: label.to_owned(), scale: Scale::Log, unit, low, high }
    }

    pub(super) fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;

    #[test]
    fn an_axis_shows_all_of_its_values_and_is_linear_where_it_can_be() {
        for (values, scale) in [
            (&[10.0, 200.0][..], Scale::Linear),
            (&[10.0, 400.0], Scale::Log),
            (&[0.0, 400.0], Scale::Linear),
            (&[-3.0, 400.0], Scale::Linear),
            (&[7.0], Scale::Linear),
        ] {
            let axis = Axis::fitting("latency", Unit::Us, values);
            assert_eq!(axis.scale, scale, "{values:?}");
            assert!(values.iter().all(|value| axis.contains(*value)), "{values:?}");
        }
    }

    #[test]
    fn an_axis_of_nothing_still_has_two_ends() {
        let nothing = iter::empty::<f64>;
        for axis in [Axis::linear("x", Unit::Count, nothing()), Axis::log("x", Unit::Count, nothing())] {
            assert!(axis.low < axis.high && axis.high.is_finite() && axis.low.is_finite());
        }
    }
}
