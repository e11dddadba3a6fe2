//! The two threads: one moves bytes, one keeps time.
//!
//! All relays of an engine share them. Neither is one of those that measure, so what they cost can be told apart:
//! [`Engine::cpu_us`].

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::thread;

use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::order::Order;
use super::relay::Relay;
use super::spec::Link;
use super::timer::Timer;
use crate::clock::thread_cpu_us;

/// Two threads that carry relays: one moves bytes, one keeps time. They end with the last clone and relay.
#[derive(Clone)]
pub struct Engine(Arc<Threads>);

struct Threads {
    orders: UnboundedSender<Order>,
    timer: Timer,
    bytes_cpu_us: Arc<AtomicU64>,
    random: Mutex<fastrand::Rng>,
}

impl Engine {
    /// Starts the threads. Jitter and resets are drawn anew each time.
    ///
    /// # Errors
    /// Where the system has no thread or no descriptor left.
    pub fn start() -> io::Result<Self> {
        Self::seeded(fastrand::u64(..))
    }

    /// Starts the threads. Jitter and resets are the same for the n-th relay, and on it for the n-th connection, of
    /// every engine with this seed.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn seeded(seed: u64) -> io::Result<Self> {
        let (orders, taken) = unbounded_channel();
        let bytes_cpu_us = Arc::new(AtomicU64::new(0));
        let spent = bytes_cpu_us.clone();
        let read_cpu = move || spent.store(thread_cpu_us().unwrap_or(0), Relaxed);
        let runtime = Builder::new_current_thread().enable_all().on_thread_park(read_cpu).build()?;
        let timer = Timer::start()?;
        runtime.spawn(timer.clone().rouses());
        let work = move || runtime.block_on(carry(taken));
        thread::Builder::new().name("link-bytes".to_owned()).spawn(work)?;
        let random = Mutex::new(fastrand::Rng::with_seed(seed));
        Ok(Self(Arc::new(Threads { orders, timer, bytes_cpu_us, random })))
    }

    /// Begins to relay from one address to another, with a network between them.
    ///
    /// # Errors
    /// Where the address to listen on is taken, or not this machine's.
    pub fn relay(&self, link: &Link, listen: SocketAddr, to: SocketAddr) -> io::Result<Relay> {
        let random = self.0.random.lock().expect("nothing panics while it draws").fork();
        Relay::begin(self.clone(), link, listen, to, random)
    }

    /// CPU time that both threads have used, as of when each of them slept last, in microseconds; `None` where the
    /// platform does not say.
    pub fn cpu_us(&self) -> Option<f64> {
        let timing = self.0.timer.cpu_us()?;
        Some((timing + self.0.bytes_cpu_us.load(Relaxed)) as f64)
    }

    pub(super) fn timer(&self) -> &Timer {
        &self.0.timer
    }

    /// Gives the thread that moves bytes something to do.
    pub(super) fn order(&self, order: Order) {
        // It lives for as long as this does.
        let _ = self.0.orders.send(order);
    }
}

/// What the thread does that moves bytes: each relay is a task, each connection another.
async fn carry(mut orders: UnboundedReceiver<Order>) {
    while let Some(order) = orders.recv().await {
        tokio::spawn(order.carry_out());
    }
}
