//! Trying transports: which are being judged, which come next, and what became of the others.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::auto::{Auto, State};
use super::candidate::{Candidate, Trial, Word};
use super::told::{Proof, Told};
use crate::client::{Error, News, Options};
use crate::transport::Transport;

/// What is being tried.
pub(super) struct Search {
    pub(super) since: Instant,
    /// Those that were begun and have not shown yet whether they work.
    judged: Vec<Candidate>,
    /// Those to be begun, and when the next one is, unless one fails before.
    pub(super) queue: VecDeque<Transport>,
    next: Option<Instant>,
    failures: Vec<Failure>,
    /// Who was left for a fault of its own.
    pub(super) just_failed: Option<Transport>,
}

struct Failure {
    why: String,
    /// How long to stay away, at the least.
    wait: Duration,
    /// Set where trying it again would not help.
    refused: Option<Error>,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            judged: Vec::new(),
            queue: VecDeque::new(),
            next: None,
            failures: Vec::new(),
            just_failed: None,
        }
    }
}

impl Search {
    pub(super) fn begin(&mut self, now: Instant) {
        self.clear();
        self.since = now;
    }

    pub(super) fn clear(&mut self) {
        self.judged.clear();
        self.queue.clear();
        self.failures.clear();
        self.next = None;
    }

    pub(super) fn is_over(&self) -> bool {
        self.judged.is_empty() && self.queue.is_empty()
    }

    pub(super) fn due(&self) -> impl Iterator<Item = Instant> {
        let judged = self.judged.iter().map(Candidate::due);
        judged.chain(self.next.filter(|_| !self.queue.is_empty()))
    }

    fn find(&self, number: u64) -> Option<usize> {
        self.judged.iter().position(|candidate| candidate.number == number)
    }
}

impl<F: FnMut(Told) + Send> Auto<F> {
    /// Tries them all, in the order of what is remembered.
    pub(super) fn search_all(&mut self) {
        let now = Instant::now();
        let just_failed: Vec<Transport> = self.search.just_failed.into_iter().collect();
        self.search.queue.extend(self.memory.order(now, &just_failed));
        self.begin_next(now);
    }

    /// What is due: a candidate that came too late, one that lives, the next one.
    pub(super) fn search_on(&mut self, now: Instant) -> Result<(), Error> {
        if let Some(at) = self.search.judged.iter_mut().position(|candidate| candidate.lives(now)) {
            let candidate = self.search.judged.swap_remove(at);
            self.choose(candidate, Proof::Life);
            return Ok(());
        }
        if let Some(at) = self.search.judged.iter().position(|candidate| candidate.trial.deadline <= now) {
            let candidate = self.search.judged.remove(at);
            let what = if candidate.trial.waits { "the event that waits" } else { "a sign of life" };
            let given = candidate.trial.deadline.duration_since(candidate.begun).as_secs_f64();
            let why = format!("{what} did not come within {given:.1} s");
            return self.fail(&candidate, Failure { why, wait: Duration::ZERO, refused: None });
        }
        if self.search.next.is_some_and(|next| next <= now) {
            self.begin_next(now);
        }
        Ok(())
    }

    pub(super) fn hear_candidate(&mut self, number: u64, word: Word) -> Result<(), Error> {
        // Those that were given up may have a last word under way.
        let Some(at) = self.search.find(number) else { return Ok(()) };
        match word {
            Word::News(News::Event { event, arrived_us }) => {
                let candidate = self.search.judged.remove(at);
                self.choose(candidate, Proof::Event);
                let fresh = self.place.event(event, arrived_us);
                self.tell(fresh);
            }
            Word::News(News::Gap { gap, arrived_us }) => {
                let candidate = self.search.judged.remove(at);
                self.choose(candidate, Proof::Gap);
                let fresh = self.place.gap(gap, arrived_us);
                self.tell(fresh);
            }
            Word::News(News::Connected) => {
                let is_whole = self.search.judged[at].connects();
                if is_whole && !self.search.judged[at].trial.waits {
                    let candidate = self.search.judged.remove(at);
                    self.choose(candidate, Proof::Life);
                }
            }
            Word::News(News::Disconnected { why, wait }) => {
                let candidate = self.search.judged.remove(at);
                return self.fail(&candidate, Failure { why, wait, refused: None });
            }
            Word::Refused(refused) => {
                let candidate = self.search.judged.remove(at);
                let (why, refused) = (refused.to_string(), Some(refused));
                return self.fail(&candidate, Failure { why, wait: Duration::ZERO, refused });
            }
            Word::News(News::Hole(_) | News::Duplicate { .. } | News::Foreign { .. }) | Word::Stands(_) => {}
        }
        Ok(())
    }

    pub(super) fn begin_next(&mut self, now: Instant) {
        let Some(transport) = self.search.queue.pop_front() else { return };
        self.number += 1;
        let waits = self.place.has_waiting(self.newest);
        let heartbeat = self.terms.heartbeat(waits);
        let options = Options {
            from: self.place.asks_for(),
            heartbeat: Some(heartbeat),
            hold: Some(self.options.hold.map_or(heartbeat, |hold| hold.min(heartbeat))),
            ..self.options.clone()
        };
        let quiet = if transport == Transport::Poll { options.poll_interval } else { heartbeat };
        (self.on_told)(Told::Tries(transport));
        let (ledger, mouth) = (self.spent.ledger(), self.mouth.clone());
        let trial = Trial { deadline: now + self.terms.trial(self.took, waits), waits, quiet };
        self.search.judged.push(Candidate::begin(self.number, transport, trial, options, ledger, mouth));
        // Beside one that works there is no hurry.
        let head_start = self.terms.head_start(self.took).filter(|_| !self.is_reading());
        self.search.next = head_start.map(|head_start| now + head_start);
    }

    fn is_reading(&self) -> bool {
        matches!(self.state, State::Reading(_))
    }

    /// One does not work: the next is begun at once, unless no other would be better off.
    fn fail(&mut self, candidate: &Candidate, mut failure: Failure) -> Result<(), Error> {
        let now = Instant::now();
        if let Some(refused) = failure.refused.take_if(|refused| refused.is_for_all() && !self.is_reading()) {
            return Err(refused);
        }
        let (transport, after) = (candidate.transport, candidate.begun.elapsed());
        (self.on_told)(Told::Failed { transport, why: failure.why.clone(), after });
        let is_beside = self.is_reading();
        if is_beside {
            self.memory.failed(transport, now, &self.terms);
        }
        if !candidate.has_reached() && !is_beside {
            // Nobody is there: another transport would not find anybody, either.
            self.search.judged.clear();
            self.search.queue.clear();
        }
        self.search.failures.push(failure);
        self.begin_next(now);
        match self.search.is_over() && !is_beside {
            true => self.give_up(),
            false => Ok(()),
        }
    }

    /// Nothing works. A network may be slower than it was: the next time they have twice as long.
    fn give_up(&mut self) -> Result<(), Error> {
        let failures = std::mem::take(&mut self.search.failures);
        let is_final =
            failures.len() == Transport::ALL.len() && failures.iter().all(|one| one.refused.is_some());
        let wait = failures.iter().map(|failure| failure.wait).max().unwrap_or_default();
        let Some(Failure { why, refused, .. }) = failures.into_iter().last() else { return Ok(()) };
        if let Some(refused) = refused.filter(|_| is_final) {
            return Err(refused);
        }
        self.took = self.took.map(|took| (took * 2).min(self.terms.longest_patience));
        self.rest(why, wait);
        Ok(())
    }
}
