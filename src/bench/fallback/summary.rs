//! Lanes over rounds.

use std::collections::HashSet;

use super::lane::Lived;
use super::plan::{Course, Plan};
use super::predict;
use super::result::{Events, Figure, Lane, Leg, Reason};
use super::round::Round;
use crate::bench::statistics::median;
use crate::event::EventId;
use crate::fallback::Strategy;
use crate::transport::Transport;
use crate::wire::Counts;

/// A lane for each course and strategy.
pub(super) fn lanes(plan: &Plan, rounds: &[Round]) -> Vec<Lane> {
    let ways = plan.courses.iter().enumerate();
    let ways = ways.flat_map(|way| plan.strategies.iter().map(move |strategy| (way, *strategy)));
    ways.map(|((number, course), strategy)| lane(course, strategy, &of(rounds, number, strategy))).collect()
}

/// What a lane lived through, and between which events.
type Trial<'a> = (&'a Lived, EventId, EventId);

fn of(rounds: &[Round], number: usize, strategy: Strategy) -> Vec<Trial<'_>> {
    let lanes = rounds.iter().flat_map(|round| round.lanes.iter().map(move |lane| (lane, round)));
    let ours = lanes.filter(|((course, by, _), _)| (*course, *by) == (number, strategy));
    ours.map(|((_, _, lived), round)| (lived, round.from, round.last)).collect()
}

fn lane(course: &Course, strategy: Strategy, trials: &[Trial<'_>]) -> Lane {
    let link = &course.links()[0];
    let lived = || trials.iter().map(|(lived, _, _)| *lived);
    let found = || {
        lived()
            .filter_map(|lived| predict::first(link, strategy, lived.answer?))
            .filter(|of| of.winner.is_some())
    };
    let first = || lived().filter_map(|lived| lived.first);
    let us = |span: std::time::Duration| span.as_secs_f64() * 1e6;
    Lane {
        course: course.to_string(),
        strategy,
        answer_us: over(lived().filter_map(|lived| lived.answer).map(us), None),
        first_event_us: over(
            first().map(|(after, _)| us(after)),
            middle(found().map(|found| us(found.after))),
        ),
        first_connections: over(
            first().map(|(_, spent)| spent.connections as f64),
            middle(found().map(|found| found.connections as f64)),
        ),
        first_bytes: over(first().map(|(_, spent)| both_ways(spent)), None),
        legs: course.links().iter().enumerate().map(|(number, link)| leg(number, link, trials)).collect(),
        switches: lived().map(|lived| lived.switches).sum(),
        left: reasons(lived().flat_map(|lived| &lived.left)),
        connections: over(lived().map(|lived| lived.spent.connections as f64), None),
        bytes: over(lived().map(|lived| both_ways(lived.spent)), None),
        events: trials.iter().map(events).fold(Events::default(), add),
    }
}

fn leg(number: usize, link: &crate::link::Link, trials: &[Trial<'_>]) -> Leg {
    let legs = || trials.iter().filter_map(|(lived, _, _)| lived.legs.get(number));
    let mut transports = legs().map(|leg| leg.transport);
    let transport = transports.next().flatten().filter(|first| transports.all(|other| other == Some(*first)));
    Leg {
        link: link.to_string(),
        transport,
        predicted_transport: predict::best(link),
        after_us: over(legs().filter_map(|leg| leg.after).map(|after| after.as_secs_f64() * 1e6), None),
        failed: reasons(legs().flat_map(|leg| &leg.failed)),
    }
}

fn both_ways(spent: Counts) -> f64 {
    (spent.up.total() + spent.down.total()) as f64
}

fn middle(values: impl Iterator<Item = f64>) -> Option<f64> {
    median(values.collect())
}

fn over(values: impl Iterator<Item = f64>, predicted: Option<f64>) -> Figure {
    let values: Vec<f64> = values.collect();
    let (least, most) = (values.iter().copied().reduce(f64::min), values.iter().copied().reduce(f64::max));
    Figure { measured: median(values), predicted, least, most }
}

/// Each once, with how often it happened. Spans of time and ids differ from one to the next, and say the same.
fn reasons<'a>(all: impl Iterator<Item = &'a (Transport, String)>) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = Vec::new();
    for (transport, why) in all {
        match reasons.iter_mut().find(|known| known.transport == *transport && known.why == *why) {
            Some(known) => known.times += 1,
            None => reasons.push(Reason { transport: *transport, why: why.clone(), times: 1 }),
        }
    }
    reasons
}

/// What became of the events of a round, each of which has an id after `from` and up to `last`.
fn events((lived, from, last): &Trial<'_>) -> Events {
    let expected = last.sequence - from.sequence;
    let mut seen = HashSet::new();
    let (mut doubled, mut reordered, mut highest) = (lived.duplicates, 0, from.sequence);
    for id in &lived.events {
        if !seen.insert(*id) {
            doubled += 1;
        } else if id.sequence < highest {
            reordered += 1;
        }
        highest = highest.max(id.sequence);
    }
    let is_ours = |id: &&EventId| id.epoch == last.epoch && id.sequence > from.sequence && **id != *from;
    let delivered = seen.iter().filter(is_ours).filter(|id| id.sequence <= last.sequence).count() as u64;
    Events {
        expected,
        delivered,
        lost: expected.saturating_sub(delivered + lived.missed),
        missed: lived.missed,
        doubled,
        reordered,
        gaps: lived.gaps as u64,
    }
}

fn add(one: Events, other: Events) -> Events {
    Events {
        expected: one.expected + other.expected,
        delivered: one.delivered + other.delivered,
        lost: one.lost + other.lost,
        missed: one.missed + other.missed,
        doubled: one.doubled + other.doubled,
        reordered: one.reordered + other.reordered,
        gaps: one.gaps + other.gaps,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(sequence: u64) -> EventId {
        EventId { epoch: crate::event::Epoch::from_number(7), sequence }
    }

    /// What becomes of events 4 to 8 that came in this order.
    fn fate(came: &[u64], missed: u64) -> Events {
        let lived = Lived { events: came.iter().map(|of| id(*of)).collect(), missed, ..Lived::default() };
        events(&(&lived, id(3), id(8)))
    }

    #[test]
    fn a_loss_a_double_and_a_swap_are_seen() {
        let whole = Events { expected: 5, delivered: 5, ..Events::default() };
        assert_eq!(fate(&[4, 5, 6, 7, 8], 0), whole);
        assert!(whole.are_whole());
        let lost = fate(&[4, 5, 7, 8], 0);
        assert_eq!((lost.lost, lost.are_whole()), (1, false));
        let doubled = fate(&[4, 5, 5, 6, 7, 8], 0);
        assert_eq!((doubled.doubled, doubled.lost, doubled.are_whole()), (1, 0, false));
        let swapped = fate(&[4, 6, 5, 7, 8], 0);
        assert_eq!((swapped.reordered, swapped.lost, swapped.are_whole()), (1, 0, false));
        let announced = fate(&[4, 7, 8], 2);
        assert_eq!((announced.missed, announced.lost, announced.are_whole()), (2, 0, false));
        assert_eq!(fate(&[3, 4, 5, 6, 7], 0).lost, 1, "the third was not to come, and the last did not");
    }
}
