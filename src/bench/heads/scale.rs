//! The scale: a feed of its own, a client that asks as those of the plan do, and a ledger.

use std::sync::Arc;

use anyhow::anyhow;

use crate::bench::plan::Plan;
use crate::client::{Connection, Http, News, Options, Reader, Target};
use crate::event::{EventId, Position};
use crate::feed::{Feed, Limit};
use crate::source;
use crate::theory::{Heads, Payload, Weight, coded};
use crate::transport::{Transport, batch};
use crate::wire::{Counts, Ledger};

/// The topic is part of each request: the plan's own, so that it weighs the same.
const DEFAULT_TOPIC: &str = "demo";

/// Answers until the table of an HTTP/2 connection is full, and as many again until all in it has come and gone:
/// it holds 4,096 bytes (RFC 7541, sections 4.1 and 4.2), and each answer with an event leaves a position in it, of
/// 13 and about 12 letters and the 32 that an entry counts besides.
const TABLE: usize = 4_096 / (13 + 12 + 32);

pub(super) struct Scale<'a> {
    plan: &'a Plan,
    feed: Feed,
    target: Target,
}

/// What several exchanges came to, without the ids in them.
#[derive(Default)]
struct Sum {
    count: usize,
    up: Weight,
    down: Weight,
    around_body: f64,
}

impl Sum {
    fn add(
        &mut self,
        Exchanged { counts: Counts { up, down, .. }, body, .. }: &Exchanged,
        asked: f64,
        answered: f64,
    ) {
        self.count += 1;
        self.up.http += up.http as f64 - asked;
        self.up.tls += up.tls as f64;
        self.down.http += down.http as f64 - answered;
        self.down.tls += down.tls as f64;
        self.around_body += down.body as f64 - *body as f64;
    }

    fn mean(&self, of: Weight) -> Weight {
        Weight { http: of.http / self.count as f64, tls: of.tls / self.count as f64 }
    }
}

impl<'a> Scale<'a> {
    pub(super) fn new(plan: &'a Plan, feed: Feed, target: Target) -> Self {
        Self { plan, feed, target }
    }

    fn topic(&self) -> &str {
        self.plan.topic.as_deref().unwrap_or(DEFAULT_TOPIC)
    }

    pub(super) fn newest(&self) -> EventId {
        self.feed.newest(self.topic())
    }

    /// Of the newest id, in a head.
    fn id_bytes(&self) -> f64 {
        coded(self.plan.http, &self.newest().to_string())
    }

    fn publish(&self, events: u64) {
        let mut payload = source::Payload::new(self.plan.source.size);
        for _ in 0..events {
            let sent_us = self.feed.clock().now_us();
            self.feed.publish(self.topic(), sent_us, payload.next_data()).expect("the first topic fits");
        }
    }

    /// Of the newest event.
    pub(super) fn payload(&self) -> Payload {
        let from = Position::After(self.newest().previous());
        let reader = self.feed.subscribe(self.topic(), from, Arc::default());
        let batch = reader.expect("the first topic fits").read(Limit::default());
        Payload { bytes: batch.payload_len() as f64, id_bytes: self.newest().to_string().len() as f64 }
    }

    /// Ids grow by a digit now and then: go where those of the run will be, in reason.
    pub(super) fn publish_until(&self, sequence: u64) {
        self.publish(sequence.clamp(1, 100_000));
    }

    pub(super) async fn weigh(&self, transport: Transport, events: u64) -> anyhow::Result<Heads> {
        let events = events.clamp(1, 1_000);
        match transport {
            Transport::Poll => self.weigh_answers("/poll", &[], events).await,
            Transport::Longpoll => {
                let options = self.plan.options(self.target.clone(), 1.0);
                self.weigh_answers("/longpoll", &options.hold_parameters(), events).await
            }
            Transport::Sse | Transport::Websocket => self.weigh_stream(transport).await,
        }
    }

    /// An empty answer looks alike on both, and `/poll` gives it without a wait.
    async fn weigh_answers(
        &self,
        path: &str,
        parameters: &[(&str, String)],
        events: u64,
    ) -> anyhow::Result<Heads> {
        let (unweighed, weighed) = match (self.plan.http, self.plan.keep_alive) {
            (Http::One, _) => (0, 1),
            (Http::Two, true) => (TABLE, TABLE),
            (Http::Two, false) => (1, 4),
        };
        let ledger = Arc::new(Ledger::default());
        let from = Position::After(self.newest());
        let options = Options { from, ..self.plan.options(self.target.clone(), 1.0) };
        let mut asking = Asking::begin(options, &ledger).await?;
        let (mut empties, mut fulls) = (Sum::default(), Sum::default());
        // What both tables hold is told by its number: the date of the answer before, and its position.
        let has_tables = self.plan.http == Http::Two && self.plan.keep_alive;
        let mut date = None;
        for turn in 0.. {
            let asked = self.id_bytes();
            let empty = asking.ask("/poll", &[]).await?;
            self.publish(events);
            let full = asking.ask(path, parameters).await?;
            for (sum, answer, answered) in [
                (&mut empties, empty, if has_tables { 0.0 } else { asked }),
                (&mut fulls, full, self.id_bytes()),
            ] {
                let is_dated = date.replace(answer.date.clone()).is_some_and(|date| date == answer.date);
                if turn >= unweighed && (is_dated || !has_tables) {
                    sum.add(&answer, asked, answered);
                }
            }
            if empties.count >= weighed && fulls.count >= weighed {
                break;
            }
        }
        Ok(Heads {
            request: fulls.mean(fulls.up),
            empty_answer: empties.mean(empties.down),
            full_answer: fulls.mean(fulls.down),
            data_frames: fulls.around_body / fulls.count as f64,
        })
    }

    async fn weigh_stream(&self, transport: Transport) -> anyhow::Result<Heads> {
        let ledger = Arc::new(Ledger::default());
        let (sender, connected) = tokio::sync::oneshot::channel::<()>();
        let mut sender = Some(sender);
        let on_news = move |_| drop(sender.take());
        let options = Arc::new(self.plan.options(self.target.clone(), 1.0));
        let mut reader = Reader::new(options, ledger.clone(), on_news);
        tokio::select! {
            refused = transport.subscribe(&mut reader) => return Err(refused.into()),
            _ = connected => {}
        }
        let Counts { up, down, .. } = ledger.counts();
        let request = Weight { http: up.http as f64, tls: up.tls as f64 };
        let full_answer = Weight { http: down.http as f64 - self.id_bytes(), tls: down.tls as f64 };
        Ok(Heads { request, full_answer, ..Heads::default() })
    }
}

/// A request and its answer.
struct Exchanged {
    counts: Counts,
    date: Option<String>,
    /// Bytes of its body, as it was before it was sent.
    body: usize,
}

/// A client that polls.
struct Asking<'a, F> {
    reader: Reader<F>,
    connection: Connection,
    ledger: &'a Ledger,
}

impl<'a> Asking<'a, fn(News)> {
    async fn begin(options: Options, ledger: &'a Arc<Ledger>) -> anyhow::Result<Self> {
        let mut reader: Reader<fn(News)> = Reader::new(Arc::new(options), ledger.clone(), |_| {});
        let connection = reader.connect().await.map_err(|ended| anyhow!("cannot weigh heads: {ended}"))?;
        Ok(Self { reader, connection, ledger })
    }

    /// Asks, and goes to the position that is answered.
    async fn ask(&mut self, path: &str, parameters: &[(&str, String)]) -> anyhow::Result<Exchanged> {
        let failed = |ended| anyhow!("cannot weigh `{path}`: {ended}");
        let before = self.ledger.counts();
        let request = self.reader.request(path, parameters);
        let answer = self.reader.ask(&mut self.connection, request, None).await.map_err(failed)?;
        batch::take(&mut self.reader, &answer).map_err(failed)?;
        let date = answer.header("date").map(str::to_owned);
        Ok(Exchanged { counts: self.ledger.counts() - before, date, body: answer.body.len() })
    }
}
