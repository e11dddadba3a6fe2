//! What the measuring itself takes: how late our own clients are woken, and how busy they keep their CPUs.
//!
//! A thread of its own sends an instant every 20 ms; a task beside the clients, on their runtime, takes it as
//! they take events. What lies between is the wake-up that is in every latency here. Where it is most of it,
//! or the CPUs have nothing left, the clients are what was measured.
//!
//! A thread that comes a whole turn late was stopped with all the others. Then the instants count at which it
//! should have come: who is stopped for a second must not say that it was never late.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinHandle;

use super::result::Own;
use crate::clock::{monotonic_us, process_cpu_us};
use crate::link::Engine;

/// 50 samples a second, 500 in a window of ten: p99 needs 368.
const EVERY: Duration = Duration::from_millis(20);

/// Watches from its making until it is told to tell.
pub(super) struct Watch {
    is_over: Arc<AtomicBool>,
    lateness_us: Arc<Mutex<Histogram<u64>>>,
    listening: JoinHandle<()>,
    begun_us: u64,
    cpu_us: Option<f64>,
}

impl Watch {
    /// Begins, on the clients' runtime. What the links between use is not the clients'.
    pub(super) fn begin(engine: &Engine) -> anyhow::Result<Self> {
        let is_over = Arc::new(AtomicBool::new(false));
        let lateness = Histogram::new_with_bounds(1, 60_000_000, 3).expect("these bounds are sound");
        let lateness_us = Arc::new(Mutex::new(lateness));
        let (sender, mut instants) = unbounded_channel();
        let (ended, histogram) = (is_over.clone(), lateness_us.clone());
        let mut turns = Turns { due: Instant::now() };
        thread::Builder::new()
            .name("lateness".to_owned())
            .spawn(move || while !ended.load(Ordering::Relaxed) && sender.send(turns.next()).is_ok() {})?;
        let listening = tokio::spawn(async move {
            while let Some(sent) = instants.recv().await {
                let late_us = Instant::elapsed(&sent).as_micros() as u64;
                histogram.lock().expect("no holder of this lock panics").saturating_record(late_us);
            }
        });
        Ok(Self { is_over, lateness_us, listening, begun_us: monotonic_us(), cpu_us: spent_us(engine) })
    }

    /// What it saw.
    pub(super) fn end(self, engine: &Engine) -> Own {
        self.is_over.store(true, Ordering::Relaxed);
        self.listening.abort();
        let seen_us = (monotonic_us() - self.begun_us) as f64;
        let spent_us = spent_us(engine).zip(self.cpu_us).map(|(after, before)| after - before);
        let lateness = self.lateness_us.lock().expect("no holder of this lock panics");
        let quantile = |p| (!lateness.is_empty()).then(|| lateness.value_at_quantile(p) as f64);
        Own {
            lateness_p50_us: quantile(0.5),
            lateness_p99_us: quantile(0.99),
            cpu_share: spent_us.map(|us| us / (seen_us * cpus())),
        }
    }
}

/// One every 20 ms, and none left out.
struct Turns {
    due: Instant,
}

impl Turns {
    /// Waits for the next turn, and says when it was.
    fn next(&mut self) -> Instant {
        self.due += EVERY;
        thread::sleep(self.due.saturating_duration_since(Instant::now()));
        let now = Instant::now();
        if now > self.due + EVERY { self.due } else { now }
    }
}

/// How many CPUs this process may use: one, where it is pinned.
fn cpus() -> f64 {
    thread::available_parallelism().map_or(1.0, |cpus| cpus.get() as f64)
}

/// CPU time of this process without the links'.
fn spent_us(engine: &Engine) -> Option<f64> {
    Some(process_cpu_us()? as f64 - engine.cpu_us().unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_stopped_says_so_by_every_turn_that_was_missed() {
        let begun = Instant::now();
        // As after a stop of a second: fifty turns are due.
        let mut turns = Turns { due: begun.checked_sub(Duration::from_secs(1)).unwrap() };
        let late: Vec<Duration> = (0..49).map(|_| turns.next().elapsed()).collect();
        assert!(late[0] >= Duration::from_millis(980), "the first was {:?} late", late[0]);
        assert!(late.is_sorted_by(|a, b| a >= b), "each is less late than the one before: {late:?}");
    }
}
