//! How the clients of a cell reach the server: straight, or through a relay with a network's character.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, anyhow};
use tokio::net::lookup_host;

use super::plan::Plan;
use crate::client::{Options, Target};
use crate::link::{Achieved, Engine, Relay};

/// Ends with its relay, if there is one.
pub(super) struct Way {
    target: Target,
    relay: Option<Relay>,
}

impl Way {
    /// To `target`, with the plan's link between.
    ///
    /// # Errors
    /// Where there is no address to relay to, or none to listen on.
    pub(super) async fn open(plan: &Plan, target: &Target, engine: &Engine) -> anyhow::Result<Self> {
        let relay = match plan.link.is_none() {
            true => None,
            false => {
                let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                let relay = engine.relay(&plan.link, loopback, address(target).await?);
                Some(relay.with_context(|| format!("cannot relay to `{target}`"))?)
            }
        };
        Ok(Self { target: target.clone(), relay })
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// What a client chooses that goes this way; `phase` is where its first poll falls in the interval.
    pub(super) fn options(&self, plan: &Plan, phase: f64) -> Options {
        Options { via: self.relay.as_ref().map(Relay::address), ..plan.options(self.target.clone(), phase) }
    }

    /// What the relay did so far; `None` where there is none.
    pub(super) fn achieved(&self) -> Option<Achieved> {
        self.relay.as_ref().map(Relay::achieved)
    }
}

async fn address(target: &Target) -> anyhow::Result<SocketAddr> {
    let found = lookup_host(target.address()).await.with_context(|| format!("no address for `{target}`"))?;
    found.into_iter().next().ok_or_else(|| anyhow!("no address for `{target}`"))
}
