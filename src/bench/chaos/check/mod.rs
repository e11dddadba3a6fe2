//! Whether a client was told what was published: every event that was to be had once and in order, every loss as a
//! gap with the right count, and nothing else.
//!
//! ```text
//! the publisher's log   8f3k2a 1 2 3 4 5 6 7 8 9   a memory of 3
//! a client was told            1 2 3   gap{after 3, resumes 7, missed 3}   7 8 9        nothing to say
//!                              1 2   4 5 6 7 8 9                                        lost: 3
//!                              1 2 3   gap{after 3, resumes 6, missed 2}   6 7 8 9      unjustified, if 8 had not come
//! ```
//!
//! It is pure: a log and what was heard go in, breaches come out. It looks at ids, numbers and instants, and does not
//! believe the client's own account of what came twice or was missing.

#[cfg(test)]
mod played;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use super::breach::Breach;
use super::heard::{Carried, Heard, Said};
use super::log::Log;
use crate::event::{EventId, Gap};

/// After so many breaches a client is not followed any further: the first ones tell.
pub(super) const MOST: usize = 100;

/// What one client was told, summed up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// Events that came.
    pub events: u64,
    /// Gaps within one life of the log.
    pub gaps: u64,
    /// Events that these announced as missing.
    pub missed: u64,
    /// Gaps from one life of the log to another.
    pub new_lives: u64,
    /// Events that were gone with them: of a life that was over, or forgotten.
    pub gone: u64,
    /// What must not have happened.
    pub breaches: Vec<Breach>,
}

/// Holds what clients were told against what was published.
pub struct Checker<'a> {
    log: &'a Log,
    /// Of ids that were not acknowledged: the message that was found there first.
    found: HashMap<EventId, Carried>,
    /// And the other way round: one message is one event.
    found_at: HashMap<Carried, EventId>,
}

impl<'a> Checker<'a> {
    /// Of this log.
    pub fn new(log: &'a Log) -> Self {
        Self { log, found: HashMap::new(), found_at: HashMap::new() }
    }

    /// What the server got wrong towards the publisher.
    pub fn publisher(&self) -> Vec<Breach> {
        self.log.breaches()
    }

    /// What it got wrong towards a client.
    pub fn client(&mut self, heard: &Heard) -> Findings {
        let (missing, gaps, findings) = (HashSet::new(), Vec::new(), Findings::default());
        let mut walk = Walk { checker: self, at: heard.from, missing, gaps, findings };
        for said in &heard.said {
            if walk.findings.breaches.len() >= MOST {
                return walk.findings;
            }
            match said {
                Said::Gap { gap, at_us } => walk.gap(*gap, *at_us),
                Said::Run { first, numbers } => walk.run(*first, numbers),
            }
        }
        walk.findings.breaches.extend(heard.strange.iter().cloned().map(Breach::Strange));
        walk.end(heard.gave_up.as_deref())
    }

    /// What is wrong with a message under an id.
    fn content(&mut self, id: EventId, carried: Carried) -> Option<Breach> {
        if let Some(sent) = self.log.acknowledged(id) {
            let altered = || Breach::Altered {
                id,
                carries: words(carried),
                published: format!("message {} was published", sent.number),
            };
            return (carried.0 != sent.number).then(altered);
        }
        if !self.log.is_unclear(id, carried.0) {
            return Some(Breach::Invented { id });
        }
        let before = *self.found.entry(id).or_insert(carried);
        let elsewhere = *self.found_at.entry(carried).or_insert(id);
        let altered = |published| Some(Breach::Altered { id, carries: words(carried), published });
        match (before == carried, elsewhere == id) {
            (true, true) => None,
            (false, _) => altered(format!("message {} to another client", before.0)),
            (_, false) => altered(format!("so does `{elsewhere}`")),
        }
    }
}

fn words(carried: Carried) -> String {
    match carried {
        Carried::STRANGE => "of nobody".to_owned(),
        Carried(number) => number.to_string(),
    }
}

/// One client's way through the log.
struct Walk<'a, 'b> {
    checker: &'a mut Checker<'b>,
    /// Where it stands.
    at: EventId,
    /// Skipped, and no gap said so: either they come late, or never.
    missing: HashSet<EventId>,
    /// Those that it was told.
    gaps: Vec<Gap>,
    findings: Findings,
}

impl Walk<'_, '_> {
    fn breach(&mut self, breach: Breach) {
        self.findings.breaches.push(breach);
    }

    fn run(&mut self, first: EventId, numbers: &[Carried]) {
        for (id, carried) in successive(first).zip(numbers) {
            self.findings.events += 1;
            match self.checker.content(id, *carried) {
                // It has no place in the log: nothing can be missing before it.
                Some(invented @ Breach::Invented { .. }) => self.breach(invented),
                altered => {
                    altered.into_iter().for_each(|altered| self.breach(altered));
                    self.event(id);
                }
            }
            if self.findings.breaches.len() >= MOST {
                return;
            }
        }
    }

    fn event(&mut self, id: EventId) {
        let behind = self.at;
        match id.epoch == behind.epoch {
            true if id.sequence > behind.sequence => {
                self.missing.extend(successive(behind.next()).take_while(|skipped| *skipped != id));
                self.at = id;
            }
            true if self.missing.remove(&id) => self.breach(Breach::Swapped { id, behind }),
            true if self.gaps.iter().any(|gap| gives_up(gap, id)) => self.breach(Breach::GivenUp { id }),
            true => self.breach(Breach::Doubled { id }),
            false => {
                self.breach(Breach::Unannounced { id, behind });
                self.at = id;
            }
        }
    }

    fn gap(&mut self, gap: Gap, at_us: u64) {
        match wrong(self.checker.log, self.at, &gap) {
            Some(why) => self.breach(Breach::WrongGap { gap, why }),
            None => {
                let held = gap.position();
                if held.sequence > 0 && !self.checker.log.can_have_forgotten(held, at_us) {
                    self.breach(Breach::Unjustified { gap, held });
                }
                self.findings.gaps += u64::from(!gap.is_new_epoch());
                self.findings.new_lives += u64::from(gap.is_new_epoch());
                self.findings.missed += gap.missed.unwrap_or(0);
                if gap.is_new_epoch() {
                    self.findings.gone += self.checker.log.between(gap.after, gap.resumes);
                }
            }
        }
        self.gaps.push(gap);
        let (to, at) = (gap.position(), self.at);
        if to.epoch != at.epoch || to.sequence > at.sequence {
            self.at = to;
        }
    }

    /// Nothing more comes: what is still missing never came.
    fn end(mut self, gave_up: Option<&str>) -> Findings {
        for (first, last) in ranges(self.checker.log, &self.missing) {
            self.breach(Breach::Lost { first, last });
        }
        let at = self.at;
        let unfinished = match (gave_up, self.checker.log.newest()) {
            (Some(why), _) => Some(Breach::GaveUp(why.to_owned())),
            (None, Some(newest)) if newest.epoch != at.epoch => Some(Breach::LeftBehind { at, newest }),
            (None, Some(newest)) if newest.sequence > at.sequence => {
                Some(Breach::Lost { first: at.next(), last: newest })
            }
            _ => None,
        };
        self.findings.breaches.extend(unfinished);
        self.findings
    }
}

/// Whether a gap says that this event is lost.
fn gives_up(Gap { after, resumes, .. }: &Gap, id: EventId) -> bool {
    let is_after = id.epoch != after.epoch || id.sequence > after.sequence;
    id.epoch == resumes.epoch && is_after && id.sequence < resumes.sequence
}

/// An id, and all that come after it.
fn successive(first: EventId) -> impl Iterator<Item = EventId> {
    std::iter::successors(Some(first), |id| Some(id.next()))
}

/// What is wrong with what a gap says to a client that stands at `at`.
fn wrong(log: &Log, at: EventId, gap: &Gap) -> Option<String> {
    let Gap { after, resumes, missed } = *gap;
    if after != at {
        return Some(format!("the client stood at `{at}`"));
    }
    let Some(life) = log.life(resumes.epoch) else {
        return Some(format!("there was no life `{}`", resumes.epoch));
    };
    if log.life(at.epoch).is_some_and(|before| before > life) {
        return Some("it goes back to a life that is over".to_owned());
    }
    let right = match gap.is_new_epoch() {
        true => None,
        false => Some(resumes.sequence.saturating_sub(after.sequence).saturating_sub(1)),
    };
    match right {
        Some(0) => Some("nothing is missing there".to_owned()),
        right if right != missed => Some(format!(
            "{} are missing",
            right.map_or_else(|| "nobody knows how many".to_owned(), |n| n.to_string())
        )),
        _ => None,
    }
}

/// Ids that follow one another, as first and last, in the order of the log.
fn ranges(log: &Log, ids: &HashSet<EventId>) -> Vec<(EventId, EventId)> {
    let mut ids: Vec<EventId> = ids.iter().copied().collect();
    ids.sort_by_key(|id| (log.life(id.epoch), id.sequence));
    let mut ranges: Vec<(EventId, EventId)> = Vec::new();
    for id in ids {
        match ranges.last_mut() {
            Some((_, last)) if last.next() == id => *last = id,
            _ => ranges.push((id, id)),
        }
    }
    ranges
}
