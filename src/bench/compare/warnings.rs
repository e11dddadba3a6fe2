//! What whoever quotes a comparison must know.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Comparison, Difference, Pair, Verdict};
use crate::bench::figure::duration;
use crate::bench::result::{Environment, Report, Run};
use crate::bench::statistics::{LEVEL, smallest_p};

/// Of two results and of what came of comparing them.
pub(super) fn of(comparison: &Comparison, reports: [&Report; 2]) -> Vec<String> {
    let environments = reports.map(|report| &report.environment);
    let mut warnings: Vec<String> =
        [debug_build(environments), machine_changed(comparison), too_few(comparison)]
            .into_iter()
            .flatten()
            .collect();
    warnings.extend(environment(environments));
    warnings.extend(interrupted(reports));
    warnings.extend(failures(reports));
    warnings.extend(clocks(reports));
    warnings
}

fn debug_build(of: [&Environment; 2]) -> Option<String> {
    let is_debug = of.iter().any(|environment| environment.build == "debug");
    is_debug.then(|| "a debug build: do not quote these numbers".to_owned())
}

/// The bare socket is no transport: where it differs, something else does.
fn machine_changed(comparison: &Comparison) -> Option<String> {
    let changed = comparison.pairs.iter().filter(|pair| pair.machine_changed);
    let mut differing = changed.flat_map(|pair: &Pair| &pair.control);
    let one = differing.find(|one| matches!(one.verdict, Verdict::Worse | Verdict::Better))?;
    let way = if one.verdict == Verdict::Worse { "slower" } else { "faster" };
    Some(format!(
        "the machine changed between the two, or what else it was doing, or the way to it: the bare socket, (tcp), \
         was {way} in b, and what the lanes differ by may be no more than that"
    ))
}

/// Where even the clearest difference could not have been claimed.
fn too_few(comparison: &Comparison) -> Option<String> {
    let rounds =
        comparison.pairs.iter().filter(|pair| pair.lanes.iter().any(|lane| lane.figures.iter().any(has_p)));
    let [a, b] = rounds.map(|pair| pair.rounds).min_by_key(|[a, b]| *a.min(b))?;
    let compared = comparison.compared;
    (smallest_p(a, b) * compared as f64 >= LEVEL).then(|| {
        format!(
            "{compared} figures are compared at once, and with {a} and {b} rounds the clearest difference could be \
             chance: nothing can be claimed with fewer than {} rounds a side",
            comparison.least_rounds()
        )
    })
}

fn has_p(difference: &Difference) -> bool {
    difference.p.is_some()
}

fn environment(of: [&Environment; 2]) -> Vec<String> {
    let [a, b] = of.map(|environment| serde_json::to_value(environment).unwrap_or_default());
    let keys: BTreeSet<&String> =
        [&a, &b].into_iter().filter_map(Value::as_object).flat_map(|of| of.keys()).collect();
    let differing = keys.into_iter().filter(|key| a[*key] != b[*key]);
    differing.map(|key| format!("`{key}` is {} for a and {} for b", a[key], b[key])).collect()
}

fn interrupted(reports: [&Report; 2]) -> Vec<String> {
    let both = ["a", "b"].into_iter().zip(reports).filter(|(_, report)| report.interrupted);
    both.map(|(name, _)| format!("{name} was interrupted: it has what there was by then")).collect()
}

fn failures(reports: [&Report; 2]) -> Vec<String> {
    let of = |(name, report): (&str, &Report)| {
        let lanes = report.runs.iter().flat_map(|run| &run.lanes);
        let told = lanes.filter_map(|lane| {
            Some(format!("{} failed in {name}: {}", lane.transport, lane.failure.as_ref()?))
        });
        told.collect::<Vec<_>>()
    };
    ["a", "b"].into_iter().zip(reports).flat_map(of).collect()
}

/// An offset that is off shifts all latencies of a run at once.
fn clocks(reports: [&Report; 2]) -> Option<String> {
    let worst = |report: &Report| report.runs.iter().map(|run: &Run| run.clock.within_us).max().unwrap_or(0);
    let within_us = reports.map(worst).iter().sum::<u64>();
    (within_us > 0).then(|| {
        let within = duration(Some(within_us as f64));
        format!(
            "the server's clock was known within limits: all latencies may differ by up to {within} for that \
             alone, unless the way is as crooked in b as in a"
        )
    })
}
