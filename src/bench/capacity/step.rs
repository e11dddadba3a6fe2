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

use super::crowd::{Crowd, Heard, Listening};
use super::publisher::{Published, Publisher, Publishing};
use super::result::{Events, Latency, Step, Verdict};
use super::seen::Seen;
use super::server::{Server, address};
use super::slo::Slo;
use super::{Load, Plan};
use crate::bench::statistics::events_needed;
use crate::clock::{monotonic_us, process_cpu_us};
use crate::source::{Rate, offsets};
use crate::transport::Transport;

/// What is published before the window, and not counted: caches fill, buffers grow, a poll interval or ten
/// pass.
pub const WARMUP: Duration = Duration::from_millis(500);

/// From the decision to publish to the first event: the publisher's thread starts meanwhile.
const LEAD: Duration = Duration::from_millis(20);

/// How long events may still be on their way when none is due any more, beside what a transport waits by
/// design and the objective allows. What comes later is lost.
const DRAIN: Duration = Duration::from_secs(2);

/// A thread that runs more of the time has none left for what comes.
const BUSY: f64 = 0.9;

/// The publisher may be late by this part of the objective: what it adds is then within what repeats differ.
const LAG: u64 = 10;

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
struct Reading {
    at_us: u64,
    arrived: u64,
    server_cpu_us: Option<f64>,
    reader_cpu_us: u64,
    client_cpu_us: Option<u64>,
}

impl Reading {
    async fn at(instant_us: u64, server: &Server, crowd: &Crowd) -> Self {
        sleep(Duration::from_micros(instant_us.saturating_sub(monotonic_us()))).await;
        Self {
            at_us: monotonic_us(),
            arrived: crowd.arrived(),
            server_cpu_us: server.cpu_us(),
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
    Ok(Listening {
        transport,
        address: address(server.url())?,
        authority: server.url().authority(),
        path: server.path(transport, plan.hold),
        poll_path: server.path(Transport::Poll, None),
        poll_interval: plan.poll_interval,
        clients: load.clients,
        first,
        slo: plan.slo,
    })
}

fn publishing(plan: &Plan, server: &Server, schedule: &Schedule) -> anyhow::Result<Publishing> {
    let (target, path) = server.publish_url();
    Ok(Publishing {
        address: address(target)?,
        authority: target.authority(),
        path: path.to_owned(),
        size: plan.size,
        due_us: schedule.due_us.clone(),
        first: schedule.first,
        until_us: schedule.window_us[1] + micros(bound(plan)),
    })
}

/// All that a step left behind.
struct Outcome<'a> {
    plan: &'a Plan,
    load: Load,
    due: u64,
    start: Reading,
    end: Reading,
    published: Published,
    accepted: u64,
    heard: Heard,
}

impl Outcome<'_> {
    fn judge(self) -> Step {
        let Self { plan, load, start, end, .. } = &self;
        let seconds = (end.at_us - start.at_us) as f64 / 1e6;
        let deliveries = (end.arrived - start.arrived) as f64;
        let server_cpu_s = end.server_cpu_us.zip(start.server_cpu_us).map(|(end, start)| (end - start) / 1e6);
        let client_cpu_s = end.client_cpu_us.zip(start.client_cpu_us).map(|(end, start)| end - start);
        let mut step = Step {
            rate_per_s: load.rate_per_s,
            clients: load.clients,
            verdict: Verdict::Ok,
            held: false,
            wanted_deliveries_per_s: (load.rate_per_s * load.clients) as f64,
            deliveries_per_s: deliveries / seconds,
            latency_us: self.latency(),
            events: self.events(),
            server_cpu_share: server_cpu_s.map(|cpu_s| cpu_s / seconds),
            deliveries_per_server_cpu_s: server_cpu_s
                .filter(|cpu_s| *cpu_s > 0.0)
                .map(|cpu_s| deliveries / cpu_s),
            reader_cpu_share: client_cpu_s.map(|_| share(end.reader_cpu_us - start.reader_cpu_us, seconds)),
            client_cpu_share: client_cpu_s.map(|cpu_us| share(cpu_us, seconds)),
            publisher_lag_p99_us: self.published.lag_us.value_at_quantile(0.99),
            readers_cut: self.heard.cut,
            cut: self.heard.failure.clone(),
        };
        step.held = is_whole(&step) && self.keeps(plan.slo);
        step.verdict = verdict(&step, plan);
        step
    }

    fn latency(&self) -> Latency {
        let latencies = &self.heard.latency_us;
        let at = |quantile| {
            let is_known = latencies.len() >= events_needed(quantile);
            is_known.then(|| latencies.value_at_quantile(quantile))
        };
        let max = (!latencies.is_empty()).then(|| latencies.max());
        Latency { p50: at(0.5), p95: at(0.95), p99: at(0.99), max }
    }

    /// Whether the sample's own quantile stays below: with few deliveries that is nearly the worst of them.
    fn keeps(&self, slo: Slo) -> bool {
        let latencies = &self.heard.latency_us;
        !latencies.is_empty() && latencies.value_at_quantile(slo.quantile) < slo.below_us()
    }

    fn events(&self) -> Events {
        let sum = |of: fn(&Seen) -> u64| self.heard.seen.iter().map(of).sum();
        Events {
            due: self.due,
            accepted: self.accepted,
            delivered: sum(|seen| seen.delivered),
            lost: self.heard.seen.iter().map(|seen| seen.lost(&self.published.accepted)).sum(),
            doubled: sum(|seen| seen.doubled),
            reordered: sum(|seen| seen.reordered),
        }
    }
}

fn share(cpu_us: u64, seconds: f64) -> f64 {
    cpu_us as f64 / 1e6 / seconds
}

/// Whether every event was accepted, and came to everybody once and in order.
fn is_whole(step: &Step) -> bool {
    let Events { due, accepted, lost, doubled, reordered, .. } = step.events;
    accepted == due && lost + doubled + reordered == 0
}

/// What to make of a step. Where those who measure are at their limit, that comes first: what else is wrong may
/// be their own fault.
fn verdict(step: &Step, plan: &Plan) -> Verdict {
    let busy = |share: Option<f64>| share.is_some_and(|share| share > BUSY);
    // On a core of its own, publisher and readers share it.
    let is_full = plan.cores.is_some() && busy(step.client_cpu_share);
    if busy(step.reader_cpu_share) || is_full {
        Verdict::ClientBound
    } else if step.publisher_lag_p99_us > plan.slo.below_us() / LAG {
        Verdict::PublisherBound
    } else if step.held {
        Verdict::Ok
    } else if step.events.lost + step.events.doubled + step.events.reordered > 0 {
        Verdict::Lost
    } else if step.events.accepted < step.events.due {
        Verdict::Refused
    } else {
        Verdict::Late
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan { duration: Duration::from_secs(3), ..Plan::default() }
    }

    pub(in crate::bench::capacity) fn step() -> Step {
        Step {
            rate_per_s: 1,
            clients: 1,
            verdict: Verdict::Ok,
            held: true,
            wanted_deliveries_per_s: 1.0,
            deliveries_per_s: 1.0,
            latency_us: Latency::default(),
            events: Events { due: 9, accepted: 9, delivered: 9, ..Events::default() },
            server_cpu_share: None,
            deliveries_per_server_cpu_s: None,
            reader_cpu_share: Some(0.5),
            client_cpu_share: Some(0.95),
            publisher_lag_p99_us: 300,
            readers_cut: 0,
            cut: None,
        }
    }

    #[test]
    fn a_schedule_has_as_many_events_as_were_asked_for_and_the_same_again() {
        let load = Load { rate_per_s: 1_000, clients: 1 };
        let schedule = Schedule::draw(&plan(), load).unwrap();
        assert_eq!((schedule.first, schedule.due()), (500, 3_000));
        assert!(schedule.due_us.is_sorted());
        assert!(
            schedule.due_us[500] >= schedule.window_us[0] && schedule.due_us[499] < schedule.window_us[0]
        );
        let again = Schedule::draw(&plan(), load).unwrap();
        let from_origin = |of: &Schedule| of.due_us.iter().map(|us| us - of.origin_us).collect::<Vec<_>>();
        assert_eq!(from_origin(&schedule), from_origin(&again));
    }

    #[test]
    fn a_verdict_names_who_was_at_its_limit() {
        let of = |step: Step| verdict(&step, &plan());
        assert_eq!(of(step()), Verdict::Ok);
        assert_eq!(of(Step { held: false, ..step() }), Verdict::Late);
        assert_eq!(of(Step { reader_cpu_share: Some(0.95), ..step() }), Verdict::ClientBound);
        assert_eq!(of(Step { publisher_lag_p99_us: 10_001, ..step() }), Verdict::PublisherBound);
        let pinned = Plan { cores: "0,1".parse().ok(), ..plan() };
        assert_eq!(verdict(&step(), &pinned), Verdict::ClientBound);
        let events = |events| of(Step { held: false, events, ..step() });
        assert_eq!(events(Events { accepted: 8, ..step().events }), Verdict::Refused);
        assert_eq!(events(Events { lost: 1, ..step().events }), Verdict::Lost);
    }

    #[test]
    fn nothing_may_be_missing() {
        assert!(is_whole(&step()));
        for events in [
            Events { accepted: 8, ..step().events },
            Events { lost: 1, ..step().events },
            Events { doubled: 1, ..step().events },
            Events { reordered: 1, ..step().events },
        ] {
            assert!(!is_whole(&Step { events, ..step() }), "{events:?}");
        }
    }
}
