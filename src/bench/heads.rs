//! What the heads of each transport weigh: not a table of figures, but one exchange of each, through the real
//! encoders of both ends over a socket of this machine, counted like any other.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context, anyhow};

use super::plan::Plan;
use crate::client::{News, Options, Reader, Target};
use crate::event::{EventId, Position};
use crate::feed::{Feed, Limit, Retain};
use crate::server::{Config, Server};
use crate::source;
use crate::theory::{Heads, Payload};
use crate::transport::Transport;
use crate::wire::{Counts, Ledger};

/// What was weighed.
#[derive(Clone, Debug)]
pub struct Sampled {
    /// Of each transport, without the ids in them; of a stream, `request` and `full_answer` are those of its
    /// one connection.
    heads: Vec<(Transport, Heads)>,
    /// Of an event like those that are published.
    pub payload: Payload,
    /// Bytes of their `Host`.
    authority_bytes: usize,
}

/// How long ids are on average, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Ids {
    /// Those that a request and its answer name.
    pub asked: f64,
    /// Those that the answer names which begins a stream.
    pub began: f64,
}

impl Ids {
    /// All alike.
    pub fn of(payload: &Payload) -> Self {
        Self { asked: payload.id_bytes, began: payload.id_bytes }
    }
}

/// Weighs the heads of every transport; `events` tells how many an answer carries.
///
/// # Errors
/// Where this machine has no loopback to listen on.
pub async fn sample(
    plan: &Plan,
    sequence: u64,
    events: impl Fn(Transport) -> u64,
) -> anyhow::Result<Sampled> {
    let feed = Feed::new(Retain::default());
    let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let config = Config { listen: loopback, ..Config::default() };
    let server =
        Server::bind(config, feed.clone(), Arc::new(|| None)).context("cannot listen on loopback")?;
    let target = Target::server(server.address());
    let serving = tokio::spawn(server.run(std::future::pending()));
    let scale = Scale { plan, feed, target };
    scale.publish_until(sequence);
    let mut heads = Vec::new();
    for transport in Transport::ALL {
        heads.push((transport, scale.weigh(transport, events(transport)).await?));
    }
    serving.abort();
    Ok(Sampled { heads, payload: scale.payload(), authority_bytes: scale.target.authority().len() })
}

impl Sampled {
    /// The heads of requests to `target`, with ids of such lengths.
    pub fn adjusted(&self, target: &Target, ids: Ids) -> Vec<(Transport, Heads)> {
        let host = target.authority().len() as f64 - self.authority_bytes as f64;
        let adjust = |(transport, heads): &(Transport, Heads)| {
            let heads = match transport {
                Transport::Poll | Transport::Longpoll => Heads {
                    request: heads.request + host + ids.asked,
                    empty_answer: heads.empty_answer + ids.asked,
                    full_answer: heads.full_answer + ids.asked,
                },
                // A stream begins without a position; its answer names one.
                Transport::Sse | Transport::Websocket => Heads {
                    request: heads.request + host,
                    full_answer: heads.full_answer + ids.began,
                    ..*heads
                },
            };
            (*transport, heads)
        };
        self.heads.iter().map(adjust).collect()
    }
}

struct Scale<'a> {
    plan: &'a Plan,
    feed: Feed,
    target: Target,
}

/// The topic is part of each request: the plan's own, so that it weighs the same.
const DEFAULT_TOPIC: &str = "demo";

impl Scale<'_> {
    fn topic(&self) -> &str {
        self.plan.topic.as_deref().unwrap_or(DEFAULT_TOPIC)
    }

    fn newest(&self) -> EventId {
        self.feed.newest(self.topic())
    }

    /// Of the newest id.
    fn id_bytes(&self) -> f64 {
        self.newest().to_string().len() as f64
    }

    fn publish(&self, events: u64) {
        let mut payload = source::Payload::new(self.plan.source.size);
        for _ in 0..events {
            let sent_us = self.feed.clock().now_us();
            self.feed.publish(self.topic(), sent_us, payload.next_data()).expect("the first topic fits");
        }
    }

    /// Of the newest event.
    fn payload(&self) -> Payload {
        let from = Position::After(self.newest().previous());
        let reader = self.feed.subscribe(self.topic(), from, Arc::default());
        let batch = reader.expect("the first topic fits").read(Limit::default());
        Payload { bytes: batch.payload_len() as f64, id_bytes: self.id_bytes() }
    }

    /// Ids grow by a digit now and then: go where those of the run will be, in reason.
    fn publish_until(&self, sequence: u64) {
        self.publish(sequence.clamp(1, 100_000));
    }

    async fn weigh(&self, transport: Transport, events: u64) -> anyhow::Result<Heads> {
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
        let ledger = Arc::new(Ledger::default());
        let from = Position::After(self.newest());
        let options = Options { from, ..self.plan.options(self.target.clone(), 1.0) };
        let mut reader = Reader::new(Arc::new(options), ledger.clone(), |_: News| {});
        let failed = |ended| anyhow!("cannot weigh `{path}`: {ended}");
        let mut connection = reader.connect().await.map_err(failed)?;
        let empty = reader.request("/poll", &[]);
        reader.ask(&mut connection, empty).await.map_err(failed)?;
        let empty = ledger.counts();
        let asked = self.id_bytes();
        self.publish(events.clamp(1, 1_000));
        let full = reader.request(path, parameters);
        reader.ask(&mut connection, full).await.map_err(failed)?;
        let full = ledger.counts() - empty;
        Ok(Heads {
            request: full.up.http as f64 - asked,
            empty_answer: empty.down.http as f64 - asked,
            full_answer: full.down.http as f64 - self.id_bytes(),
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
        let full_answer = down.http as f64 - self.id_bytes();
        Ok(Heads { request: up.http as f64, empty_answer: 0.0, full_answer })
    }
}
