//! One step: so many readers, so many events a second, and whether that holds.
//!
//! ```text
//! readers connect │ origin │ warm-up │        the window that counts        │ drain │ verdict
//!                          └───────────── events are due ──────────────────┘
//! ```

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::time::sleep;

use super::crowd::{Crowd, Listening};
use super::judge::Outcome;
use super::publisher::{Publisher, Publishing};
use super::result::Step;
use super::server::{Server, address};
use super::{Load, Plan};
use crate::bench::child::Scheduled;
use crate::clock::{monotonic_us, process_cpu_us};
use crate::source::{Rate, offsets};
use crate::transport::Transport;

/// What is published before the window, and not counted: caches fill, buffers grow, a poll interval or ten
/// pass.
pub(super) const WARMUP: Duration = Duration::from_millis(500);

/// From the decision to publish to the first event: the publisher's thread starts meanwhile.
const LEAD: Duration = Duration::from_millis(20);

/// How long events may still be on their way when none is due any more, beside what a transport waits by
/// design and the objective allows. What comes later is lost.
const DRAIN: Duration = Duration::from_secs(2);

/// The instants of a step, in monotonic microseconds.
struct Schedule {
    origin_us: u64,
    window_us: [u64; 2],
    due_us: Arc<[u64]>,
    /// The first event of the window.
    first: u64,
}

impl Schedule {
    fn draw(plan: &Plan, load: Load) -> anyhow::Result<Self> {
        let rate = Rate::new(load.rate_per_s as f64)?;
        let origin_us = monotonic_us() + micros(LEAD);
        let start_us = origin_us + micros(WARMUP);
        let end_us = start_us + micros(plan.duration);
        let instants = offsets(&plan.source, rate, plan.seed).map(|offset_us| origin_us + offset_us as u64);
        let due_us: Arc<[u64]> = instants.take_while(|due_us| *due_us < end_us).collect();
        let first = due_us.partition_point(|due_us| *due_us < start_us) as u64;
        Ok(Self { origin_us, window_us: [start_us, end_us], due_us, first })
    }

    fn due(&self) -> u64 {
        self.due_us.len() as u64 - self.first
    }
}

fn micros(duration: Duration) -> u64 {
    duration.as_micros() as u64
}

/// What is read at both ends of the window.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    pub(super) at_us: u64,
    pub(super) arrived: u64,
    pub(super) server: Option<Scheduled>,
    pub(super) reader_cpu_us: u64,
    pub(super) client_cpu_us: Option<u64>,
}

impl Reading {
    async fn at(instant_us: u64, server: &Server, crowd: &Crowd) -> Self {
        sleep(Duration::from_micros(instant_us.saturating_sub(monotonic_us()))).await;
        Self {
            at_us: monotonic_us(),
            arrived: crowd.arrived(),
            server: server.scheduled(),
            reader_cpu_us: crowd.cpu_us(),
            client_cpu_us: process_cpu_us(),
        }
    }
}

/// Runs one.
pub(super) async fn run(plan: &Plan, transport: Transport, load: Load) -> anyhow::Result<Step> {
    let server = Server::start(plan, load).await?;
    // Only how many come before the window matters yet: the same draw follows when the readers stand.
    let first = Schedule::draw(plan, load)?.first;
    let crowd = Crowd::gather(listening(plan, &server, transport, load, first)?)?;
    crowd.connected().await.with_context(|| format!("{transport}, {} clients", load.clients))?;
    let schedule = Schedule::draw(plan, load)?;
    crowd.begin(schedule.origin_us);
    let publisher = Publisher::start(publishing(plan, &server, &schedule)?)?;
    let [start_us, end_us] = schedule.window_us;
    let start = Reading::at(start_us, &server, &crowd).await;
    let end = Reading::at(end_us, &server, &crowd).await;
    let published = publisher.done().await?;
    let accepted = published.accepted_since(schedule.first);
    crowd.drained(accepted * load.clients, bound(plan)).await;
    let heard = crowd.end().await?;
    Ok(Outcome { plan, load, due: schedule.due(), start, end, published, accepted, heard }.judge())
}

/// How long what is on its way may take.
fn bound(plan: &Plan) -> Duration {
    DRAIN + plan.poll_interval + plan.slo.below
}

fn listening(
    plan: &Plan,
    server: &Server,
    transport: Transport,
    load: Load,
    first: u64,
) -> anyhow::Result<Listening> {
    let [token, _] = server.tokens();
    Ok(Listening {
        transport,
        address: address(server.url())?,
        target: server.url().clone(),
        path: server.path(transport, plan.hold),
        poll_path: server.path(Transport::Poll, None),
        token,
        poll_interval: plan.poll_interval,
        clients: load.clients,
        first,
        slo: plan.slo,
    })
}

fn publishing(plan: &Plan, server: &Server, schedule: &Schedule) -> anyhow::Result<Publishing> {
    let ((target, path), [_, token]) = (server.publish_url(), server.tokens());
    Ok(Publishing {
        address: address(target)?,
        target: target.clone(),
        path: path.to_owned(),
        token,
        size: plan.size,
        due_us: schedule.due_us.clone(),
        first: schedule.first,
        until_us: schedule.window_us[1] + micros(bound(plan)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_has_as_many_events_as_were_asked_for_and_the_same_again() {
        let load = Load { rate_per_s: 1_000, clients: 1 };
        let schedule = Schedule::draw(&Plan::default(), load).unwrap();
        assert_eq!((schedule.first, schedule.due()), (500, 3_000));
        assert!(schedule.due_us.is_sorted());
        assert!(
            schedule.due_us[500] >= schedule.window_us[0] && schedule.due_us[499] < schedule.window_us[0]
        );
        let again = Schedule::draw(&Plan::default(), load).unwrap();
        let from_origin = |of: &Schedule| of.due_us.iter().map(|us| us - of.origin_us).collect::<Vec<_>>();
        assert_eq!(from_origin(&schedule), from_origin(&again));
    }
}
