//! What predictions are made from, measured before each run on the same path: the round trip, the time from
//! an answer to the next request's arrival, and what a first event takes.

use std::collections::BTreeMap;
use std::convert::identity;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::anyhow;
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use tokio::time::{sleep, timeout};

use super::lane::CONNECT;
use super::plan::Plan;
use super::route::Route;
use super::stage::{newest, publishing};
use super::statistics::median;
use crate::client::{Connection, Ended, News, Options, Reader, cipher, dial, get};
use crate::clock::monotonic_us;
use crate::control;
use crate::event::Position;
use crate::source::Payload;
use crate::tls::Cipher;
use crate::transport::Transport;
use crate::wire::{Counts, Ledger};

/// Samples of each figure, the fewest, and how long all of them may take where there are more.
pub(super) const SAMPLES: usize = 50;
const FEWEST: usize = 5;
pub(super) const BUDGET: Duration = Duration::from_millis(400);

/// Between two samples: events are rarely back to back, and a machine that just did the same is quicker.
pub(super) const PAUSE: Duration = Duration::from_millis(5);

/// How long a first event may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Measured inputs of the theory, in microseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Calibration {
    /// R, by the control row's echo; `None` where the server has none.
    pub(super) round_trip_us: Option<f64>,
    /// G, from one answer with an event to the next, where there is nothing to wait for.
    pub(super) gap_us: f64,
    /// From `connect()` to the answer of a request for nothing much: 2R, and what both ends spend on a new
    /// connection.
    pub(super) fresh_us: f64,
    /// Bytes that each connection spends on a proxy's tunnel: up, and down.
    pub(super) tunnel_bytes: [f64; 2],
    /// What each connection is encrypted with, where it is.
    pub(super) cipher: Option<Cipher>,
    /// From `connect()` to the arrival of an event that was waiting: every time that was tried.
    pub(super) first_events_us: BTreeMap<Transport, Vec<f64>>,
}

pub(super) async fn calibrate(
    route: &Route,
    plan: &Plan,
    transports: &[Transport],
) -> anyhow::Result<Calibration> {
    let options = route.lead(plan.options(route.target().clone(), 1.0));
    let waiting = waiting_event(plan, &options).await?;
    // An answer that is full, as those are which others wait for: on a slow link that takes its time.
    let full = waiting.as_ref().unwrap_or(&options);
    // On a loopback they would disturb each other; on a link they would take seconds, one after another.
    let (round_trip_us, gap_us, fresh_us, first_events_us) = match (plan.link.is_none(), plan.tls) {
        (true, _) => (
            round_trip(&options).await,
            gap(full).await,
            fresh(&options).await,
            first_events(plan, waiting.as_ref(), transports).await,
        ),
        // What opens a connection has a handshake to reckon, and would keep the CPU from who has one.
        (false, true) => {
            let (round_trip_us, gap_us) = tokio::join!(round_trip(&options), gap(full));
            let opening = (fresh(&options), first_events(plan, waiting.as_ref(), transports));
            let (fresh_us, first_events_us) = tokio::join!(opening.0, opening.1);
            (round_trip_us, gap_us, fresh_us, first_events_us)
        }
        (false, false) => tokio::join!(
            round_trip(&options),
            gap(full),
            fresh(&options),
            first_events(plan, waiting.as_ref(), transports)
        ),
    };
    let (tunnel_bytes, cipher) = opened(&options).await?;
    let (gap_us, fresh_us) = (gap_us?, fresh_us?);
    Ok(Calibration { round_trip_us, gap_us, fresh_us, tunnel_bytes, cipher, first_events_us })
}

/// The median of samples.
async fn sampled(sample: impl AsyncFnMut() -> Option<f64>) -> Option<f64> {
    median(samples(sample).await?)
}

/// Takes samples with a pause between, until there are enough or the time is up.
async fn samples(mut sample: impl AsyncFnMut() -> Option<f64>) -> Option<Vec<f64>> {
    let begun = std::time::Instant::now();
    let mut samples = Vec::new();
    while samples.len() < SAMPLES && (begun.elapsed() < BUDGET || samples.len() < FEWEST) {
        samples.push(sample().await?);
        sleep(PAUSE).await;
    }
    Some(samples)
}

pub(super) async fn round_trip(options: &Options) -> Option<f64> {
    let mut echo = timeout(CONNECT, control::Echo::open(options)).await.ok()?.ok()?;
    // What stands in the way may let it be opened, and nothing through.
    sampled(async || Some(timeout(CONNECT, echo.ping()).await.ok()?.ok()? as f64)).await
}

pub(super) async fn gap(options: &Options) -> anyhow::Result<f64> {
    let ledger = Arc::new(Ledger::default());
    let mut reader = Reader::new(Arc::new(options.clone()), ledger.clone(), |_: News| {});
    let failed = |ended| anyhow!("cannot poll `{}`: {ended}", options.target);
    let mut connection = reader.connect().await.map_err(failed)?;
    let arrived = || ledger.last_read_us.load(Ordering::Relaxed) as f64;
    let gap = sampled(async || {
        reader.ask(&mut connection, reader.request("/poll", &[]), None).await.ok()?;
        let before = arrived();
        reader.ask(&mut connection, reader.request("/poll", &[]), None).await.ok()?;
        Some(arrived() - before)
    });
    gap.await.ok_or_else(|| anyhow!("`{}` does not answer polls", options.target))
}

async fn fresh(options: &Options) -> anyhow::Result<f64> {
    let fresh = sampled(async || {
        let ledger = Arc::new(Ledger::default());
        let before = monotonic_us();
        let mut connection = Connection::open(options, &ledger).await.ok()?;
        connection.exchange(get(options, "/health")).await.ok()?;
        Some((ledger.last_read_us.load(Ordering::Relaxed) - before) as f64)
    });
    fresh.await.ok_or_else(|| anyhow!("`{}` does not answer", options.target))
}

/// What a proxy's tunnel took, for a connection on which nothing was said yet has carried no other heads; and what
/// encrypts it.
async fn opened(options: &Options) -> anyhow::Result<([f64; 2], Option<Cipher>)> {
    if options.proxy.is_none() && !options.target.is_secured() {
        return Ok(([0.0; 2], None));
    }
    let ledger = Arc::new(Ledger::default());
    let socket = dial(options, &ledger).await?;
    let Counts { up, down, .. } = ledger.counts();
    Ok(([up.http as f64, down.http as f64], cipher(&socket)))
}

async fn first_events(
    plan: &Plan,
    waiting: Option<&Options>,
    transports: &[Transport],
) -> BTreeMap<Transport, Vec<f64>> {
    let Some(waiting) = waiting else { return BTreeMap::new() };
    let firsts = transports.iter().map(async |transport| {
        let tried_us = first_event(*transport, waiting.clone()).await;
        tried_us.map(|tried_us| (*transport, tried_us))
    });
    let firsts = match plan.link.is_none() {
        true => stream::iter(firsts).then(identity).collect::<Vec<_>>().await,
        false => join_all(firsts).await,
    };
    firsts.into_iter().flatten().collect()
}

/// What only publishing tests with: a topic that is the same in every run, so that they do not pile up.
const FIRST: &str = "wirelanes.first";

/// Asks for the newest event of a topic: one of our own, or what others published; `None` where they did not.
async fn waiting_event(plan: &Plan, options: &Options) -> anyhow::Result<Option<Options>> {
    let mut waiting = options.clone();
    if !plan.only_listens() {
        publish_one(options, plan.source.size).await?;
        waiting.topic = Some(FIRST.to_owned());
    }
    let newest = newest(&waiting).await?;
    waiting.from = Position::After(newest.previous());
    Ok((newest.sequence > 0).then_some(waiting))
}

async fn publish_one(options: &Options, size: usize) -> anyhow::Result<()> {
    let failed = |ended| anyhow!("cannot publish to `{}`: {ended}", options.target);
    let mut connection = Connection::open(options, &Arc::default()).await.map_err(failed)?;
    let data = Payload::new(size).next_data().to_owned();
    let answer = connection.exchange(publishing(options, FIRST, data)).await.map_err(failed)?;
    match answer.status.is_success() {
        true => Ok(()),
        false => Err(failed(Ended::refused(&answer))),
    }
}

async fn first_event(transport: Transport, options: Options) -> Option<Vec<f64>> {
    let options = Arc::new(options);
    samples(async || {
        let (sender, arrived) = tokio::sync::oneshot::channel();
        let mut sender = Some(sender);
        let on_news = move |news| {
            if let News::Event { arrived_us, .. } = news
                && let Some(sender) = sender.take()
            {
                let _ = sender.send(arrived_us);
            }
        };
        let mut reader = Reader::new(options.clone(), Arc::default(), on_news);
        let before = monotonic_us();
        let arrived = async {
            tokio::select! {
                _refused = transport.subscribe(&mut reader) => None,
                arrived_us = arrived => arrived_us.ok(),
            }
        };
        let arrived_us = timeout(PATIENCE, arrived).await.ok()??;
        Some((arrived_us - before) as f64)
    })
    .await
}
