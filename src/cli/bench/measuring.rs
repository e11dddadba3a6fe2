//! What stands around every measurement: a bar that counts its seconds, a signal that ends it before its time, and
//! the exit code that says how it ended.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use tokio_util::sync::CancellationToken;

use super::super::typed::command;
use super::super::{interrupted, runtime, say};
use crate::bench::Progress;

/// 128 + SIGINT, as shells have it.
pub(super) const INTERRUPTED: u8 = 130;

/// What a measurement comes to, which takes about as long as expected; after a signal what there is by then. `None`
/// where that is nothing, and after a second signal.
pub(super) fn measure<T>(
    expected: Duration,
    quiet: bool,
    measuring: impl AsyncFnOnce(String, Progress<'_>, &CancellationToken) -> anyhow::Result<Option<T>>,
) -> anyhow::Result<Option<T>> {
    runtime()?.block_on(async {
        let bar = ticking(expected.as_secs(), quiet);
        let interrupt = CancellationToken::new();
        let progress = |what: &str| bar.set_message(what.to_owned());
        let measured = until_interrupted(measuring(command(), &progress, &interrupt), &interrupt, &bar).await;
        bar.finish_and_clear();
        measured
    })
}

async fn until_interrupted<T>(
    running: impl Future<Output = anyhow::Result<Option<T>>>,
    interrupt: &CancellationToken,
    bar: &ProgressBar,
) -> anyhow::Result<Option<T>> {
    let mut running = Box::pin(running);
    tokio::select! {
        measured = &mut running => measured,
        () = interrupted() => {
            interrupt.cancel();
            tokio::select! {
                measured = &mut running => Ok(measured.ok().flatten()),
                () = interrupted() => Ok(None),
                () = ask_for_patience(bar) => Ok(None),
            }
        }
    }
}

/// Who has waited for a moment after a signal is told why, and what would help. Never ends.
async fn ask_for_patience(bar: &ProgressBar) {
    const MOMENT: Duration = Duration::from_secs(2);
    tokio::time::sleep(MOMENT).await;
    bar.suspend(|| {
        say("interrupted: what is under way ends first, then it tells what there is; a second signal ends it at once");
    });
    std::future::pending::<()>().await;
}

/// Counts seconds, up to those that it is expected to take.
fn ticking(seconds: u64, quiet: bool) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    // Not as wide as the terminal, which echoes `^C` behind it.
    let style = ProgressStyle::with_template("{bar:48} {pos}/{len} s  {msg}").expect("the template is sound");
    let bar = ProgressBar::new(seconds).with_style(style);
    let ticking = bar.clone();
    tokio::spawn(async move {
        let begun = Instant::now();
        while !ticking.is_finished() {
            ticking.set_position(begun.elapsed().as_secs().min(seconds));
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    bar
}

/// How it ended that was interrupted before there was anything to tell.
pub(super) fn nothing_yet() -> ExitCode {
    say("interrupted: nothing was measured yet");
    ExitCode::from(INTERRUPTED)
}

/// How a measurement ended, and whether all that must hold did.
pub(super) fn ended(is_interrupted: bool, holds: bool) -> ExitCode {
    match (is_interrupted, holds) {
        (true, _) => ExitCode::from(INTERRUPTED),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => ExitCode::FAILURE,
    }
}
