//! Plays a source on a thread with a clock of its own.

use std::io::{self, BufRead, BufReader};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::{self, JoinHandle};

use super::played::Played;
use super::stage::Stage;
use super::{Script, Source, SourceKind, stdin};
use crate::clock::Clock;

/// How many lines of stdin may wait for the player; the next ones wait in the pipe.
const WAITING_LINES: usize = 64;

/// A source that is being played. Dropping it stops it, without waiting until it has.
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
            _ => {
                let script = Script::open(source)?;
                Self::spawn(clock, move |stage| stage.play(script, publish))
            }
        }
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
            .spawn(move || stdin::read_lines(reader, clock, sender, &relay))?;
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
        self.stage.start_us()
    }

    /// What has been published so far.
    pub fn progress(&self) -> Played {
        self.stage.played()
    }

    /// From here on it counts: how late it was before is no part of its [lag](Played::lag_us).
    pub fn forget_lag(&self) {
        self.stage.forget_lag();
    }

    /// What is due before this instant, in microseconds since the UNIX epoch, is no part of its
    /// [lag](Played::lag_us), however late it comes. To be said before what is due then is published.
    pub fn forget_lag_before(&self, at_us: u64) {
        self.stage.forget_lag_before(at_us);
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
        self.stage.stop();
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

#[cfg(test)]
mod tests;
