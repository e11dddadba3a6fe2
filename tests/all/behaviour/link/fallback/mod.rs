//! A reader over whatever works: who wins on which network, and nothing lost, nothing twice, whatever changes.

mod changes;
mod refusals;
#[cfg(unix)]
mod restarts;
mod winners;

use std::thread;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;
use wirelanes::client::{Error, News, Options};
use wirelanes::event::EventId;
use wirelanes::fallback::{Auto, Memory, Proof, Spent, Strategy, Terms, Told};
use wirelanes::transport::Transport;

use super::super::PATIENCE;
use super::super::stage::Stage;

/// A real reader, and what it was told.
struct Follower {
    told: mpsc::UnboundedReceiver<Told>,
    spent: Spent,
    reading: AbortOnDropHandle<Error>,
    /// Ids, in the order in which they came.
    events: Vec<EventId>,
    /// Gaps, holes and duplicates.
    troubles: Vec<News>,
    failures: Vec<(Transport, String)>,
    left: Vec<(Transport, String)>,
    tries: Vec<Transport>,
}

impl Follower {
    fn start(options: Options, terms: Terms) -> Self {
        Self::remembering(options, terms, Memory::default())
    }

    fn remembering(options: Options, terms: Terms, memory: Memory) -> Self {
        let (tell, told) = mpsc::unbounded_channel();
        let auto = Auto::new(options, move |told| drop(tell.send(told))).on_terms(terms).remembering(memory);
        let spent = auto.spent();
        let reading = AbortOnDropHandle::new(tokio::spawn(auto.run()));
        let (events, troubles, failures, left, tries) = Default::default();
        Self { told, spent, reading, events, troubles, failures, left, tries }
    }

    /// Takes what it is told until it is so.
    async fn until<T>(&mut self, what: &str, mut seen: impl FnMut(&Told, &[EventId]) -> Option<T>) -> T {
        let looking = async {
            loop {
                let told = self.told.recv().await.expect("it reads for as long as this lives");
                match &told {
                    Told::News(News::Event { event, .. }) => self.events.push(event.id()),
                    Told::News(News::Connected | News::Disconnected { .. }) => {}
                    Told::News(news) => self.troubles.push(news.clone()),
                    Told::Failed { transport, why, .. } => self.failures.push((*transport, why.clone())),
                    Told::Left { transport, why } => self.left.push((*transport, why.clone())),
                    Told::Tries(transport) => self.tries.push(*transport),
                    Told::Stands { .. } | Told::Chose { .. } => {}
                }
                if let Some(seen) = seen(&told, &self.events) {
                    return seen;
                }
            }
        };
        let seen = timeout(PATIENCE, looking).await;
        seen.unwrap_or_else(|_| {
            panic!(
                "not so that {what}: tried {:?}, failed {:?}, left {:?}",
                self.tries, self.failures, self.left
            )
        })
    }

    async fn chosen(&mut self) -> (Transport, Proof, Option<Transport>) {
        let chose = |told: &Told| match told {
            Told::Chose { transport, proof, instead_of, .. } => Some((*transport, *proof, *instead_of)),
            _ => None,
        };
        self.until("one is chosen", |told, _| chose(told)).await
    }

    async fn until_at(&mut self, id: EventId) {
        if self.events.last() != Some(&id) {
            self.until(&format!("{id} came"), |_, events| (events.last() == Some(&id)).then_some(())).await;
        }
    }

    /// Each event once and in order, up to this one, and nothing else.
    #[track_caller]
    fn assert_whole(&self, after: EventId, last: EventId) {
        let expected = (after.sequence + 1..=last.sequence).map(|sequence| EventId { sequence, ..last });
        let expected: Vec<EventId> = expected.collect();
        assert_eq!(self.events, expected, "left {:?}", self.left);
        assert!(self.troubles.is_empty(), "{:?}", self.troubles);
    }
}

fn terms(strategy: Strategy) -> Terms {
    Terms { strategy, ..Terms::default() }
}

/// A hundred events a second, until it is dropped.
struct Publishing(Option<thread::JoinHandle<()>>, watch::Sender<bool>);

impl Publishing {
    fn to(stage: &Stage) -> Self {
        let (stop, stopped) = watch::channel(false);
        let feed = stage.feed.clone();
        let publish = move || {
            while !*stopped.borrow() {
                feed.publish("demo", feed.clock().now_us(), "1").unwrap();
                thread::sleep(Duration::from_millis(10));
            }
        };
        Self(Some(thread::spawn(publish)), stop)
    }

    fn stop(&mut self) {
        self.1.send_replace(true);
        self.0.take().into_iter().for_each(|thread| thread.join().unwrap());
    }
}

impl Drop for Publishing {
    fn drop(&mut self) {
        self.stop();
    }
}
