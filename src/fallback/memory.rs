//! What is remembered of each transport: who won last, and when to try again who failed.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;

use super::terms::Terms;
use crate::transport::Transport;

/// What is known of the way to one server: share it among the readers of a process that take the same way. It
/// lasts no longer than the process: to find out again costs two round trips more, and a file would speak of
/// networks that were left long ago.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<Records>>);

#[derive(Debug, Default)]
struct Records {
    winner: Option<Transport>,
    records: [Record; Transport::ALL.len()],
}

/// Of one transport.
#[derive(Clone, Copy, Debug, Default)]
struct Record {
    /// The pause after its last failure.
    pause: Option<Duration>,
    /// Not to be tried before.
    not_before: Option<Instant>,
    /// Whether it was cut before it had held.
    was_cut: bool,
}

/// The better, the less a transport asks.
fn best_first() -> impl Iterator<Item = Transport> {
    Transport::ALL.into_iter().rev()
}

impl Memory {
    /// Which transports are to be tried, in this order: the last winner; the others, best first; then those whose pause
    /// is not over; and last those that failed `just_now`.
    pub(super) fn order(&self, now: Instant, just_now: &[Transport]) -> Vec<Transport> {
        let records = self.records();
        let mut order: Vec<Transport> = best_first().collect();
        order.sort_by_key(|transport| {
            let has_failed = just_now.contains(transport);
            let is_winner = records.winner == Some(*transport);
            (has_failed, !is_winner, records.of(*transport).not_before.is_some_and(|until| until > now))
        });
        order
    }

    /// It works; all that are better failed, or were slower.
    pub(super) fn won(&self, winner: Transport, now: Instant, terms: &Terms) {
        let mut records = self.records();
        records.winner = Some(winner);
        // Its pause stays, until it has held for as long.
        records.records[winner as usize].not_before = None;
        for better in best_first().filter(|better| *better > winner) {
            if records.of(better).not_before.is_none_or(|until| until <= now) {
                records.set_back(better, now, terms);
            }
        }
    }

    /// It failed, and another one works.
    pub(super) fn failed(&self, transport: Transport, now: Instant, terms: &Terms) {
        self.records().set_back(transport, now, terms);
    }

    /// It worked for so long, and was cut. Whether it is to be trusted: it held for as long as it was kept waiting,
    /// and begins anew, or it is the first time that it did not.
    pub(super) fn is_trusted(&self, transport: Transport, held: Duration, terms: &Terms) -> bool {
        let record = &mut self.records().records[transport as usize];
        let has_held = held >= record.pause.unwrap_or(terms.again);
        let is_first = record.pause.is_none() && !record.was_cut;
        *record = if has_held { Record::default() } else { Record { was_cut: true, ..*record } };
        has_held || is_first
    }

    /// It worked for so long, and fell silent: its next pause is twice as long as its last, unless that is long ago.
    pub(super) fn fell_silent(&self, transport: Transport, held: Duration, terms: &Terms) {
        if held >= terms.rarest {
            self.records().records[transport as usize] = Record::default();
        }
    }

    /// Those better than this one whose pause is over, the best first.
    pub(super) fn better(&self, than: Transport, now: Instant) -> Vec<Transport> {
        let records = self.records();
        let is_due = |better: &Transport| records.of(*better).not_before.is_none_or(|until| until <= now);
        best_first().filter(|better| *better > than).filter(is_due).collect()
    }

    /// When the first of those better than this one is due; nothing where there is none.
    pub(super) fn next_try(&self, than: Transport, now: Instant) -> Option<Instant> {
        let records = self.records();
        let better = best_first().filter(|better| *better > than);
        better.map(|better| records.of(better).not_before.unwrap_or(now)).min()
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.0.lock().expect("no holder of this lock panics")
    }
}

impl Records {
    fn of(&self, transport: Transport) -> Record {
        self.records[transport as usize]
    }

    fn set_back(&mut self, transport: Transport, now: Instant, terms: &Terms) {
        let record = &mut self.records[transport as usize];
        let pause = record.pause.map_or(terms.again, |pause| (pause * 2).min(terms.rarest));
        *record = Record { pause: Some(pause), not_before: Some(now + pause), ..*record };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Transport::{Longpoll, Poll, Sse, Websocket};

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn the_best_comes_first_then_who_won_and_who_failed_comes_last() {
        let (memory, terms, now) = (Memory::default(), Terms::default(), Instant::now());
        assert_eq!(memory.order(now, &[]), [Websocket, Sse, Longpoll, Poll]);
        memory.won(Longpoll, now, &terms);
        assert_eq!(memory.order(now, &[]), [Longpoll, Poll, Websocket, Sse]);
        assert_eq!(memory.order(now + S(10), &[]), [Longpoll, Websocket, Sse, Poll], "the pause is over");
        assert_eq!(memory.order(now, &[Longpoll]), [Poll, Websocket, Sse, Longpoll]);
        memory.won(Sse, now, &terms);
        assert_eq!(memory.order(now, &[Sse]), [Longpoll, Poll, Websocket, Sse]);
        assert_eq!(memory.order(now, &[]), [Sse, Longpoll, Poll, Websocket], "it is not set back any more");
    }

    #[test]
    fn who_fails_again_is_tried_more_rarely_up_to_a_bound() {
        let (memory, terms, mut now) = (Memory::default(), Terms::default(), Instant::now());
        memory.won(Sse, now, &terms);
        assert!(memory.better(Sse, now).is_empty());
        for pause in [10, 20, 40, 80, 160, 320, 600, 600] {
            assert_eq!(memory.next_try(Sse, now), Some(now + S(pause)));
            now += S(pause);
            assert_eq!(memory.better(Sse, now), [Websocket]);
            memory.failed(Websocket, now, &terms);
        }
        assert_eq!(memory.next_try(Websocket, now), None, "there is none better");
    }

    #[test]
    fn who_held_begins_anew_and_who_did_not_stays_set_back() {
        let (memory, terms, now) = (Memory::default(), Terms::default(), Instant::now());
        memory.failed(Websocket, now, &terms);
        memory.failed(Websocket, now, &terms);
        assert!(!memory.is_trusted(Websocket, S(19), &terms));
        assert_eq!(memory.next_try(Sse, now), Some(now + S(20)));
        assert!(memory.is_trusted(Websocket, S(20), &terms));
        assert_eq!(memory.next_try(Sse, now), Some(now));
    }

    #[test]
    fn one_cut_is_forgiven_who_never_failed_and_a_second_is_not() {
        let (memory, terms) = (Memory::default(), Terms::default());
        assert!(memory.is_trusted(Sse, S(1), &terms), "a network may have changed");
        assert!(!memory.is_trusted(Sse, S(1), &terms));
        memory.failed(Sse, Instant::now(), &terms);
        assert!(!memory.is_trusted(Sse, S(9), &terms), "the first pause is 10 s");
        assert!(memory.is_trusted(Sse, S(10), &terms) && memory.is_trusted(Sse, S(1), &terms));
    }
}
