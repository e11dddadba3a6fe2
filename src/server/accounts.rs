//! Whose bytes they are: a ledger for each transport, and one for each client that gave a name.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::feed::Tally;
use crate::transport::Transport;
use crate::transport::ask::is_name;
use crate::wire::{Account, Counts, Ledger};

/// Clients whose ledgers are kept, at most; the first to come are.
const MAX_CLIENTS: usize = 1_000;

/// What a server counts, by transport and by client.
#[derive(Default)]
pub(super) struct Accounts {
    transports: [(Arc<Ledger>, Arc<Tally>); Transport::ALL.len()],
    /// Of requests that are for no transport: pages, publishing, the time.
    other: Arc<Ledger>,
    clients: Mutex<BTreeMap<String, Arc<Ledger>>>,
}

impl Accounts {
    /// The account of a request for `target`: a path and a query.
    pub(super) fn of(&self, target: &str) -> Account {
        let (path, query) = path_of(target).split_once('?').unwrap_or((path_of(target), ""));
        let transport =
            Transport::at(path).map_or(&self.other, |transport| &self.transports[transport as usize].0);
        Account { transport: transport.clone(), client: self.client(query) }
    }

    fn client(&self, query: &str) -> Option<Arc<Ledger>> {
        if !query.contains("client=") {
            return None;
        }
        let (_, name) = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "client")?;
        let mut clients = self.clients.lock().expect("no holder of this lock panics");
        if !clients.contains_key(&*name) && (clients.len() >= MAX_CLIENTS || !is_name(&name)) {
            return None;
        }
        Some(clients.entry(name.into_owned()).or_default().clone())
    }

    pub(super) fn tally(&self, transport: Transport) -> Arc<Tally> {
        self.transports[transport as usize].1.clone()
    }

    pub(super) fn transport(&self, transport: Transport) -> (Counts, &Tally) {
        let (ledger, tally) = &self.transports[transport as usize];
        (ledger.counts(), tally)
    }

    pub(super) fn other(&self) -> Counts {
        self.other.counts()
    }

    pub(super) fn clients(&self) -> BTreeMap<String, Counts> {
        let clients = self.clients.lock().expect("no holder of this lock panics");
        clients.iter().map(|(name, ledger)| (name.clone(), ledger.counts())).collect()
    }
}

/// A request may name the whole URL, as proxies do (RFC 9112, section 3.2.2).
fn path_of(target: &str) -> &str {
    let Some((_, rest)) = target.split_once("://").filter(|_| !target.starts_with('/')) else {
        return target;
    };
    rest.find('/').map_or("/", |at| &rest[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_path_or_a_whole_url() {
        for (target, path) in [
            ("/sse?topic=a", "/sse?topic=a"),
            ("/publish?topic=a://b", "/publish?topic=a://b"),
            ("http://x:1/poll?client=a", "/poll?client=a"),
            ("http://x", "/"),
        ] {
            assert_eq!(path_of(target), path);
        }
    }
}
