//! Who is measured: a server of our own, fresh for each step, or somebody's.

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use anyhow::Context;

use super::{Load, Plan, Theirs};
use crate::bench::child::{Child, Scheduled, scheduled};
use crate::client::{Target, Token};
use crate::feed::Retain;
use crate::transport::Transport;

/// A server remembers what is published in so long, and in two poll intervals: whoever is further behind has
/// long missed its objective.
const MEMORY: Duration = Duration::from_secs(2);

/// Bytes of an event around its data: its id, its topic, its instant, and 100 for a longer topic.
const AROUND: usize = 180;

/// A server that runs.
pub(super) enum Server {
    Own(Box<Child>),
    Theirs(Box<Theirs>),
}

impl Server {
    /// Starts one where nobody named one: so no step inherits what the one before has left behind.
    pub(super) async fn start(plan: &Plan, load: Load) -> anyhow::Result<Self> {
        if let Some(theirs) = &plan.theirs {
            return Ok(Self::Theirs(Box::new(theirs.clone())));
        }
        let seconds = (MEMORY + plan.poll_interval * 2 + plan.slo.below * 2).as_secs_f64();
        let events = ((load.rate_per_s as f64 * seconds).ceil() as usize).max(10_000);
        let retain = Retain::of(events, events * (plan.size + AROUND));
        Ok(Self::Own(Box::new(Child::remembering(retain, plan.cores, plan.tls).await?)))
    }

    /// Whom to read.
    pub(super) fn url(&self) -> &Target {
        match self {
            Self::Own(child) => child.target(),
            Self::Theirs(theirs) => &theirs.url,
        }
    }

    /// Where to publish: the host, and the path there.
    pub(super) fn publish_url(&self) -> (&Target, &str) {
        let target = match self {
            Self::Own(child) => child.target(),
            Self::Theirs(theirs) => &theirs.publish_url,
        };
        (target, target.path("/publish"))
    }

    /// Where the readers of a transport ask.
    pub(super) fn path(&self, transport: Transport, hold: Option<Duration>) -> String {
        let own = match (transport, hold) {
            (Transport::Longpoll, Some(hold)) => format!("/longpoll?hold={}", hold.as_secs()),
            (transport, _) => format!("/{transport}"),
        };
        self.url().path(&own).to_owned()
    }

    /// What lets a reader in, and what a publisher; a server of our own asks for nothing.
    pub(super) fn tokens(&self) -> [Option<Token>; 2] {
        match self {
            Self::Own(_) => [None, None],
            Self::Theirs(theirs) => [theirs.token.clone(), theirs.publish_token.clone()],
        }
    }

    /// What it did and wanted so far; `None` where nobody can know.
    pub(super) fn scheduled(&self) -> Option<Scheduled> {
        match self {
            Self::Own(child) => child.scheduled(),
            Self::Theirs(theirs) => scheduled(theirs.pid?),
        }
    }
}

/// The address of a server: asked for once, and not for each reader.
pub(super) fn address(target: &Target) -> anyhow::Result<SocketAddr> {
    let found = target.address().to_socket_addrs().with_context(|| format!("no address for `{target}`"))?;
    found.into_iter().next().with_context(|| format!("no address for `{target}`"))
}
