//! A server in this process, on a thread and a port of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;
use wirelanes::client::{Options, Target};
use wirelanes::event::EventId;
use wirelanes::feed::Feed;
use wirelanes::server::{Config, Server};
use wirelanes::tls::Identity;
use wirelanes::transport::Transport;

use super::raw;

pub(super) struct Stage {
    pub(super) feed: Feed,
    pub(super) address: SocketAddr,
    /// Dropped with the stage: then the server drains.
    _stop: oneshot::Sender<()>,
}

impl Stage {
    pub(super) fn open() -> Self {
        Self::with(Config::default())
    }

    pub(super) fn with(config: Config) -> Self {
        Self::run(config, |server| server)
    }

    /// One that speaks TLS.
    pub(super) fn secured(identity: Identity) -> Self {
        Self::secured_with(Config::default(), identity)
    }

    pub(super) fn secured_with(config: Config, identity: Identity) -> Self {
        Self::run(config, |server| server.secured(identity))
    }

    /// A server that `prepare` adds something to.
    pub(super) fn prepared(prepare: impl FnOnce(Server) -> Server) -> Self {
        Self::run(Config::default(), prepare)
    }

    fn run(config: Config, prepare: impl FnOnce(Server) -> Server) -> Self {
        let config = Config { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..config };
        let feed = Feed::new(config.retain);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let server = {
            let _inside = runtime.enter();
            prepare(Server::bind(config, feed.clone(), Arc::new(|| None)).unwrap())
        };
        let address = server.address();
        let (stop, stopped) = oneshot::channel::<()>();
        thread::spawn(move || {
            let _ = runtime.block_on(server.run(async {
                let _ = stopped.await;
            }));
        });
        Self { feed, address, _stop: stop }
    }

    pub(super) fn publish(&self, data: &str) -> EventId {
        self.feed.publish("demo", self.feed.clock().now_us(), data).unwrap()
    }

    pub(super) fn publish_times(&self, count: usize, data: &str) {
        for _ in 0..count {
            self.publish(data);
        }
    }

    pub(super) fn newest(&self) -> EventId {
        self.feed.newest("demo")
    }

    pub(super) fn options(&self) -> Options {
        options(self.address)
    }

    /// What `/stats` says about a transport.
    pub(super) fn traffic(&self, transport: Transport) -> Value {
        raw::stats(self.address)["transports"][transport.name()].take()
    }

    pub(super) fn subscribers(&self, transport: Transport) -> u64 {
        self.traffic(transport)["subscribers"].as_u64().unwrap()
    }

    /// Events that were handed to readers of a transport.
    pub(super) fn deliveries(&self, transport: Transport) -> u64 {
        self.traffic(transport)["deliveries"].as_u64().unwrap()
    }

    /// Connections but the one that asks.
    pub(super) fn connections(&self) -> u64 {
        raw::stats(self.address)["connections"]["open"].as_u64().unwrap() - 1
    }
}

/// A subscriber's choices for a server of these tests: it polls often.
pub(super) fn options(address: SocketAddr) -> Options {
    Options { poll_interval: Duration::from_millis(50), ..Options::new(Target::server(address)) }
}
