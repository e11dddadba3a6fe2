//! What to make of a step: its figures, and whether it held.

use super::crowd::Heard;
use super::publisher::Published;
use super::result::{Events, Latency, Step, Verdict};
use super::seen::Seen;
use super::slo::Slo;
use super::step::Reading;
use super::{Load, Plan};
use crate::bench::statistics::events_needed;

/// A thread that runs more of the time has none left for what comes.
const BUSY: f64 = 0.9;

/// The publisher may be late by this part of the objective: what it adds is then within what repeats differ.
const LAG: u64 = 10;

/// All that a step left behind.
pub(super) struct Outcome<'a> {
    pub(super) plan: &'a Plan,
    pub(super) load: Load,
    pub(super) due: u64,
    pub(super) start: Reading,
    pub(super) end: Reading,
    pub(super) published: Published,
    pub(super) accepted: u64,
    pub(super) heard: Heard,
}

impl Outcome<'_> {
    pub(super) fn judge(self) -> Step {
        let Self { plan, load, start, end, .. } = &self;
        let seconds = (end.at_us - start.at_us) as f64 / 1e6;
        let deliveries = (end.arrived - start.arrived) as f64;
        let server = end.server.zip(start.server);
        let server_cpu_s = server.map(|(end, start)| (end.ran_us - start.ran_us) / 1e6);
        let waited_s = server.map(|(end, start)| (end.waited_us - start.waited_us) / 1e6);
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
            server_waited_share: waited_s.map(|waited_s| waited_s / seconds),
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
            server_waited_share: None,
            deliveries_per_server_cpu_s: None,
            reader_cpu_share: Some(0.5),
            client_cpu_share: Some(0.95),
            publisher_lag_p99_us: 300,
            readers_cut: 0,
            cut: None,
        }
    }

    #[test]
    fn a_verdict_names_who_was_at_its_limit() {
        let of = |step: Step| verdict(&step, &Plan::default());
        assert_eq!(of(step()), Verdict::Ok);
        assert_eq!(of(Step { held: false, ..step() }), Verdict::Late);
        assert_eq!(of(Step { reader_cpu_share: Some(0.95), ..step() }), Verdict::ClientBound);
        assert_eq!(of(Step { publisher_lag_p99_us: 10_001, ..step() }), Verdict::PublisherBound);
        let pinned = Plan { cores: "0,1".parse().ok(), ..Plan::default() };
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
