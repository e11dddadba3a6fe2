//! How clients reach the server: straight, or through a relay with a network's character.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, anyhow};
use tokio::net::lookup_host;

use crate::client::{Options, Target};
use crate::link::{Achieved, Engine, Link, Relay};

/// Ends with its relay, if there is one.
pub(super) struct Route {
    target: Target,
    relay: Option<Relay>,
}

impl Route {
    /// To `target`, with a link between.
    ///
    /// # Errors
    /// Where there is no address to relay to, or none to listen on.
    pub(super) async fn open(link: &Link, target: &Target, engine: &Engine) -> anyhow::Result<Self> {
        let relay = match link.is_none() {
            true => None,
            false => {
                let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                let relay = engine.relay(link, loopback, address(target).await?);
                Some(relay.with_context(|| format!("cannot relay to `{target}`"))?)
            }
        };
        Ok(Self { target: target.clone(), relay })
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// Where to connect, where that is not the target itself.
    pub(super) fn via(&self) -> Option<SocketAddr> {
        self.relay.as_ref().map(Relay::address)
    }

    /// What a client chose, and that it goes this way.
    pub(super) fn lead(&self, options: Options) -> Options {
        Options { via: self.via(), ..options }
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
