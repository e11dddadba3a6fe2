//! What a lane's diaries add up to: events counted, latencies in order, bytes by layer.

mod cost;

use std::collections::BTreeMap;

use super::diary::{Arrival, Entries, Spent};
use super::result::{Bytes, Events, TcpIp};
use super::round::{LaneRound, Round, Window};
use super::statistics::Sample;
use crate::client::Drifting;
use crate::wire::{Handshake, Segments};
use cost::Cost;

/// One lane in one round.
pub(super) struct Trial {
    pub(super) clients: usize,
    pub(super) events: Events,
    pub(super) sample: Sample,
    /// Requests and bytes of each event, answer by answer: how much they vary.
    pub(super) costs: Costs,
    /// Reads of the socket that brought events.
    pub(super) reads: u64,
    /// Instants in all those reads for which events were scheduled: a burst has one.
    pub(super) instants: u64,
    /// Requests for each event that a client was to get.
    pub(super) requests_per_event: Option<f64>,
    pub(super) empty_share: Option<f64>,
    pub(super) bytes: Option<Bytes>,
    pub(super) tcp_ip: Option<TcpIp>,
    pub(super) connections_opened: u64,
    /// Of all connections together.
    pub(super) handshake: Handshake,
    /// How many latencies fell into each bucket.
    pub(super) histogram: BTreeMap<u64, u64>,
}

/// The first arrival of each event of the window, per client, and what else came.
pub(super) struct Sorted {
    pub(super) firsts: Vec<Arrival>,
    events: Events,
}

impl Trial {
    pub(super) fn of(lane: &LaneRound, round: &Round) -> Self {
        let (window, offset) = (&round.window, &round.offset);
        let sorted: Vec<Sorted> = lane.clients.iter().map(|client| sort(client, window)).collect();
        let events = sorted.iter().map(|client| client.events).fold(Events::default(), Events::add);
        let pairs = events.expected as f64;
        let cost = Cost::of(lane);
        let reads = || sorted.iter().flat_map(reads);
        Self {
            clients: lane.clients.len(),
            reads: reads().count() as u64,
            instants: reads().map(instants).sum(),
            sample: sample(&sorted, offset),
            costs: costs(&sorted, cost.requests / lane.clients.len() as f64),
            requests_per_event: (pairs > 0.0).then(|| cost.requests / pairs),
            empty_share: cost.empty_share,
            bytes: (pairs > 0.0).then(|| cost.bytes(pairs, &sorted)),
            tcp_ip: lane.segments.filter(|_| pairs > 0.0).map(|segments| tcp_ip(segments, pairs)),
            connections_opened: lane.end.counts.connections,
            handshake: lane.end.counts.handshake,
            histogram: histogram(&sorted, offset),
            events,
        }
    }
}

/// Of each event that a client was to get.
fn tcp_ip(segments: Segments, pairs: f64) -> TcpIp {
    TcpIp {
        segments_down: segments.down as f64 / pairs,
        segments_up: segments.up as f64 / pairs,
        header_bytes_down: segments.header_bytes_down as f64 / pairs,
        header_bytes_up: segments.header_bytes_up as f64 / pairs,
        retransmitted_bytes_up: segments.retransmitted_bytes_up as f64 / pairs,
    }
}

/// Holds what came against what was published.
pub(super) fn sort(client: &Entries, window: &Window) -> Sorted {
    let expected = window.events();
    let mut seen = vec![false; expected as usize];
    let gaps = client.gaps.iter().filter(|(first, next)| window.contains_any_of(*first..*next));
    let mut events = Events { expected, gaps: gaps.count() as u64, ..Events::default() };
    let (mut firsts, mut highest) = (Vec::new(), 0);
    for arrival in client.arrivals.iter().filter(|arrival| window.contains(arrival.sequence)) {
        let seen = &mut seen[(arrival.sequence - window.after - 1) as usize];
        if std::mem::replace(seen, true) {
            events.duplicated += 1;
            continue;
        }
        events.delivered += 1;
        events.reordered += u64::from(arrival.sequence < highest);
        highest = highest.max(arrival.sequence);
        firsts.push(*arrival);
    }
    let is_announced =
        |sequence: u64| client.gaps.iter().any(|(first, next)| (*first..*next).contains(&sequence));
    let missing = (0..expected).filter(|index| !seen[*index as usize]).map(|index| window.after + 1 + index);
    let (announced, lost): (Vec<u64>, Vec<u64>) = missing.partition(|sequence| is_announced(*sequence));
    (events.missed, events.lost) = (announced.len() as u64, lost.len() as u64);
    Sorted { firsts, events }
}

/// What came together.
fn reads(client: &Sorted) -> impl Iterator<Item = &[Arrival]> {
    client.firsts.chunk_by(|a, b| a.arrived_us == b.arrived_us)
}

fn instants(read: &[Arrival]) -> u64 {
    read.chunk_by(|a, b| a.sent_us == b.sent_us).count() as u64
}

/// Latencies of all clients in order of time; what one read brought stays together.
fn sample(clients: &[Sorted], offset: &Drifting) -> Sample {
    let mut reads: Vec<&[Arrival]> = clients.iter().flat_map(reads).collect();
    reads.sort_by_key(|read| read[0].arrived_us);
    let mut sample = Sample::default();
    for read in reads {
        sample.record_answer(read.iter().map(|arrival| offset.age_us(arrival.sent_us, arrival.arrived_us)));
    }
    sample
}

/// What was spent from one answer to the next, on the first event of the next; its other events cost nothing
/// more. The mean is what an event costs, and blocks of it tell how sure that is.
#[derive(Default)]
pub(super) struct Costs {
    /// Requests of the window, of each client in the mean.
    pub(super) requests_a_client: f64,
    pub(super) requests: Sample,
    pub(super) bytes: Sample,
}

fn costs(clients: &[Sorted], requests_a_client: f64) -> Costs {
    let mut answers: Vec<(&[Arrival], Spent)> = clients.iter().flat_map(answers).collect();
    answers.sort_by_key(|(answer, _)| answer[0].arrived_us);
    let mut costs = Costs { requests_a_client, ..Costs::default() };
    for (answer, spent) in answers {
        let on_the_first =
            |amount: u64| (0..answer.len()).map(move |place| if place == 0 { amount as i64 } else { 0 });
        costs.requests.record_answer(on_the_first(spent.requests));
        costs.bytes.record_answer(on_the_first(spent.bytes));
    }
    costs
}

/// What came together, and what was spent since what came before; without the first, whose before is unknown.
fn answers(client: &Sorted) -> impl Iterator<Item = (&[Arrival], Spent)> {
    let before = reads(client).map(|read| read[0].spent);
    reads(client).skip(1).zip(before).map(|(read, before)| {
        let by_now = read[0].spent;
        (read, Spent { requests: by_now.requests - before.requests, bytes: by_now.bytes - before.bytes })
    })
}

/// The number of a latency's bucket: 4 log₂ of its microseconds, so each is 19% wider than the one before.
fn bucket(latency_us: i64) -> u64 {
    ((latency_us.max(1) as f64).log2() * 4.0).floor() as u64
}

fn histogram(clients: &[Sorted], offset: &Drifting) -> BTreeMap<u64, u64> {
    let mut histogram = BTreeMap::new();
    for arrival in clients.iter().flat_map(|client| &client.firsts) {
        let age_us = offset.age_us(arrival.sent_us, arrival.arrived_us);
        *histogram.entry(bucket(age_us)).or_default() += 1;
    }
    histogram
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Window = Window { after: 10, last: 14, start_us: 0, end_us: 1 };

    fn client(sequences: &[u64], gaps: &[(u64, u64)]) -> Entries {
        let arrival = |(index, sequence): (usize, &u64)| Arrival {
            sequence: *sequence,
            sent_us: 0,
            arrived_us: index as u64,
            payload: 1,
            id: 8,
            spent: Spent::default(),
        };
        Entries {
            arrivals: sequences.iter().enumerate().map(arrival).collect(),
            gaps: gaps.to_vec(),
            ..Entries::default()
        }
    }

    fn events(sequences: &[u64], gaps: &[(u64, u64)]) -> Events {
        sort(&client(sequences, gaps), &WINDOW).events
    }

    const WHOLE: Events =
        Events { expected: 4, delivered: 4, lost: 0, duplicated: 0, reordered: 0, missed: 0, gaps: 0 };

    #[test]
    fn every_event_is_accounted_for() {
        assert_eq!(events(&[9, 10, 11, 12, 13, 14, 15], &[]), WHOLE);
        assert_eq!(events(&[11, 13, 14], &[]), Events { delivered: 3, lost: 1, ..WHOLE });
        assert_eq!(events(&[11, 12, 12, 13, 14], &[]), Events { duplicated: 1, ..WHOLE });
        assert_eq!(events(&[11, 13, 12, 14], &[]), Events { reordered: 1, ..WHOLE });
        assert_eq!(events(&[11, 14], &[(12, 14)]), Events { delivered: 2, missed: 2, gaps: 1, ..WHOLE });
        assert_eq!(
            events(&[11, 14], &[(12, 13)]),
            Events { delivered: 2, missed: 1, lost: 1, gaps: 1, ..WHOLE },
            "a gap with the wrong count"
        );
        assert_eq!(events(&[11, 12, 13, 14], &[(3, 9), (15, 20)]), WHOLE, "gaps before and after");
    }

    #[test]
    fn what_one_read_brought_stays_together_and_ages_by_the_servers_clock() {
        let spent = Spent::default();
        let arrival = |sequence, sent_us, arrived_us| Arrival {
            sequence,
            sent_us,
            arrived_us,
            payload: 1,
            id: 8,
            spent,
        };
        let clients = [
            Sorted { firsts: vec![arrival(11, 100, 50), arrival(12, 110, 50)], events: WHOLE },
            Sorted { firsts: vec![arrival(11, 100, 40)], events: WHOLE },
        ];
        let sample = sample(&clients, &Drifting::known(80));
        assert_eq!((sample.count(), sample.max_us(), sample.mean_us()), (3, Some(30), Some(70.0 / 3.0)));
    }

    #[test]
    fn an_event_costs_what_was_spent_since_the_answer_before_it() {
        let arrival = |sequence, arrived_us, requests| {
            let spent = Spent { requests, bytes: 100 * requests };
            Arrival { sequence, sent_us: 0, arrived_us, payload: 1, id: 8, spent }
        };
        // One event with the third request, two with the seventh: four requests for two events.
        let firsts = vec![arrival(11, 10, 3), arrival(12, 50, 7), arrival(13, 50, 7)];
        let costs = costs(&[Sorted { firsts, events: WHOLE }], 7.0);
        assert_eq!((costs.requests.count(), costs.requests.mean_us()), (2, Some(2.0)));
        assert_eq!(costs.bytes.mean_us(), Some(200.0));
    }
}
