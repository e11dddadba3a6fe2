//! What a lane's book adds up to: messages counted, latencies in order, bytes by layer.

use std::collections::HashSet;
use std::ops::Range;

use super::book::{Answer, Arrival, Message, Pages};
use super::lane::Told;
use super::plan::{Plan, Way};
use super::result::Messages;
use crate::bench::result::{Bytes, Layers};
use crate::bench::statistics::Sample;
use crate::event::{EventId, Gap};
use crate::theory::talk::framed;

/// One lane in one round.
pub(super) struct Trial {
    pub(super) messages: Messages,
    pub(super) ack: Sample,
    pub(super) delivery: Sample,
    pub(super) requests_per_message: Option<f64>,
    pub(super) bytes: Option<Bytes>,
    pub(super) busy_share: Option<f64>,
    pub(super) wait_us: Option<f64>,
    pub(super) most_waiting: u64,
}

impl Trial {
    pub(super) fn of(told: &Told, plan: &Plan) -> Self {
        let window = window_us(told, plan);
        let (firsts, again) = firsts(&told.pages, &window);
        let messages: Vec<&Message> = counted(&told.pages, &window).collect();
        let acks = messages.iter().filter_map(|message| Some((message.due_us, acknowledged_us(message)?)));
        let deliveries = firsts.iter().map(|first| (told.pages.messages[first.number].due_us, first.at_us));
        let sent = told.pages.messages.iter().filter(|message| message.sent_us.is_some()).count() as f64;
        Self {
            messages: count(&told.pages, &window, &firsts, again),
            ack: sample(acks),
            delivery: sample(deliveries),
            requests_per_message: (sent > 0.0).then(|| told.counts.requests as f64 / sent),
            bytes: (sent > 0.0).then(|| bytes(told, plan, sent)),
            busy_share: told.way.and_then(|way| busy_share(way, &told.pages, &window)),
            wait_us: wait_us(&messages),
            most_waiting: most_waiting(&messages),
        }
    }
}

/// What counts is what was due then, in monotonic microseconds. It is shorter than planned where nothing more was due
/// because somebody wanted an end, and empty where that was in the warm-up.
pub(super) fn window_us(told: &Told, plan: &Plan) -> Range<u64> {
    let start_us = told.start_us + plan.warmup.as_micros() as u64;
    let end_us = start_us + plan.duration.as_micros() as u64;
    start_us..end_us.min(told.over_us).max(start_us)
}

pub(super) fn counted<'a>(pages: &'a Pages, window: &Range<u64>) -> impl Iterator<Item = &'a Message> {
    pages.messages.iter().filter(|message| window.contains(&message.due_us))
}

fn acknowledged_us(message: &Message) -> Option<u64> {
    match message.answer? {
        Answer::Taken { at_us, .. } => Some(at_us),
        Answer::Refused | Answer::Broken => None,
    }
}

fn id_of(message: &Message) -> Option<EventId> {
    match message.answer? {
        Answer::Taken { id, .. } => id,
        Answer::Refused | Answer::Broken => None,
    }
}

/// The first arrival of each message of the window, in order, and how often one came again.
fn firsts(pages: &Pages, window: &Range<u64>) -> (Vec<Arrival>, u64) {
    let mut seen = HashSet::new();
    let arrivals = pages.arrivals.iter().filter(|one| window.contains(&pages.messages[one.number].due_us));
    let (firsts, again): (Vec<Arrival>, Vec<Arrival>) = arrivals.partition(|one| seen.insert(one.number));
    (firsts, again.len() as u64)
}

fn count(pages: &Pages, window: &Range<u64>, firsts: &[Arrival], doubled: u64) -> Messages {
    let came: HashSet<usize> = firsts.iter().map(|first| first.number).collect();
    let mut messages = Messages { delivered: firsts.len() as u64, doubled, ..Messages::default() };
    for (number, message) in pages.messages.iter().enumerate() {
        if !window.contains(&message.due_us) {
            continue;
        }
        messages.due += 1;
        match message.sent_us {
            None => messages.unsent += 1,
            Some(_) => messages.sent += 1,
        }
        match message.answer {
            Some(Answer::Taken { .. }) => messages.acknowledged += 1,
            Some(Answer::Refused) => messages.refused += 1,
            Some(Answer::Broken) => messages.unanswered += 1,
            None => messages.unanswered += u64::from(message.sent_us.is_some()),
        }
        if let Some(id) = id_of(message).filter(|_| !came.contains(&number)) {
            match is_announced(pages, id) {
                true => messages.missed += 1,
                false => messages.lost += 1,
            }
        }
    }
    messages.reordered = reordered(firsts);
    messages
}

fn is_announced(pages: &Pages, id: EventId) -> bool {
    let gap = |gap: &Gap| (gap.after.sequence + 1..gap.resumes.sequence).contains(&id.sequence);
    pages.gaps.iter().any(gap)
}

/// Events come in the order of their ids: who was due earlier than one before it was overtaken.
fn reordered(firsts: &[Arrival]) -> u64 {
    let mut latest = 0;
    let overtaken = firsts.iter().filter(|first| {
        latest = latest.max(first.number);
        first.number < latest
    });
    overtaken.count() as u64
}

/// Latencies in order of time; what one read brought stays together.
fn sample(due_and_came: impl Iterator<Item = (u64, u64)>) -> Sample {
    let mut pairs: Vec<(u64, u64)> = due_and_came.collect();
    pairs.sort_by_key(|(_, came_us)| *came_us);
    let mut sample = Sample::default();
    for read in pairs.chunk_by(|one, next| one.1 == next.1) {
        sample.record_answer(read.iter().map(|(due_us, came_us)| *came_us as i64 - *due_us as i64));
    }
    sample
}

/// Of publishing, for each message that was sent, those of the warm-up included. On the connection that a client
/// listens on events come down, too: they are not part of it.
fn bytes(told: &Told, plan: &Plan, sent: f64) -> Bytes {
    let (up, down) = (told.counts.up, told.counts.down);
    let events: f64 = match told.way {
        Some(way) if way.speaks() => told.pages.events.iter().map(|json| framed(*json as f64)).sum(),
        _ => 0.0,
    };
    let payload = plan.source.size as f64;
    let layers = |payload: f64, body: f64, http: u64| Layers {
        payload,
        envelope: body / sent - payload,
        http: http as f64 / sent,
        tls: 0.0,
    };
    Bytes {
        up: layers(payload, up.body as f64, up.http),
        down: layers(0.0, down.body as f64 - events, down.http),
    }
}

/// Of the window.
fn busy_share(way: Way, pages: &Pages, window: &Range<u64>) -> Option<f64> {
    let within = |at_us: u64| at_us.clamp(window.start, window.end);
    let took = pages.messages.iter().filter_map(|message| {
        Some(within(acknowledged_us(message)?).saturating_sub(within(message.sent_us?)))
    });
    let all_us = (window.end - window.start) as f64 * way.posting as f64;
    (!way.speaks() && all_us > 0.0).then(|| took.sum::<u64>() as f64 / all_us)
}

fn wait_us(messages: &[&Message]) -> Option<f64> {
    let waits = messages.iter().filter_map(|message| Some(message.sent_us?.saturating_sub(message.due_us)));
    let (count, sum) = waits.fold((0, 0), |(count, sum), wait| (count + 1, sum + wait));
    (count > 0).then(|| sum as f64 / f64::from(count))
}

/// As they came due, so they were sent: of those before a message, these were not yet when it came.
fn most_waiting(messages: &[&Message]) -> u64 {
    let mut first = 0;
    let waiting = messages.iter().enumerate().map(|(index, message)| {
        let is_gone = |other: &Message| other.sent_us.is_some_and(|sent_us| sent_us <= message.due_us);
        while first < index && is_gone(messages[first]) {
            first += 1;
        }
        index - first + 1
    });
    waiting.max().unwrap_or(0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Transport;

    /// Due every 10 µs from 100 on; sent and answered so, or not.
    fn pages(sent_and_answer: &[(Option<u64>, Option<Answer>)], arrivals: &[usize]) -> Pages {
        let message = |(number, (sent_us, answer)): (usize, &(Option<u64>, Option<Answer>))| Message {
            due_us: 100 + 10 * number as u64,
            sent_us: *sent_us,
            answer: *answer,
            ..Message::default()
        };
        let mut pages = Pages::default();
        pages.messages.extend(sent_and_answer.iter().enumerate().map(message));
        pages.arrivals.extend(arrivals.iter().map(|number| Arrival { number: *number, at_us: 500 }));
        pages
    }

    fn taken(sequence: u64) -> (Option<u64>, Option<Answer>) {
        let id = format!("8f3k2a-{sequence}").parse().ok();
        (Some(150), Some(Answer::Taken { at_us: 200, id }))
    }

    fn counts(pages: &Pages) -> Messages {
        let window = 100..1_000;
        let (firsts, again) = firsts(pages, &window);
        count(pages, &window, &firsts, again)
    }

    #[test]
    fn every_message_has_one_fate() {
        let sent = Some(150);
        let all = [
            taken(1),
            taken(2),
            (sent, Some(Answer::Refused)),
            (sent, Some(Answer::Broken)),
            (sent, None),
            (None, None),
            taken(3),
        ];
        let mut pages = pages(&all, &[0, 0]);
        let expected = Messages {
            due: 7,
            sent: 6,
            unsent: 1,
            acknowledged: 3,
            refused: 1,
            unanswered: 2,
            delivered: 1,
            lost: 2,
            missed: 0,
            doubled: 1,
            reordered: 0,
        };
        assert_eq!(counts(&pages), expected);
        pages.gaps.push(Gap::new("8f3k2a-2".parse().unwrap(), "8f3k2a-4".parse().unwrap()));
        assert_eq!(counts(&pages), Messages { lost: 1, missed: 1, ..expected });
    }

    #[test]
    fn who_is_overtaken_is_reordered_and_not_all_who_overtook() {
        let all: Vec<_> = (1..=5).map(taken).collect();
        for (arrivals, reordered) in [([0, 1, 2, 3, 4], 0), ([1, 2, 3, 4, 0], 1), ([1, 0, 3, 2, 4], 2)] {
            assert_eq!(counts(&pages(&all, &arrivals)).reordered, reordered, "{arrivals:?}");
        }
    }

    #[test]
    fn what_was_due_before_the_window_is_not_counted() {
        let pages = pages(&[taken(1), taken(2), taken(3)], &[0, 1, 1]);
        let window = 115..1_000;
        let (firsts, again) = firsts(&pages, &window);
        let messages = count(&pages, &window, &firsts, again);
        assert_eq!((messages.due, messages.delivered, messages.doubled, messages.lost), (1, 0, 0, 1));
    }

    #[test]
    fn the_row_is_longest_where_least_has_left_it() {
        let most = |sent: &[Option<u64>]| {
            let all: Vec<_> = sent.iter().map(|sent_us| (*sent_us, None)).collect();
            let pages = pages(&all, &[]);
            most_waiting(&pages.messages.iter().collect::<Vec<_>>())
        };
        assert_eq!(most(&[Some(100), Some(110), Some(121)]), 1, "each at once, or before the next is due");
        assert_eq!(most(&[Some(100), Some(200), Some(201), Some(202)]), 3);
        assert_eq!(most(&[Some(100), None, None, None]), 3);
        assert_eq!(most(&[]), 0);
    }

    #[test]
    fn one_read_stamps_all_that_it_completed() {
        let sample = sample([(100, 130), (110, 130), (90, 95)].into_iter());
        assert_eq!((sample.count(), sample.max_us(), sample.mean_us()), (3, Some(30), Some(55.0 / 3.0)));
    }

    #[test]
    fn busy_is_a_share_of_the_window_and_of_none_there_is_no_share() {
        let pages = pages(&[taken(1), taken(2)], &[]);
        let busy = |posting, window| busy_share(Way { transport: Transport::Sse, posting }, &pages, &window);
        assert_eq!((busy(2, 100..300), busy(1, 175..275)), (Some(0.25), Some(0.5)), "two of 150 to 200");
        assert_eq!((busy(1, 300..300), busy(0, 100..300)), (None, None));
    }
}
