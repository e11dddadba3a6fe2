//! What is due, and when: nothing here waits for a word.

use tokio::time::Instant;

use super::auto::{Auto, State};
use super::candidate::Candidate;
use super::told::Told;
use crate::client::Error;

impl<F: FnMut(Told) + Send> Auto<F> {
    /// The next instant at which there is something to do.
    pub(super) fn due(&self) -> Instant {
        let own = match &self.state {
            State::Searching => None,
            State::Learning { since, .. } => Some(*since + self.terms.longest_patience),
            State::Resting(until) => Some(*until),
            State::Reading(current) => Some(self.silent_at(current).min(self.better_at(current))),
        };
        let far = Instant::now() + self.terms.rarest;
        own.into_iter().chain(self.search.due()).min().unwrap_or(far)
    }

    /// When a transport has been silent for too long.
    fn silent_at(&self, current: &Candidate) -> Instant {
        current.heard() + current.trial.quiet + self.terms.patience(self.took)
    }

    /// When a better one is to be tried. While one is being tried, and where nobody knows the place, none is.
    fn better_at(&self, current: &Candidate) -> Instant {
        let now = Instant::now();
        let next = self.memory.next_try(current.transport, now);
        next.filter(|_| self.search.is_over() && self.place.is_known()).unwrap_or(now + self.terms.rarest)
    }

    /// Does what is due.
    pub(super) fn on_time(&mut self, now: Instant) -> Result<(), Error> {
        match &self.state {
            State::Resting(until) if *until <= now => self.begin(),
            State::Learning { since, .. } if *since + self.terms.longest_patience <= now => {
                // Polls are swallowed; others may not be.
                self.state = State::Searching;
                self.search_all();
            }
            State::Reading(current) if self.silent_at(current) <= now => {
                let long = now.duration_since(current.heard()).as_secs_f64();
                self.leave(format!("silent for {long:.1} s"), true);
                self.begin();
            }
            State::Reading(current) if self.better_at(current) <= now => {
                let better = self.memory.better(current.transport, now);
                self.search.begin(now);
                self.search.queue.extend(better);
                self.begin_next(now);
            }
            _ => {}
        }
        self.search_on(now)
    }
}
