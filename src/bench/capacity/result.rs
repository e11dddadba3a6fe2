//! A result: plain data with units in the names. `null` where a thing cannot be known.

use serde::{Deserialize, Serialize};

use super::slo::Slo;
use crate::bench::result::Environment;
use crate::transport::Transport;

/// Grows when a key is dropped or means something else; keys may be added without.
pub const SCHEMA_VERSION: u32 = 1;

/// All that a `bench capacity` found out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// The shape of this document.
    pub schema_version: u32,
    /// Which kind of document: `capacity`.
    pub kind: String,
    /// What was typed.
    pub command: String,
    /// What all that is random was drawn from.
    pub seed: u64,
    /// Where it ran.
    pub environment: Environment,
    /// What whoever quotes these figures must know.
    pub warnings: Vec<String>,
    /// Whether it was stopped before its time.
    pub interrupted: bool,
    /// Whether it was read over TLS.
    #[serde(default)]
    pub tls: bool,
    /// The server that was asked; `null` where each step had one of its own.
    pub url: Option<String>,
    /// The CPU of the server, and that of the clients; `null` where the system chose.
    pub cores: Option<[usize; 2]>,
    /// What was raised.
    pub axis: Axis,
    /// What a step had to hold.
    pub slo: Slo,
    /// Bytes of each event's data.
    pub size_bytes: usize,
    /// `steady` or `poisson`.
    pub source: String,
    /// How long the window of a step was.
    pub duration_us: u64,
    /// What came before it, and was not counted.
    pub warmup_us: u64,
    /// How often poll asked.
    pub poll_interval_us: u64,
    /// How long the readers rested at most before they looked again: a part of every latency.
    pub reader_rest_us: u64,
    /// One for each transport.
    pub lanes: Vec<Lane>,
}

/// What a search raises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Axis {
    /// Events a second, to so many clients.
    Rate,
    /// Clients, at so many events a second.
    Clients,
    /// Nothing: one step.
    #[value(skip)]
    None,
}

/// What came of a transport.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Lane {
    /// Which.
    pub transport: Transport,
    /// The middle one of what the rounds found; `null` where not even the first step held.
    pub peak: Option<Peak>,
    /// Each search, whole.
    pub rounds: Vec<Round>,
}

/// The highest load that held.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Peak {
    /// That step.
    pub step: Step,
    /// Whether the server could carry more: those who measured, or who asked, could not.
    pub at_least: bool,
    /// What went wrong above; `ok` where nothing did, and nothing above was tried.
    pub limit: Verdict,
}

/// One search.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Round {
    /// What it found; `null` where not even the first step held.
    pub peak: Option<Peak>,
    /// Its steps, in the order in which they were run.
    pub steps: Vec<Step>,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It held.
    Ok,
    /// The quantile was not below what it was to stay below.
    Late,
    /// Events were lost, doubled or reordered.
    Lost,
    /// The server did not accept events in time.
    Refused,
    /// The readers had no CPU left: the server may do better.
    ClientBound,
    /// The publisher came too late to its own events: the server may do better.
    PublisherBound,
}

/// One load, and what came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Step {
    /// Events a second that were published.
    pub rate_per_s: u64,
    /// Readers.
    pub clients: u64,
    /// What to make of it.
    pub verdict: Verdict,
    /// Whether nothing went wrong and the objective held.
    pub held: bool,
    /// Rate times clients.
    pub wanted_deliveries_per_s: f64,
    /// Deliveries that came within the window, a second.
    pub deliveries_per_s: f64,
    /// Age of events on arrival, all readers together.
    pub latency_us: Latency,
    /// What became of the events of the window.
    pub events: Events,
    /// CPU the server used in the window, in cores: 1 is all of one.
    pub server_cpu_share: Option<f64>,
    /// Time in which its threads were ready and something else ran, in the window, in cores.
    pub server_waited_share: Option<f64>,
    /// Deliveries for each second of CPU that the server used, in the window. Taking in the events counts.
    pub deliveries_per_server_cpu_s: Option<f64>,
    /// CPU of the thread that read, in the window, in cores.
    pub reader_cpu_share: Option<f64>,
    /// CPU of this process, all threads, in the window, in cores.
    pub client_cpu_share: Option<f64>,
    /// How late the publisher came to its own events, at its p99.
    pub publisher_lag_p99_us: u64,
    /// Readers that were cut off.
    pub readers_cut: u64,
    /// Why the first of them was.
    pub cut: Option<String>,
}

/// Quantiles; `null` where the deliveries are too few to say anything about one.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Latency {
    /// The median.
    pub p50: Option<u64>,
    /// One in twenty was later.
    pub p95: Option<u64>,
    /// One in a hundred was later.
    pub p99: Option<u64>,
    /// The latest.
    pub max: Option<u64>,
}

/// What became of the events that were due in the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Events {
    /// Events that were due.
    pub due: u64,
    /// Those of them that the server accepted in time: that it answered for.
    pub accepted: u64,
    /// Deliveries, all readers together.
    pub delivered: u64,
    /// Deliveries of accepted events that did not come.
    pub lost: u64,
    /// Deliveries that came again.
    pub doubled: u64,
    /// Deliveries that came after a later event of the same publishing connection.
    pub reordered: u64,
}
