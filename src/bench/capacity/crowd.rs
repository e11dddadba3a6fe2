//! All readers of a step, on one thread of their own.
//!
//! A reader that is woken for every event spends its time on being woken, and would be the limit long before
//! the server is. So the thread rests after work, as long as the work took: what comes meanwhile comes with one
//! read, and the thread is not busy for more than half of its time. A rest has an upper bound, which the
//! objective sets and the report names; where the work takes longer than that, the thread is busier, and soon it
//! is the limit, and says so.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use hdrhistogram::Histogram;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::either::Either;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::desk::{Progress, Shared};
use super::listener::{Listener, Socket};
use super::seen::Seen;
use super::slo::Slo;
use crate::client::{Target, Token};
use crate::clock::{monotonic_us, thread_cpu_us};
use crate::tls::HTTP_1;
use crate::transport::Transport;

/// Connections that are made at once: a listener's backlog is at least 128 by default, and we are not alone.
const AT_ONCE: usize = 100;

/// How long nobody may be connected while some still wait to be.
const CONNECT: Duration = Duration::from_secs(10);

/// How often the thread tells how much CPU it has used.
const LOOK: Duration = Duration::from_millis(5);

/// The longest rest, as a part of the objective: what it adds to a latency is then within what repeats differ.
const LONGEST: u64 = 50;

/// However much time an objective leaves: what the usual one of 100 ms allows.
const NEVER_LONGER_US: u64 = 2_000;

/// The shortest, as a part of the longest: with the usual objective 250 µs, in which a server writes to a few
/// dozen readers.
const SHORTEST: u64 = 8;

/// How long readers rest at most, in microseconds.
pub(super) fn longest_rest_us(slo: Slo) -> u64 {
    (slo.below_us() / LONGEST).min(NEVER_LONGER_US)
}

/// Whom to listen to, and how.
#[derive(Clone, Debug)]
pub(super) struct Listening {
    pub(super) transport: Transport,
    pub(super) address: SocketAddr,
    /// Who is there.
    pub(super) target: Target,
    pub(super) path: String,
    /// Where one asks for the position that a poll or a long poll begins with.
    pub(super) poll_path: String,
    pub(super) token: Option<Token>,
    pub(super) poll_interval: Duration,
    pub(super) clients: u64,
    /// The first event that counts.
    pub(super) first: u64,
    pub(super) slo: Slo,
}

/// What all readers of a step heard.
pub(super) struct Heard {
    pub(super) seen: Vec<Seen>,
    pub(super) latency_us: Histogram<u64>,
    /// How many readers were cut off, and why the first was.
    pub(super) cut: u64,
    pub(super) failure: Option<String>,
}

/// Readers at work. They stop when this is dropped.
pub(super) struct Crowd {
    thread: JoinHandle<Heard>,
    stop: DropGuard,
    progress: Arc<Progress>,
    clients: u64,
}

impl Crowd {
    /// Begins to connect so many readers.
    pub(super) fn gather(listening: Listening) -> io::Result<Self> {
        let (progress, stop) = (Arc::<Progress>::default(), CancellationToken::new());
        // Nothing is ours before the step begins.
        progress.origin_us.store(u64::MAX, Relaxed);
        let (told, shown, clients) = (stop.clone(), progress.clone(), listening.clients);
        let runtime = runtime(listening.slo)?;
        let thread = thread::Builder::new()
            .name("readers".to_owned())
            .spawn(move || runtime.block_on(read(listening, shown, told)))?;
        Ok(Self { thread, stop: stop.drop_guard(), progress, clients })
    }

    /// Waits until every reader has been answered.
    pub(super) async fn connected(&self) -> anyhow::Result<()> {
        let (mut before, mut since) = (0, Instant::now());
        loop {
            let connected = self.progress.connected.load(Relaxed);
            if let Some(why) = self.failure() {
                bail!("reader {} of {}: {why}", connected + 1, self.clients);
            }
            if connected == self.clients {
                return Ok(());
            }
            if connected > before {
                (before, since) = (connected, Instant::now());
            }
            if since.elapsed() > CONNECT {
                bail!("{connected} of {} readers connected, and none in the last {CONNECT:?}", self.clients);
            }
            sleep(Duration::from_millis(2)).await;
        }
    }

    /// From now on, what was due after this instant is ours.
    pub(super) fn begin(&self, origin_us: u64) {
        self.progress.origin_us.store(origin_us, Relaxed);
    }

    fn failure(&self) -> Option<String> {
        self.progress.failure.lock().expect("no holder of this lock panics").clone()
    }

    /// Deliveries so far, those before the window included.
    pub(super) fn arrived(&self) -> u64 {
        self.progress.arrived.load(Relaxed)
    }

    /// CPU time of their thread so far, in microseconds.
    pub(super) fn cpu_us(&self) -> u64 {
        self.progress.cpu_us.load(Relaxed)
    }

    /// Waits until so many deliveries that count have come, or until it has taken so long.
    pub(super) async fn drained(&self, deliveries: u64, bound: Duration) {
        let begun = Instant::now();
        while self.progress.counted.load(Relaxed) < deliveries && begun.elapsed() < bound {
            sleep(Duration::from_millis(2)).await;
        }
    }

    /// Lets all readers go.
    pub(super) async fn end(self) -> anyhow::Result<Heard> {
        drop(self.stop);
        let thread = self.thread;
        let heard = tokio::task::spawn_blocking(|| thread.join()).await?;
        heard.map_err(|_| anyhow!("the readers panicked"))
    }
}

/// One thread, that rests before it waits. All that can be read is read before it looks for more.
fn runtime(slo: Slo) -> io::Result<Runtime> {
    let awake_us = Arc::new(AtomicU64::new(monotonic_us()));
    let woken_us = awake_us.clone();
    let longest_us = longest_rest_us(slo);
    Builder::new_current_thread()
        .enable_all()
        .event_interval(u32::MAX)
        .on_thread_park(move || {
            let worked_us = monotonic_us() - awake_us.load(Relaxed);
            let rest_us = worked_us.clamp(longest_us / SHORTEST, longest_us);
            thread::sleep(Duration::from_micros(rest_us));
        })
        .on_thread_unpark(move || woken_us.store(monotonic_us(), Relaxed))
        .build()
}

async fn read(listening: Listening, progress: Arc<Progress>, stop: CancellationToken) -> Heard {
    let shared = Arc::new(Shared::new(&listening, progress.clone()));
    let (listening, doors) = (Arc::new(listening), Arc::new(Semaphore::new(AT_ONCE)));
    let mut readers = JoinSet::new();
    for number in 0..listening.clients as usize {
        readers.spawn(live(number, listening.clone(), shared.clone(), doors.clone()));
    }
    while !stop.is_cancelled() {
        progress.cpu_us.store(thread_cpu_us().unwrap_or(0), Relaxed);
        tokio::select! {
            () = sleep(LOOK) => {}
            () = stop.cancelled() => {}
        }
    }
    let desk = shared.desk(0);
    Heard {
        seen: desk.seen.clone(),
        latency_us: desk.latency_us.clone(),
        cut: progress.cut.load(Relaxed),
        failure: progress.failure.lock().expect("no holder of this lock panics").clone(),
    }
}

/// The life of a reader: it waits for its turn to connect, and then reads to the end.
async fn live(number: usize, listening: Arc<Listening>, shared: Arc<Shared>, doors: Arc<Semaphore>) {
    let progress = shared.progress.clone();
    let door = doors.acquire().await.expect("nobody closes it");
    let ended = match connect(&listening).await {
        Err(refused) => refused,
        Ok(socket) => {
            let listener = Listener { number, socket, shared, carry: Vec::new() };
            let connected = || {
                progress.connected.fetch_add(1, Relaxed);
                drop(door);
            };
            anyhow!(listener.listen(&listening, connected).await)
        }
    };
    progress.cut.fetch_add(1, Relaxed);
    let mut failure = progress.failure.lock().expect("no holder of this lock panics");
    failure.get_or_insert_with(|| format!("{ended:#}"));
}

async fn connect(listening: &Listening) -> anyhow::Result<Socket> {
    let Listening { address, target, .. } = listening;
    let socket = TcpStream::connect(*address).await;
    let socket = socket.map_err(|refused| {
        let why = remedy(&refused);
        anyhow!(refused).context(format!("cannot connect to `{address}`{why}"))
    })?;
    socket.set_nodelay(true).context("cannot turn off Nagle's algorithm")?;
    if !target.is_secured() {
        return Ok(Either::Left(socket));
    }
    let (host, _) = target.address();
    let secured = timeout(CONNECT, target.trust().connect(host, &[HTTP_1], socket));
    let secured = secured.await.with_context(|| format!("no TLS handshake within {CONNECT:?}"))??;
    Ok(Either::Right(Box::new(secured)))
}

/// What helps where a process or an address can hold no more connections.
fn remedy(refused: &io::Error) -> &'static str {
    #[cfg(unix)]
    if refused.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error()) {
        return ": this process may open no more files; raise `ulimit -n`, or use fewer clients";
    }
    match refused.kind() {
        io::ErrorKind::AddrNotAvailable => {
            ": every local port is in use, about 28,000 for one address; use fewer clients"
        }
        _ => "",
    }
}
