//! A row for each lane of each run, for a spreadsheet or a data frame: RFC 4180, one header, units in the names.
//!
//! ```text
//! link,mode,rounds,…,lane,events_expected,…,latency_p50_us,latency_p50_us_predicted,…
//! none,together,1,…,(tcp),97,…,131,,…
//! none,together,1,…,poll,97,…,530000,500400,…
//! ```
//!
//! What cannot be known, or the sample cannot support, is empty.

use super::conditions::proxy;
use crate::bench::result::{Bytes, Compared, Control, Events, Lane, Latency, Layers, Report, Run};

/// A column's name, and what a row has there.
type Cell = (String, String);

/// The rows, under one header.
pub fn csv(report: &Report) -> String {
    let rows: Vec<Vec<Cell>> = report.runs.iter().flat_map(|run| rows(report, run)).collect();
    let header = rows.first().into_iter().map(|row| line(row.iter().map(|(name, _)| name)));
    let lines = rows.iter().map(|row| line(row.iter().map(|(_, value)| value)));
    header.chain(lines).collect()
}

fn rows(report: &Report, run: &Run) -> Vec<Vec<Cell>> {
    let conditions = conditions(report, run);
    let control = run.control.iter().map(|control| [conditions.clone(), of_control(control)].concat());
    let lanes = run.lanes.iter().map(|lane| [conditions.clone(), of_lane(lane)].concat());
    control.chain(lanes).collect()
}

/// Fields, as RFC 4180 has them: where a comma, a quote or a line end is inside, quotes are around it.
fn line<'a>(fields: impl Iterator<Item = &'a String>) -> String {
    let field = |field: &String| match field.contains([',', '"', '\r', '\n']) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field.clone(),
    };
    fields.map(field).collect::<Vec<_>>().join(",") + "\r\n"
}

fn cell(name: &str, value: &impl ToString) -> Cell {
    (name.to_owned(), value.to_string())
}

fn maybe(name: &str, value: Option<impl ToString>) -> Cell {
    (name.to_owned(), value.map_or(String::new(), |value| value.to_string()))
}

/// A value that its own text form names: an enum.
fn word(name: &str, value: &impl serde::Serialize) -> Cell {
    let value = serde_json::to_value(value).expect("an enum is a word");
    cell(name, &value.as_str().unwrap_or_default())
}

fn conditions(report: &Report, run: &Run) -> Vec<Cell> {
    let rate = run.played.as_ref().map(|source| source.rate.per_s());
    let publisher = run.publisher.as_ref().and_then(|publisher| publisher.lag_us);
    let link = run.relay.as_ref().and_then(|relay| relay.late_us);
    vec![
        cell("schema_version", &report.schema_version),
        cell("version", &report.environment.version),
        cell("build", &report.environment.build),
        cell("seed", &report.seed),
        cell("link", &run.link),
        word("mode", &run.mode),
        cell("rounds", &run.rounds),
        cell("source", &run.source),
        maybe("rate_asked_per_s", rate),
        cell("rate_per_s", &run.rate_per_s),
        cell("clients", &run.clients),
        maybe("size_bytes", run.size_bytes),
        maybe("payload_bytes", run.payload_bytes),
        cell("poll_interval_us", &run.poll_interval_us),
        word("poll_mode", &run.poll_mode),
        cell("hold_us", &run.hold_us),
        cell("linger_us", &run.linger_us),
        cell("http", &run.http.number()),
        cell("tls", &run.tls),
        word("headers", &run.headers),
        cell("keep_alive", &run.keep_alive),
        cell("proxy", &proxy(run)),
        cell("warmup_us", &run.warmup_us),
        cell("duration_us", &run.duration_us),
        maybe("one_way_us", run.theory.one_way_us.value),
        maybe("round_trip_us", run.theory.round_trip_us.value),
        maybe("gap_us", run.theory.gap_us.value),
        maybe("publisher_late_p99_us", publisher.map(|late| late.p99)),
        maybe("link_late_p50_us", link.map(|late| late.p50)),
        maybe("link_late_p99_us", link.map(|late| late.p99)),
        maybe("clients_late_p50_us", run.own.lateness_p50_us),
        maybe("clients_late_p99_us", run.own.lateness_p99_us),
        maybe("clients_cpu_share", run.own.cpu_share),
    ]
}

/// The row of a bare socket has what every lane has in the first columns, and nothing in those of a transport.
fn of_control(control: &Control) -> Vec<Cell> {
    let cells =
        [vec![cell("lane", &"(tcp)")], events(&control.events), latency(&control.latency_us)].concat();
    [cells, cost(None)].concat()
}

fn of_lane(lane: &Lane) -> Vec<Cell> {
    let cells = [vec![cell("lane", &lane.transport.name())], events(&lane.events), latency(&lane.latency_us)];
    [cells.concat(), cost(Some(lane))].concat()
}

fn events(events: &Events) -> Vec<Cell> {
    let Events { expected, delivered, lost, duplicated, reordered, missed, gaps } = *events;
    vec![
        cell("events_expected", &expected),
        cell("events_delivered", &delivered),
        cell("events_lost", &lost),
        cell("events_duplicated", &duplicated),
        cell("events_reordered", &reordered),
        cell("events_missed", &missed),
        cell("gaps", &gaps),
    ]
}

fn latency(latency: &Latency) -> Vec<Cell> {
    let Latency { mean, p50, p95, p99, max, negative } = latency;
    let figures = [("mean", mean), ("p50", p50), ("p95", p95), ("p99", p99), ("max", max)];
    let mut cells: Vec<Cell> = figures
        .iter()
        .flat_map(|(name, figure)| compared(&format!("latency_{name}_us"), Some(figure)))
        .collect();
    cells.push(word("latency_interval_over", &mean.interval_over));
    cells.push(cell("latencies_negative", &negative));
    cells
}

fn compared(name: &str, figure: Option<&Compared>) -> Vec<Cell> {
    let read = |of: fn(&Compared) -> Option<f64>| figure.and_then(of);
    vec![
        maybe(name, read(|figure| figure.measured)),
        maybe(&format!("{name}_predicted"), read(|figure| figure.predicted)),
        maybe(&format!("{name}_low"), read(|figure| figure.low)),
        maybe(&format!("{name}_high"), read(|figure| figure.high)),
    ]
}

fn cost(lane: Option<&Lane>) -> Vec<Cell> {
    let bytes = lane.map(|lane| &lane.bytes_per_event);
    let measured = bytes.and_then(|bytes| Some(Bytes { down: bytes.down?, up: bytes.up? }));
    let first = lane.map(|lane| &lane.first_event_us);
    let mut cells = compared("requests_per_event", lane.map(|lane| &lane.requests_per_event));
    cells.extend(compared("empty_share", lane.map(|lane| &lane.empty_share)));
    cells.extend(compared("bytes_per_event", bytes.map(|bytes| &bytes.total)));
    cells.extend(layers("", measured));
    cells.extend(layers("_predicted", bytes.and_then(|bytes| bytes.predicted)));
    let tcp_ip = lane.and_then(|lane| lane.tcp_ip_per_event);
    cells.extend([
        maybe("segments_down_per_event", tcp_ip.map(|of| of.segments_down)),
        maybe("segments_up_per_event", tcp_ip.map(|of| of.segments_up)),
        maybe("tcp_ip_header_bytes_down_per_event", tcp_ip.map(|of| of.header_bytes_down)),
        maybe("tcp_ip_header_bytes_up_per_event", tcp_ip.map(|of| of.header_bytes_up)),
        maybe("retransmitted_bytes_up_per_event", tcp_ip.map(|of| of.retransmitted_bytes_up)),
        maybe("tls_handshake_bytes_down", lane.and_then(|lane| Some(lane.handshake_bytes?.down))),
        maybe("tls_handshake_bytes_up", lane.and_then(|lane| Some(lane.handshake_bytes?.up))),
        maybe("failure", lane.and_then(|lane| lane.failure.as_ref())),
        maybe("connections_opened", lane.map(|lane| lane.connections_opened)),
        maybe("first_event_us", first.and_then(|first| first.measured)),
        maybe("first_event_us_predicted", first.and_then(|first| first.predicted)),
        maybe("server_cpu_us_per_event", lane.and_then(|lane| lane.server_cpu_us_per_event)),
        maybe("server_memory_bytes_per_client", lane.and_then(|lane| lane.server_memory_bytes_per_client)),
    ]);
    cells
}

fn layers(suffix: &str, bytes: Option<Bytes>) -> impl Iterator<Item = Cell> {
    let ways = [("down", bytes.map(|bytes| bytes.down)), ("up", bytes.map(|bytes| bytes.up))];
    ways.into_iter().flat_map(move |(way, layers)| {
        let layer = |name: &str, read: fn(&Layers) -> f64| {
            maybe(&format!("bytes_per_event_{way}_{name}{suffix}"), layers.as_ref().map(read))
        };
        [
            layer("payload", |of| of.payload),
            layer("envelope", |of| of.envelope),
            layer("http", |of| of.http),
            layer("tls", |of| of.tls),
        ]
    })
}

#[cfg(test)]
mod tests {
    use super::super::text::tests::report;
    use super::*;

    /// The header, and every row, cell by cell.
    fn table(text: &str) -> Vec<Vec<&str>> {
        text.split_terminator("\r\n").map(|line| line.split(',').collect()).collect()
    }

    #[test]
    fn each_lane_has_a_row_and_each_figure_a_column() {
        let text = csv(&report(|_| {}));
        let table = table(&text);
        let at = |row: usize, name: &str| {
            let column = table[0].iter().position(|column| *column == name);
            table[row][column.unwrap_or_else(|| panic!("no column `{name}`"))]
        };
        assert_eq!(table.len(), 4, "a header, the control row, two lanes");
        assert!(table.iter().all(|row| row.len() == table[0].len()), "{text}");
        for (row, name, value) in [
            (1, "lane", "(tcp)"),
            (1, "latency_p50_us", "131"),
            (1, "latency_p50_us_predicted", ""),
            (1, "requests_per_event", ""),
            (2, "lane", "poll"),
            (2, "link", "none"),
            (2, "rate_asked_per_s", "10"),
            (2, "events_expected", "97"),
            (2, "latency_mean_us", "512000"),
            (2, "latency_mean_us_predicted", "500400"),
            (2, "latency_mean_us_low", "460000"),
            (2, "latency_mean_us_high", "561000"),
            (2, "latency_interval_over", "blocks"),
            (2, "latency_p99_us", ""),
            (2, "bytes_per_event_down_http", "20.1"),
            (2, "bytes_per_event_up_http_predicted", "7.8"),
            (3, "lane", "sse"),
            (3, "empty_share", ""),
            (3, "server_cpu_us_per_event", "61.2"),
        ] {
            assert_eq!(at(row, name), value, "{name} in row {row}");
        }
    }

    #[test]
    fn a_field_with_a_comma_a_quote_or_a_line_end_is_quoted() {
        let fields = ["a", "b,c", "d\"e", "f\ng", ""].map(str::to_owned);
        assert_eq!(line(fields.iter()), "a,\"b,c\",\"d\"\"e\",\"f\ng\",\r\n");
    }
}
