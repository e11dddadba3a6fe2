//! How clients reach the server: straight, or through a relay with a network's character, or through a proxy; or
//! over that network to the proxy.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, anyhow};
use tokio::net::lookup_host;

use crate::client::{Options, Proxy, Target};
use crate::link::{Achieved, Engine, Link, Relay};

/// Ends with its relay, if there is one.
pub(super) struct Route {
    target: Target,
    proxy: Option<Proxy>,
    relay: Option<Relay>,
}

impl Route {
    /// To `target`, with a link between.
    ///
    /// # Errors
    /// Where there is no address to relay to, or none to listen on.
    pub(super) async fn open(
        link: &Link,
        proxy: Option<&Proxy>,
        target: &Target,
        engine: &Engine,
    ) -> anyhow::Result<Self> {
        let relay = match link.is_none() {
            true => None,
            false => {
                let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                let relay = engine.relay(link, loopback, address(proxy, target).await?);
                Some(relay.with_context(|| format!("cannot relay to `{target}`"))?)
            }
        };
        Ok(Self { target: target.clone(), proxy: proxy.cloned(), relay })
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
        Options { via: self.via(), proxy: self.proxy.clone(), ..options }
    }

    /// What the relay did so far; `None` where there is none.
    pub(super) fn achieved(&self) -> Option<Achieved> {
        self.relay.as_ref().map(Relay::achieved)
    }
}

/// Of the first that clients connect to.
async fn address(proxy: Option<&Proxy>, target: &Target) -> anyhow::Result<SocketAddr> {
    let (host, port) = proxy.map_or_else(|| target.address(), Proxy::address);
    let found = lookup_host((host, port)).await.with_context(|| format!("no address for `{host}`"))?;
    found.into_iter().next().ok_or_else(|| anyhow!("no address for `{host}`"))
}
