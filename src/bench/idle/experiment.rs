//! From a plan to a report: each transport with a server of its own, or all of them with somebody's.

use std::sync::Arc;

use anyhow::{Context, ensure};
use tokio::net::lookup_host;
use tokio_util::sync::CancellationToken;

use super::host::Host;
use super::plan::Plan;
use super::request::Asking;
use super::result::{Report, SCHEMA_VERSION};
use super::summary;
use super::trial::{self, Settings, Trial};
use crate::bench::Progress;
use crate::bench::child::Child;
use crate::bench::environment::environment;
use crate::bench::files::Crowd;
use crate::bench::process;
use crate::client::Target;
use crate::feed::Retain;
use crate::transport::Transport;

/// What a server of our own remembers: nothing is published.
const REMEMBERED: Retain = Retain::of(1, 1 << 10);

/// The trials of one transport.
pub(super) struct Lane {
    pub(super) transport: Transport,
    pub(super) trials: Vec<Trial>,
}

/// Runs a plan. `None` where it was interrupted before there was anything to report.
///
/// # Errors
/// Where this machine allows too few file descriptors, a server cannot be started or reached, or refuses.
pub async fn run(
    plan: &Plan,
    command: String,
    progress: Progress<'_>,
    interrupt: &CancellationToken,
) -> anyhow::Result<Option<Report>> {
    check_files(plan)?;
    let mut lanes: Vec<Lane> =
        plan.transports.iter().map(|transport| Lane { transport: *transport, trials: Vec::new() }).collect();
    for _ in 0..plan.rounds {
        for lane in &mut lanes {
            if !interrupt.is_cancelled() {
                lane.trials.extend(play(plan, lane.transport, progress, interrupt).await?);
            }
        }
    }
    lanes.retain(|lane| !lane.trials.is_empty());
    Ok((!lanes.is_empty()).then(|| Report {
        schema_version: SCHEMA_VERSION,
        lab: "idle".to_owned(),
        command,
        environment: environment(),
        warnings: summary::warnings(plan, &lanes),
        interrupted: interrupt.is_cancelled(),
        connections: plan.connections,
        window_us: plan.window.as_micros() as u64,
        rounds: plan.rounds,
        poll_interval_us: plan.poll_interval.as_micros() as u64,
        hold_us: plan.hold().as_micros() as u64,
        headers: plan.headers.style,
        tls: plan.is_secured(),
        server: plan.url.as_ref().map(ToString::to_string),
        lanes: lanes.iter().map(|lane| summary::lane(lane, plan.connections)).collect(),
    }))
}

/// A connection takes a file descriptor at both ends.
fn check_files(plan: &Plan) -> anyhow::Result<()> {
    let crowd = Crowd::here(plan.connections, 1, false);
    crowd.fits_here()?;
    let Some(id) = plan.process else { return Ok(()) };
    if cfg!(target_os = "linux") {
        ensure!(
            process::file_descriptors(id).is_some(),
            "there is no process `{id}` of yours: name the server's"
        );
    }
    crowd.fits_in(id)
}

/// One trial. A server of our own lives as long as it.
async fn play(
    plan: &Plan,
    transport: Transport,
    progress: Progress<'_>,
    interrupt: &CancellationToken,
) -> anyhow::Result<Option<Trial>> {
    let child = match plan.url {
        None => Some(Child::remembering(REMEMBERED, plan.cores, plan.tls).await?),
        Some(_) => None,
    };
    let target = child.as_ref().map(Child::target).or(plan.url.as_ref()).expect("there is one or the other");
    let process = child.as_ref().map_or(plan.process, Child::id);
    let host = Host {
        process,
        target: target.clone(),
        headers: plan.headers.clone(),
        address: resolve(target).await?,
    };
    let asking = Asking {
        transport,
        target: target.clone(),
        address: host.address,
        headers: plan.headers.clone(),
        poll_interval: plan.poll_interval,
        hold: plan.hold,
    };
    let settings = Settings {
        asking: Arc::new(asking),
        host: &host,
        connections: plan.connections,
        window: plan.window,
        hold: plan.hold(),
        progress,
        interrupt,
    };
    trial::run(&settings).await
}

async fn resolve(target: &Target) -> anyhow::Result<std::net::SocketAddr> {
    let (host, port) = target.address();
    let found = lookup_host((host, port)).await.with_context(|| format!("cannot find `{host}`"))?;
    found.into_iter().next().with_context(|| format!("there is no address for `{host}`"))
}
