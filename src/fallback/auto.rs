//! One reader over whatever works: what it hears, what is due, and what it does about it.

use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep_until};
use tokio_util::task::AbortOnDropHandle;

use super::candidate::{Candidate, Said, Word, learn};
use super::memory::Memory;
use super::place::{Fresh, Place};
use super::search::Search;
use super::spent::Spent;
use super::terms::Terms;
use super::told::{Proof, Told};
use crate::client::{Ended, Error, News, Options, Reconnect};
use crate::event::EventId;

/// Reads a feed over the best transport that works.
pub struct Auto<F> {
    pub(super) options: Options,
    pub(super) terms: Terms,
    pub(super) memory: Memory,
    pub(super) spent: Spent,
    pub(super) on_told: F,
    pub(super) place: Place,
    /// The newest event, when it was learnt.
    pub(super) newest: Option<EventId>,
    /// What took 2R lately.
    pub(super) took: Option<Duration>,
    pub(super) state: State,
    pub(super) search: Search,
    pub(super) reconnect: Reconnect,
    /// The next candidate's number.
    pub(super) number: u64,
    pub(super) mouth: UnboundedSender<Said>,
    ears: UnboundedReceiver<Said>,
}

/// What a search is beside.
pub(super) enum State {
    /// Nothing yet.
    Searching,
    /// It asks where the feed stands.
    Learning { number: u64, since: Instant, _task: AbortOnDropHandle<()> },
    /// It is read over this one.
    Reading(Candidate),
    /// Nothing works; again at this instant.
    Resting(Instant),
}

impl<F: FnMut(Told) + Send> Auto<F> {
    /// A reader that begins where `options` say and tells `on_told`. Of one endpoint's URL it makes nothing: it
    /// takes a server, which has them all.
    pub fn new(options: Options, on_told: F) -> Self {
        let (mouth, ears) = unbounded_channel();
        Self {
            place: Place::new(options.from),
            options,
            terms: Terms::default(),
            memory: Memory::default(),
            spent: Spent::default(),
            on_told,
            newest: None,
            took: None,
            state: State::Searching,
            search: Search::default(),
            reconnect: Reconnect::default(),
            number: 0,
            mouth,
            ears,
        }
    }

    /// The same, on other terms.
    #[must_use]
    pub fn on_terms(self, terms: Terms) -> Self {
        Self { terms, ..self }
    }

    /// The same, with what others learnt of the way to this server.
    #[must_use]
    pub fn remembering(self, memory: Memory) -> Self {
        Self { memory, ..self }
    }

    /// What it spends, on all its transports.
    pub fn spent(&self) -> Spent {
        self.spent.clone()
    }

    /// Reads until every transport is refused for good, or one for a reason that holds for all. Dropping the future
    /// ends it.
    pub async fn run(mut self) -> Error {
        self.begin();
        loop {
            let due = self.due();
            let ended = tokio::select! {
                Some(Said(number, word, unspent)) = self.ears.recv() => {
                    let ended = self.hear(number, word);
                    drop(unspent);
                    ended
                }
                () = sleep_until(due) => self.on_time(Instant::now()),
            };
            if let Err(refused) = ended {
                return refused;
            }
        }
    }

    /// Begins to search, and to learn first where it stands if that is not known.
    pub(super) fn begin(&mut self) {
        self.search.begin(Instant::now());
        if self.took.is_some() && self.place.is_known() {
            self.state = State::Searching;
            return self.search_all();
        }
        self.number += 1;
        let (number, mouth) = (self.number, self.mouth.clone());
        let task = learn(number, self.options.clone(), self.spent.ledger(), mouth);
        self.state = State::Learning { number, since: Instant::now(), _task: task };
    }

    fn hear(&mut self, number: u64, word: Word) -> Result<(), Error> {
        match (&self.state, word) {
            (State::Learning { number: asked, since, .. }, Word::Stands(learnt)) if *asked == number => {
                let took = since.elapsed();
                self.learnt(learnt, took)
            }
            (State::Reading(current), word) if current.number == number => {
                self.hear_current(word);
                Ok(())
            }
            (_, word) => self.hear_candidate(number, word),
        }
    }

    fn learnt(&mut self, learnt: Result<EventId, Ended>, took: Duration) -> Result<(), Error> {
        match learnt {
            Ok(newest) => {
                (self.newest, self.took) = (Some(newest), Some(took));
                self.place.learns(newest);
                (self.on_told)(Told::Stands { newest, took });
            }
            Err(ended) => match self.judge(ended) {
                // Nobody is there, or not now.
                Ok((why, least)) => {
                    self.rest(why, least);
                    return Ok(());
                }
                Err(refused) if refused.is_for_all() => return Err(refused),
                // Polls are not for us; others may be.
                Err(_refused) => {}
            },
        }
        self.state = State::Searching;
        self.search_all();
        Ok(())
    }

    /// Tells what is final where nobody was ever reached, and what helps, once.
    fn judge(&self, ended: Ended) -> Result<(String, Duration), Error> {
        match (self.took, self.reconnect.has_failed()) {
            (Some(_), _) => ended.again().judge(),
            (None, true) => ended.again().judge_first(),
            (None, false) => ended.judge_first(),
        }
    }

    fn hear_current(&mut self, word: Word) {
        match word {
            Word::News(News::Event { event, arrived_us }) => {
                let fresh = self.place.event(event, arrived_us);
                self.tell(fresh);
            }
            Word::News(News::Gap { gap, arrived_us }) => {
                let fresh = self.place.gap(gap, arrived_us);
                self.tell(fresh);
            }
            // Where a reader of the whole sees one, it tells it itself.
            Word::News(News::Hole(_) | News::Connected) | Word::Stands(_) => {}
            Word::News(News::Disconnected { why, wait }) => {
                self.leave(why.clone(), false);
                self.rest_for(why, wait);
            }
            Word::News(news) => (self.on_told)(Told::News(news)),
            Word::Refused(refused) => {
                // It worked once: asked again at once, and again, it would do no better.
                let why = refused.to_string();
                self.leave(why.clone(), true);
                self.rest(why, Duration::ZERO);
            }
        }
    }

    pub(super) fn tell(&mut self, fresh: Fresh) {
        fresh.into_iter().flatten().for_each(|news| (self.on_told)(Told::News(news)));
    }

    /// Leaves what it is read over. Who failed, or did not hold for long, is tried last.
    pub(super) fn leave(&mut self, why: String, has_failed: bool) {
        self.search.clear();
        let State::Reading(current) = std::mem::replace(&mut self.state, State::Searching) else { return };
        // What is published from now on is not to be lost, though nothing came.
        current.begun_at().into_iter().for_each(|begun_at| self.place.learns(begun_at));
        let held = current.begun.elapsed();
        let is_trusted = match has_failed {
            true => {
                self.memory.fell_silent(current.transport, held, &self.terms);
                false
            }
            false => self.memory.is_trusted(current.transport, held, &self.terms),
        };
        if !is_trusted {
            self.search.just_failed = Some(current.transport);
        }
        (self.on_told)(Told::Left { transport: current.transport, why });
    }

    /// Waits as long as is proper where nothing works.
    pub(super) fn rest(&mut self, why: String, least: Duration) {
        let wait = self.reconnect.wait(least);
        self.rest_for(why, wait);
    }

    fn rest_for(&mut self, why: String, wait: Duration) {
        self.state = State::Resting(Instant::now() + wait);
        (self.on_told)(Told::News(News::Disconnected { why, wait }));
    }

    /// It works: from now on it is read over this one.
    pub(super) fn choose(&mut self, candidate: Candidate, proof: Proof) {
        let now = Instant::now();
        let transport = candidate.transport;
        let (instead_of, after) = match &self.state {
            State::Reading(current) => (Some(current.transport), candidate.begun.elapsed()),
            _ => (None, self.search.since.elapsed()),
        };
        if proof != Proof::Life {
            self.took = Some(candidate.begun.elapsed());
        }
        self.memory.won(transport, now, &self.terms);
        self.reconnect.succeeded();
        self.search.clear();
        self.search.just_failed = None;
        self.state = State::Reading(candidate);
        let spent = self.spent.counts();
        (self.on_told)(Told::Chose { transport, proof, after, spent, instead_of });
    }
}
