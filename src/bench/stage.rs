//! Where events come from in a round: a server of our own, or somebody's, with or without our publishing.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{anyhow, bail};
use bytes::Bytes;
use hyper::{Method, Request};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::child::Child;
use super::orders::{Done, Order};
use super::plan::Plan;
use crate::client::{self, Connection, Ended, Options, Target};
use crate::clock::Clock;
use crate::event::EventId;
use crate::source::{Played, Player, Source};
use crate::wire::Ledger;

pub(super) enum Stage {
    Own(Box<Child>),
    Theirs(Box<Theirs>),
}

/// Somebody's server, and what we publish to it.
pub(super) struct Theirs {
    options: Options,
    publishes: bool,
    publisher: Option<Publisher>,
}

impl Stage {
    pub(super) async fn set(plan: &Plan) -> anyhow::Result<Self> {
        match &plan.url {
            None => Ok(Self::Own(Box::new(Child::start(plan).await?))),
            Some(target) => Ok(Self::Theirs(Box::new(Theirs {
                options: Options { proxy: plan.proxy.clone(), ..plan.options(target.clone(), 0.0) },
                publishes: plan.publish,
                publisher: None,
            }))),
        }
    }

    pub(super) fn target(&self) -> &Target {
        match self {
            Self::Own(child) => child.target(),
            Self::Theirs(theirs) => &theirs.options.target,
        }
    }

    pub(super) fn child(&self) -> Option<&Child> {
        match self {
            Self::Own(child) => Some(child),
            Self::Theirs(_) => None,
        }
    }

    /// Begins to publish, where that is ours to do.
    pub(super) async fn play(&mut self, source: Source) -> anyhow::Result<()> {
        match self {
            Self::Own(child) => match child.order(&Order::Play(source)).await? {
                Done::Playing => {}
                other => bail!("the server answered {other:?}"),
            },
            Self::Theirs(theirs) if theirs.publishes => {
                theirs.publisher = Some(Publisher::start(&source, theirs.options.clone()).await?);
            }
            Self::Theirs(_) => {}
        }
        Ok(())
    }

    /// From here on it counts: gives the newest event, and has the publisher forget how late it was so far.
    pub(super) async fn count(&mut self) -> anyhow::Result<EventId> {
        match self {
            Self::Own(child) => match child.order(&Order::Count).await? {
                Done::Seen { newest, .. } => Ok(newest),
                other => bail!("the server answered {other:?}"),
            },
            Self::Theirs(theirs) => {
                theirs.publisher.iter().for_each(|publisher| publisher.player.forget_lag());
                newest(&theirs.options).await
            }
        }
    }

    /// Waits until a source with an end has come to it.
    pub(super) async fn end(&mut self) -> anyhow::Result<()> {
        loop {
            let is_over = match self {
                Self::Own(child) => {
                    matches!(child.order(&Order::Look).await?, Done::Seen { is_over: true, .. })
                }
                Self::Theirs(theirs) => {
                    theirs.publisher.as_ref().is_none_or(|publisher| publisher.player.is_finished())
                }
            };
            if is_over {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Stops publishing. Gives the newest event, and what was played.
    pub(super) async fn stop(&mut self) -> anyhow::Result<(EventId, Option<Played>)> {
        match self {
            Self::Own(child) => match child.order(&Order::Stop).await? {
                Done::Stopped { newest, played } => Ok((newest, played)),
                other => bail!("the server answered {other:?}"),
            },
            Self::Theirs(theirs) => {
                let played = match theirs.publisher.take() {
                    None => None,
                    Some(publisher) => Some(publisher.stop().await?),
                };
                Ok((newest(&theirs.options).await?, played))
            }
        }
    }
}

/// The newest event of a topic: where a reader stands that asks now.
pub(super) async fn newest(options: &Options) -> anyhow::Result<EventId> {
    let asked = client::newest(options.clone(), Arc::default()).await;
    asked.map_err(|ended| anyhow!("cannot ask `{}` where its feed stands: {ended}", options.target))
}

/// Publishes to somebody else's server: the player's own clock, then one POST after another.
pub(super) struct Publisher {
    player: Player,
    posting: JoinHandle<Result<(), Ended>>,
}

impl Publisher {
    async fn start(source: &Source, options: Options) -> anyhow::Result<Self> {
        let (sender, due) = mpsc::unbounded_channel();
        let ledger = Arc::new(Ledger::default());
        let opened = Connection::open(&options, &ledger).await;
        let connection = opened.map_err(|ended| anyhow!("cannot publish: {ended}"))?;
        let posting = tokio::spawn(post(connection, options, due));
        let player = Player::start(source, Clock::start(), move |_, data| {
            let _ = sender.send(data.to_owned());
        })?;
        Ok(Self { player, posting })
    }

    async fn stop(self) -> anyhow::Result<Played> {
        let played = self.player.stop();
        self.posting.await?.map_err(|ended| anyhow!("cannot publish: {ended}"))?;
        Ok(played)
    }
}

async fn post(
    mut connection: Connection,
    options: Options,
    mut due: mpsc::UnboundedReceiver<String>,
) -> Result<(), Ended> {
    let topic = options.topic.as_deref().unwrap_or("demo");
    while let Some(data) = due.recv().await {
        let answer = connection.exchange(publishing(&options, topic, data)).await?;
        if !answer.status.is_success() {
            return Err(Ended::refused(&answer));
        }
    }
    Ok(())
}

/// A request to publish.
pub(super) fn publishing(options: &Options, topic: &str, data: String) -> Request<Bytes> {
    let mut request = Request::new(Bytes::from(data));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = format!("/publish?topic={topic}").parse().expect("a topic needs no encoding");
    *request.headers_mut() = options.headers.fields(&options.target, "/publish");
    request
}
