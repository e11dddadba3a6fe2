//! From all rounds to one run of the report: what was played, what each lane made of it, what theory says.

use anyhow::anyhow;
use fastrand::Rng;

use super::calibrate::Calibration;
use super::figures::{self, trials};
use super::heads::{self, Ids};
use super::plan::Plan;
use super::predict::{self, Basis};
use super::quiet::quiet;
use super::result::{Control, Input, Inputs, Lane, Own, Quiet, Run, ServerClock};
use super::round::Round;
use super::scene::Set;
use super::statistics::median;
use super::waking::Waking;
use crate::event::EventId;
use crate::source::Played;
use crate::theory::Heads;
use crate::transport::Transport;

/// What the rounds came to.
struct Found {
    basis: Basis,
    theory: Inputs,
    control: Option<Control>,
    lanes: Vec<Lane>,
    quiet: Vec<Quiet>,
}

pub(super) async fn summarize(plan: &Plan, sets: &[Set], rng: &mut Rng) -> anyhow::Result<Run> {
    let first = sets.first().ok_or_else(|| anyhow!("nothing was run"))?;
    let control_set = sets.iter().find(|set| set.has_control).unwrap_or(first);
    let ways = predict::ways(&control_set.rounds, &control_set.calibration);
    let waking = Waking::of(&trials(control_set, None), control_set);
    let mut lanes = Vec::new();
    let mut theory = None;
    for set in sets {
        let basis = Basis::of(plan, &set.rounds, &set.calibration, &ways, waking);
        let heads = weigh(plan, set, &basis).await?;
        let bases = Basis::of_each(plan, &set.rounds, &set.calibration, &ways, waking);
        for transport in &set.transports {
            lanes.push(figures::lane(plan, set, *transport, &bases, &heads, rng));
        }
        theory.get_or_insert((basis, heads));
    }
    lanes.sort_by_key(|lane| lane.transport);
    let (basis, heads) = theory.expect("there is a first set");
    let found = Found {
        theory: inputs(&basis, &first.calibration, &heads),
        control: figures::control(plan, control_set, rng),
        quiet: quiet_feed(plan, first, &basis).await?,
        basis,
        lanes,
    };
    Ok(put_together(plan, sets, found))
}

fn put_together(plan: &Plan, sets: &[Set], found: Found) -> Run {
    let rounds = || sets.iter().flat_map(|set| &set.rounds);
    let windows_us: u64 = rounds().map(|round| round.window.end_us - round.window.start_us).sum();
    let is_ours = !plan.only_listens();
    Run {
        link: plan.link.to_string(),
        relay: sets.iter().find_map(|set| set.route.achieved()),
        mode: plan.mode,
        rounds: sets.iter().map(|set| set.rounds.len()).max().unwrap_or(0),
        rate_per_s: found.basis.inputs.rate_per_s,
        source: if is_ours { plan.source.kind.to_string() } else { "listened".to_owned() },
        played: is_ours.then(|| plan.source.clone()),
        clients: plan.clients,
        size_bytes: (is_ours && !plan.is_trace()).then_some(plan.source.size),
        payload_bytes: found.basis.payload.map(|payload| payload.bytes),
        poll_interval_us: plan.poll_interval.as_micros() as u64,
        poll_mode: plan.poll_mode,
        hold_us: plan.hold().as_micros() as u64,
        linger_us: plan.linger.as_micros() as u64,
        http: plan.http,
        tls: plan.tls,
        headers: plan.headers.style,
        keep_alive: plan.keep_alive,
        proxy: plan.proxy.as_ref().map(ToString::to_string),
        warmup_us: if plan.is_trace() { 0 } else { plan.warmup.as_micros() as u64 },
        duration_us: windows_us / rounds().count().max(1) as u64,
        clock: worst_known(rounds()),
        publisher: latest(rounds()),
        own: own(&rounds().map(|round| round.own).collect::<Vec<_>>()),
        theory: found.theory,
        control: found.control,
        lanes: found.lanes,
        quiet: found.quiet,
    }
}

/// The heads of this run's requests and answers, as many events to an answer as theory expects.
async fn weigh(plan: &Plan, set: &Set, basis: &Basis) -> anyhow::Result<Vec<(Transport, Heads)>> {
    let window = &set.rounds[0].window;
    let per_answer = |transport| predict::events_per_answer(transport, &basis.inputs);
    let weighed = heads::sample(plan, u64::midpoint(window.after, window.last), per_answer).await?;
    let in_head = |id: EventId| Ids::of(plan.http, id).asked;
    let began = median(set.rounds.iter().map(|round| in_head(round.began)).collect());
    // As long as they were on average, and of an alphabet as those of this epoch.
    let typical = EventId { sequence: u64::midpoint(window.after, window.last), ..set.rounds[0].began };
    let letters = typical.to_string().len() as f64;
    let asked = basis.payload.map_or(letters, |payload| payload.id_bytes) * in_head(typical) / letters;
    let ids = Ids { asked, began: began.unwrap_or(asked) };
    Ok(tunnelled(weighed.adjusted(set.route.target(), ids), plan, set))
}

/// Where there is a proxy, what its tunnel takes is a part of what a connection begins with: of a stream's one
/// connection, or of every request's.
fn tunnelled(mut heads: Vec<(Transport, Heads)>, plan: &Plan, set: &Set) -> Vec<(Transport, Heads)> {
    let [up, down] = set.calibration.tunnel_bytes;
    for (transport, heads) in &mut heads {
        if !plan.keep_alive || matches!(transport, Transport::Sse | Transport::Websocket) {
            heads.request.http += up;
            heads.full_answer.http += down;
            heads.empty_answer.http += down;
        }
    }
    heads
}

/// A feed that nobody waits for is its own case: small ids, one event an answer.
async fn quiet_feed(plan: &Plan, set: &Set, basis: &Basis) -> anyhow::Result<Vec<Quiet>> {
    let weighed = heads::sample(plan, 100, |_| 1).await?;
    let mut heads = tunnelled(weighed.adjusted(set.route.target(), weighed.ids), plan, set);
    heads.retain(|(transport, _)| plan.transports.contains(transport));
    Ok(quiet(&basis.inputs, &heads, &basis.payload.unwrap_or(weighed.payload)))
}

fn own(rounds: &[Own]) -> Own {
    let middle = |read: fn(&Own) -> Option<f64>| median(rounds.iter().filter_map(read).collect());
    Own {
        lateness_p50_us: middle(|own| own.lateness_p50_us),
        lateness_p99_us: middle(|own| own.lateness_p99_us),
        cpu_share: middle(|own| own.cpu_share),
    }
}

/// In the round in which it was known the least.
fn worst_known<'a>(rounds: impl Iterator<Item = &'a Round>) -> ServerClock {
    let rounds = rounds.max_by(|a, b| a.offset.within_us().total_cmp(&b.offset.within_us()));
    ServerClock::of(&rounds.expect("there is a round").offset)
}

/// Of the round in which the publisher was late the most.
fn latest<'a>(rounds: impl Iterator<Item = &'a Round>) -> Option<Played> {
    let played = rounds.filter_map(|round| round.played.clone());
    played.max_by_key(|played| played.lag_us.map_or(0, |lag| lag.p99))
}

fn inputs(basis: &Basis, calibration: &Calibration, heads: &[(Transport, Heads)]) -> Inputs {
    let weights = |(transport, heads): &(Transport, Heads)| {
        (*transport, [heads.request, heads.empty_answer, heads.full_answer].map(|head| head.http))
    };
    Inputs {
        rate_per_s: Input::measured(Some(basis.inputs.rate_per_s)),
        one_way_us: Input::measured(basis.inputs.one_way.typical_us()),
        round_trip_us: Input::measured(calibration.round_trip_us),
        gap_us: Input::measured(Some(calibration.gap_us)),
        fresh_us: Input::measured(Some(calibration.fresh_us)),
        wake_us: Input::measured(Some(basis.inputs.wake_us)),
        payload_bytes: Input::measured(basis.payload.map(|payload| payload.bytes)),
        head_bytes: heads.iter().map(weights).collect(),
        writes_per_event: Input::measured(Some(basis.inputs.writes_per_event)),
    }
}
