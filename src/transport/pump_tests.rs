use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{DuplexStream, duplex, join, repeat, sink};

use super::*;
use crate::event::{Gap, Position};
use crate::feed::{Envelope, Feed, Retain};

/// Counts what it is told, and answers each time with so many bytes.
struct Listener {
    heard: Arc<AtomicUsize>,
    answer: &'static [u8],
}

impl Speech for Listener {
    fn name(&self) -> &'static str {
        "test"
    }

    fn envelope(&self) -> &'static Envelope {
        static NOTHING: Envelope = Envelope { write: |_, _| {} };
        &NOTHING
    }

    fn gap(&self, _: &Gap) -> Bytes {
        Bytes::new()
    }

    fn hear(&mut self, _: &[u8], _: &Subscription, say: &mut Backlog) -> Next {
        self.heard.fetch_add(1, Ordering::Relaxed);
        say.push(Bytes::from_static(self.answer));
        Next::GoOn
    }

    fn too_slow(&mut self, _: &mut Backlog) -> Next {
        Next::Leave
    }

    fn farewell(&mut self, _: &mut Backlog) -> Next {
        Next::Leave
    }

    fn expired(&mut self, _: &mut Backlog) -> Next {
        Next::Leave
    }
}

/// A pump that answers whatever it hears, and how often it has heard something.
fn answering(answer: &'static [u8]) -> (Pump<Listener>, Arc<AtomicUsize>) {
    let feed = Feed::new(Retain::default());
    let subscription = feed.subscribe("demo", Position::Latest, Arc::default()).unwrap();
    let heard = Arc::<AtomicUsize>::default();
    (Pump::new(subscription, Listener { heard: heard.clone(), answer }, Bytes::new()), heard)
}

/// As many turns as a flood of a minute would have.
async fn turns() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_never_stops_talking_is_not_listened_to_for_longer_than_it_may() {
    const HOUR: Duration = Duration::from_secs(3_600);
    let (mut pump, heard) = answering(b"");
    pump.ends_by(Instant::now() + HOUR);
    let mut flood = join(repeat(b'x'), sink());
    let pumping = tokio::spawn(async move {
        poll_fn(|cx| pump.poll(cx, &mut flood, false)).await.unwrap();
    });
    turns().await;
    assert!(heard.load(Ordering::Relaxed) > 1_000 && !pumping.is_finished(), "it may, for an hour");
    tokio::time::advance(HOUR).await;
    turns().await;
    assert!(pumping.is_finished(), "it talks, and is listened to");
}

#[tokio::test]
async fn who_asks_and_does_not_read_is_not_listened_to_however_short_the_answers_are() {
    let (mut pump, heard) = answering(b"\x8a\0");
    // A socket that takes one byte, and no more.
    let (socket, _unread): (DuplexStream, _) = duplex(1);
    let mut flood = join(repeat(b'x'), socket);
    let pumping = tokio::spawn(async move {
        poll_fn(|cx| pump.poll(cx, &mut flood, false)).await.unwrap();
    });
    turns().await;
    let heard = heard.load(Ordering::Relaxed);
    assert!((100..2_000).contains(&heard), "{heard} answers of two bytes each wait for it");
    pumping.abort();
}
