//! `/stats` and `/metrics`: what the server counted, as JSON and as Prometheus reads it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use serde::Serialize;

use super::{Shared, heap};
use crate::clock::process_cpu_us;
use crate::feed::{Tally, TopicState};
use crate::transport::Transport;
use crate::wire::{Bytes, Counts, Handshake};

/// Tells how the server's own publishing goes, where it publishes at all.
pub type Publishing = Arc<dyn Fn() -> Option<serde_json::Value> + Send + Sync>;

#[derive(Serialize)]
pub(super) struct Statistics {
    uptime_us: u64,
    connections: Connections,
    /// Of all its threads' runtimes: a task for each connection, and a few besides.
    tasks: usize,
    published: u64,
    publisher: Option<serde_json::Value>,
    /// CPU time of the whole process; `null` where the platform does not say.
    cpu_us: Option<u64>,
    /// What its allocator has given out and not taken back; `null` where that does not tell.
    memory_in_use_bytes: Option<u64>,
    topics: Vec<TopicState>,
    transports: BTreeMap<Transport, Traffic>,
    other: Booked,
    clients: BTreeMap<String, Booked>,
}

#[derive(Serialize)]
struct Connections {
    open: u64,
    accepted: u64,
    /// One too many, and turned away.
    refused: u64,
}

/// What a ledger knows where nobody knows the payload.
#[derive(Serialize)]
pub(super) struct Booked {
    requests: u64,
    empty_answers: u64,
    up: Bytes,
    down: Bytes,
    handshake: Handshake,
}

impl Booked {
    pub(super) fn of(Counts { requests, empty_answers, up, down, handshake, .. }: Counts) -> Self {
        Self { requests, empty_answers, up, down, handshake }
    }
}

#[derive(Serialize)]
struct Traffic {
    subscribers: u64,
    requests: u64,
    empty_answers: u64,
    deliveries: u64,
    gaps: u64,
    up: Layers,
    down: Layers,
    /// Of the connections that were opened for it.
    handshake: Handshake,
}

/// Bytes by layer.
#[derive(Serialize)]
struct Layers {
    payload: u64,
    envelope: u64,
    /// With frames that belong to no request of a connection of HTTP/2: they are the latest one's.
    http: u64,
    /// Where requests to several transports share a connection of HTTP/2, so they do a record: it is the latest one's.
    tls: u64,
}

impl Layers {
    /// What follows a head and is no payload is envelope.
    fn of(bytes: Bytes, payload: u64) -> Self {
        let Bytes { http, body, tls } = bytes;
        Self { payload, envelope: body.saturating_sub(payload), http, tls }
    }
}

impl Traffic {
    fn of((counts, tally): (Counts, &Tally)) -> Self {
        Self {
            subscribers: tally.subscribers.load(Relaxed),
            requests: counts.requests,
            empty_answers: counts.empty_answers,
            deliveries: tally.events.load(Relaxed),
            gaps: tally.gaps.load(Relaxed),
            up: Layers::of(counts.up, 0),
            down: Layers::of(counts.down, tally.payload_bytes.load(Relaxed)),
            handshake: counts.handshake,
        }
    }
}

pub(super) fn read(shared: &Shared) -> Statistics {
    let traffic = |transport| (transport, Traffic::of(shared.accounts.transport(transport)));
    let clients = shared.accounts.clients();
    let runtimes = shared.runtimes.get().into_iter().flatten();
    Statistics {
        uptime_us: shared.feed.clock().now_us() - shared.started_us,
        connections: Connections {
            open: shared.door.open(),
            accepted: shared.accepted.load(Relaxed),
            refused: shared.door.refused(),
        },
        tasks: runtimes.map(|runtime| runtime.metrics().num_alive_tasks()).sum(),
        published: shared.feed.published(),
        publisher: (shared.publishing)(),
        cpu_us: process_cpu_us(),
        memory_in_use_bytes: heap::in_use_bytes(),
        topics: shared.feed.topics(),
        transports: Transport::ALL.into_iter().map(traffic).collect(),
        other: Booked::of(shared.accounts.other()),
        clients: clients.into_iter().map(|(name, counts)| (name, Booked::of(counts))).collect(),
    }
}

/// The text format of Prometheus, version 0.0.4.
pub(super) fn prometheus(statistics: &Statistics) -> String {
    let mut text = String::new();
    let mut family =
        |name: &str, kind: &str, help: &str, samples: &mut dyn Iterator<Item = (String, u64)>| {
            let _ = writeln!(text, "# HELP wirelanes_{name} {help}\n# TYPE wirelanes_{name} {kind}");
            for (labels, value) in samples {
                let _ = writeln!(text, "wirelanes_{name}{labels} {value}");
            }
        };
    let one = |value| std::iter::once((String::new(), value));
    let by_transport = |read: fn(&Traffic) -> u64| {
        let transports = statistics.transports.iter();
        transports.map(move |(transport, traffic)| (format!("{{transport=\"{transport}\"}}"), read(traffic)))
    };
    family("connections", "gauge", "Open connections.", &mut one(statistics.connections.open));
    family("tasks", "gauge", "Tasks of all its runtimes.", &mut one(statistics.tasks as u64));
    family(
        "memory_in_use_bytes",
        "gauge",
        "Memory that its allocator has given out.",
        &mut statistics.memory_in_use_bytes.into_iter().map(|bytes| (String::new(), bytes)),
    );
    family(
        "connections_accepted_total",
        "counter",
        "Connections accepted.",
        &mut one(statistics.connections.accepted),
    );
    family(
        "connections_refused_total",
        "counter",
        "Connections turned away.",
        &mut one(statistics.connections.refused),
    );
    family("events_published_total", "counter", "Events published.", &mut one(statistics.published));
    family("subscribers", "gauge", "Readers of the feed.", &mut by_transport(|of| of.subscribers));
    family("requests_total", "counter", "Requests.", &mut by_transport(|of| of.requests));
    family(
        "empty_answers_total",
        "counter",
        "Answers that brought nothing.",
        &mut by_transport(|of| of.empty_answers),
    );
    family("deliveries_total", "counter", "Events handed to readers.", &mut by_transport(|of| of.deliveries));
    family("gaps_total", "counter", "Gaps told to readers.", &mut by_transport(|of| of.gaps));
    family(
        "bytes_total",
        "counter",
        "Bytes on the wire, by layer; what requests over one HTTP/2 connection share is the latest one's.",
        &mut statistics.transports.iter().flat_map(bytes),
    );
    text
}

fn bytes((transport, traffic): (&Transport, &Traffic)) -> Vec<(String, u64)> {
    let Handshake { up, down } = traffic.handshake;
    let both = [("up", &traffic.up, up), ("down", &traffic.down, down)];
    let layers = both.into_iter().flat_map(|(direction, layers, handshake)| {
        let Layers { payload, envelope, http, tls } = *layers;
        let names = ["payload", "envelope", "http", "tls", "handshake"];
        let each = names.into_iter().zip([payload, envelope, http, tls, handshake]);
        each.map(move |(layer, bytes)| (direction, layer, bytes))
    });
    let labelled = layers.map(|(direction, layer, bytes)| {
        (format!("{{transport=\"{transport}\",direction=\"{direction}\",layer=\"{layer}\"}}"), bytes)
    });
    labelled.collect()
}
