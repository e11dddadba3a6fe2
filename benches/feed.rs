//! The feed by itself: what it costs to append an event, to wake its readers, and to catch up.
//!
//! No sockets, no encoding: what is left is the log, the lock around it, and the bell.

mod shared;

use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use shared::{Countdown, TOPIC, criterion, data, feed_of, publish, runtime};
use wirelanes::event::{EventId, Position};
use wirelanes::feed::{Feed, Limit, Subscription};

/// How many read along.
const READERS: [usize; 3] = [1, 100, 10_000];

/// How many events a reader finds when it comes back.
const MISSED: [usize; 4] = [1, 10, 100, 1_000];

fn main() {
    let mut criterion = criterion();
    publish_alone(&mut criterion);
    publish_and_read(&mut criterion);
    publish_and_wake(&mut criterion);
    catch_up(&mut criterion);
    criterion.final_summary();
}

/// Time for one event, for whom so many wait: the same for any number of them. None has a queue, and to ring
/// is to wake one task, which wakes the others when the publisher is done.
fn publish_alone(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group("publish");
    for readers in READERS {
        let (feed, data) = (feed_of(0), data());
        runtime.block_on(async {
            gather(&feed, readers, &Countdown::default());
            publish(&feed, &data);
            // Until each of them has read, and waits again.
            tokio::time::sleep(Duration::from_millis(50)).await;
        });
        let _context = runtime.enter();
        group.bench_function(BenchmarkId::from_parameter(readers), |b| b.iter(|| publish(&feed, &data)));
    }
}

/// Time until every reader has read one event, each in turn; elements are deliveries.
fn publish_and_read(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("publish_and_read");
    for readers in READERS {
        let (feed, data) = (feed_of(0), data());
        let mut subscriptions = subscriptions(&feed, readers);
        group.throughput(Throughput::Elements(readers as u64));
        group.bench_function(BenchmarkId::from_parameter(readers), |b| {
            b.iter(|| {
                publish(&feed, &data);
                subscriptions.iter_mut().for_each(read_one);
            });
        });
    }
}

/// Time until every reader, each a task that sleeps, was woken and has read one event; elements are
/// deliveries. This is what an event costs a server before the first socket.
fn publish_and_wake(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group("publish_and_wake");
    for readers in READERS {
        let (feed, data) = (feed_of(0), data());
        let countdown = &Countdown::default();
        runtime.block_on(async { gather(&feed, readers, countdown) });
        group.throughput(Throughput::Elements(readers as u64));
        group.bench_function(BenchmarkId::from_parameter(readers), |b| {
            b.to_async(&runtime).iter(|| async {
                countdown.start(readers);
                publish(&feed, &data);
                countdown.end().await;
            });
        });
    }
}

/// Time for a reader to come back to its place, to read what it missed in one batch, and to leave; elements
/// are events.
fn catch_up(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("catch_up");
    let feed = feed_of(1_000);
    let newest = feed.newest(TOPIC);
    for missed in MISSED {
        let place = EventId { sequence: newest.sequence - missed as u64, ..newest };
        group.throughput(Throughput::Elements(missed as u64));
        group.bench_function(BenchmarkId::from_parameter(missed), |b| {
            b.iter(|| subscribe(&feed, Position::After(place)).read(WHOLE));
        });
    }
}

/// As much as a poll is answered.
const WHOLE: Limit = Limit { events: 1_000, bytes: 1 << 20 };

fn subscribe(feed: &Feed, from: Position) -> Subscription {
    feed.subscribe(TOPIC, from, Arc::default()).expect("one topic is not too many")
}

fn subscriptions(feed: &Feed, count: usize) -> Vec<Subscription> {
    (0..count).map(|_| subscribe(feed, Position::Latest)).collect()
}

fn read_one(reader: &mut Subscription) {
    assert_eq!(reader.read(Limit::default()).len(), 1);
}

/// Begins a task for each of so many readers, which sleeps until there is something to read.
fn gather(feed: &Feed, readers: usize, countdown: &Countdown) {
    for mut reader in subscriptions(feed, readers) {
        let countdown = countdown.clone();
        tokio::spawn(async move {
            loop {
                countdown.count(reader.next(Limit::default()).await.len());
            }
        });
    }
}
