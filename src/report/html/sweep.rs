//! What a sweep is for: a figure against what was varied, all else equal.
//!
//! ```text
//! runs:  none·1/s  rtt=50ms·1/s  none·10/s  rtt=50ms·10/s
//!           └────────┘ 1/s          └─────────┘ 10/s          against the round trip: two curves
//!           └───────────────────────┘ none      …             against the rate: two curves
//! ```

use super::chart::{Axis, Chart, Figure, Mark, Plot, Series, Unit};
use super::quantiles::caption;
use crate::bench::result::{Compared, Lane, Run};
use crate::report::conditions::{Condition, label};
use crate::transport::Transport;

/// All charts against one condition.
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) text: String,
    /// A row for each curve.
    pub(super) rows: Vec<Vec<Figure>>,
}

/// What a curve may run against.
struct Dimension {
    /// What differs between its points, and nothing else does.
    condition: Condition,
    title: &'static str,
    label: &'static str,
    unit: Unit,
    /// Where a run stands.
    x: fn(&Run) -> Option<f64>,
    /// Latency grows with the round trip as a straight line does: no logarithm may bend it.
    is_linear: bool,
}

const DIMENSIONS: [Dimension; 4] = [
    Dimension {
        condition: Condition::Link,
        title: "Latency against the round trip",
        label: "round trip, as measured",
        unit: Unit::Us,
        x: |run| run.theory.round_trip_us.value,
        is_linear: true,
    },
    Dimension {
        condition: Condition::Rate,
        title: "Against the rate of events",
        label: "events a second",
        unit: Unit::PerS,
        x: |run| Some(run.rate_per_s),
        is_linear: false,
    },
    Dimension {
        condition: Condition::PollInterval,
        title: "Against the poll interval",
        label: "poll interval",
        unit: Unit::Us,
        x: |run| Some(run.poll_interval_us as f64),
        is_linear: false,
    },
    Dimension {
        condition: Condition::Clients,
        title: "Against the number of clients",
        label: "clients a lane",
        unit: Unit::Count,
        x: |run| Some(run.clients as f64),
        is_linear: false,
    },
];

/// A figure of a lane that is drawn.
struct Statistic {
    name: &'static str,
    unit: Unit,
    of: fn(&Lane) -> &Compared,
}

const LATENCIES: [Statistic; 3] = [
    Statistic { name: "mean latency", unit: Unit::Us, of: |lane| &lane.latency_us.mean },
    Statistic { name: "p50 latency", unit: Unit::Us, of: |lane| &lane.latency_us.p50 },
    Statistic { name: "p95 latency", unit: Unit::Us, of: |lane| &lane.latency_us.p95 },
];

const BYTES: Statistic =
    Statistic { name: "bytes an event", unit: Unit::Bytes, of: |lane| &lane.bytes_per_event.total };

/// One for each condition of which there are several values, all else equal.
pub(super) fn groups(runs: &[Run]) -> Vec<Group> {
    let group = |dimension: &Dimension| {
        let curves = dimension.curves(runs);
        (!curves.is_empty()).then(|| Group {
            title: dimension.title,
            text: dimension.text(),
            rows: dimension.rows(runs, &curves),
        })
    };
    DIMENSIONS.iter().filter_map(group).collect()
}

/// Runs that differ in one condition only.
type Curve<'a> = Vec<&'a Run>;

impl Dimension {
    /// Those of at least two values.
    fn curves<'a>(&self, runs: &'a [Run]) -> Vec<Curve<'a>> {
        let key = |run: &Run| self.condition.others().map(|other| other.of(run)).collect::<Vec<_>>();
        let mut curves: Vec<Curve<'_>> = Vec::new();
        for run in runs.iter().filter(|run| (self.x)(run).is_some()) {
            match curves.iter_mut().find(|curve| key(curve[0]) == key(run)) {
                Some(curve) => curve.push(run),
                None => curves.push(vec![run]),
            }
        }
        let value = |run: &Run| self.condition.of(run);
        curves.retain(|curve| curve.iter().any(|run| value(run) != value(curve[0])));
        curves
    }

    fn text(&self) -> String {
        let cliff = match self.condition {
            Condition::Link | Condition::Rate => {
                " Where λR = 1 an event comes, on average, with each round trip: from there on a long poll is \
                 mostly under way when the next event comes, and adds up to a round trip to its latency."
            }
            _ => "",
        };
        format!(
            "Each point is a lane in one run, its bar the 95% interval; a line is theory, made from that run's \
             own calibration. Lanes at one place stand a little apart. Charts of one figure have the same axes.\
             {cliff}"
        )
    }

    /// A row of charts for each curve: what belongs to one stands side by side.
    fn rows(&self, runs: &[Run], curves: &[Curve<'_>]) -> Vec<Vec<Figure>> {
        let has_costs = matches!(self.condition, Condition::Rate | Condition::PollInterval);
        let statistics = LATENCIES.iter().chain(has_costs.then_some(&BYTES));
        let columns: Vec<Vec<Option<Figure>>> =
            statistics.map(|statistic| self.column(runs, statistic, curves)).collect();
        let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
        let row = |_| columns.iter_mut().filter_map(Iterator::next).flatten().collect();
        curves.iter().map(row).collect()
    }

    /// One figure of every curve, all with the same axes; none where the events support no point of it.
    fn column(&self, runs: &[Run], statistic: &Statistic, curves: &[Curve<'_>]) -> Vec<Option<Figure>> {
        let all: Vec<Vec<Series>> = curves.iter().map(|curve| self.series(statistic, curve)).collect();
        let (x, y) = self.axes(statistic, &all);
        let (mut varying, _) = Condition::parted(runs);
        varying.retain(|condition| *condition != self.condition);
        let figure = |(curve, series): (&Curve<'_>, Vec<Series>)| {
            let others = label(&varying, curve[0]);
            let title = if others.is_empty() { String::new() } else { format!(", {others}") };
            let has_points = series.iter().any(|lane| !lane.points.is_empty());
            has_points.then(|| Figure {
                title: format!("{}{title}", statistic.name),
                caption: caption(curve),
                chart: Chart::Lines(Plot {
                    marks: self.marks(curve, &x),
                    x: x.clone(),
                    y: y.clone(),
                    series,
                }),
            })
        };
        curves.iter().zip(all).map(figure).collect()
    }

    fn axes(&self, statistic: &Statistic, all: &[Vec<Series>]) -> (Axis, Axis) {
        let places = all.iter().flatten().flat_map(Series::places);
        let heights: Vec<f64> = all.iter().flatten().flat_map(Series::heights).collect();
        let (name, unit) = (statistic.name, statistic.unit);
        match self.is_linear {
            true => {
                (Axis::linear(self.label, self.unit, places), Axis::linear(name, unit, heights.into_iter()))
            }
            false => (Axis::log(self.label, self.unit, places), Axis::fitting(name, unit, &heights)),
        }
    }

    fn series(&self, statistic: &Statistic, curve: &Curve<'_>) -> Vec<Series> {
        let lane = |transport: Transport| {
            let figure = |run: &Run| {
                let lane = run.lanes.iter().find(|lane| lane.transport == transport)?;
                Some(((self.x)(run)?, *(statistic.of)(lane)))
            };
            let mut figures: Vec<(f64, Compared)> = curve.iter().filter_map(|run| figure(run)).collect();
            figures.sort_by(|one, other| one.0.total_cmp(&other.0));
            Series::of(transport.name(), &figures)
        };
        curve[0].lanes.iter().map(|of| lane(of.transport)).collect()
    }

    /// Where one event comes with each round trip, if that is on the axis and somebody long polls.
    fn marks(&self, curve: &Curve<'_>, x: &Axis) -> Vec<Mark> {
        let long_polls = curve[0].lanes.iter().any(|lane| lane.transport == Transport::Longpoll);
        let at = match self.condition {
            Condition::Link => 1e6 / curve[0].rate_per_s,
            Condition::Rate => 1e6 / curve[0].theory.round_trip_us.value.unwrap_or(0.0),
            _ => return Vec::new(),
        };
        let shows = long_polls && x.contains(at);
        shows.then(|| Mark { x: at, label: "λR = 1".to_owned() }).into_iter().collect()
    }
}
