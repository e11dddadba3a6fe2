//! Clients that listen, on a thread of their own, and what they hear when.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use wirelanes::client::{News, Options, Reader, Target};
use wirelanes::transport::Transport;

use crate::behaviour::{eventually, raw};

/// Readers of each transport.
const EACH: usize = 2;

/// A poll waits for half of it on average: that much is known before anything is measured.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

#[derive(Clone, Copy)]
struct Heard {
    transport: Transport,
    /// When it was to be published, and how much later it came.
    sent_us: u64,
    late_us: u64,
}

#[derive(Default)]
struct Book {
    heard: Vec<Heard>,
    /// Anything but events, each the next one.
    wrong: Vec<String>,
}

pub(super) struct Neighbours(Arc<Mutex<Book>>);

impl Neighbours {
    /// All of them, once they listen.
    pub(super) fn settle(address: SocketAddr) -> Self {
        let (_, time) = raw::get(address, "/time");
        let time: serde_json::Value = serde_json::from_str(&time).unwrap();
        let offset_us = time["monotonic_offset_us"].as_i64().unwrap();
        let book = Arc::<Mutex<Book>>::default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for transport in Transport::ALL.into_iter().cycle().take(EACH * Transport::ALL.len()) {
            let options = Options { poll_interval: POLL_INTERVAL, ..Options::new(Target::server(address)) };
            let hear = hearer(transport, offset_us, book.clone());
            runtime.spawn(async move {
                let mut reader = Reader::new(Arc::new(options), Arc::default(), hear);
                transport.subscribe(&mut reader).await
            });
        }
        thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
        let neighbours = Self(book);
        eventually("each transport has brought something", || {
            let book = neighbours.0.lock().unwrap();
            Transport::ALL.iter().all(|lane| book.heard.iter().any(|heard| heard.transport == *lane))
        });
        neighbours
    }

    /// Of what was sent in this time, by the monotonic clock.
    pub(super) fn p99(&self, from_us: u64, to_us: u64) -> P99 {
        let mut book = self.0.lock().unwrap();
        let all = std::mem::take(&mut book.heard);
        drop(book);
        let within = |heard: &&Heard| (from_us..to_us).contains(&heard.sent_us);
        P99(Transport::ALL.map(|lane| {
            let of_lane = all.iter().filter(within).filter(|heard| heard.transport == lane);
            let mut late: Vec<u64> = of_lane.map(|heard| heard.late_us).collect();
            late.sort_unstable();
            assert!(
                late.len() > 50,
                "{lane} brought {} events: {:?}",
                late.len(),
                self.0.lock().unwrap().wrong
            );
            late[late.len() * 99 / 100] as f64
        }))
    }

    pub(super) fn lost_nothing(&self) {
        let wrong = std::mem::take(&mut self.0.lock().unwrap().wrong);
        assert!(wrong.is_empty(), "neighbours were told:\n  {}\n", wrong.join("\n  "));
    }
}

fn hearer(transport: Transport, offset_us: i64, book: Arc<Mutex<Book>>) -> impl FnMut(News) + Send {
    let mut at = None;
    move |news| {
        let mut book = book.lock().unwrap();
        match news {
            News::Connected => {}
            News::Event { event, arrived_us } => {
                let sent_us = event.sent_us().saturating_add_signed(-offset_us);
                book.heard.push(Heard { transport, sent_us, late_us: arrived_us.saturating_sub(sent_us) });
                if at.is_some_and(|at| event.id().previous() != at) {
                    book.wrong.push(format!("{transport}: {} after {at:?}", event.id()));
                }
                at = Some(event.id());
            }
            other => book.wrong.push(format!("{transport} at {at:?}: {other:?}")),
        }
    }
}

/// Microseconds, by transport.
#[derive(Clone, Copy)]
pub(super) struct P99([f64; 4]);

impl P99 {
    pub(super) fn of(&self, transport: Transport) -> f64 {
        let lane = Transport::ALL.iter().position(|lane| *lane == transport);
        self.0[lane.expect("it is one of all")]
    }

    pub(super) fn median(all: &[Self]) -> Self {
        Self(Transport::ALL.map(|lane| {
            let mut values: Vec<f64> = all.iter().map(|p99| p99.of(lane)).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        }))
    }
}

impl fmt::Display for P99 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = Transport::ALL.map(|lane| format!("{lane} {:.1}", self.of(lane) / 1e3));
        write!(f, "{} ms", texts.join(", "))
    }
}
