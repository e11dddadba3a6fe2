//! What the server does now, and how every page that watches is told when that changes.
//!
//! ```text
//! a command                           at once    {"state":{"version":…,"devices":3,"source":{…},"links":[…],…}}
//! a device came or went, or the
//! source has come to its end          once a second at most, and only while a control topic is open
//! ```

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Shared;

/// A page polls no more often than this, in milliseconds: what comes within a tenth of a second seems to come at
/// once (J. Nielsen, "Usability Engineering", 1993), so that more requests of a whole room would show nothing.
const POLL_FLOOR_MS: u64 = 100;

/// How often to look for what nobody ordered.
const LOOK: Duration = Duration::from_secs(1);

/// What the server does now.
#[derive(Serialize)]
pub(super) struct State {
    /// Whether who asks holds the key; only in an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<bool>,
    version: &'static str,
    publish: &'static str,
    poll_floor_ms: u64,
    devices: usize,
    #[serde(flatten)]
    scene: Map<String, Value>,
}

/// What pages were told last, of that which changes without a command.
#[derive(Default, PartialEq)]
pub(super) struct Told {
    devices: usize,
    source: Option<Value>,
}

impl State {
    /// As an answer says it, or, without `operator`, as all are told.
    pub(super) fn of(shared: &Shared, operator: Option<bool>) -> Self {
        Self {
            operator,
            version: env!("CARGO_PKG_VERSION"),
            publish: shared.operator.publish.name(),
            poll_floor_ms: POLL_FLOOR_MS,
            devices: shared.guests.devices(),
            scene: shared.operator.commands.scene(),
        }
    }

    fn told(&self) -> Told {
        Told { devices: self.devices, source: self.scene.get("source").cloned() }
    }

    /// Tells all that watch.
    pub(super) fn tell(self, shared: &Shared, told: &mut Told) {
        *told = self.told();
        shared.desks.tell_all(&json!({ "state": self }));
    }
}

/// Tells of what changed without a command, for as long as it is polled.
pub(super) async fn watch(shared: &Shared) {
    *shared.told.lock().await = State::of(shared, None).told();
    loop {
        shared.desks.until_open().await;
        tokio::time::sleep(LOOK).await;
        // Who gives a command tells of it, and holds this meanwhile.
        let mut told = shared.told.lock().await;
        let state = State::of(shared, None);
        if state.told() != *told {
            state.tell(shared, &mut told);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use super::*;
    use crate::event::Position;
    use crate::feed::{Feed, Limit, Retain, Subscription};
    use crate::server::{Commands, Config, Operator, Refused, Server};

    /// A source that comes to its end, and how often that was asked.
    #[derive(Default)]
    struct Board {
        is_over: AtomicBool,
        asked: AtomicUsize,
    }

    impl Commands for Board {
        fn scene(&self) -> Map<String, Value> {
            let links = self.asked.fetch_add(1, Ordering::Relaxed);
            let scene =
                json!({ "source": { "is_over": self.is_over.load(Ordering::Relaxed) }, "links": links });
            scene.as_object().expect("it is one").clone()
        }

        fn carry_out(&self, _: &Map<String, Value>) -> Result<(), Refused> {
            Ok(())
        }

        fn theory(&self, _: &dyn Fn(&str) -> Option<String>) -> Result<Value, String> {
            Ok(Value::Null)
        }
    }

    /// A server that looks, and serves nobody.
    async fn looking(board: &Arc<Board>) -> Arc<Shared> {
        let config = Config { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..Config::default() };
        let server = Server::bind(config, Feed::new(Retain::default()), Arc::new(|| None)).unwrap();
        let shared = server.operated(Operator { commands: board.clone(), ..Operator::default() }).shared;
        let looks = shared.clone();
        tokio::spawn(async move { watch(&looks).await });
        tokio::task::yield_now().await;
        shared
    }

    /// What a page is told within so many seconds: devices, and whether the source is over.
    async fn told(page: &mut Subscription, seconds: u64) -> Vec<(u64, bool)> {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        let events = page.read(Limit::default()).events;
        let states = events.iter().map(|event| serde_json::from_str::<Value>(event.data()).unwrap());
        let read = |news: Value| {
            let state = &news["state"];
            (state["devices"].as_u64().unwrap(), state["source"]["is_over"].as_bool().unwrap())
        };
        states.map(read).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn pages_are_told_when_a_device_comes_or_goes_and_when_the_source_is_over() {
        let board = Arc::<Board>::default();
        let shared = looking(&board).await;
        let mut page = shared.desks.read("_a", Position::Latest).unwrap();
        assert_eq!(told(&mut page, 10).await, [], "what changes besides is no news");
        let visits = ["10.0.0.7:1", "10.0.0.8:1"].map(|from| shared.guests.welcome(from.parse().unwrap()));
        assert_eq!(told(&mut page, 10).await, [(2, false)], "both at once");
        board.is_over.store(true, Ordering::Relaxed);
        assert_eq!(told(&mut page, 10).await, [(2, true)]);
        drop(visits);
        assert_eq!(told(&mut page, 70).await, [(0, true)]);
        let flapping = async {
            for second in 0..10 {
                board.is_over.store(second % 2 == 0, Ordering::Relaxed);
                tokio::time::sleep(LOOK / 4).await;
            }
        };
        flapping.await;
        assert!(told(&mut page, 0).await.len() <= 3, "once a second at most");
    }

    #[tokio::test(start_paused = true)]
    async fn where_nobody_watches_nobody_looks_and_who_comes_is_told_what_changed_since() {
        let board = Arc::<Board>::default();
        let shared = looking(&board).await;
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        assert_eq!(board.asked.load(Ordering::Relaxed), 1, "at the start");
        board.is_over.store(true, Ordering::Relaxed);
        let mut page = shared.desks.read("_a", Position::Latest).unwrap();
        assert_eq!(told(&mut page, 10).await, [(0, true)]);
    }
}
