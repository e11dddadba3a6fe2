//! Leaving: at a first signal everybody is let go in good order; a second one ends it at once.

use std::cell::Cell;
use std::process::ExitCode;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout_at};

use super::links::Links;
use crate::cli::{interrupted, say};
use crate::server::Server;

/// 128 + SIGINT, as shells have it: somebody who was still here was cut off.
const CUT_SHORT: u8 = 130;

/// What takes no longer needs no explanation.
const MOMENT: Duration = Duration::from_millis(500);

/// Serves until `stop`, and lets go of everybody within `drain`: of those who come over a link, too.
pub(super) async fn serve(
    server: Server,
    stop: impl Future<Output = ()>,
    links: &Links,
    drain: Duration,
) -> anyhow::Result<ExitCode> {
    let (begun, over) = (Notify::new(), Cell::new(Instant::now()));
    let leaves = async {
        let stopped = async {
            stop.await;
            links.shut();
            over.set(Instant::now() + drain);
            begun.notify_one();
        };
        server.run(stopped).await?;
        // What the server said last is still under way on a slow link.
        let _ = timeout_at(over.get(), links.empty()).await;
        Ok(ExitCode::SUCCESS)
    };
    let is_cut_short = async {
        begun.notified().await;
        tokio::select! {
            () = interrupted() => {}
            never = explain(drain) => match never {},
        }
    };
    tokio::select! {
        ended = leaves => ended,
        () = is_cut_short => Ok(ExitCode::from(CUT_SHORT)),
    }
}

/// Says what it waits for, where it takes more than a moment.
async fn explain(drain: Duration) -> std::convert::Infallible {
    sleep(MOMENT).await;
    let within = humantime::format_duration(drain);
    say(format_args!("letting go of everybody within {within}; a second signal ends it at once"));
    std::future::pending().await
}
