//! What falling back takes: plain data with units in the names. `null` where a thing cannot be known.

use serde::{Deserialize, Serialize};

use crate::bench::result::Environment;
use crate::fallback::Strategy;
use crate::transport::Transport;

/// Grows when a key is dropped or means something else; keys may be added without.
pub const SCHEMA_VERSION: u32 = 1;

/// All that `bench fallback` found out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FallbackReport {
    /// The shape of this document.
    pub schema_version: u32,
    /// `fallback`: which measurement this is.
    pub lab: String,
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
    /// When events were due: `poisson`, `steady`, `pairs` or `bursts`.
    pub source: String,
    /// λ: events a second.
    pub rate_per_s: f64,
    /// Bytes of each event's data.
    pub size_bytes: usize,
    /// How long the feed was silent in each round.
    pub pause_us: u64,
    /// Rounds played.
    pub rounds: usize,
    /// From one poll to the next.
    pub poll_interval_us: u64,
    /// Courses, in the order in which they were named, each with every strategy.
    pub lanes: Vec<Lane>,
}

/// A figure over rounds, beside what theory says.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Figure {
    /// The median over rounds.
    pub measured: Option<f64>,
    /// The median of what theory says for each round.
    pub predicted: Option<f64>,
    /// The least of all rounds.
    pub least: Option<f64>,
    /// The most of all rounds.
    pub most: Option<f64>,
}

/// One reader on one course, by one strategy, over all rounds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Lane {
    /// The link, or the links that followed each other, with ` then ` between.
    pub course: String,
    /// When the next transport was begun.
    pub strategy: Strategy,
    /// T: what a first poll took, on a connection of its own; theory is made from it.
    pub answer_us: Figure,
    /// From the beginning, with that poll, until an event that waited had come.
    pub first_event_us: Figure,
    /// Connections until then.
    pub first_connections: Figure,
    /// Bytes both ways until then, heads and all, with what had been published meanwhile.
    pub first_bytes: Figure,
    /// The links of its course.
    pub legs: Vec<Leg>,
    /// How often it changed from one connection that worked to another, in all rounds.
    pub switches: usize,
    /// Why connections that had worked were left, and how often, in all rounds.
    pub left: Vec<Reason>,
    /// Connections in a whole round.
    pub connections: Figure,
    /// Bytes both ways in a whole round, heads and all.
    pub bytes: Figure,
    /// What became of the events, in all rounds.
    pub events: Events,
}

impl Lane {
    /// Whether it found what works, and every event came once and in order.
    pub fn is_sound(&self) -> bool {
        self.events.are_whole() && self.legs.iter().all(|leg| leg.after_us.measured.is_some())
    }
}

/// One link of a course.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Leg {
    /// Which.
    pub link: String,
    /// Over which it was read in the end, where all rounds agree.
    pub transport: Option<Transport>,
    /// The best that passes this link.
    pub predicted_transport: Option<Transport>,
    /// From its beginning until it was read over that one.
    pub after_us: Figure,
    /// What was tried in vain, why, and how often, in all rounds.
    pub failed: Vec<Reason>,
}

/// What happened to a transport, and how often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// Which.
    pub transport: Transport,
    /// What.
    pub why: String,
    /// How often.
    pub times: usize,
}

/// What became of the events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Events {
    /// Published between the place where it began and the last of all.
    pub expected: u64,
    /// Handed on, each counted once.
    pub delivered: u64,
    /// Not handed on, and not announced as missing.
    pub lost: u64,
    /// Announced as missing.
    pub missed: u64,
    /// Handed on again.
    pub doubled: u64,
    /// Handed on behind a later one.
    pub reordered: u64,
    /// Gaps that were told.
    pub gaps: u64,
}

impl Events {
    /// Whether nothing is lost, doubled or out of order.
    pub fn are_whole(&self) -> bool {
        self.lost == 0 && self.missed == 0 && self.doubled == 0 && self.reordered == 0
    }
}
