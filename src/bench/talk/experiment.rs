//! From a plan to a report.

use fastrand::Rng;
use tokio_util::sync::CancellationToken;

use super::calibrate::calibrate;
use super::plan::Plan;
use super::result::{SCHEMA_VERSION, TalkReport};
use super::{round, summary, warnings};
use crate::bench::Progress;
use crate::bench::child::Child;
use crate::bench::environment::environment;
use crate::bench::route::Route;
use crate::link::Engine;
use crate::source::{Script, Source};

/// A server, and how its clients reach it.
struct Site {
    /// Ends with this.
    _server: Option<Child>,
    route: Route,
}

impl Site {
    async fn open(plan: &Plan, engine: &Engine) -> anyhow::Result<Self> {
        let server = match &plan.url {
            Some(_) => None,
            None => Some(Child::remembering(plan.retain(), plan.cores, false).await?),
        };
        let target = server.as_ref().map(Child::target).or(plan.url.as_ref());
        let target = target.expect("there is a server of our own, or somebody's");
        let route = Route::open(&plan.link, plan.proxy.as_ref(), target, engine).await?;
        Ok(Self { _server: server, route })
    }
}

/// Runs a plan. `None` where it was interrupted before there was anything to report.
///
/// # Errors
/// Where a server cannot be started or reached, or refuses to be listened to.
pub async fn run(
    plan: &Plan,
    command: String,
    progress: Progress<'_>,
    interrupt: &CancellationToken,
) -> anyhow::Result<Option<TalkReport>> {
    // What cannot be played is refused before anything is measured.
    Script::open(&plan.source)?;
    progress("starting");
    let site = Site::open(plan, &Engine::start()?).await?;
    progress("calibrating");
    let Some(calibration) = interrupt.run_until_cancelled(calibrate(plan, &site.route)).await else {
        return Ok(None);
    };
    let calibration = calibration?;
    let (mut rng, mut rounds) = (Rng::with_seed(plan.source.seed), Vec::new());
    for number in 0..plan.rounds {
        if interrupt.is_cancelled() {
            break;
        }
        progress(&format!("round {} of {}", number + 1, plan.rounds));
        let source = Source { seed: plan.source.seed.wrapping_add(number as u64), ..plan.source.clone() };
        rounds.push(round::run(plan, &site.route, &source, interrupt, &mut rng).await?);
    }
    progress("adding up");
    let lanes = summary::lanes(plan, &calibration, &rounds, &mut rng);
    let publisher = summary::latest(&rounds);
    Ok((!rounds.is_empty()).then(|| TalkReport {
        schema_version: SCHEMA_VERSION,
        lab: "talk".to_owned(),
        command,
        seed: plan.source.seed,
        environment: environment(),
        warnings: warnings::of(plan, &lanes, publisher.as_ref()),
        interrupted: interrupt.is_cancelled(),
        link: plan.link.to_string(),
        relay: site.route.achieved(),
        server: plan.url.as_ref().map(ToString::to_string),
        proxy: plan.proxy.as_ref().map(ToString::to_string),
        source: plan.source.kind.to_string(),
        rate_per_s: plan.source.rate.per_s(),
        size_bytes: plan.source.size,
        duration_us: summary::duration_us(plan, &rounds),
        warmup_us: plan.warmup.as_micros() as u64,
        rounds: rounds.len(),
        poll_interval_us: plan.poll_interval.as_micros() as u64,
        hold_us: plan.hold().as_micros() as u64,
        headers: plan.headers.style,
        publisher,
        theory: summary::inputs(&calibration),
        control: summary::control(plan, &rounds, &mut rng),
        lanes,
    }))
}
