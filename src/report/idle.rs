//! What idle connections cost, for a terminal: memory in the first table, traffic beside theory in the second.

use super::conditions::tls;
use super::format::{bytes, chosen, counted, number, percent};
use super::text::{folded, heads};
use crate::bench::idle::result::{Direction, Flow, KernelMemory, Lane, Memory, PerMinute, Report};
use crate::transport::Transport;

/// The tables.
pub fn text(report: &Report) -> String {
    let mut text = conditions(report) + &memory(report) + &traffic(report);
    for warning in &report.warnings {
        text += &folded("warning: ", warning);
    }
    text
}

fn conditions(report: &Report) -> String {
    let has = |transport| report.lanes.iter().any(|lane| lane.transport == transport);
    let mut facts =
        vec![counted(report.connections, "idle connection"), format!("window {}", chosen(report.window_us))];
    if has(Transport::Poll) {
        facts.push(format!("poll {}", chosen(report.poll_interval_us)));
    }
    if has(Transport::Longpoll) {
        facts.push(format!("hold {}", chosen(report.hold_us)));
    }
    if report.rounds > 1 {
        facts.push(format!("{} rounds", report.rounds));
    }
    facts.push(format!("HTTP/1.1, {}, {} heads", tls(report.tls), heads(report.headers)));
    if report.interrupted {
        facts.push("interrupted: this is what there was by then".to_owned());
    }
    folded("", &facts.join(" · ")) + &fate(report)
}

/// Whether all of them stayed open.
fn fate(report: &Report) -> String {
    let lost: Vec<&Lane> = report.lanes.iter().filter(|lane| lane.lost > 0).collect();
    if lost.is_empty() {
        return "all lanes: every connection stayed open\n".to_owned();
    }
    lost.iter()
        .map(|lane| format!("{}: {} did not stay open\n", lane.transport, counted(lane.lost, "connection")))
        .collect()
}

fn memory(report: &Report) -> String {
    let mut text = String::from(
        "\nmemory of a             ─── process ──   ──── kernel ────   ──── given back ────\n\
         connection              first    again   socket  buffers   memory          files\n",
    );
    for lane in &report.lanes {
        let (process, kernel) = (&lane.server_memory, &lane.kernel_memory);
        text += &format!(
            "{:<20}{:>9}{:>9}{:>9}{:>9}{:>9}{:>15}\n",
            lane.transport.name(),
            whole(process.bytes_per_connection),
            whole(process.again_bytes_per_connection),
            whole(kernel.socket_bytes_per_connection),
            buffers(kernel),
            percent(lane.given_back.memory_share),
            files(lane),
        );
    }
    text + "process: what its PSS grew by; again: by a second crowd, after the first left\n"
        + &given_back(report)
}

/// Of which memory a share is, and why there may be none.
fn given_back(report: &Report) -> String {
    let back = || report.lanes.iter().map(|lane| &lane.given_back);
    let mut told = match back().find_map(|back| back.memory) {
        None => return String::new(),
        Some(Memory::InUse) => "given back: of the memory in use, as the server tells it".to_owned(),
        Some(Memory::Pages) => {
            "given back: of its pages; those that an allocator keeps for who comes next are not".to_owned()
        }
    };
    if back().any(|back| back.memory.is_some() && back.memory_share.is_none()) {
        told += "; –: it had grown by too little to tell, more connections (`-c`) can";
    }
    folded("", &told)
}

/// `8512 B`; `–` for what cannot be known.
fn whole(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{:.0} B", value.round() + 0.0))
}

/// `<210 B` for what cannot be told from nothing.
fn buffers(kernel: &KernelMemory) -> String {
    match (kernel.buffer_bytes_per_connection, kernel.buffers_within_bytes_per_connection) {
        (Some(bytes), Some(within)) if bytes.abs() <= within => format!("<{}", whole(Some(within))),
        (bytes, _) => whole(bytes),
    }
}

/// `5000 of 5000`.
fn files(lane: &Lane) -> String {
    let back = &lane.given_back;
    match (back.file_descriptors_closed, back.file_descriptors_opened) {
        (Some(closed), Some(opened)) => format!("{closed:.0} of {opened:.0}"),
        _ => "–".to_owned(),
    }
}

fn traffic(report: &Report) -> String {
    let mut text = String::from(
        "\ntraffic of a           ───────── down ──────────   ────────── up ───────────\n\
         connection a minute    bytes  packets   on wire    bytes  packets   on wire\n",
    );
    for lane in &report.lanes {
        let PerMinute { measured, predicted, long_run } = &lane.per_minute;
        text += &row(lane.transport.name(), measured.as_ref());
        text += &row("  theory", predicted.as_ref());
        if !are_alike(predicted.as_ref(), long_run.as_ref()) {
            text += &row("  in the long run", long_run.as_ref());
        }
    }
    text + "packets: pure acknowledgements, too; on wire: with their IP and TCP headers\n"
}

/// The long run is worth a row where the window did not happen to show it.
fn are_alike(one: Option<&Flow>, other: Option<&Flow>) -> bool {
    let packets = |flow: &Flow| flow.down.packets + flow.up.packets;
    match (one.map(packets), other.map(packets)) {
        (Some(one), Some(other)) => (one - other).abs() <= other / 100.0,
        _ => true,
    }
}

fn row(name: &str, flow: Option<&Flow>) -> String {
    let way = |side: fn(&Flow) -> Direction| {
        let read = |of: fn(Direction) -> f64| flow.map(|flow| of(side(flow)));
        let wire = bytes(read(|way| way.wire_bytes));
        (bytes(read(|way| way.payload_bytes)), number(read(|way| way.packets)), wire)
    };
    let (down, up) = (way(|flow| flow.down), way(|flow| flow.up));
    format!("{name:<19}{:>9}{:>9}{:>10}{:>9}{:>9}{:>10}\n", down.0, down.1, down.2, up.0, up.1, up.2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::idle::result::{GivenBack, ServerMemory};
    use crate::bench::result::{Environment, HeaderStyle};

    fn lane(memory: Option<f64>, share: Option<f64>) -> Lane {
        let way = Direction { payload_bytes: 32.0, packets: 4.0, wire_bytes: 240.0 };
        let flow = memory.map(|_| Flow { down: way, up: way });
        Lane {
            transport: Transport::Sse,
            rounds: 1,
            lost: 0,
            opening_us: None,
            server_memory: ServerMemory {
                bytes_per_connection: memory,
                again_bytes_per_connection: memory,
                before_bytes: None,
                open_bytes: None,
                after_bytes: None,
            },
            kernel_memory: KernelMemory {
                socket_bytes_per_connection: memory,
                buffer_bytes_per_connection: memory.map(|_| -0.2),
                buffers_within_bytes_per_connection: memory.map(|_| 55.2),
            },
            per_minute: PerMinute { measured: flow, predicted: flow, long_run: None },
            given_back: GivenBack {
                memory_share: share,
                memory: memory.map(|_| Memory::InUse),
                file_descriptors_opened: share.map(|_| 19_000.0),
                file_descriptors_closed: share.map(|_| 19_000.0),
            },
        }
    }

    fn report(lane: Lane) -> Report {
        Report {
            schema_version: 1,
            lab: "idle".to_owned(),
            command: "wirelanes bench idle".to_owned(),
            environment: Environment {
                version: "0.1.0".to_owned(),
                build: "release".to_owned(),
                os: "linux".to_owned(),
                arch: "x86_64".to_owned(),
                cpus: 2,
                cpu: None,
                kernel: None,
            },
            warnings: Vec::new(),
            interrupted: false,
            connections: 19_000,
            window_us: 30_000_000,
            rounds: 1,
            poll_interval_us: 30_000_000,
            hold_us: 25_000_000,
            headers: HeaderStyle::Bare,
            tls: true,
            server: None,
            lanes: vec![lane],
        }
    }

    #[test]
    fn no_line_is_wider_than_a_terminal_and_nothing_is_less_than_nothing() {
        let text = text(&report(lane(Some(123_456.0), Some(-0.001))));
        assert!(text.contains("    <55 B      0 % 19000 of 19000\n"), "{text}");
        assert!(!text.contains("-0"), "{text}");
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }

    #[test]
    fn a_share_that_cannot_be_told_is_a_dash_and_says_why() {
        const WHY: &str = "; –: it had grown by too";
        let told = text(&report(lane(Some(8_000.0), Some(0.99))));
        assert!(told.contains("\ngiven back: of the memory in use, as the server tells it\n"), "{told}");
        let few = text(&report(lane(Some(8_000.0), None)));
        assert!(few.contains(WHY) && !told.contains(WHY), "{few}");
    }

    #[test]
    fn what_cannot_be_known_is_a_dash() {
        let text = text(&report(lane(None, None)));
        let row = text.lines().find(|line| line.starts_with("sse")).unwrap();
        assert_eq!(row.split_whitespace().skip(1).collect::<Vec<_>>(), ["–"; 6], "{text}");
    }
}
