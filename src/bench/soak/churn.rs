//! Guests who come and go, one after another on each seat.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::guest::visit;
use super::plan::{Plan, Way};
use super::result::Lane;
use crate::transport::Transport;

/// After a visit that failed: the next one might, too.
const AFTER_A_FAILURE: Duration = Duration::from_millis(100);

/// What all visits of a transport came to.
#[derive(Default)]
struct Tally {
    visits: AtomicU64,
    answered: AtomicU64,
    read: AtomicU64,
    by_way: [AtomicU64; 3],
    failed: AtomicU64,
}

/// Sockets that nobody reads any more, and since when.
type Silent = Arc<Mutex<VecDeque<(Instant, TcpStream)>>>;

/// Guests at work, until this is dropped. Those who fell silent stay until then, too.
pub(super) struct Churn {
    tallies: Vec<(Transport, Arc<Tally>)>,
    seats: JoinSet<()>,
    silent: Silent,
    first_failure: Arc<Mutex<Option<String>>>,
}

impl Churn {
    pub(super) fn start(plan: &Plan, address: SocketAddr) -> Self {
        let (silent, first_failure, mut seats) =
            (Silent::default(), Arc::<Mutex<_>>::default(), JoinSet::new());
        let tallies = plan.transports.iter().map(|transport| {
            let tally = Arc::<Tally>::default();
            for _ in 0..plan.clients {
                let seat = Seat {
                    address,
                    transport: *transport,
                    ways: plan.ways.clone(),
                    silent_for: plan.patience(),
                    tally: tally.clone(),
                    silent: silent.clone(),
                    first_failure: first_failure.clone(),
                };
                seats.spawn(seat.host());
            }
            (*transport, tally)
        });
        Self { tallies: tallies.collect(), seats, silent, first_failure }
    }

    /// Nobody comes any more, and who is there leaves; who is silent stays so.
    pub(super) async fn stop(&mut self) {
        self.seats.shutdown().await;
    }

    pub(super) fn visits(&self) -> u64 {
        self.tallies.iter().map(|(_, tally)| tally.visits.load(Relaxed)).sum()
    }

    /// How many are silent now.
    pub(super) fn silent(&self) -> usize {
        lock(&self.silent).len()
    }

    pub(super) fn lanes(&self) -> Vec<Lane> {
        let lane = |(transport, tally): &(Transport, Arc<Tally>)| {
            let [closed, reset, silent] = [0, 1, 2].map(|way| tally.by_way[way].load(Relaxed));
            Lane {
                transport: *transport,
                visits: tally.visits.load(Relaxed),
                answered: tally.answered.load(Relaxed),
                read_bytes: tally.read.load(Relaxed),
                closed,
                reset,
                silent,
                failed: tally.failed.load(Relaxed),
            }
        };
        self.tallies.iter().map(lane).collect()
    }

    pub(super) fn first_failure(&self) -> Option<String> {
        lock(&self.first_failure).clone()
    }
}

/// Where one guest after another sits.
struct Seat {
    address: SocketAddr,
    transport: Transport,
    ways: Vec<Way>,
    /// By then the server has let go of them.
    silent_for: Duration,
    tally: Arc<Tally>,
    silent: Silent,
    first_failure: Arc<Mutex<Option<String>>>,
}

impl Seat {
    async fn host(self) {
        let mut random = fastrand::Rng::new();
        loop {
            let way = Way::draw(&self.ways, &mut random);
            match visit(self.address, self.transport, way, &mut random).await {
                Ok(visit) => {
                    self.tally.visits.fetch_add(1, Relaxed);
                    self.tally.answered.fetch_add(u64::from(visit.read > 0), Relaxed);
                    self.tally.read.fetch_add(visit.read, Relaxed);
                    self.tally.by_way[way as usize].fetch_add(1, Relaxed);
                    visit.silent.into_iter().for_each(|socket| self.keep(socket));
                }
                Err(why) => {
                    self.tally.failed.fetch_add(1, Relaxed);
                    lock(&self.first_failure).get_or_insert_with(|| format!("{}: {why}", self.transport));
                    sleep(AFTER_A_FAILURE).await;
                }
            }
        }
    }

    /// Keeps the socket of who is silent, and lets go of those of which the server has, too.
    fn keep(&self, socket: TcpStream) {
        let mut silent = lock(&self.silent);
        while silent.front().is_some_and(|(since, _)| since.elapsed() > self.silent_for) {
            silent.pop_front();
        }
        silent.push_back((Instant::now(), socket));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder of this lock panics")
}
