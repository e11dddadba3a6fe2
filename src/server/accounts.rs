//! Whose bytes they are: a ledger for each transport; and for each client that gave a name, one for each of its lanes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::clients::{Clients, is_private};
use super::desks::{Desks, Request};
use crate::feed::Tally;
use crate::transport::Transport;
use crate::transport::ask::{CONTROL, is_name};
use crate::wire::{Account, Counts, Exchange, Ledger, Sheet};

/// What a client's requests are told apart by: the first part of the path. All else is one lane, or who asks for
/// a thousand pages that are not there would have a thousand ledgers.
const LANES: [&str; 12] = [
    "poll",
    "longpoll",
    "sse",
    "websocket",
    "publish",
    "time",
    "control",
    "theory",
    "tcp",
    "health",
    "stats",
    "metrics",
];
const ANOTHER_LANE: &str = "other";

/// Who reads over one transport after the other says so with `lane=auto`: all it asks is of this one lane.
const STRATEGY: &str = "auto";

/// What a server counts, by transport and by client.
pub(super) struct Accounts {
    transports: [(Arc<Ledger>, Arc<Tally>); Transport::ALL.len()],
    /// Of requests that are for no transport: pages, publishing, the time, control topics.
    other: Arc<Ledger>,
    clients: Clients,
    desks: Arc<Desks>,
}

impl Accounts {
    /// Nothing is counted yet. Clients whose desk is open are watched.
    pub(super) fn new(desks: Arc<Desks>) -> Self {
        Self { transports: Default::default(), other: Arc::default(), clients: Clients::default(), desks }
    }

    /// The account of a request for `target`, a path and a query, on a connection with this number.
    pub(super) fn of(&self, target: &str, connection: u64) -> Account {
        let (path, query) = path_of(target).split_once('?').unwrap_or((path_of(target), ""));
        let asker = Asker::read(query);
        if asker.is_watching {
            // Or to watch would change what is seen.
            return Account { transport: self.other.clone(), client: None };
        }
        let transport =
            Transport::at(path).map_or(&self.other, |transport| &self.transports[transport as usize].0);
        let client = asker.client.and_then(|name| {
            let lane = if asker.is_strategy { STRATEGY } else { lane_of(path) };
            self.sheet(&name, Request { lane, n: asker.n, connection })
        });
        Account { transport: transport.clone(), client }
    }

    /// Requests of a client that nobody watches share a sheet. A page may be watched at any time from now on.
    fn sheet(&self, name: &str, request: Request) -> Option<Arc<Sheet>> {
        if !is_name(name) {
            return None;
        }
        let sheet = self.clients.sheet(name, request.lane)?;
        if !is_private(name) && !self.desks.is_open(name) {
            return Some(sheet);
        }
        let (desks, name) = (self.desks.clone(), name.to_owned());
        let exchange = Exchange::new(Box::new(move |sight| desks.mark(&name, request, sight)));
        Some(Arc::new(Sheet { ledger: sheet.ledger.clone(), exchange: Some(exchange) }))
    }

    pub(super) fn tally(&self, transport: Transport) -> Arc<Tally> {
        self.transports[transport as usize].1.clone()
    }

    pub(super) fn transport(&self, transport: Transport) -> (Counts, &Tally) {
        let (ledger, tally) = &self.transports[transport as usize];
        (ledger.counts(), tally)
    }

    /// How many read the feed now, over all transports.
    pub(super) fn waiting(&self) -> u64 {
        self.transports.iter().map(|(_, tally)| tally.subscribers.load(Ordering::Relaxed)).sum()
    }

    pub(super) fn other(&self) -> Counts {
        self.other.counts()
    }

    /// What each client has counted over all lanes. Private ones are nobody else's business.
    pub(super) fn clients(&self) -> BTreeMap<String, Counts> {
        self.clients.public()
    }

    /// What one client has counted so far, lane by lane.
    pub(super) fn lanes(&self, client: &str) -> Vec<(&'static str, Counts)> {
        self.clients.lanes(client)
    }

    /// Forgets private clients that have not been here for so long, and are not watched either.
    pub(super) fn forget(&self, after: Duration) {
        let watched = self.desks.names();
        self.clients.forget(after, &watched);
    }
}

/// What a query says of who asks.
#[derive(Default)]
struct Asker<'a> {
    client: Option<Cow<'a, str>>,
    n: Option<u64>,
    /// It asks for a control topic.
    is_watching: bool,
    is_strategy: bool,
}

impl<'a> Asker<'a> {
    fn read(query: &'a str) -> Self {
        // Most requests say nothing of it, and to look for a word costs less than to take a query apart.
        if !["client", "control", "%"].iter().any(|word| query.contains(word)) {
            return Self::default();
        }
        let first = |name| form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
        Self {
            client: first("client").map(|(_, name)| name),
            n: first("n").and_then(|(_, number)| number.parse().ok()),
            is_watching: first("topic").is_some_and(|(_, topic)| topic.starts_with(CONTROL)),
            is_strategy: first("lane").is_some_and(|(_, lane)| lane == STRATEGY),
        }
    }
}

fn lane_of(path: &str) -> &'static str {
    let first = path.split('/').nth(1).unwrap_or_default();
    LANES.into_iter().find(|lane| *lane == first).unwrap_or(ANOTHER_LANE)
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

    #[test]
    fn a_lane_is_the_first_part_of_a_path_that_is_known() {
        for (path, lane) in [
            ("/poll", "poll"),
            ("/control", "control"),
            ("/publish/more", "publish"),
            ("/", ANOTHER_LANE),
            ("", ANOTHER_LANE),
            ("/nonsense", ANOTHER_LANE),
        ] {
            assert_eq!(lane_of(path), lane, "{path}");
        }
    }

    #[test]
    fn who_asks_is_read_however_it_is_spelled() {
        let asker = Asker::read("topic=demo&%63lient=_a&n=17&n=18");
        assert_eq!((asker.client.as_deref(), asker.n, asker.is_watching), (Some("_a"), Some(17), false));
        assert!(Asker::read("topic=%63ontrol%2E_a").is_watching);
        assert!(!Asker::read("topic=demo&topic=control._a").is_watching, "the first is meant");
        assert_eq!(Asker::read("client=_a&n=many").n, None);
    }

    #[tokio::test]
    async fn who_reads_over_one_after_the_other_has_one_lane_for_all_of_them() {
        let feed = crate::feed::Feed::new(Default::default());
        let accounts = Accounts::new(Arc::new(Desks::new(&feed, Duration::from_secs(60))));
        for target in ["/sse?client=_a&lane=auto", "/poll?client=_a&lane=auto", "/poll?client=_a&lane=sse"] {
            accounts.of(target, 1);
        }
        let lanes: Vec<_> = accounts.lanes("_a").into_iter().map(|(lane, _)| lane).collect();
        assert_eq!(lanes, [STRATEGY, "poll"], "no other lane can be named");
    }

    #[tokio::test]
    async fn only_who_is_watched_or_may_be_has_a_sheet_for_each_request() {
        let desks =
            Arc::new(Desks::new(&crate::feed::Feed::new(Default::default()), Duration::from_secs(60)));
        let accounts = Accounts::new(desks.clone());
        let sheet = |target| accounts.of(target, 1).client.expect("it gave a name");
        let is_one = |target| Arc::ptr_eq(&sheet(target), &sheet(target));
        assert!(is_one("/poll?client=eve") && sheet("/poll?client=eve").exchange.is_none());
        let reader = desks.read("eve", crate::event::Position::Latest).ok();
        assert!(!is_one("/poll?client=eve") && !is_one("/poll?client=_eve"));
        assert!(is_one("/poll?client=adam"));
        assert!(accounts.of("/sse?client=_eve&topic=control._eve", 1).client.is_none());
        drop(reader);
    }
}
