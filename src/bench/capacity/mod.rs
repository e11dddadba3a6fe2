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
//! In reading order: `plan` (what to find out), [`slo`] (what must hold), [`search`] (which load is next),
//! [`marker`] (what an event says of itself), [`seen`] (which came), [`frames`] (where messages end), `desk`,
//! `listener` and `crowd` (who reads), `pipeline` and `publisher` (who publishes), `server` (who is measured),
//! `step` (one load), `judge` (whether it held), [`result`] (plain data).

mod crowd;
mod desk;
pub mod frames;
mod judge;
mod listener;
pub mod marker;
mod pipeline;
mod plan;
mod publisher;
pub mod result;
pub mod search;
pub mod seen;
mod server;
pub mod slo;
mod step;

use hdrhistogram::Histogram;
use tokio_util::sync::CancellationToken;

pub use plan::{Load, Plan, Theirs};

use crate::transport::Transport;
use result::{Axis, Lane, Peak, Report, Round, Step, Verdict};
use search::Outcome;

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
    let mut report = plan.report(command);
    report.warnings.extend(disturbed(&lanes));
    Ok(Report { lanes, interrupted: interrupt.is_cancelled(), ..report })
}

/// A server that waits for a CPU for more of the time carries less than it could.
const DISTURBED: f64 = 0.1;

fn disturbed(lanes: &[Lane]) -> Option<String> {
    let steps = || lanes.iter().flat_map(|lane| &lane.rounds).flat_map(|round| &round.steps);
    let waited = |step: &&Step| step.server_waited_share.is_some_and(|share| share > DISTURBED);
    let count = steps().filter(waited).count();
    (count > 0).then(|| {
        format!(
            "in {count} of {} steps the server waited for a CPU more than a tenth of the time: something else \
             ran there",
            steps().count()
        )
    })
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

#[cfg(test)]
mod tests {
    use super::judge::tests::step;
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
