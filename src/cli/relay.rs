//! `wirelanes relay`: a network in front of any server.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Args;

use super::link::{began, ended};
use super::{interrupted, listening, raise_file_limit, units, usage};
use crate::link::{Engine, Link};

/// Put a network between clients and any server
///
/// Each connection has a way of its own: delay, rate and queue are those of one client's network. What a rate
/// limits are the bytes of the stream, without headers of TCP and IP. The first bytes of a connection wait for
/// another round trip, as a handshake does.
#[derive(Args)]
#[command(after_help = vocabulary())]
pub(super) struct Arguments {
    /// Where clients connect to; port 0 takes any that is free
    #[arg(long, default_value = "127.0.0.1:8090", value_parser = units::address)]
    listen: SocketAddr,
    /// The server: an address and port, or `http://host:port`
    #[arg(long, default_value = "127.0.0.1:8080", value_parser = server)]
    to: Server,
    /// What the network is like: items and names, separated by commas
    #[arg(value_name = "SPEC")]
    link: Link,
    /// Draw the same jitter and resets as every run with this seed [default: random]
    #[arg(long)]
    seed: Option<u64>,
}

fn vocabulary() -> String {
    format!(
        "SPEC is a list such as `rtt=80ms,rate=1mbit` or `3g,rtt=500ms`, or `none`:\n{}",
        Link::vocabulary()
    )
}

/// Whom to relay to.
#[derive(Clone, Copy, Debug)]
struct Server {
    address: SocketAddr,
    is_tls: bool,
}

fn server(text: &str) -> Result<Server, String> {
    let (is_tls, rest) = match text.split_once("://") {
        None => (false, text),
        Some(("http" | "ws", rest)) => (false, rest),
        Some(("https" | "wss", rest)) => (true, rest),
        Some((scheme, _)) => return Err(format!("`{scheme}` is unknown here; write `http://host:port`")),
    };
    let host = rest.trim_end_matches('/');
    if host.contains('/') {
        return Err(format!("`{text}` has a path, and a relay is for all paths: leave it out"));
    }
    // The port may be left out where there is a scheme to tell it by.
    let with_port = match text == rest {
        true => host.to_owned(),
        false if host.rsplit(':').next().is_some_and(|port| port.parse::<u16>().is_ok()) => host.to_owned(),
        false => format!("{host}:{}", if is_tls { 443 } else { 80 }),
    };
    Ok(Server { address: units::peer(&with_port)?, is_tls })
}

impl Arguments {
    /// Ends with a usage error where two of them do not go together.
    fn check(&self) {
        let Self { listen, to, link, .. } = self;
        if to.is_tls && link.reads_http() {
            usage(&format!(
                "`{link}` reads HTTP, and `https` is TLS, which nobody can read on its way: \
                 relay to `http://…`, or choose items that do not read (delay, rate, nagle, idle, cut, reset)"
            ));
        }
        if *listen == to.address && listen.port() != 0 {
            usage(&format!("`--listen` and `--to` are both `{listen}`: it would relay to itself"));
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    arguments.check();
    raise_file_limit();
    let Arguments { listen, to, link, seed } = arguments;
    let engine = Engine::seeded(seed.unwrap_or_else(|| fastrand::u64(..)))?;
    let relay = engine.relay(link, *listen, to.address);
    let relay = relay.map_err(|wrong| listening::refused(*listen, &wrong))?;
    relay.warn_where_unreached();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Before anybody is invited who may also want it to end.
        let stop = interrupted();
        let scheme = if to.is_tls { "https" } else { "http" };
        let way = format!("relaying {scheme}://{} to {}", relay.address(), to.address);
        super::print(&began(&way, link))?;
        stop.await;
        super::print(&ended("", &relay.achieved(), relay.changes()))
    })
}
