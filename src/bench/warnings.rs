//! What whoever quotes a figure must know.

use super::conditions::names;
use super::figure::{duration, three_digits};
use super::result::Run;
use crate::source::SourceKind;
use crate::transport::Transport;

/// Of all runs: what several have in common is said once.
pub(super) fn of_all(runs: &[Run]) -> Vec<String> {
    let mut concerned: Vec<(String, Vec<String>)> = Vec::new();
    for (name, warning) in names(runs)
        .iter()
        .zip(runs)
        .flat_map(|(name, run)| of(run).into_iter().map(move |warning| (name, warning)))
    {
        match concerned.iter_mut().find(|(said, _)| *said == warning) {
            Some((_, names)) => names.push(name.clone()),
            None => concerned.push((warning, vec![name.clone()])),
        }
    }
    let tell = |(warning, names): (String, Vec<String>)| match names.len() {
        all if all == runs.len() => warning,
        1..=3 => format!("{}: {warning}", names.join("; ")),
        some => format!("{some} of {} runs: {warning}", runs.len()),
    };
    debug_build().into_iter().chain(concerned.into_iter().map(tell)).collect()
}

/// Of a run's conditions and of what happened in it.
fn of(run: &Run) -> Vec<String> {
    [
        another_rate(run),
        publisher_late(run),
        client_busy(run),
        client_late(run),
        phase_lock(run),
        control_cut(run),
        clock(run),
        negative(run),
        overlong_poll(run),
    ]
    .into_iter()
    .flatten()
    .collect()
}

pub(super) fn debug_build() -> Option<String> {
    cfg!(debug_assertions).then(|| "a debug build: do not quote these numbers".to_owned())
}

/// Where its CPUs have nothing left, it is the client that is measured.
fn client_busy(run: &Run) -> Option<String> {
    let share = run.own.cpu_share.filter(|share| *share > 0.8)?;
    Some(format!(
        "the clients used {:.0} % of the CPU they may use: they, not the server, were the bottleneck; take \
         fewer with `-c`, or a machine of their own with `--url`",
        share * 100.0
    ))
}

/// Waking up is part of every latency here. Where it is most of one, that is largely our own.
fn client_late(run: &Run) -> Option<String> {
    let (p50, p99, smallest) = (run.own.lateness_p50_us?, run.own.lateness_p99_us?, smallest_p50_us(run));
    let [told_p50, told_p99] = [p50, p99].map(|us| duration(Some(us)));
    let at_p50 = "at the median, more than half of the smallest p50: all latencies are largely their own";
    let at_p99 = "at their p99, more than the smallest p50: the tails are largely their own";
    match (p50 > smallest / 2.0, p99 > smallest) {
        (true, _) => Some(format!("the clients woke up {told_p50} late {at_p50}")),
        (_, true) => Some(format!("the clients woke up {told_p99} late {at_p99}")),
        _ => None,
    }
}

/// A wrong clock makes them negative: what is small beside them is small beside their size.
fn smallest_p50_us(run: &Run) -> f64 {
    let medians = run.lanes.iter().filter_map(|lane| lane.latency_us.p50.measured);
    medians.map(f64::abs).fold(f64::INFINITY, f64::min)
}

/// Every figure is of the rate that was played, whatever was asked for.
fn another_rate(run: &Run) -> Option<String> {
    let asked = run.asked_in_vain()?.per_s();
    let [asked, played] = [asked, run.rate_per_s].map(three_digits);
    Some(format!(
        "{asked} events a second were asked for and {played} were played, which is no chance: this machine or the \
         server does not carry more, and all figures are of {played}/s; choose a lower `--rate`, or fewer clients with \
         `-c`"
    ))
}

/// A late publisher shows as latency of every lane.
fn publisher_late(run: &Run) -> Option<String> {
    let lag_us = run.publisher.as_ref()?.lag_us?.p99;
    let is_late = lag_us as f64 > smallest_p50_us(run) / 10.0;
    is_late.then(|| {
        let lag = duration(Some(lag_us as f64));
        format!(
            "the publisher was {lag} late at its p99, more than a tenth of the smallest p50: a part of the tails is its \
             own"
        )
    })
}

/// A steady feed polled at a multiple of its period, or at a fraction, is met at the same few phases again
/// and again.
fn phase_lock(run: &Run) -> Option<String> {
    let source = run.played.as_ref().filter(|source| source.kind == SourceKind::Steady)?;
    let x = source.rate.per_s() * run.poll_interval_us as f64 / 1e6;
    (polls(run) && is_whole(x.max(1.0 / x))).then(|| {
        "phase lock: a steady feed polled in step with it shows a few phases, not the mean; use \
         `--source poisson`, or many rounds"
            .to_owned()
    })
}

fn polls(run: &Run) -> bool {
    run.lanes.iter().any(|lane| lane.transport == Transport::Poll)
}

/// From one poll to the next, or one event to the next, the phase moves by what is not whole: less than a
/// fiftieth takes more than fifty of them to see all phases.
pub(super) fn is_whole(ratio: f64) -> bool {
    (ratio - ratio.round()).abs() < 0.02
}

/// An offset that is off makes all latencies longer, or all shorter.
fn clock(run: &Run) -> Option<String> {
    let within_us = run.clock.within_us;
    (within_us as f64 > smallest_p50_us(run) / 10.0).then(|| {
        let within = duration(Some(within_us as f64));
        format!(
            "the server's clock is known within ±{within} only, more than a tenth of the smallest p50: all \
             latencies may be off by as much, and in the same direction"
        )
    })
}

/// Lanes come back where a link cuts them; a bare socket does not.
fn control_cut(run: &Run) -> Option<String> {
    let events = run.control.as_ref()?.events;
    (events.lost > 0).then(|| {
        format!(
            "the bare socket was cut, and does not come back as lanes do: what theory takes from it stands on \
             {} of {} events",
            events.delivered, events.expected
        )
    })
}

/// Nothing arrives before it is sent.
fn negative(run: &Run) -> Option<String> {
    let control = run.control.iter().map(|control| ("(tcp)", control.latency_us.negative));
    let lanes = run.lanes.iter().map(|lane| (lane.transport.name(), lane.latency_us.negative));
    let negative = control.chain(lanes).filter(|(_, count)| *count > 0);
    let named: Vec<String> = negative.map(|(name, count)| format!("{count} on {name}")).collect();
    let why = match run.clock.within_us {
        0 => "though both ends read one clock: the server stamps events with another",
        _ => "since the clock is off by more than they were; they are counted as they are",
    };
    (!named.is_empty()).then(|| format!("negative latencies, {}, {why}", named.join(", ")))
}

/// A window that holds few polls says little about polling.
fn overlong_poll(run: &Run) -> Option<String> {
    let held = run.duration_us as f64 / run.poll_interval_us as f64;
    (polls(run) && held < 5.0)
        .then(|| format!("the window holds only {held:.1} poll intervals: run it longer with `-d`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_is_locked_where_the_ratio_of_the_periods_is_whole() {
        for (ratio, locked) in [(1.0, true), (2.01, true), (100.0, true), (1.5, false), (60.5, false)] {
            assert_eq!(is_whole(ratio), locked, "{ratio}");
        }
    }
}
