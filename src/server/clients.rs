//! The ledgers of those who gave a name, lane by lane.
//!
//! Names that begin with `_` are private: pages make them up. They come and go, and are forgotten with their control
//! topic; in `/stats` they are never told, and they do not take the room of others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;

use crate::wire::{Counts, Ledger, Sheet};

/// Public clients whose ledgers are kept, at most: when there are so many, a new one gets none.
const MAX_CLIENTS: usize = 1_000;

/// Private ones, at most: when there are so many, a new one takes the place of the one that asked longest ago.
const MAX_PRIVATE: usize = 1_000;

/// Whether this is a name that a page made up for itself.
pub(super) fn is_private(name: &str) -> bool {
    name.starts_with('_')
}

#[derive(Default)]
pub(super) struct Clients(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    public: BTreeMap<String, Client>,
    private: BTreeMap<String, Client>,
}

struct Client {
    lanes: Vec<(&'static str, Arc<Sheet>)>,
    asked: Instant,
    /// Since it was first found without a connection.
    gone: Option<Instant>,
}

impl Clients {
    /// The sheet that all requests of a client on one lane may share; nothing where there is no room for it.
    pub(super) fn sheet(&self, name: &str, lane: &'static str) -> Option<Arc<Sheet>> {
        let mut kept = self.kept();
        match is_private(name) {
            true => kept.make_room_for(name),
            false if !kept.public.contains_key(name) && kept.public.len() >= MAX_CLIENTS => return None,
            false => {}
        }
        let of_its_kind = kept.of_kind(name);
        if !of_its_kind.contains_key(name) {
            of_its_kind.insert(name.to_owned(), Client::new());
        }
        of_its_kind.get_mut(name).map(|client| client.sheet(lane))
    }

    /// What each public client has counted, all lanes together.
    pub(super) fn public(&self) -> BTreeMap<String, Counts> {
        let all = |client: &Client| client.counts().fold(Counts::default(), |sum, (_, counts)| sum + counts);
        self.kept().public.iter().map(|(name, client)| (name.clone(), all(client))).collect()
    }

    /// What one client has counted, lane by lane.
    pub(super) fn lanes(&self, name: &str) -> Vec<(&'static str, Counts)> {
        self.kept().of_kind(name).get(name).map_or_else(Vec::new, |client| client.counts().collect())
    }

    /// Forgets private clients that have had no connection for so long, but for those to be kept.
    pub(super) fn forget(&self, after: Duration, kept: &BTreeSet<String>) {
        let now = Instant::now();
        self.kept().private.retain(|name, client| {
            client.gone(now).is_none_or(|since| now - since < after) || kept.contains(name)
        });
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().expect("no holder of this lock panics")
    }
}

impl Kept {
    fn of_kind(&mut self, name: &str) -> &mut BTreeMap<String, Client> {
        if is_private(name) { &mut self.private } else { &mut self.public }
    }

    /// Forgets the private client that asked longest ago, one without a connection first.
    fn make_room_for(&mut self, name: &str) {
        if self.private.len() < MAX_PRIVATE || self.private.contains_key(name) {
            return;
        }
        let oldest = self.private.iter().min_by_key(|(_, client)| (client.is_here(), client.asked));
        if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
            self.private.remove(&oldest);
        }
    }
}

impl Client {
    fn new() -> Self {
        Self { lanes: Vec::new(), asked: Instant::now(), gone: None }
    }

    fn sheet(&mut self, lane: &'static str) -> Arc<Sheet> {
        (self.asked, self.gone) = (Instant::now(), None);
        if let Some((_, sheet)) = self.lanes.iter().find(|(known, _)| *known == lane) {
            return sheet.clone();
        }
        let sheet = Arc::new(Sheet { ledger: Arc::<Ledger>::default(), exchange: None });
        self.lanes.push((lane, sheet.clone()));
        sheet
    }

    fn counts(&self) -> impl Iterator<Item = (&'static str, Counts)> {
        self.lanes.iter().map(|(lane, sheet)| (*lane, sheet.ledger.counts()))
    }

    /// Whether a connection still books to it.
    fn is_here(&self) -> bool {
        self.lanes.iter().any(|(_, sheet)| Arc::strong_count(sheet) + Arc::strong_count(&sheet.ledger) > 2)
    }

    /// Since when it is known to have no connection.
    fn gone(&mut self, now: Instant) -> Option<Instant> {
        self.gone = match self.is_here() {
            true => None,
            false => self.gone.or(Some(now)),
        };
        self.gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn the_private_take_no_room_of_others() {
        let clients = Clients::default();
        let here = clients.sheet("_here", "sse");
        for n in 0..=MAX_PRIVATE {
            assert!(clients.sheet(&format!("_{n}"), "poll").is_some());
        }
        assert_eq!(clients.kept().private.len(), MAX_PRIVATE);
        assert_eq!((clients.lanes("_here").len(), clients.lanes("_0").len()), (1, 0), "who is here stays");
        assert!(clients.sheet("eve", "poll").is_some());
        assert_eq!(clients.public().into_keys().collect::<Vec<_>>(), ["eve"]);
        drop(here);
    }

    #[test]
    fn the_first_public_ones_stay() {
        let clients = Clients::default();
        for n in 0..MAX_CLIENTS {
            clients.sheet(&n.to_string(), "poll");
        }
        assert!(clients.sheet("another", "poll").is_none());
        assert!(clients.sheet("0", "sse").is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_private_client_is_forgotten_when_its_last_connection_is_long_gone() {
        let clients = Clients::default();
        clients.sheet("eve", "poll");
        let sheet = clients.sheet("_a", "sse");
        let is_there = |is_watched: bool| {
            clients.forget(MINUTE, &is_watched.then(|| "_a".to_owned()).into_iter().collect());
            !clients.lanes("_a").is_empty()
        };
        assert!(is_there(false));
        tokio::time::advance(2 * MINUTE).await;
        assert!(is_there(false), "it has a connection");
        drop(sheet);
        assert!(is_there(false), "it has just left");
        tokio::time::advance(MINUTE).await;
        assert!(is_there(true), "its desk is open");
        assert!(!is_there(false));
        assert_eq!(clients.lanes("eve").len(), 1);
    }
}
