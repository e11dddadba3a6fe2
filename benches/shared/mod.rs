//! What the benches share: how long to measure, what to publish, and how to wait for those who read it.
#![allow(dead_code)] // not every bench needs all of it

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use criterion::Criterion;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;
use wirelanes::feed::{Feed, Retain};
use wirelanes::source::Payload;

/// Bytes of each event's data: what `wirelanes serve` publishes unless it is told otherwise.
pub(crate) const SIZE: usize = 100;

/// The topic of all events.
pub(crate) const TOPIC: &str = "demo";

/// About 2 s for each figure, so that all of them take less than 3 minutes. Flags, such as
/// `--measurement-time 10`, overrule it.
pub(crate) fn criterion() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1_500))
        .sample_size(50)
        .configure_from_args()
}

/// One thread for everybody: a figure is then what the work costs, and not how threads wake each other.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime can be built")
}

/// A feed that holds so many events.
pub(crate) fn feed_of(events: usize) -> Feed {
    let (feed, data) = (Feed::new(Retain::default()), data());
    (0..events).for_each(|_| publish(&feed, &data));
    feed
}

/// What is published: the same each time.
pub(crate) fn data() -> String {
    Payload::new(SIZE).next_data().to_owned()
}

/// Publishes one event, now.
pub(crate) fn publish(feed: &Feed, data: &str) {
    feed.publish(TOPIC, feed.clock().now_us(), data).expect("one topic is not too many");
}

/// Counts deliveries, and wakes whoever waits for the last of them.
#[derive(Clone, Default)]
pub(crate) struct Countdown(Arc<(AtomicUsize, Notify)>);

impl Countdown {
    /// Begins at so many.
    pub(crate) fn start(&self, deliveries: usize) {
        self.0.0.store(deliveries, Ordering::Relaxed);
    }

    /// Takes so many off.
    pub(crate) fn count(&self, deliveries: usize) {
        if self.0.0.fetch_sub(deliveries, Ordering::Relaxed) == deliveries {
            self.0.1.notify_one();
        }
    }

    /// Waits until none is left.
    pub(crate) async fn end(&self) {
        self.0.1.notified().await;
    }
}
