//! The row of messages that are due: a player puts them in, whoever may send takes them out.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

use super::book::Book;
use crate::bench::capacity::marker::Mark;
use crate::clock::Clock;
use crate::source::{Player, Source};

/// A message that is due.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) number: usize,
    /// The JSON to publish.
    pub(super) data: String,
}

/// Where a player puts what is due.
pub(super) type Entry = UnboundedSender<Due>;

/// A row that ends when nothing more may be sent: what is in it then stays unsent.
pub(super) fn queue(book: Arc<Book>, stop: CancellationToken) -> (Entry, impl Stream<Item = Due> + Send) {
    let (entry, row) = unbounded_channel();
    (entry, taken(row, book, stop))
}

fn taken(
    mut row: UnboundedReceiver<Due>,
    book: Arc<Book>,
    stop: CancellationToken,
) -> impl Stream<Item = Due> + Send {
    let due = stream::poll_fn(move |cx| row.poll_recv(cx)).take_until(stop.cancelled_owned());
    due.inspect(move |due: &Due| book.sent(due.number)).fuse()
}

/// Puts messages into the row, each at its instant, on a thread of its own: an open loop. Each bears a mark, by
/// which it is known again when it comes back. How late it is in the warm-up is no part of its lag. Gives the player,
/// and when offset 0 of its schedule is, in monotonic microseconds.
pub(super) fn play(
    source: &Source,
    warmup: Duration,
    book: Arc<Book>,
    entry: Entry,
) -> io::Result<(Player, u64)> {
    let (clock, size) = (Clock::start(), source.size);
    let monotonic = move |at_us: u64| at_us.saturating_add_signed(-clock.monotonic_offset_us());
    let player = Player::start(source, clock, move |due_us, _| {
        let due_us = monotonic(due_us);
        let number = book.due(due_us);
        let mut data = Vec::with_capacity(size);
        Mark { sequence: number as u64, due_us }.write(size, &mut data);
        let data = String::from_utf8(data).expect("a mark is ASCII");
        // Who sends may have given up.
        let _ = entry.send(Due { number, data });
    })?;
    player.forget_lag_before(player.start_us() + warmup.as_micros() as u64);
    let start_us = monotonic(player.start_us());
    Ok((player, start_us))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceKind;

    #[tokio::test]
    async fn what_is_in_the_row_when_it_ends_stays_unsent() {
        let (book, stop) = (Arc::new(Book::default()), CancellationToken::new());
        let (entry, row) = queue(book.clone(), stop.clone());
        let mut row = std::pin::pin!(row);
        for due_us in 1..=3 {
            let number = book.due(due_us);
            entry.send(Due { number, data: String::new() }).unwrap();
        }
        assert_eq!(row.next().await.unwrap().number, 0);
        stop.cancel();
        assert!(row.next().await.is_none());
        let sent: Vec<bool> = book.pages().messages.iter().map(|message| message.sent_us.is_some()).collect();
        assert_eq!(sent, [true, false, false]);
    }

    #[tokio::test]
    async fn every_message_of_a_schedule_is_put_in_at_its_instant_with_its_mark() {
        let (book, stop) = (Arc::new(Book::default()), CancellationToken::new());
        let (entry, row) = queue(book.clone(), stop);
        let (rate, duration) = ("1000".parse().unwrap(), Some(Duration::from_millis(20)));
        let source = Source { kind: SourceKind::Steady, rate, duration, size: 50, ..Source::default() };
        let (player, start_us) = play(&source, Duration::ZERO, book.clone(), entry).unwrap();
        player.wait();
        let due: Vec<Due> = row.collect().await;
        assert_eq!(due.len(), 20);
        let pages = book.pages();
        assert!((start_us..=start_us + 1_000).contains(&pages.messages[0].due_us), "a phase within one gap");
        for (number, due) in due.iter().enumerate() {
            let due_us = pages.messages[number].due_us;
            assert_eq!((due.number, due.data.len()), (number, 50));
            assert!(due.data.starts_with(&format!("\"wirelanes {number:012} {due_us:019}")), "{}", due.data);
        }
        assert!(pages.messages.windows(2).all(|two| two[1].due_us.abs_diff(two[0].due_us + 1_000) <= 1));
    }

    #[test]
    fn how_late_a_publisher_is_in_the_warm_up_is_no_part_of_its_lag() {
        let whole = Duration::from_millis(20);
        let source = Source { kind: SourceKind::Steady, duration: Some(whole), ..Source::default() };
        let source = Source { rate: "1000".parse().unwrap(), ..source };
        for (warmup, has_lag) in [(Duration::ZERO, true), (whole / 2, true), (whole, false)] {
            let (entry, _row) = unbounded_channel();
            let (player, _) = play(&source, warmup, Arc::default(), entry).unwrap();
            let played = player.wait();
            assert_eq!((played.events, played.lag_us.is_some()), (20, has_lag), "after {warmup:?}");
        }
    }
}
