//! Plays a source on a thread with a clock of its own.
//!
//! Each event is published with the instant at which it was *scheduled*: a late publisher shows as latency,
//! and in its own [`Lag`], and never hides. A slow reader cannot slow the schedule down.
//!
//! ```text
//!         parked               spins    due
//! ├──────────────────────────┤───────┤  publish
//!                             200 µs
//! ```
//!
//! Tokio's timers step in milliseconds and round up; a parked thread wakes to the microsecond, but late.

use std::io::{self, BufRead, BufReader};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::{Script, Source, SourceKind, stdin};
use crate::clock::{Clock, thread_cpu_us};

/// How long before an event its thread is awake, in microseconds.
///
/// Linux wakes a parked thread about 80 µs late after 1 ms and 150 µs late after 100 ms; 200 µs covers 99 in
/// 100 of these. Spinning the rest costs about 0.1 ms of CPU an event; from 5,000/s up it holds a core.
const SPIN_US: u64 = 200;

/// From [`Player::start`] to offset 0, in microseconds: time for the thread to begin, which takes about 0.1 ms.
const LEAD_US: u64 = 1_000;

/// How many events are published between two readings of the thread's CPU clock: a system call, so about
/// 0.3 µs, which is not paid a million times a second.
const EVENTS_PER_CPU_READING: u64 = 64;

/// How many lines of stdin may wait for the player; the next ones wait in the pipe.
const WAITING_LINES: usize = 64;

/// The longest lag that is told apart, in microseconds: an hour.
const MAX_LAG_US: u64 = 3_600_000_000;

/// How late the publisher itself was: the instant of publishing minus the scheduled one, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lag {
    /// The median.
    pub p50: u64,
    /// What one event in a hundred exceeded.
    pub p99: u64,
    /// The worst.
    pub max: u64,
}

/// What a player has published so far, or, once it is over, in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Played {
    /// How many events.
    pub events: u64,
    /// When the first was scheduled, in microseconds since the UNIX epoch.
    pub first_us: Option<u64>,
    /// When the last was scheduled, in microseconds since the UNIX epoch.
    pub last_us: Option<u64>,
    /// The publisher's own lag; `None` before the first event.
    pub lag_us: Option<Lag>,
    /// CPU time of the player's thread, publishing included, in microseconds; `None` where unknown.
    pub cpu_us: Option<u64>,
}

/// A source that is being played. Dropping it stops it.
pub struct Player {
    stage: Arc<Stage>,
    thread: Option<JoinHandle<()>>,
}

impl Player {
    /// Plays a source: calls `publish` with each event's scheduled instant, in microseconds since the UNIX
    /// epoch by `clock`, and its `data`.
    ///
    /// Lines of stdin are scheduled for the instant at which they are read. The thread that reads them
    /// cannot be woken while it waits for one: after a stop it stays, publishes nothing, and ends with the
    /// next line or the process.
    ///
    /// # Errors
    /// Where the source cannot be opened, see [`Script::open`], or no thread can be started.
    pub fn start(
        source: &Source,
        clock: Clock,
        publish: impl FnMut(u64, &str) + Send + 'static,
    ) -> io::Result<Self> {
        match source.kind {
            SourceKind::Stdin => Self::start_lines(BufReader::new(io::stdin()), source, clock, publish),
            _ => Self::start_script(Script::open(source)?, clock, publish),
        }
    }

    fn start_script(
        script: Script,
        clock: Clock,
        publish: impl FnMut(u64, &str) + Send + 'static,
    ) -> io::Result<Self> {
        Self::spawn(clock, move |stage| stage.play(script, publish))
    }

    fn start_lines(
        reader: impl BufRead + Send + 'static,
        source: &Source,
        clock: Clock,
        publish: impl FnMut(u64, &str) + Send + 'static,
    ) -> io::Result<Self> {
        let end_us = source.duration_us();
        let (sender, lines) = sync_channel(WAITING_LINES);
        let player = Self::spawn(clock, move |stage| stage.relay(&lines, end_us, publish))?;
        let relay = player.thread.as_ref().map(|thread| thread.thread().clone());
        let relay = relay.expect("a player has its thread until it is joined");
        thread::Builder::new()
            .name("stdin".to_owned())
            .spawn(move || read_lines(reader, clock, sender, &relay))?;
        Ok(player)
    }

    fn spawn(clock: Clock, play: impl FnOnce(&Stage) + Send + 'static) -> io::Result<Self> {
        let stage = Arc::new(Stage::new(clock));
        let played = Arc::clone(&stage);
        let thread = thread::Builder::new().name("player".to_owned()).spawn(move || {
            play(&played);
            played.read_cpu();
        })?;
        Ok(Self { stage, thread: Some(thread) })
    }

    /// The instant of offset 0, in microseconds since the UNIX epoch: an event is scheduled for this plus
    /// its offset, rounded to a microsecond.
    pub fn start_us(&self) -> u64 {
        self.stage.start_us
    }

    /// What has been published so far.
    pub fn progress(&self) -> Played {
        self.stage.tally().played()
    }

    /// Whether the source has come to its end: its duration, its last event, its last line.
    pub fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Ends now, however far away the next event is. Once it returns, nothing more is published.
    ///
    /// # Panics
    /// Where `publish` did.
    pub fn stop(mut self) -> Played {
        self.halt();
        self.join()
    }

    /// Blocks until the source has come to its end: for ever, where it has none.
    ///
    /// # Panics
    /// Where `publish` did.
    pub fn wait(mut self) -> Played {
        self.join()
    }

    fn halt(&self) {
        self.stage.stopped.store(true, Ordering::Relaxed);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }

    fn join(&mut self) -> Played {
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
            resume_unwind(panic);
        }
        self.progress()
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.halt();
    }
}

/// What the player's thread and its owner share.
struct Stage {
    clock: Clock,
    start_us: u64,
    stopped: AtomicBool,
    tally: Mutex<Tally>,
}

impl Stage {
    fn new(clock: Clock) -> Self {
        let start_us = clock.now_us() + LEAD_US;
        Self { clock, start_us, stopped: AtomicBool::new(false), tally: Mutex::new(Tally::new()) }
    }

    fn play(&self, mut script: Script, mut publish: impl FnMut(u64, &str)) {
        while let Some((offset_us, data)) = script.next_event() {
            let due_us = self.instant(offset_us);
            if !self.wait_until(due_us) {
                return;
            }
            self.publish(due_us, data, &mut publish);
        }
        self.wait_until(self.instant(script.end_us()));
    }

    fn relay(&self, lines: &Receiver<Line>, end_us: f64, mut publish: impl FnMut(u64, &str)) {
        let end_us = self.instant(end_us);
        while !self.is_stopped() && self.clock.now_us() < end_us {
            match lines.try_recv() {
                Ok(line) => self.publish(line.read_us, &line.data, &mut publish),
                Err(TryRecvError::Empty) => self.park(end_us.saturating_sub(self.clock.now_us())),
                Err(TryRecvError::Disconnected) => return,
            }
        }
    }

    /// The instant of an offset; far beyond all calendars for one that is infinite.
    fn instant(&self, offset_us: f64) -> u64 {
        self.start_us.saturating_add(offset_us.round() as u64)
    }

    /// Waits for an instant, or not at all where it has passed: all that is due is published at once.
    /// False where the player was stopped.
    fn wait_until(&self, due_us: u64) -> bool {
        while !self.is_stopped() {
            match due_us.saturating_sub(self.clock.now_us()) {
                0 => return true,
                1..=SPIN_US => std::hint::spin_loop(),
                left_us => self.park(left_us - SPIN_US),
            }
        }
        false
    }

    /// Sleeps for some microseconds, or until it is stopped or a line comes.
    fn park(&self, longest_us: u64) {
        self.read_cpu();
        thread::park_timeout(Duration::from_micros(longest_us));
    }

    fn publish(&self, due_us: u64, data: &str, publish: &mut impl FnMut(u64, &str)) {
        let lag_us = self.clock.now_us().saturating_sub(due_us);
        publish(due_us, data);
        let events = self.tally().add(due_us, lag_us);
        if events.is_multiple_of(EVENTS_PER_CPU_READING) {
            self.read_cpu();
        }
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Called on the player's thread only: it reads the clock of the thread that calls it.
    fn read_cpu(&self) {
        self.tally().cpu_us = thread_cpu_us();
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().expect("nothing panics while it counts")
    }
}

/// What was published, counted on the player's thread and read by others.
struct Tally {
    events: u64,
    first_us: Option<u64>,
    last_us: Option<u64>,
    lag_us: Histogram<u64>,
    cpu_us: Option<u64>,
}

impl Tally {
    fn new() -> Self {
        let lag_us = Histogram::new_with_bounds(1, MAX_LAG_US, 3).expect("1 to an hour is a range");
        Self { events: 0, first_us: None, last_us: None, lag_us, cpu_us: None }
    }

    fn add(&mut self, due_us: u64, lag_us: u64) -> u64 {
        self.first_us.get_or_insert(due_us);
        self.last_us = Some(due_us);
        self.lag_us.saturating_record(lag_us);
        self.events += 1;
        self.events
    }

    fn played(&self) -> Played {
        let lag_us = &self.lag_us;
        let lag = || Lag {
            p50: lag_us.value_at_quantile(0.5),
            p99: lag_us.value_at_quantile(0.99),
            max: lag_us.max(),
        };
        Played {
            events: self.events,
            first_us: self.first_us,
            last_us: self.last_us,
            lag_us: (self.events > 0).then(lag),
            cpu_us: self.cpu_us,
        }
    }
}

struct Line {
    read_us: u64,
    data: String,
}

/// Hands the lines over until there are no more, or no player.
fn read_lines(mut reader: impl BufRead, clock: Clock, player: SyncSender<Line>, thread: &Thread) {
    loop {
        match stdin::read_data(&mut reader) {
            Ok(Some(data)) => {
                if player.send(Line { read_us: clock.now_us(), data }).is_err() {
                    break;
                }
                thread.unpark();
            }
            Ok(None) => break,
            Err(error) => {
                tracing::warn!("cannot read `stdin` further: {error}");
                break;
            }
        }
    }
    drop(player);
    thread.unpark();
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::sync::mpsc::channel;
    use std::time::Instant;

    use super::*;

    type Published = (u64, String);

    fn play(source: &Source) -> (Player, Receiver<Published>) {
        let (sender, published) = channel();
        let publish = move |at_us: u64, data: &str| sender.send((at_us, data.to_owned())).unwrap();
        (Player::start(source, Clock::start(), publish).unwrap(), published)
    }

    fn play_lines(reader: impl BufRead + Send + 'static, source: &Source) -> (Player, Receiver<Published>) {
        let (sender, published) = channel();
        let publish = move |at_us: u64, data: &str| sender.send((at_us, data.to_owned())).unwrap();
        (Player::start_lines(reader, source, Clock::start(), publish).unwrap(), published)
    }

    fn brief(kind: SourceKind) -> Source {
        let (rate, duration) = ("1000".parse().unwrap(), Some(Duration::from_millis(50)));
        Source { kind, rate, duration, ..Source::default() }
    }

    fn rare() -> Source {
        Source { rate: "1/1000000h".parse().unwrap(), ..Source::default() }
    }

    #[test]
    fn it_publishes_exactly_what_the_script_says() {
        let earthquakes = SourceKind::Trace("earthquakes".to_owned());
        for kind in
            [SourceKind::Poisson, SourceKind::Steady, SourceKind::Pairs, SourceKind::Bursts, earthquakes]
        {
            let source = Source { speed: 1e8, ..brief(kind) };
            let (player, published) = play(&source);
            let start_us = player.start_us();
            let played = player.wait();
            let published: Vec<Published> = published.iter().collect();
            let mut script = Script::open(&source).unwrap();
            let scripted: Vec<Published> = std::iter::from_fn(|| {
                let (offset_us, data) = script.next_event()?;
                Some((start_us + offset_us.round() as u64, data.to_owned()))
            })
            .collect();
            assert_eq!(published, scripted, "{}", source.kind);
            assert_eq!(played.events, published.len() as u64);
            assert_eq!(played.first_us, published.first().map(|(at_us, _)| *at_us));
            assert_eq!(played.last_us, published.last().map(|(at_us, _)| *at_us));
            assert_eq!(played.lag_us.is_some(), played.events > 0);
        }
    }

    #[test]
    fn nothing_is_published_before_it_is_due_and_a_late_event_keeps_its_instant() {
        let clock = Clock::start();
        let (sender, published) = channel();
        let publish = move |at_us: u64, _: &str| {
            sender.send((at_us, clock.now_us())).unwrap();
            thread::sleep(Duration::from_millis(2));
        };
        let played = Player::start(&brief(SourceKind::Steady), clock, publish).unwrap().wait();
        let published: Vec<(u64, u64)> = published.iter().collect();
        assert!(published.iter().all(|(due_us, at_us)| at_us >= due_us));
        assert!(published.windows(2).all(|two| two[1].0.abs_diff(two[0].0 + 1_000) <= 1));
        assert!(played.lag_us.unwrap().max > 10_000, "50 events 1 ms apart, each held for 2 ms");
    }

    #[test]
    fn it_ends_at_its_duration_even_where_nothing_happens() {
        let source = brief(SourceKind::Quiet);
        let begun = Instant::now();
        let played = play(&source).0.wait();
        assert!(begun.elapsed() >= Duration::from_millis(50));
        let nothing =
            Played { events: 0, first_us: None, last_us: None, lag_us: None, cpu_us: played.cpu_us };
        assert_eq!(played, nothing);
    }

    #[test]
    fn a_stop_does_not_wait_for_the_next_event() {
        for source in [rare(), Source { kind: SourceKind::Quiet, ..Source::default() }] {
            let (player, published) = play(&source);
            thread::sleep(Duration::from_millis(20));
            assert!(!player.is_finished());
            let begun = Instant::now();
            assert_eq!(player.stop().events, 0);
            assert!(begun.elapsed() < Duration::from_secs(1), "stopped after {:?}", begun.elapsed());
            assert!(published.recv().is_err(), "the thread is gone, and its end of the channel with it");
        }
    }

    #[test]
    fn a_stop_ends_a_flood() {
        let source = Source { rate: "1000000".parse().unwrap(), ..Source::default() };
        let (player, published) = play(&source);
        published.recv().unwrap();
        let played = player.stop();
        assert_eq!(played.events, 1 + published.try_iter().count() as u64);
    }

    #[test]
    fn a_dropped_player_stops() {
        let (player, published) = play(&rare());
        drop(player);
        assert!(
            published
                .recv_timeout(Duration::from_secs(10))
                .is_err_and(|error| { error == std::sync::mpsc::RecvTimeoutError::Disconnected })
        );
    }

    #[test]
    fn progress_can_be_read_while_it_plays() {
        let (player, published) = play(&Source { duration: None, ..brief(SourceKind::Poisson) });
        published.iter().take(20).for_each(drop);
        let progress = player.progress();
        assert!(progress.events >= 19 && progress.lag_us.is_some(), "{progress:?}");
        assert!(player.stop().events >= progress.events);
    }

    #[test]
    fn lines_are_published_as_they_are_read() {
        let before_us = Clock::start().now_us();
        let (player, published) = play_lines(Cursor::new("{\"a\": 1}\nhello\n\n3"), &Source::default());
        let played = player.wait();
        let published: Vec<Published> = published.iter().collect();
        let data: Vec<&str> = published.iter().map(|(_, data)| data.as_str()).collect();
        assert_eq!(data, [r#"{"a":1}"#, r#""hello""#, "3"]);
        assert!(published.windows(2).all(|two| two[0].0 <= two[1].0));
        assert!(published[0].0 + 1_000_000 > before_us, "an instant of the UNIX epoch");
        assert_eq!(played.events, 3);
    }

    #[test]
    fn a_stop_and_a_duration_end_lines_that_never_come() {
        let (reader, _writer) = io::pipe().unwrap();
        let (player, published) = play_lines(BufReader::new(reader), &Source::default());
        assert_eq!(player.stop().events, 0);
        assert!(published.recv().is_err());
        let (reader, _writer) = io::pipe().unwrap();
        let (player, _) = play_lines(BufReader::new(reader), &brief(SourceKind::Stdin));
        assert_eq!(player.wait().events, 0);
    }

    #[test]
    #[should_panic(expected = "full")]
    fn a_panic_of_the_publisher_is_passed_on() {
        Player::start(&brief(SourceKind::Steady), Clock::start(), |_, _| panic!("full")).unwrap().wait();
    }
}
