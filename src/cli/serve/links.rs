//! Further ports in front of the same server, each with a network's character.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::cli::link::{began, ended};
use crate::cli::listening;
use crate::cli::usage;
use crate::link::{Engine, Link, Relay};
use crate::server::Refused;
use crate::transport::ask::is_name;

/// How often to look whether a link is empty: a process that ends a fiftieth of a second later is as good.
const LOOK: Duration = Duration::from_millis(20);

/// A further port, as it is asked for: `NAME=SPEC`, or `NAME=SPEC@PORT`.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    name: String,
    link: Link,
    port: u16,
}

/// Reads one.
pub(super) fn asked(text: &str) -> Result<Asked, String> {
    let (name, rest) = match text.split_once('=') {
        Some((name, rest)) if text.parse::<Link>().is_err() => (name, rest),
        _ => return Err(nameless(text)),
    };
    let (spec, port) = rest.rsplit_once('@').map_or((rest, None), |(spec, port)| (spec, Some(port)));
    if !is_name(name) {
        // What is no link, either, is rather a link with something wrong in it than a name.
        let is_meant = !name.is_empty() && spec.parse::<Link>().is_ok();
        return Err(if is_meant { misnamed(name) } else { nameless(text) });
    }
    let port =
        port.map_or(Ok(0), |port| port.parse().map_err(|_| format!("`{port}` is no port; write `@9000`")))?;
    let link = spec.parse::<Link>().map_err(|wrong| wrong.to_string())?;
    Ok(Asked { name: name.to_owned(), link, port })
}

fn nameless(text: &str) -> String {
    let spec = if text.parse::<Link>().is_ok() { text } else { "rtt=80ms" };
    format!("`{text}` names no link: write `slow={spec}`, or `slow={spec}@9000` for a port of your choice")
}

fn misnamed(name: &str) -> String {
    format!("`{name}` is no name for a link: it has letters, digits, `_`, `.` and `-`, from 1 to 64 of them")
}

/// Ends with a usage error where one of them reads HTTP, which under TLS nobody can read on its way.
pub(super) fn check_that_none_reads(links: &[Asked]) {
    if let Some(Asked { name, link, .. }) = links.iter().find(|asked| asked.link.reads_http()) {
        usage(&format!(
            "the link `{name}={link}` reads HTTP, and this server speaks TLS, which nobody can read on its way: leave \
             out TLS, or choose items that do not read (delay, rate, nagle, idle, cut, reset)"
        ));
    }
}

/// Ends with a usage error where two of them have one name.
pub(super) fn check_names(links: &[Asked]) {
    let mut names = HashSet::new();
    if let Some(Asked { name, .. }) = links.iter().find(|asked| !names.insert(&asked.name)) {
        usage(&format!("two links are named `{name}`: choose another name for one of them"));
    }
}

/// All further ports of a server.
pub(super) struct Links(Vec<(Asked, Relay)>);

impl Links {
    /// Begins to relay to the server at `address`, from ports of the same interface.
    pub(super) fn open(asked: Vec<Asked>, address: SocketAddr) -> anyhow::Result<Self> {
        if asked.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let engine = Engine::start()?;
        let mut open: Vec<(Asked, Relay)> = Vec::new();
        for asked in asked {
            let listen = SocketAddr::new(address.ip(), asked.port);
            let relay = engine
                .relay(&asked.link, listen, reachable(address))
                .map_err(|wrong| listening::refused_to_link(&asked.name, listen, &wrong))?;
            open.push((asked, relay));
        }
        Ok(Self(open))
    }

    /// None of them.
    #[cfg(any(test, fuzzing))]
    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    /// A line for each: where it is, by the server's own scheme, and what it is like.
    pub(super) fn invitation(&self, scheme: &str) -> String {
        let line = |(Asked { name, link, .. }, relay): &(Asked, Relay)| {
            began(&format!("link {name} on {scheme}://{}", relay.address()), link)
        };
        self.0.iter().map(line).collect()
    }

    /// Their ports.
    pub(super) fn ports(&self) -> Vec<u16> {
        self.0.iter().map(|(_, relay)| relay.address().port()).collect()
    }

    /// Each as a page is told of it.
    pub(super) fn state(&self) -> Value {
        let link = |(Asked { name, .. }, relay): &(Asked, Relay)| {
            let (port, spec) = (relay.address().port(), relay.link());
            json!({ "name": name, "port": port, "spec": spec, "open": relay.achieved().open })
        };
        self.0.iter().map(link).collect()
    }

    /// Makes another link of one.
    pub(super) fn change(&self, name: &str, link: &Link) -> Result<(), Refused> {
        let changed = self.named(name)?.change(link);
        changed.map_err(|wrong| Refused::Malformed(format!("`{name}` cannot listen again: {wrong}")))
    }

    /// Resets all connections of one.
    pub(super) fn drop_all(&self, name: &str) -> Result<(), Refused> {
        self.named(name).map(Relay::drop_all)
    }

    fn named(&self, name: &str) -> Result<&Relay, Refused> {
        let found = self.0.iter().find(|(asked, _)| asked.name == name).map(|(_, relay)| relay);
        found.ok_or_else(|| {
            let names: Vec<_> = self.0.iter().map(|(asked, _)| format!("`{}`", asked.name)).collect();
            Refused::NoSuch(match names.is_empty() {
                true => format!("there is no link `{name}`: start the server with `--link {name}=rtt=100ms`"),
                false => format!("there is no link `{name}`: choose {}", names.join(" or ")),
            })
        })
    }

    /// Lets nobody in any more. Who is on one of them stays.
    pub(super) fn shut(&self) {
        for (Asked { name, .. }, relay) in &self.0 {
            if let Err(lost) = relay.shut() {
                tracing::info!("the port of the link `{name}` is closed, and not kept: {lost}");
            }
        }
    }

    /// Waits until what is under way on them has arrived.
    pub(super) async fn empty(&self) {
        while self.0.iter().any(|(_, relay)| relay.achieved().open > 0) {
            sleep(LOOK).await;
        }
    }

    /// What passed on each.
    pub(super) fn farewell(&self) -> String {
        let line = |(asked, relay): &(Asked, Relay)| {
            ended(&format!("link {}: ", asked.name), &relay.achieved(), relay.changes())
        };
        self.0.iter().map(line).collect()
    }
}

/// Who listens on all interfaces is reached on the loopback.
pub(super) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
