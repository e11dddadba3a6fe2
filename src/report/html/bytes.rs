//! Bytes an event, stacked by layer: a small chart for each run, all with the same axis.

use super::chart::{Bars, Chart, Figure, Row};
use crate::bench::result::{Bytes, Lane, Layers, Run};
use crate::report::conditions::{extent, labels};

pub(super) const TEXT: &str = "What crossed the socket for each event and client, both ways: the event itself, \
    what the transport puts around it, and the heads of requests and answers. A stream's heads are those of its \
    one request, shared by all events of the window. Counted on the client's socket; the median over rounds.";

const LAYERS: [&str; 5] = ["payload", "envelope", "heads down", "heads up", "TLS"];

/// One for each run that has events.
pub(super) fn figures(runs: &[Run]) -> Vec<Figure> {
    let all: Vec<Vec<Row>> = runs.iter().map(|run| run.lanes.iter().map(row).collect()).collect();
    let stacks = all.iter().flatten().flat_map(|row| [row.measured, row.predicted]).flatten();
    let high = stacks.map(|stack| stack.iter().sum()).fold(1.0, f64::max);
    let of_runs = runs.iter().zip(labels(runs)).zip(all);
    let drawn = of_runs.filter(|(_, rows)| rows.iter().any(|row| row.measured.is_some()));
    let figure = |((run, label), rows): ((&Run, String), Vec<Row>)| Figure {
        title: if label.is_empty() { "bytes an event".to_owned() } else { label },
        caption: extent([run]),
        chart: Chart::Bars(Bars { high, layers: LAYERS, rows }),
    };
    drawn.map(figure).collect()
}

fn row(lane: &Lane) -> Row {
    let bytes = &lane.bytes_per_event;
    let measured = bytes.down.zip(bytes.up).map(|(down, up)| Bytes { down, up });
    Row {
        lane: lane.transport.name().to_owned(),
        measured: measured.as_ref().map(stack),
        predicted: bytes.predicted.as_ref().map(stack),
    }
}

/// From the inside out.
fn stack(bytes: &Bytes) -> [f64; 5] {
    let both = |read: fn(&Layers) -> f64| read(&bytes.down) + read(&bytes.up);
    [both(|of| of.payload), both(|of| of.envelope), bytes.down.http, bytes.up.http, both(|of| of.tls)]
}
