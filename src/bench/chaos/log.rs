//! The publisher's own log: every id it was given, in which life of the server, and since when it can have been
//! there. What a client was told is held against this, and against nothing that the server says of itself.
//!
//! ```text
//! life 1  8f3k2a   1 2 3 4 · 6 7        · was published, and its answer was lost with the connection
//! life 2  0zz7q1   1 2 3 4 5 …
//!                    └─────┘            a memory of 4: when 5 came, 1 was forgotten
//! ```

use std::collections::{BTreeMap, HashMap};

use super::breach::Breach;
use crate::event::{Epoch, EventId};

/// A message: its number in its data, and when its publisher began to send it, in monotonic microseconds. It was
/// not in any log before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Counts from 0, over all lives.
    pub number: u32,
    /// When it set out.
    pub sent_us: u64,
}

/// One life of the server's log.
#[derive(Debug)]
struct Life {
    epoch: Epoch,
    /// By sequence: what was acknowledged.
    events: BTreeMap<u64, Sent>,
}

impl Life {
    fn last(&self) -> u64 {
        self.events.last_key_value().map_or(0, |(sequence, _)| *sequence)
    }

    fn newest(&self) -> EventId {
        EventId { epoch: self.epoch, sequence: self.last() }
    }
}

/// All that was published, over all lives of the server.
#[derive(Debug)]
pub struct Log {
    /// How many events the server remembers.
    memory: u64,
    lives: Vec<Life>,
    /// Messages whose answer was lost: published or not.
    unclear: HashMap<u32, u64>,
    /// Published in a life of which nobody has told yet.
    homeless: Vec<(EventId, Sent)>,
    /// Published under an id that was another's already.
    twice: Vec<EventId>,
    newest: Option<EventId>,
}

impl Log {
    /// Of a server that remembers so many events of a topic.
    pub fn new(memory: u64) -> Self {
        let (lives, unclear) = (Vec::new(), HashMap::new());
        Self { memory, lives, unclear, homeless: Vec::new(), twice: Vec::new(), newest: None }
    }

    /// The server has begun another life. Who publishes may have known before who watches it.
    pub fn begin(&mut self, epoch: Epoch) {
        self.lives.push(Life { epoch, events: BTreeMap::new() });
        for (id, sent) in std::mem::take(&mut self.homeless) {
            self.published(id, sent);
        }
    }

    /// A message was published under this id.
    pub fn published(&mut self, id: EventId, sent: Sent) {
        let Some(life) = self.lives.iter_mut().find(|life| life.epoch == id.epoch) else {
            self.homeless.push((id, sent));
            return;
        };
        if life.events.insert(id.sequence, sent).is_some() {
            self.twice.push(id);
        }
    }

    /// A message set out, and nobody knows whether it came.
    pub fn unclear(&mut self, sent: Sent) {
        self.unclear.insert(sent.number, sent.sent_us);
    }

    /// Publishing is over, and the server says that this is its newest event.
    pub fn end(&mut self, newest: EventId) {
        self.newest = Some(newest);
    }

    /// The newest event of all; `None` before there is a life. What was acknowledged last is to come, even where the
    /// server says that it never had it.
    pub fn newest(&self) -> Option<EventId> {
        let known = self.lives.last().map(Life::newest);
        let is_behind = |said: &EventId| {
            known.is_some_and(|known| known.epoch == said.epoch && known.sequence > said.sequence)
        };
        self.newest.filter(|said| !is_behind(said)).or(known)
    }

    /// The newest event of each life, in their order.
    pub fn lives(&self) -> impl Iterator<Item = EventId> {
        self.lives.iter().map(Life::newest)
    }

    /// How many events there were between a position and the next event that can be had, in another life.
    pub(super) fn between(&self, after: EventId, resumes: EventId) -> u64 {
        let (Some(from), Some(to)) = (self.life(after.epoch), self.life(resumes.epoch)) else { return 0 };
        let over: u64 = self.lives[from..to].iter().map(Life::last).sum();
        (over + resumes.sequence).saturating_sub(after.sequence + 1)
    }

    /// How many messages are known to be published.
    pub fn count(&self) -> u64 {
        self.lives.iter().map(|life| life.events.len() as u64).sum()
    }

    /// How many may be published or not.
    pub fn unclear_count(&self) -> u64 {
        self.unclear.len() as u64
    }

    /// Which life of the server an epoch is, from 0.
    pub(super) fn life(&self, epoch: Epoch) -> Option<usize> {
        self.lives.iter().position(|life| life.epoch == epoch)
    }

    /// What was published under an id, as far as the publisher was told.
    pub(super) fn acknowledged(&self, id: EventId) -> Option<Sent> {
        self.lives[self.life(id.epoch)?].events.get(&id.sequence).copied()
    }

    /// Whether this message may have been published under this id, without an answer.
    pub(super) fn is_unclear(&self, id: EventId, number: u32) -> bool {
        self.unclear.contains_key(&number) && self.can_be_unclear(id)
    }

    /// Whether, by this instant, the server can have forgotten an event: only when so many later ones had come as it
    /// remembers. A message that is not known to have come may be the one.
    pub(super) fn can_have_forgotten(&self, id: EventId, by_us: u64) -> bool {
        let pushed_out_by = EventId { sequence: id.sequence + self.memory, ..id };
        match self.acknowledged(pushed_out_by) {
            Some(sent) => sent.sent_us <= by_us,
            None => {
                self.can_be_unclear(pushed_out_by) && self.unclear.values().any(|sent_us| *sent_us <= by_us)
            }
        }
    }

    /// Whether an id that was not acknowledged can be one of a message whose answer was lost: below what was
    /// acknowledged, or so little above it as there are such messages.
    fn can_be_unclear(&self, id: EventId) -> bool {
        let Some(life) = self.life(id.epoch) else { return false };
        id.sequence <= self.lives[life].last() + self.unclear_count()
    }

    /// What the server got wrong towards the publisher: ids given twice, or more ids used than messages sent.
    pub(super) fn breaches(&self) -> Vec<Breach> {
        let twice = self.twice.iter().map(|id| Breach::GivenTwice { id: *id });
        let homeless = self.homeless.iter().map(|(id, _)| Breach::NoSuchLife { id: *id });
        let mut breaches: Vec<Breach> = twice.chain(homeless).collect();
        let unused = |life: &Life| life.last() - life.events.len() as u64;
        let (skipped, unclear) = (self.lives.iter().map(unused).sum(), self.unclear_count());
        if skipped > unclear {
            breaches.push(Breach::Skipped { skipped, unclear });
        }
        breaches
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> EventId {
        text.parse().unwrap()
    }

    /// A memory of 3, and five events sent at 10, 20, …, 50; so many of them answered for.
    fn log(answered: u64) -> Log {
        let mut log = Log::new(3);
        log.begin(id("8f3k2a-0").epoch);
        for sequence in 1..=5 {
            let sent = Sent { number: sequence as u32 - 1, sent_us: sequence * 10 };
            match sequence <= answered {
                true => log.published(EventId { sequence, ..id("8f3k2a-0") }, sent),
                false => log.unclear(sent),
            }
        }
        log
    }

    #[test]
    fn an_event_is_forgotten_when_as_many_came_after_it_as_are_remembered() {
        let log = log(5);
        let forgotten =
            |sequence, by_us| log.can_have_forgotten(EventId { sequence, ..id("8f3k2a-0") }, by_us);
        assert!(!forgotten(1, 39) && forgotten(1, 40), "the fourth pushes the first out");
        assert!(!forgotten(2, 49) && forgotten(2, 50));
        assert!(!forgotten(3, u64::MAX), "there is no sixth");
    }

    #[test]
    fn a_message_without_an_answer_may_have_pushed_another_out() {
        let log = log(4);
        let forgotten =
            |sequence, by_us| log.can_have_forgotten(EventId { sequence, ..id("8f3k2a-0") }, by_us);
        assert!(!forgotten(2, 49) && forgotten(2, 50), "the fifth may be there or not");
        assert!(!forgotten(3, u64::MAX), "one message cannot be two events");
        assert_eq!((log.count(), log.unclear_count(), log.newest()), (4, 1, Some(id("8f3k2a-4"))));
    }

    #[test]
    fn a_server_that_gives_an_id_twice_or_skips_one_is_caught() {
        assert_eq!(log(5).breaches(), []);
        let sent = Sent { number: 9, sent_us: 90 };
        let mut twice = log(5);
        twice.published(id("8f3k2a-5"), sent);
        assert_eq!(twice.breaches(), [Breach::GivenTwice { id: id("8f3k2a-5") }]);
        let mut skipping = log(5);
        skipping.published(id("8f3k2a-8"), sent);
        assert_eq!(skipping.breaches(), [Breach::Skipped { skipped: 2, unclear: 0 }]);
        skipping.unclear(Sent { number: 10, sent_us: 90 });
        skipping.unclear(Sent { number: 11, sent_us: 90 });
        assert_eq!(skipping.breaches(), []);
        let mut strange = log(5);
        strange.published(id("000000-1"), sent);
        assert_eq!(strange.breaches(), [Breach::NoSuchLife { id: id("000000-1") }]);
        strange.begin(id("000000-1").epoch);
        assert_eq!((strange.breaches(), strange.count()), (vec![], 6), "its life was told of later");
        assert_eq!(strange.between(id("8f3k2a-3"), id("000000-1")), 2);
    }
}
