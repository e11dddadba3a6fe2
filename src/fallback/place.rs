//! Where the whole reader stands, whichever transport brings what comes next.
//!
//! ```text
//! stands at            8f3k2a-41
//! asks after           8f3k2a-40        one before: 41 is waiting there, and comes at once
//! what comes           41   42   43     41 came before: dropped. 42 and 43 are handed on
//! ```
//!
//! Every transport is asked from here, so what it brings overlaps with what came, or joins it; it never begins
//! behind it. What came before is known by its id, and a gap that another transport already told is known by where
//! it ends.
//!
//! A life of the log that was left is over, and what is still said of it is late. But for one word: a gap that leads
//! from the life where the reader stands back to it, which nobody can say who was asked before.

use crate::client::News;
use crate::event::{Epoch, Event, EventId, Gap, Position};

/// Lives of a log that are over are remembered up to so many: a late word of one must not be taken for news.
const REMEMBERED: usize = 16;

#[derive(Debug)]
pub(super) struct Place {
    stand: Stand,
    /// Epochs that were left, the latest last.
    over: Vec<Epoch>,
}

#[derive(Clone, Copy, Debug)]
enum Stand {
    /// Nobody has told it yet.
    Asking(Position),
    /// After this event.
    At(EventId),
}

/// What a message comes to: nothing, itself, or a hole and itself.
pub(super) type Fresh = [Option<News>; 2];

impl Place {
    pub(super) fn new(from: Position) -> Self {
        let stand = match from {
            Position::After(id) => Stand::At(id),
            asked => Stand::Asking(asked),
        };
        Self { stand, over: Vec::new() }
    }

    /// The newest event is known: who asked for what comes from now on stands there.
    pub(super) fn learns(&mut self, newest: EventId) {
        if matches!(self.stand, Stand::Asking(Position::Latest)) {
            self.stand = Stand::At(newest);
        }
    }

    /// What a transport is to ask for: an event that is there already is the first that it must bring.
    pub(super) fn asks_for(&self) -> Position {
        match self.stand {
            Stand::Asking(position) => position,
            Stand::At(id) => Position::After(id.previous()),
        }
    }

    /// Whether every transport would begin at the same event: where nobody knows the place, each begins when it is
    /// asked, and what was published between two of them would be lost.
    pub(super) fn is_known(&self) -> bool {
        !matches!(self.stand, Stand::Asking(Position::Latest))
    }

    /// Whether an event, or a gap, is sure to wait there for who asks; `newest` is what the log's newest was.
    pub(super) fn has_waiting(&self, newest: Option<EventId>) -> bool {
        match self.stand {
            Stand::Asking(Position::Latest) => false,
            Stand::At(id) if id.sequence > 0 => true,
            Stand::At(id) if newest.is_some_and(|newest| newest.epoch != id.epoch) => !self.is_over(newest),
            Stand::At(_) | Stand::Asking(_) => newest.is_some_and(|newest| newest.sequence > 0),
        }
    }

    pub(super) fn event(&mut self, event: Event, arrived_us: u64) -> Fresh {
        let id = event.id();
        if self.is_past(id) {
            return [None, None];
        }
        let hole = match self.stand {
            Stand::At(at) if at != id.previous() => Some(News::Hole(Gap::new(at, id))),
            _ => None,
        };
        self.goes_to(id);
        [hole, Some(News::Event { event, arrived_us })]
    }

    /// What is missing is what is missing *here*: a transport that was asked from an earlier place misses more.
    pub(super) fn gap(&mut self, gap: Gap, arrived_us: u64) -> Fresh {
        let position = gap.position();
        if self.is_past(position) && !self.is_led_back_by(&gap) {
            return [None, None];
        }
        let after = match self.stand {
            Stand::At(at) => at,
            Stand::Asking(_) => gap.after,
        };
        self.goes_to(position);
        [Some(News::Gap { gap: Gap::new(after, gap.resumes), arrived_us }), None]
    }

    fn is_past(&self, id: EventId) -> bool {
        let is_behind =
            |at: EventId| at.epoch == id.epoch && id.sequence <= at.sequence || self.is_over(Some(id));
        matches!(self.stand, Stand::At(at) if is_behind(at))
    }

    /// Whether a gap leads from here to where the reader was already: to a life of the log that was thought to be
    /// over, where two servers that share an address take turns; or back to the newest event, from beyond it.
    fn is_led_back_by(&self, gap: &Gap) -> bool {
        let Stand::At(at) = self.stand else { return false };
        let is_beyond = gap.resumes.sequence <= gap.after.sequence
            && gap.after.next().sequence >= at.sequence
            && gap.position() != at;
        at.epoch == gap.after.epoch && (gap.is_new_epoch() || is_beyond)
    }

    fn is_over(&self, id: Option<EventId>) -> bool {
        id.is_some_and(|id| self.over.contains(&id.epoch))
    }

    fn goes_to(&mut self, id: EventId) {
        if let Stand::At(at) = self.stand
            && at.epoch != id.epoch
        {
            self.over.retain(|epoch| *epoch != id.epoch);
            if self.over.len() == REMEMBERED {
                self.over.remove(0);
            }
            self.over.push(at.epoch);
        }
        self.stand = Stand::At(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> EventId {
        text.parse().unwrap()
    }

    fn at(text: &str) -> Place {
        Place::new(Position::After(id(text)))
    }

    /// What an event comes to, told shortly.
    fn event(place: &mut Place, text: &str) -> String {
        told(place.event(Event::new(id(text), "demo", 5, "1"), 7))
    }

    fn gap(place: &mut Place, after: &str, resumes: &str) -> String {
        told(place.gap(Gap::new(id(after), id(resumes)), 7))
    }

    fn told(fresh: Fresh) -> String {
        let short = |news: News| match news {
            News::Event { event, .. } => format!("event {}", event.id()),
            News::Gap { gap, .. } => format!("gap {} {} {:?}", gap.after, gap.resumes, gap.missed),
            News::Hole(gap) => format!("hole {} {}", gap.after, gap.resumes),
            other => panic!("{other:?}"),
        };
        fresh.into_iter().flatten().map(short).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn what_overlaps_is_dropped_and_what_joins_is_handed_on() {
        let mut place = at("8f3k2a-41");
        assert_eq!(place.asks_for(), Position::After(id("8f3k2a-40")));
        assert_eq!(event(&mut place, "8f3k2a-41"), "");
        assert_eq!(event(&mut place, "8f3k2a-42"), "event 8f3k2a-42");
        assert_eq!(event(&mut place, "8f3k2a-40"), "");
        assert_eq!(event(&mut place, "8f3k2a-45"), "hole 8f3k2a-42 8f3k2a-45, event 8f3k2a-45");
    }

    #[test]
    fn a_gap_is_told_once_and_from_here() {
        let mut place = at("8f3k2a-41");
        assert_eq!(gap(&mut place, "8f3k2a-40", "8f3k2a-57"), "gap 8f3k2a-41 8f3k2a-57 Some(15)");
        assert_eq!(gap(&mut place, "8f3k2a-40", "8f3k2a-57"), "", "another transport told it");
        assert_eq!(event(&mut place, "8f3k2a-57"), "event 8f3k2a-57");
        assert_eq!(gap(&mut place, "8f3k2a-40", "8f3k2a-58"), "", "all that it misses came");
    }

    #[test]
    fn a_log_that_began_anew_is_told_once_and_the_old_one_is_over() {
        let mut place = at("8f3k2a-41");
        assert_eq!(gap(&mut place, "8f3k2a-40", "111111-1"), "gap 8f3k2a-41 111111-1 None");
        assert_eq!(event(&mut place, "8f3k2a-42"), "", "a late word of a log that is over");
        assert_eq!(gap(&mut place, "8f3k2a-41", "111111-1"), "");
        assert_eq!(event(&mut place, "111111-1"), "event 111111-1");
    }

    #[test]
    fn two_servers_that_take_turns_are_told_each_time_and_leave_nothing_out() {
        let mut place = at("8f3k2a-41");
        assert_eq!(gap(&mut place, "8f3k2a-40", "111111-7"), "gap 8f3k2a-41 111111-7 None");
        assert_eq!(event(&mut place, "111111-7"), "event 111111-7");
        assert_eq!(gap(&mut place, "111111-6", "8f3k2a-43"), "gap 111111-7 8f3k2a-43 None");
        assert_eq!(event(&mut place, "8f3k2a-43"), "event 8f3k2a-43");
        assert_eq!(event(&mut place, "111111-8"), "", "the other one is over, now");
        assert_eq!(gap(&mut place, "111111-6", "8f3k2a-43"), "", "another transport told it");
    }

    #[test]
    fn who_stands_beyond_the_newest_is_led_back_to_it_once() {
        let mut place = at("8f3k2a-100");
        assert_eq!(gap(&mut place, "8f3k2a-99", "8f3k2a-51"), "gap 8f3k2a-100 8f3k2a-51 None");
        assert_eq!(gap(&mut place, "8f3k2a-99", "8f3k2a-51"), "", "another transport told it");
        assert_eq!(event(&mut place, "8f3k2a-51"), "event 8f3k2a-51");
    }

    #[test]
    fn who_asks_for_what_comes_from_now_on_stands_at_the_newest() {
        let mut place = Place::new(Position::Latest);
        assert!(!place.is_known() && !place.has_waiting(None));
        place.learns(id("8f3k2a-3"));
        assert!(place.is_known() && place.has_waiting(None));
        assert_eq!(event(&mut place, "8f3k2a-3"), "", "it was there before");
    }

    #[test]
    fn on_an_empty_log_nothing_waits() {
        let empty = at("8f3k2a-0");
        assert_eq!(empty.asks_for(), Position::After(id("8f3k2a-0")));
        assert!(!empty.has_waiting(Some(id("8f3k2a-0"))) && empty.has_waiting(Some(id("8f3k2a-1"))));
        assert!(empty.has_waiting(Some(id("111111-0"))), "a gap waits");
        let mut anew = at("8f3k2a-41");
        assert_eq!(gap(&mut anew, "8f3k2a-40", "111111-1"), "gap 8f3k2a-41 111111-1 None");
        assert!(
            !anew.has_waiting(Some(id("8f3k2a-41"))),
            "the newest that was learnt is of a life that is over"
        );
        let earliest = Place::new(Position::Earliest);
        assert!(earliest.is_known() && !earliest.has_waiting(Some(id("8f3k2a-0"))));
    }
}
