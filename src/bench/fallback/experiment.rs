//! From a plan to a report.

use tokio_util::sync::CancellationToken;

use super::plan::Plan;
use super::result::{FallbackReport, Lane, SCHEMA_VERSION};
use super::{round, summary};
use crate::bench::Progress;
use crate::bench::child::Child;
use crate::bench::environment::environment;
use crate::fallback::Terms;
use crate::feed::Retain;
use crate::link::Engine;
use crate::source::{Script, Source};

/// Runs a plan. `None` where it was interrupted before there was anything to report.
///
/// # Errors
/// Where a server cannot be started, or refuses to be read.
pub async fn run(
    plan: &Plan,
    command: String,
    progress: Progress<'_>,
    interrupt: &CancellationToken,
) -> anyhow::Result<Option<FallbackReport>> {
    // What cannot be played is refused before anything is measured.
    Script::open(&plan.source)?;
    progress("starting");
    let engine = Engine::start()?;
    let mut rounds = Vec::new();
    for number in 0..plan.rounds {
        progress(&format!("round {} of {}", number + 1, plan.rounds));
        // A round that begins on a log of its own has an event of its own to wait for.
        let mut server = Child::remembering(Retain::default(), None, false).await?;
        let seed = plan.source.seed.wrapping_add(2 * number as u64);
        let source = Source { seed, ..plan.source.clone() };
        let round = Box::pin(round::run(plan, &source, &mut server, &engine));
        match interrupt.run_until_cancelled(round).await {
            Some(round) => rounds.push(round?),
            None => break,
        }
    }
    let lanes = summary::lanes(plan, &rounds);
    Ok((!rounds.is_empty()).then(|| FallbackReport {
        schema_version: SCHEMA_VERSION,
        lab: "fallback".to_owned(),
        command,
        seed: plan.source.seed,
        environment: environment(),
        warnings: warnings(plan, &lanes),
        interrupted: interrupt.is_cancelled(),
        source: plan.source.kind.to_string(),
        rate_per_s: plan.source.rate.per_s(),
        size_bytes: plan.source.size,
        pause_us: plan.pause().as_micros() as u64,
        rounds: rounds.len(),
        poll_interval_us: plan.poll_interval.as_micros() as u64,
        lanes,
    }))
}

/// Around the data of an event that is in a stream: its JSON, its lines, its chunk. About.
const AROUND: usize = 140;

fn warnings(plan: &Plan, lanes: &[Lane]) -> Vec<String> {
    let mut warnings = Vec::new();
    if cfg!(debug_assertions) {
        warnings.push("this is a debug build: do not quote these numbers".to_owned());
    }
    let links = plan.courses.iter().flat_map(super::plan::Course::links);
    let bytes_per_s = plan.source.rate.per_s() * (plan.source.size + AROUND) as f64;
    let fills = links.filter_map(|link| Some((link, link.outlook().held_bytes? as f64 / bytes_per_s)));
    for (link, fills_s) in
        fills.filter(|(_, fills_s)| *fills_s < 2.0 * Terms::default().least_patience.as_secs_f64())
    {
        warnings.push(format!(
            "`{link}`: the feed fills the buffer every {fills_s:.1} s, so that an event stream may bring its event in \
             time: choose a lower `--rate`"
        ));
    }
    let wanting = lanes.iter().flat_map(|lane| lane.legs.iter().map(move |leg| (lane, leg)));
    for (lane, leg) in wanting.filter(|(_, leg)| leg.transport != leg.predicted_transport) {
        let transport =
            leg.transport.map_or("several, or none".to_owned(), |transport| transport.to_string());
        let predicted = leg.predicted_transport.map_or("none".to_owned(), |transport| transport.to_string());
        let (course, strategy, link) = (&lane.course, lane.strategy.name(), &leg.link);
        warnings.push(format!(
            "`{course}`, {strategy}: `{link}` was read over {transport}, and theory says {predicted}"
        ));
    }
    warnings
}
