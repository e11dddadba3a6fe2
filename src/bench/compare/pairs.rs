//! Which run of one result goes with which of the other.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Conditions;
use crate::bench::result::Run;

/// What runs of a kind have in common: another link or rate makes another measurement, and another size the same
/// one of something else.
const KIND: [&str; 7] = ["clients", "http", "link", "poll_interval_us", "rate_per_s", "source", "tls"];

/// Windows are as long as they were asked to be, and a moment longer.
const ABOUT: f64 = 0.1;

/// Two runs that are compared.
pub(super) struct Paired<'a> {
    pub(super) a: &'a Run,
    pub(super) b: &'a Run,
}

/// Runs of a kind, in the order of a, and what is left over on either side. Two results of one run each are
/// compared whatever their conditions: there is no doubt what is meant.
pub(super) fn matched<'a>(a: &'a [Run], b: &'a [Run]) -> (Vec<Paired<'a>>, Vec<Conditions>, Vec<Conditions>) {
    if let ([a], [b]) = (a, b) {
        return (vec![Paired { a, b }], Vec::new(), Vec::new());
    }
    let mut rest: Vec<&Run> = b.iter().collect();
    let (mut pairs, mut only_in_a) = (Vec::new(), Vec::new());
    for a in a {
        match rest.iter().position(|b| kind(a) == kind(b)) {
            Some(at) => pairs.push(Paired { a, b: rest.remove(at) }),
            None => only_in_a.push(kind(a)),
        }
    }
    (pairs, only_in_a, rest.into_iter().map(kind).collect())
}

fn kind(run: &Run) -> Conditions {
    let mut conditions = conditions(run);
    conditions.retain(|key, _| KIND.contains(key));
    conditions
}

/// All that was chosen.
pub(super) fn conditions(run: &Run) -> Conditions {
    // As it was asked for: what came of it is never the same twice.
    let asked = run.played.as_ref().map(|source| source.rate.per_s());
    BTreeMap::from([
        ("clients", json!(run.clients)),
        ("headers", json!(run.headers)),
        ("hold_us", json!(run.hold_us)),
        ("http", json!(run.http)),
        ("keep_alive", json!(run.keep_alive)),
        ("linger_us", json!(run.linger_us)),
        ("link", json!(run.link)),
        ("mode", json!(run.mode)),
        ("poll_interval_us", json!(run.poll_interval_us)),
        ("poll_mode", json!(run.poll_mode)),
        ("proxy", json!(run.proxy)),
        ("rate_per_s", json!(asked)),
        ("size_bytes", json!(run.size_bytes)),
        ("source", json!(run.source)),
        ("tls", json!(run.tls)),
        ("warmup_us", json!(run.warmup_us)),
    ])
}

/// What was chosen otherwise for b.
pub(super) fn differing(a: &Run, b: &Run) -> BTreeMap<&'static str, [Value; 2]> {
    let (of_a, mut of_b) = (conditions(a), conditions(b));
    let both = of_a.into_iter().map(|(key, a)| (key, [a, of_b.remove(key).unwrap_or_default()]));
    let mut differing: BTreeMap<_, _> = both.filter(|(_, [a, b])| a != b).collect();
    let [shorter, longer] = [a.duration_us.min(b.duration_us), a.duration_us.max(b.duration_us)];
    if longer as f64 > shorter as f64 * (1.0 + ABOUT) {
        differing.insert("duration_us", [json!(a.duration_us), json!(b.duration_us)]);
    }
    differing
}
