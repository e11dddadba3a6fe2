//! A network between the two ends: what it does to all four transports, through a real relay, and what it must
//! not do. No test holds it to be quick: nothing is earlier than asked for, and that is exact.

mod change;
mod ends;
mod fallback;
mod many;
mod middleboxes;
mod network;
#[cfg(unix)]
mod program;
mod sockets;

use std::net::SocketAddr;
use std::time::Duration;

use wirelanes::client::Options;
use wirelanes::event::Position;
use wirelanes::link::{Engine, Relay};
use wirelanes::transport::Transport;

use super::PATIENCE;
use super::listener::Listener;
use super::stage::{Stage, options};

/// A port of its own on the loopback.
const ANY_PORT: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

/// A relay to a server, the same each time a test is run.
fn relay(spec: &str, to: SocketAddr) -> Relay {
    let link = spec.parse().unwrap_or_else(|wrong| panic!("`{spec}`: {wrong}"));
    Engine::seeded(7).unwrap().relay(&link, ANY_PORT.into(), to).unwrap()
}

/// A server with a network in front of it.
struct Behind {
    stage: Stage,
    relay: Relay,
}

impl Behind {
    fn link(spec: &str) -> Self {
        let stage = Stage::open();
        let relay = relay(spec, stage.address);
        Self { stage, relay }
    }

    /// What a client chooses that stands where the feed stands now.
    fn options(&self) -> Options {
        Options { from: Position::After(self.stage.newest()), ..options(self.relay.address()) }
    }

    /// A client of a transport, on the other side of the network.
    fn listen(&self, transport: Transport) -> Listener {
        Listener::start(transport, self.options())
    }

    /// A client of each transport.
    fn listen_all(&self) -> [Listener; 4] {
        Transport::ALL.map(|transport| self.listen(transport))
    }
}

/// Looks again and again until `seen` is so, and lets everybody else go on in between.
async fn until(what: &str, mut seen: impl FnMut() -> bool) {
    let looking = async {
        while !seen() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let seen = tokio::time::timeout(PATIENCE, looking).await;
    assert!(seen.is_ok(), "after {PATIENCE:?} it is still not so that {what}");
}
