//! Two results held against each other: what differs, and whether that is more than chance.
//!
//! ```text
//! a.json ─┐  runs of a kind   rounds of each lane    ranks, interval       Holm, over all of it
//!         ├─▶ paired ────────▶ figure by figure ────▶ p, low, high ───────▶ `~`, better or worse
//! b.json ─┘
//! ```
//!
//! A difference is claimed only where its interval excludes 0 *and* its p, corrected for all that is compared at
//! once, is below 0.05; that takes six rounds a side. What has no noise is compared exactly. The bare socket is
//! compared too, by itself: where it differs, the machine does.
//!
//! In reading order: `pairs` (which runs go together), `figures` (what is compared of a lane), `verdict` (what is
//! claimed), `warnings`, and here what comes of it.

mod figures;
mod pairs;
mod verdict;
mod warnings;

use std::collections::BTreeMap;

use fastrand::Rng;
use serde::Serialize;
use serde_json::Value;

use self::pairs::Paired;
use super::result::{Environment, Report, Run};
use super::statistics::ENOUGH_ROUNDS;
use crate::transport::Transport;

pub use figures::Figure;
pub use verdict::Verdict;

/// Grows when a key is dropped or means something else; keys may be added without.
pub const COMPARISON_VERSION: u32 = 1;

/// All that two results differ in.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The shape of this document.
    pub comparison_version: u32,
    /// What b is compared with.
    pub a: Side,
    /// What is compared.
    pub b: Side,
    /// What whoever quotes these figures must know.
    pub warnings: Vec<String>,
    /// How many figures were compared at once: so many times the smallest p counts.
    pub compared: usize,
    /// Runs of the same kind.
    pub pairs: Vec<Pair>,
    /// Runs that the other side has none of.
    pub only_in_a: Vec<Conditions>,
    /// Runs that the other side has none of.
    pub only_in_b: Vec<Conditions>,
}

/// One result.
#[derive(Clone, Debug, Serialize)]
pub struct Side {
    /// Where it came from.
    pub name: String,
    /// What was typed.
    pub command: String,
    /// What all that was random was drawn from.
    pub seed: u64,
    /// Where it ran.
    pub environment: Environment,
}

/// What was chosen, by the keys of a result.
pub type Conditions = BTreeMap<&'static str, Value>;

/// Two runs of a kind.
#[derive(Clone, Debug, Serialize)]
pub struct Pair {
    /// What both were asked for, as a has it.
    pub conditions: Conditions,
    /// What b was asked for instead, and a: `[10, 20]`.
    pub differing: BTreeMap<&'static str, [Value; 2]>,
    /// How many rounds a has, and b.
    pub rounds: [usize; 2],
    /// The bare socket: the machine, and the network between.
    pub control: Vec<Difference>,
    /// Whether it differs on the same link: then what the lanes differ by may be the machine's.
    pub machine_changed: bool,
    /// Those that both have.
    pub lanes: Vec<LaneDifference>,
    /// Those that only a has.
    pub lanes_only_in_a: Vec<Transport>,
    /// Those that only b has.
    pub lanes_only_in_b: Vec<Transport>,
}

/// What a transport differs in.
#[derive(Clone, Debug, Serialize)]
pub struct LaneDifference {
    /// Which.
    pub transport: Transport,
    /// Figure by figure.
    pub figures: Vec<Difference>,
}

/// One figure on both sides, in the unit that its name ends with.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// Which.
    pub figure: Figure,
    /// The median over the rounds of a.
    pub a: Option<f64>,
    /// The median over the rounds of b.
    pub b: Option<f64>,
    /// What b has more.
    pub difference: Option<f64>,
    /// Where the 95% interval of the difference begins.
    pub low: Option<f64>,
    /// Where it ends.
    pub high: Option<f64>,
    /// How often ranks lie so far apart by chance, by itself.
    pub p: Option<f64>,
    /// The same among all that was compared.
    pub p_holm: Option<f64>,
    /// What is claimed.
    pub verdict: Verdict,
    /// Where the rounds are too few: how many it takes a side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs_rounds: Option<usize>,
    /// Where the events of a round are too few: how many it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs_events: Option<u64>,
}

/// Compares two results, each with the name it goes by.
pub fn compare(a: (&str, &Report), b: (&str, &Report)) -> Comparison {
    // The same two files give the same intervals.
    let mut rng = Rng::with_seed(a.1.seed ^ b.1.seed.rotate_left(32));
    let (matched, only_in_a, only_in_b) = pairs::matched(&a.1.runs, &b.1.runs);
    let mut pairs: Vec<Pair> = matched.iter().map(|paired| pair(paired, &mut rng)).collect();
    let compared = verdict::pronounce(
        pairs.iter_mut().flat_map(|pair| &mut pair.lanes).flat_map(|lane| &mut lane.figures),
    );
    // The machine is judged by itself: it is no part of what is claimed.
    verdict::pronounce(pairs.iter_mut().flat_map(|pair| &mut pair.control));
    for pair in &mut pairs {
        let differs = pair.control.iter().any(|one| matches!(one.verdict, Verdict::Worse | Verdict::Better));
        pair.machine_changed = differs && !pair.differing.contains_key("link");
    }
    let mut comparison = Comparison {
        comparison_version: COMPARISON_VERSION,
        a: side(a.0, a.1),
        b: side(b.0, b.1),
        warnings: Vec::new(),
        compared,
        pairs,
        only_in_a,
        only_in_b,
    };
    comparison.warnings = warnings::of(&comparison, [a.1, b.1]);
    comparison
}

fn side(name: &str, report: &Report) -> Side {
    Side {
        name: name.to_owned(),
        command: report.command.clone(),
        seed: report.seed,
        environment: report.environment.clone(),
    }
}

fn pair(Paired { a, b }: &Paired<'_>, rng: &mut Rng) -> Pair {
    let only = |one: &Run, other: &Run| {
        let lanes = one.lanes.iter().map(|lane| lane.transport);
        lanes.filter(|of| other.lanes.iter().all(|lane| lane.transport != *of)).collect::<Vec<_>>()
    };
    let both = a
        .lanes
        .iter()
        .filter_map(|lane| Some((lane, b.lanes.iter().find(|other| other.transport == lane.transport)?)));
    Pair {
        conditions: pairs::conditions(a),
        differing: pairs::differing(a, b),
        rounds: [a.rounds, b.rounds],
        control: match (&a.control, &b.control) {
            (Some(a), Some(b)) => figures::of_control(a, b, rng),
            _ => Vec::new(),
        },
        machine_changed: false,
        lanes_only_in_a: only(a, b),
        lanes_only_in_b: only(b, a),
        lanes: both
            .map(|(a, b)| LaneDifference { transport: a.transport, figures: figures::of_lane(a, b, rng) })
            .collect(),
    }
}

impl Comparison {
    /// All figures of all lanes.
    pub fn figures(&self) -> impl Iterator<Item = (&Pair, Transport, &Difference)> {
        self.pairs.iter().flat_map(|pair| {
            let lanes = pair.lanes.iter();
            lanes.flat_map(move |lane| lane.figures.iter().map(move |figure| (pair, lane.transport, figure)))
        })
    }

    /// Whether a lane got worse in any figure.
    pub fn has_regressed(&self) -> bool {
        self.figures().any(|(_, _, difference)| difference.verdict == Verdict::Worse)
    }

    /// The fewest rounds a side with which anything at all could be claimed here.
    pub fn least_rounds(&self) -> usize {
        verdict::least_rounds(self.compared).max(ENOUGH_ROUNDS)
    }
}
