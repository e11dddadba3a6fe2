//! What to find out, and how.

use std::time::Duration;

use super::crowd::longest_rest_us;
use super::result::{Axis, Report, SCHEMA_VERSION};
use super::search::Search;
use super::slo::Slo;
use super::step::WARMUP;
use crate::bench::cores::Cores;
use crate::bench::environment::environment;
use crate::client::{Target, Token};
use crate::source::SourceKind;
use crate::transport::Transport;

/// So many events a second, to so many readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Events a second.
    pub rate_per_s: u64,
    /// Readers.
    pub clients: u64,
}

/// Somebody's server.
#[derive(Clone, Debug)]
pub struct Theirs {
    /// Whom to read: a server of ours, or one endpoint that speaks SSE or WebSocket.
    pub url: Target,
    /// What lets a reader in there.
    pub token: Option<Token>,
    /// Where an event is POSTed.
    pub publish_url: Target,
    /// What lets a publisher in there.
    pub publish_token: Option<Token>,
    /// Its process, where it runs on this machine: then its CPU time is known.
    pub pid: Option<u32>,
}

/// What to find out, and how.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which transports, one after another.
    pub transports: Vec<Transport>,
    /// What is raised.
    pub axis: Axis,
    /// Where the search begins; the one step where nothing is raised.
    pub start: Load,
    /// No more than this is tried.
    pub most: u64,
    /// What must hold.
    pub slo: Slo,
    /// Bytes of each event's data.
    pub size: usize,
    /// Steady or Poisson.
    pub source: SourceKind,
    /// How long the window of a step is.
    pub duration: Duration,
    /// How often to search.
    pub rounds: usize,
    /// What all that is random is drawn from.
    pub seed: u64,
    /// How often poll asks.
    pub poll_interval: Duration,
    /// How long a long poll is held; the server's default where none is named.
    pub hold: Option<Duration>,
    /// Where the server runs, and where everybody else does.
    pub cores: Option<Cores>,
    /// Whether a server of our own is asked over TLS.
    pub tls: bool,
    /// A server that runs already; one of our own for each step where none is named.
    pub theirs: Option<Theirs>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            transports: Transport::ALL.to_vec(),
            axis: Axis::Rate,
            start: Load { rate_per_s: 500, clients: 100 },
            most: 1_000_000,
            slo: Slo::default(),
            size: 100,
            source: SourceKind::Steady,
            duration: Duration::from_secs(3),
            rounds: 1,
            seed: 0,
            poll_interval: Duration::from_millis(50),
            hold: None,
            cores: None,
            tls: false,
            theirs: None,
        }
    }
}

impl Plan {
    /// The load where what is raised stands at `value`.
    pub(super) fn load(&self, value: u64) -> Load {
        match self.axis {
            Axis::Rate => Load { rate_per_s: value, ..self.start },
            Axis::Clients => Load { clients: value, ..self.start },
            Axis::None => self.start,
        }
    }

    /// A report of nothing yet.
    pub fn report(&self, command: String) -> Report {
        Report {
            schema_version: SCHEMA_VERSION,
            kind: "capacity".to_owned(),
            command,
            seed: self.seed,
            environment: environment(),
            warnings: warnings(self),
            interrupted: false,
            tls: self.theirs.as_ref().map_or(self.tls, |theirs| theirs.url.is_secured()),
            url: self.theirs.as_ref().map(|theirs| theirs.url.to_string()),
            cores: self.cores.map(|cores| [cores.server, cores.client]),
            axis: self.axis,
            slo: self.slo,
            size_bytes: self.size,
            source: self.source.to_string(),
            duration_us: self.duration.as_micros() as u64,
            warmup_us: WARMUP.as_micros() as u64,
            poll_interval_us: self.poll_interval.as_micros() as u64,
            reader_rest_us: longest_rest_us(self.slo),
            lanes: Vec::new(),
        }
    }

    pub(super) fn search(&self) -> Search {
        let start = match self.axis {
            Axis::Rate => self.start.rate_per_s,
            Axis::Clients => self.start.clients,
            Axis::None => return Search::new(1, 1),
        };
        Search::new(start, self.most)
    }
}

fn warnings(plan: &Plan) -> Vec<String> {
    let debug = cfg!(debug_assertions).then_some("a debug build: do not quote these numbers");
    let shared = (plan.cores.is_none() && plan.theirs.is_none()).then_some(
        "server and clients share this machine's cores: with `--cores 0,1` each has one of its own",
    );
    debug.into_iter().chain(shared).map(str::to_owned).collect()
}
