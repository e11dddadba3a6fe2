//! From a plan to a report.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::churn::Churn;
use super::held::{left_behind, look, settled};
use super::plan::{Plan, Way};
use super::result::{Held, Report, Row, SCHEMA_VERSION};
use crate::bench::Progress;
use crate::bench::environment::environment;
use crate::bench::files::Crowd;
use crate::bench::served::Served;
use crate::bench::warnings::debug_build;

/// What comes and goes before the first figures are read: each path is trodden once, and the log has its size.
const WARM_UP: Duration = Duration::from_secs(3);

/// Rows between the first and the last.
const ROWS: u32 = 10;

/// A thread of glibc keeps some of what it has freed at hand, a quarter of a megabyte at most, and that counts as in
/// use. Without, what is in use can be told to the byte. (Another allocator does not know this variable.)
const NOTHING_AT_HAND: (&str, &str) = ("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0");

/// Runs a plan; nothing, where it was interrupted before the first guest came.
///
/// # Errors
/// Where this machine allows too few file descriptors, a server cannot be started, or does not say what it holds.
pub async fn run(
    plan: &Plan,
    command: String,
    progress: Progress<'_>,
    interrupt: &CancellationToken,
) -> anyhow::Result<Option<Report>> {
    Crowd::here(plan.clients, plan.transports.len(), false).fits_here()?;
    let served = Served::start_among(None, &plan.server(), &[NOTHING_AT_HAND]).await?;
    let empty = look(&served).await?;
    let is_empty =
        |held: &Held| held.connections == empty.connections && held.subscriptions == empty.subscriptions;
    progress("warming up");
    let warm = async {
        warm_up(plan, &served).await;
        settled(&served, plan.patience(), is_empty).await
    };
    let Some(warm) = interrupt.run_until_cancelled(warm).await else { return Ok(None) };
    let (start, _) = warm?;
    let begun = Instant::now();
    let mut churn = Churn::start(plan, served.address());
    let row = |churn: &Churn, held| Row {
        at_us: begun.elapsed().as_micros() as u64,
        visits: churn.visits(),
        silent: churn.silent(),
        held,
    };
    let mut rows = vec![row(&churn, start)];
    for turn in 1..=ROWS {
        progress(&format!("{} visits", churn.visits()));
        let until = sleep_until(begun + plan.duration * turn / ROWS);
        if interrupt.run_until_cancelled(until).await.is_none() {
            break;
        }
        rows.push(row(&churn, look(&served).await?));
    }
    progress("everybody has left");
    churn.stop().await;
    let duration = begun.elapsed();
    let (end, returning) = settled(&served, plan.patience(), is_empty).await?;
    rows.push(row(&churn, end));
    Ok(Some(Report {
        schema_version: SCHEMA_VERSION,
        lab: "soak".to_owned(),
        command,
        environment: environment(),
        warnings: debug_build().into_iter().collect(),
        interrupted: interrupt.is_cancelled(),
        clients: plan.clients,
        duration_us: duration.as_micros() as u64,
        rate: plan.rate,
        ways: plan.ways.clone(),
        lanes: churn.lanes(),
        first_failure: churn.first_failure(),
        rows,
        returning_us: returning.as_micros() as u64,
        left_behind: left_behind(&start, &end),
    }))
}

/// The same guests for a moment; nobody falls silent, which would take minutes.
async fn warm_up(plan: &Plan, served: &Served) {
    let ways = vec![Way::Close, Way::Reset];
    let mut churn = Churn::start(&Plan { ways, ..plan.clone() }, served.address());
    sleep_until(Instant::now() + WARM_UP).await;
    churn.stop().await;
}
