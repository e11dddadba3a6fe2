//! What the heads of each transport weigh: not a table of figures, but exchanges of each, through the real
//! encoders of both ends over a socket of this machine, counted like any other.
//!
//! In HTTP/2 a head is as long as what the heads before it left in both ends' tables lets it be (RFC 7541): so a
//! lane that keeps its connection is weighed in its steady state, when the tables are full and entries come and go;
//! one that does not, and a stream, is weighed with all that opens a connection.

mod scale;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context;

use self::scale::Scale;
use super::plan::Plan;
use crate::client::{Http, Target};
use crate::event::EventId;
use crate::feed::{Feed, Retain};
use crate::server::{Config, Server};
use crate::theory::{Heads, Payload, Weight, coded};
use crate::tls::{Identity, Trust};
use crate::transport::Transport;

/// What was weighed.
#[derive(Clone, Debug)]
pub struct Sampled {
    http: Http,
    /// Whether the next request goes over the same connection, so that its heads are those of the steady state.
    keep_alive: bool,
    /// Of each transport, without the ids in them; of a stream, `request` and `full_answer` are those of its
    /// one connection.
    heads: Vec<(Transport, Heads)>,
    /// Of an event like those that are published.
    pub payload: Payload,
    /// The ids that were in them.
    pub ids: Ids,
    /// Their `Host`.
    authority: String,
}

/// How long ids are in heads on average, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Ids {
    /// Those that a request and its answer name.
    pub asked: f64,
    /// Those that the answer names which begins a stream.
    pub began: f64,
}

impl Ids {
    /// All alike.
    pub fn of(http: Http, id: EventId) -> Self {
        let bytes = coded(http, &id.to_string());
        Self { asked: bytes, began: bytes }
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
    let (server, target) = if plan.tls { secured(server, target)? } else { (server, target) };
    let authority = target.authority();
    let serving = tokio::spawn(server.run(std::future::pending()));
    let scale = Scale::new(plan, feed, target);
    scale.publish_until(sequence);
    let ids = Ids::of(plan.http, scale.newest());
    let mut heads = Vec::new();
    for transport in Transport::ALL {
        heads.push((transport, scale.weigh(transport, events(transport)).await?));
    }
    serving.abort();
    let payload = scale.payload();
    Ok(Sampled { http: plan.http, keep_alive: plan.keep_alive, heads, payload, ids, authority })
}

fn secured(server: Server, target: Target) -> anyhow::Result<(Server, Target)> {
    let identity = Identity::self_signed([])?;
    let target = target.secured().trusting(Trust::only(identity.fingerprint()));
    Ok((server.secured(identity), target))
}

impl Sampled {
    /// The heads of requests to `target`, with ids of such lengths.
    pub fn adjusted(&self, target: &Target, ids: Ids) -> Vec<(Transport, Heads)> {
        let host = coded(self.http, &target.authority()) - coded(self.http, &self.authority);
        let adjust = |(transport, heads): &(Transport, Heads)| {
            let is_stream = matches!(transport, Transport::Sse | Transport::Websocket);
            // What both tables hold is told by its number, however long it is.
            let is_known = self.http == Http::Two && self.keep_alive && !is_stream;
            let host = if is_known { 0.0 } else { host };
            // A stream begins without a position; its answer names one.
            let (asked, answered) = if is_stream { (0.0, ids.began) } else { (ids.asked, ids.asked) };
            let told_again = if is_known { 0.0 } else { answered };
            let heads = Heads {
                request: longer(heads.request, host + asked),
                empty_answer: longer(heads.empty_answer, told_again),
                full_answer: longer(heads.full_answer, answered),
                ..*heads
            };
            (*transport, heads)
        };
        self.heads.iter().map(adjust).collect()
    }
}

fn longer(weight: Weight, bytes: f64) -> Weight {
    Weight { http: weight.http + bytes, ..weight }
}
