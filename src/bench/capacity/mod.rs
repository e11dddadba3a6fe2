//! How much a server carries: the highest load at which every event comes to every reader, once, in order, and
//! early enough.
//!
//! ```text
//!                        ┌─ publisher ── POST POST POST ──▶ ┌────────┐
//! Search ─ load ─▶ step ─┤                                  │ server │
//!    ▲                   └─ readers ◀══ sse, websocket, … ══ └────────┘
//!    └──── held? ────────── verdict
//! ```
//!
//! Whoever measures must carry more than who is measured, and says so where it does not. Readers find frames and
//! marks, and parse nothing else; the publisher keeps a schedule whatever the server does. Each event carries
//! when it was due, so a latency is an age, whoever was slow; and its number, so a loss is known for any server
//! that passes events on, and not for ours alone.
//!
//! In reading order: [`slo`] (what must hold), [`search`] (which load is next), [`marker`] (what an event says
//! of itself), [`seen`] (which came), [`frames`] (where messages end), `listener` and `crowd` (who reads),
//! `publisher`, `server` (who is measured), `step` (one load), [`result`] (plain data).

mod crowd;
pub mod frames;
mod listener;
pub mod marker;
mod publisher;
pub mod result;
pub mod search;
pub mod seen;
mod server;
pub mod slo;
mod step;

use std::time::Duration;

use hdrhistogram::Histogram;
use tokio_util::sync::CancellationToken;

pub use step::WARMUP;

use super::cores::Cores;
use super::experiment::environment;
use crate::client::Target;
use crate::source::SourceKind;
use crate::transport::Transport;
use result::{Axis, Lane, Peak, Report, Round, Step, Verdict};
use search::{Outcome, Search};
use slo::Slo;

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
    /// Where an event is POSTed.
    pub publish_url: Target,
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
            theirs: None,
        }
    }
}

impl Plan {
    /// The load where what is raised stands at `value`.
    fn load(&self, value: u64) -> Load {
        match self.axis {
            Axis::Rate => Load { rate_per_s: value, ..self.start },
            Axis::Clients => Load { clients: value, ..self.start },
            Axis::None => self.start,
        }
    }

    /// A report of nothing yet.
    pub fn report(&self, command: String) -> Report {
        Report {
            schema_version: result::SCHEMA_VERSION,
            kind: "capacity".to_owned(),
            command,
            seed: self.seed,
            environment: environment(),
            warnings: warnings(self),
            interrupted: false,
            url: self.theirs.as_ref().map(|theirs| theirs.url.to_string()),
            cores: self.cores.map(|cores| [cores.server, cores.client]),
            axis: self.axis,
            slo: self.slo,
            size_bytes: self.size,
            source: self.source.to_string(),
            duration_us: self.duration.as_micros() as u64,
            warmup_us: WARMUP.as_micros() as u64,
            poll_interval_us: self.poll_interval.as_micros() as u64,
            lanes: Vec::new(),
        }
    }

    fn search(&self) -> Search {
        let start = match self.axis {
            Axis::Rate => self.start.rate_per_s,
            Axis::Clients => self.start.clients,
            Axis::None => return Search::new(1, 1),
        };
        Search::new(start, self.most)
    }
}

/// The longest time that is told apart, in microseconds: an hour.
const LONGEST_US: u64 = 3_600_000_000;

/// For times in microseconds, to three digits.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_US, 3).expect("1 to an hour is a range")
}

/// What is told as it happens.
pub enum News<'a> {
    /// A search begins: the round, from 1, and of how many.
    Search(Transport, usize, usize),
    /// A step has ended.
    Step(&'a Step),
}

/// Who is told.
pub type Told<'a> = &'a (dyn Fn(News<'_>) + Sync);

/// Runs it all, or what there is time for until the interrupt.
///
/// # Errors
/// Where a server cannot be started, read, or published to.
pub async fn run(
    plan: &Plan,
    command: String,
    told: Told<'_>,
    interrupt: &CancellationToken,
) -> anyhow::Result<Report> {
    let mut lanes: Vec<Lane> = Vec::new();
    for transport in &plan.transports {
        let mut lane = Lane { transport: *transport, peak: None, rounds: Vec::new() };
        for number in 1..=plan.rounds {
            if interrupt.is_cancelled() {
                break;
            }
            told(News::Search(*transport, number, plan.rounds));
            lane.rounds.push(round(plan, *transport, told, interrupt).await?);
        }
        lane.peak = middle(&lane.rounds);
        lanes.push(lane);
    }
    Ok(Report { lanes, interrupted: interrupt.is_cancelled(), ..plan.report(command) })
}

async fn round(
    plan: &Plan,
    transport: Transport,
    told: Told<'_>,
    interrupt: &CancellationToken,
) -> anyhow::Result<Round> {
    let (mut search, mut round) = (plan.search(), Round::default());
    while let Some(value) = search.next_load() {
        let step = tokio::select! {
            step = step::run(plan, transport, plan.load(value)) => step?,
            () = interrupt.cancelled() => break,
        };
        told(News::Step(&step));
        search.note(value, outcome(&step));
        round.steps.push(step);
    }
    round.peak = peak(&round.steps, plan);
    Ok(round)
}

fn outcome(step: &Step) -> Outcome {
    match (step.held, step.verdict) {
        (true, Verdict::Ok) => Outcome::Held,
        (true, _) => Outcome::HeldAtTheLimit,
        (false, _) => Outcome::Failed,
    }
}

/// The highest step that held, and what went wrong in the lowest that did not.
fn peak(steps: &[Step], plan: &Plan) -> Option<Peak> {
    let load = |step: &&Step| step.rate_per_s * step.clients;
    let step = steps.iter().filter(|step| step.held).max_by_key(load)?;
    let above = steps.iter().filter(|step| !step.held).min_by_key(load);
    let limit = above.map_or(step.verdict, |above| above.verdict);
    let is_ours = matches!(limit, Verdict::ClientBound | Verdict::PublisherBound);
    let at_least = is_ours || (above.is_none() && plan.axis != Axis::None);
    Some(Peak { step: step.clone(), at_least, limit })
}

/// The peak of the round in the middle; of the lower one of two.
fn middle(rounds: &[Round]) -> Option<Peak> {
    let reached = |round: &&Round| round.peak.as_ref().map_or(0.0, |peak| peak.step.deliveries_per_s);
    let mut rounds: Vec<&Round> = rounds.iter().collect();
    rounds.sort_by(|a, b| reached(a).total_cmp(&reached(b)));
    rounds.get(rounds.len().checked_sub(1)? / 2)?.peak.clone()
}

fn warnings(plan: &Plan) -> Vec<String> {
    let debug = cfg!(debug_assertions).then_some("a debug build: do not quote these numbers");
    let shared = (plan.cores.is_none() && plan.theirs.is_none()).then_some(
        "server and clients share this machine's cores: with `--cores 0,1` each has one of its own",
    );
    debug.into_iter().chain(shared).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::step::tests::step;
    use super::*;

    fn at(rate_per_s: u64, held: bool, verdict: Verdict) -> Step {
        Step { rate_per_s, held, verdict, deliveries_per_s: rate_per_s as f64, ..step() }
    }

    fn found(steps: &[Step]) -> Option<(u64, bool, Verdict)> {
        let peak = peak(steps, &Plan::default())?;
        Some((peak.step.rate_per_s, peak.at_least, peak.limit))
    }

    #[test]
    fn a_peak_is_what_held_and_its_limit_what_went_wrong_next_above() {
        let (low, high) = (at(500, true, Verdict::Ok), at(1_000, true, Verdict::Ok));
        let late = at(2_000, false, Verdict::Late);
        let lost = at(1_500, false, Verdict::Lost);
        assert_eq!(found(&[low.clone(), high.clone(), late.clone()]), Some((1_000, false, Verdict::Late)));
        assert_eq!(
            found(&[low.clone(), late.clone(), high.clone(), lost]),
            Some((1_000, false, Verdict::Lost))
        );
        assert_eq!(found(&[late]), None);
        assert_eq!(found(&[low]), Some((500, true, Verdict::Ok)), "interrupted");
    }

    #[test]
    fn where_we_are_the_limit_a_peak_is_a_lower_bound() {
        let low = at(500, true, Verdict::Ok);
        let failed = at(1_000, false, Verdict::PublisherBound);
        assert_eq!(found(&[low.clone(), failed.clone()]), Some((500, true, Verdict::PublisherBound)));
        let held = at(1_000, true, Verdict::ClientBound);
        assert_eq!(found(&[low.clone(), held.clone()]), Some((1_000, true, Verdict::ClientBound)));
        assert_eq!(
            [&low, &failed, &held].map(outcome),
            [Outcome::Held, Outcome::Failed, Outcome::HeldAtTheLimit]
        );
    }

    #[test]
    fn the_middle_round_counts_and_one_without_an_answer_is_the_lowest() {
        let round = |rate_per_s| Round {
            peak: peak(&[at(rate_per_s, true, Verdict::Ok)], &Plan::default()),
            ..Round::default()
        };
        let middle = |rounds: &[Round]| middle(rounds).map(|peak| peak.step.rate_per_s);
        assert_eq!(middle(&[round(300), round(100), round(200)]), Some(200));
        assert_eq!(middle(&[round(300), Round::default(), round(200)]), Some(200));
        assert_eq!(middle(&[round(300), round(200)]), Some(200));
        assert_eq!(middle(&[round(300), Round::default()]), None);
        assert_eq!(middle(&[]), None);
    }
}
