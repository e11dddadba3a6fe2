//! Whether thresholds hold, and whether that can be told at all.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Conditions, FIGURES, Figure, Threshold};
use crate::bench::plan::Plan;
use crate::bench::result::{Compared, Lane, Report, Run};
use crate::bench::statistics::events_needed;
use crate::source::SourceKind;
use crate::transport::Transport;

/// What came of a threshold in one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// As it was typed.
    pub threshold: String,
    /// Which transport's figure it is.
    pub transport: Transport,
    /// Which run it was held against, counted from 0; `None` where none is meant.
    pub run: Option<usize>,
    /// Whether it holds.
    pub holds: bool,
    /// Why it cannot be told, where it cannot.
    pub why: Option<String>,
    /// The figure under its name, which ends with the unit.
    pub figure: BTreeMap<String, Held>,
}

/// A figure, and its limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Held {
    /// The limit.
    pub limit: f64,
    /// What was measured.
    pub measured: Option<f64>,
    /// Where the 95% interval begins.
    pub low: Option<f64>,
    /// Where it ends.
    pub high: Option<f64>,
}

/// Holds thresholds against every run that they mean.
pub fn check(thresholds: &[Threshold], report: &Report) -> Vec<Outcome> {
    thresholds.iter().flat_map(|threshold| threshold.outcomes(&report.runs)).collect()
}

/// Why a threshold could not be told from what is planned, if so: refused beforehand, it costs no run.
pub fn refusal(threshold: &Threshold, plans: &[Plan]) -> Option<String> {
    let Threshold { text, transport, figure, conditions, .. } = threshold;
    let meant: Vec<&Plan> = plans.iter().filter(|plan| conditions.mean_plan(plan)).collect();
    if meant.is_empty() {
        return Some(format!(
            "`--threshold {text}`: nothing is run under these conditions; there are {}",
            named(plans)
        ));
    }
    if meant.iter().any(|plan| !plan.transports.contains(transport)) {
        return Some(format!("`--threshold {text}`: `{transport}` is not among the lanes: add it to `-t`"));
    }
    let needed = figure.events_needed();
    let too_few = meant.into_iter().filter_map(planned_events).find(|events| *events < needed as f64)?;
    Some(format!(
        "`--threshold {text}` needs {needed} events a round, and {too_few:.0} are planned: make `-d` or `-r` larger"
    ))
}

/// How many events a round has in the mean; `None` where that is not ours to say.
fn planned_events(plan: &Plan) -> Option<f64> {
    match plan.source.kind {
        _ if plan.only_listens() => None,
        SourceKind::Trace(_) | SourceKind::Stdin => None,
        SourceKind::Quiet => Some(0.0),
        _ => Some(plan.source.rate.per_s() * plan.duration?.as_secs_f64()),
    }
}

/// The conditions that there are, as a threshold names them: `@none,r=10,i=1s,c=1,http=1`.
fn named(plans: &[Plan]) -> String {
    let name = |plan: &Plan| {
        let interval = humantime::format_duration(plan.poll_interval).to_string().replace(' ', "");
        let http = plan.http.number();
        format!("`@{},r={},i={interval},c={},http={http}`", plan.link, plan.source.rate, plan.clients)
    };
    plans.iter().map(name).collect::<Vec<_>>().join(" ")
}

impl Conditions {
    fn mean_plan(&self, plan: &Plan) -> bool {
        let Self { link, rate, poll_interval, clients, http } = self;
        link.as_ref().is_none_or(|link| *link == plan.link)
            && rate.is_none_or(|rate| plan.only_listens() || rate == plan.source.rate)
            && poll_interval.is_none_or(|interval| interval == plan.poll_interval)
            && clients.is_none_or(|clients| clients == plan.clients)
            && http.is_none_or(|http| http == plan.http)
    }

    fn mean(&self, run: &Run) -> bool {
        let Self { link, rate, poll_interval, clients, http } = self;
        link.as_ref().is_none_or(|link| link.to_string() == run.link)
            && rate.is_none_or(|rate| run.played.as_ref().is_none_or(|source| rate == source.rate))
            && poll_interval.is_none_or(|interval| interval.as_micros() == u128::from(run.poll_interval_us))
            && clients.is_none_or(|clients| clients == run.clients)
            && http.is_none_or(|http| http == run.http)
    }
}

impl Threshold {
    fn outcomes(&self, runs: &[Run]) -> Vec<Outcome> {
        let meant = runs.iter().enumerate().filter(|(_, run)| self.conditions.mean(run));
        let outcomes: Vec<Outcome> = meant.map(|(at, run)| self.outcome(at, run)).collect();
        if outcomes.is_empty() {
            vec![self.failed(None, "no run was made under these conditions")]
        } else {
            outcomes
        }
    }

    fn outcome(&self, at: usize, run: &Run) -> Outcome {
        let Some(lane) = run.lanes.iter().find(|lane| lane.transport == self.transport) else {
            return self.failed(Some(at), "this lane was not run");
        };
        let found = self.figure.of(lane);
        let Some(measured) = found.measured else {
            let needs = |needed| format!("it needs {needed} events a round, and there were fewer");
            let why = lane.failure.clone().or(found.needs_events.map(needs));
            return self.failed(Some(at), &why.unwrap_or("it could not be measured".to_owned()));
        };
        let held = Held { limit: self.limit, measured: Some(measured), low: found.low, high: found.high };
        Outcome {
            holds: self.side.holds(measured, self.limit),
            why: None,
            figure: BTreeMap::from([(self.figure.key(), held)]),
            ..self.failed(Some(at), "")
        }
    }

    /// What was not measured does not hold.
    fn failed(&self, run: Option<usize>, why: &str) -> Outcome {
        let held = Held { limit: self.limit, measured: None, low: None, high: None };
        Outcome {
            threshold: self.text.clone(),
            transport: self.transport,
            run,
            holds: false,
            why: Some(why.to_owned()),
            figure: BTreeMap::from([(self.figure.key(), held)]),
        }
    }
}

impl Figure {
    fn of(self, lane: &Lane) -> Compared {
        let latency = &lane.latency_us;
        match self {
            Self::Mean => latency.mean,
            Self::P50 => latency.p50,
            Self::P95 => latency.p95,
            Self::P99 => latency.p99,
            Self::Max => latency.max,
            Self::FirstEvent => lane.first_event_us,
            Self::Requests => lane.requests_per_event,
            Self::Empty => lane.empty_share,
            Self::Bytes => lane.bytes_per_event.total,
            Self::Lost => Compared { measured: Some(lane.events.lost as f64), ..Compared::default() },
        }
    }

    /// How many events a round needs to say it.
    fn events_needed(self) -> u64 {
        match self {
            Self::P50 => events_needed(0.5),
            Self::P95 => events_needed(0.95),
            Self::P99 => events_needed(0.99),
            Self::Mean | Self::Max | Self::Requests | Self::Bytes => 1,
            Self::FirstEvent | Self::Empty | Self::Lost => 0,
        }
    }

    fn key(self) -> String {
        let (_, key, _) = FIGURES.iter().find(|(_, _, figure)| *figure == self).expect("all are listed");
        (*key).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::bench::plan::tests::plan;

    fn refused(text: &str, plans: &[Plan]) -> Option<String> {
        refusal(&text.parse().unwrap(), plans)
    }

    /// Ten events a second for ten seconds are a hundred: enough for p95, and not for p99.
    #[test]
    fn what_the_plan_cannot_tell_is_refused_beforehand() {
        let near = plan();
        let far = Plan { link: "rtt=50ms".parse().unwrap(), ..plan() };
        let long = Plan { duration: Some(Duration::from_secs(40)), ..plan() };
        for (text, plans, words) in [
            ("sse.p95<1s", vec![near.clone(), far.clone()], None),
            (
                "sse.p99<1s",
                vec![near.clone()],
                Some("needs 368 events a round, and 100 are planned: make `-d`"),
            ),
            ("sse.p99<1s", vec![long.clone()], None),
            ("sse.p99<1s", vec![long.clone(), far.clone()], Some("and 100 are planned")),
            ("sse.p99@none<1s", vec![long.clone(), far.clone()], None),
            ("sse.p50@rtt=50ms<1s", vec![near.clone(), far.clone()], None),
            (
                "sse.p50@rtt=60ms<1s",
                vec![near.clone(), far],
                Some("there are `@none,r=10/s,i=1s,c=1,http=1` `@rtt=50ms,"),
            ),
            ("sse.p50@c=100<1s", vec![near.clone()], Some("nothing is run under these conditions")),
            ("sse.p50@r=10,i=1s,c=1<1s", vec![near.clone()], None),
            ("sse.first<1s", vec![near.clone()], None),
        ] {
            let refused = refused(text, &plans);
            match words {
                None => assert_eq!(refused, None, "{text}"),
                Some(words) => {
                    assert!(refused.as_ref().is_some_and(|why| why.contains(words)), "{text}: {refused:?}");
                }
            }
        }
        let some = Plan { transports: vec![Transport::Poll], ..plan() };
        let why = refused("sse.p50<1s", &[some]).unwrap();
        assert_eq!(why, "`--threshold sse.p50<1s`: `sse` is not among the lanes: add it to `-t`");
    }

    #[test]
    fn what_others_publish_is_not_ours_to_count() {
        let listens = Plan { url: Some("127.0.0.1:1".parse().unwrap()), ..plan() };
        assert_eq!(refused("sse.p99<1s", &[listens]), None);
        let mut quiet = plan();
        quiet.source.kind = SourceKind::Quiet;
        assert!(refused("sse.mean<1s", &[quiet.clone()]).is_some_and(|why| why.contains("0 are planned")));
        assert_eq!(refused("sse.lost<=0", &[quiet]), None);
    }
}
