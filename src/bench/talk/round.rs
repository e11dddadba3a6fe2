//! One run of all lanes at once, each publishing to a topic of its own.
//!
//! ```text
//! lanes connect │ warm-up │ the window that counts │ what waits is sent │ what is under way arrives
//!               ▲ play                             ▲ nothing more is due ▲ nothing more is sent
//! ```

use std::time::Duration;

use anyhow::bail;
use fastrand::Rng;
use futures_util::future::try_join_all;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::book::Answer;
use super::lane::{Lane, Told};
use super::plan::{Plan, REHEARSAL};
use crate::bench::route::Route;
use crate::source::Source;

/// Lanes play the same schedule, each so much later than the one before: when a lane comes to a message, what the
/// lane before did for it is long over, and what the others do is as good as random. Closer together, each would
/// always meet what the one before it has just woken.
const APART: Duration = Duration::from_millis(100);

/// How often lanes are looked at.
const LOOK: Duration = Duration::from_millis(2);

/// What a round left behind.
pub(super) struct Round {
    /// The bare socket; `None` where the server has none.
    pub(super) control: Option<Told>,
    pub(super) lanes: Vec<Told>,
}

/// Runs one; an interrupt ends its window.
pub(super) async fn run(
    plan: &Plan,
    route: &Route,
    source: &Source,
    interrupt: &CancellationToken,
    rng: &mut Rng,
) -> anyhow::Result<Round> {
    let mut lanes = connect(plan, route, rng).await?;
    let source = Source { duration: Some(plan.warmup + plan.duration), ..source.clone() };
    for lane in &mut lanes {
        lane.play(&source, plan.warmup)?;
        sleep(apart(&source, plan.ways().len())).await;
    }
    loop {
        check(&lanes)?;
        // Each is to end in its own time: so all are asked.
        let have_ended: Vec<bool> =
            lanes.iter_mut().map(|lane| lane.ends(interrupt.is_cancelled())).collect();
        if !have_ended.contains(&false) {
            break;
        }
        sleep(LOOK).await;
    }
    settle(&lanes, plan).await;
    check(&lanes)?;
    let (control, lanes) = lanes.iter().map(Lane::told).partition::<Vec<_>, _>(|told| told.way.is_none());
    Ok(Round { control: control.into_iter().next(), lanes })
}

fn check(lanes: &[Lane]) -> anyhow::Result<()> {
    match lanes.iter().find_map(Lane::failure) {
        Some(why) => bail!(why),
        None => Ok(()),
    }
}

/// All lanes, the control row first.
async fn connect(plan: &Plan, route: &Route, rng: &mut Rng) -> anyhow::Result<Vec<Lane>> {
    let control = Lane::open_control(plan.options(route, REHEARSAL, 0.0)).await;
    let opening = plan.ways().into_iter().enumerate().map(|(index, way)| {
        let options = plan.options(route, &topic(index), rng.f64());
        Lane::open(way, options)
    });
    let lanes = try_join_all(opening.collect::<Vec<_>>()).await?;
    Ok(control.into_iter().chain(lanes).collect())
}

/// Each lane's own, and all as long: requests then weigh alike.
fn topic(index: usize) -> String {
    format!("talk-{:02}", index + 1)
}

/// Beyond that, evenly over the time from one message to the next, for schedules that have a beat.
fn apart(source: &Source, lanes: usize) -> Duration {
    let even = Duration::from_secs_f64(source.rate.gap_us() / 1e6 / (lanes + 1) as f64);
    APART + even.min(APART / 8)
}

/// Waits until all that is under way has come: at most a poll interval, a hold and three times the worst that an
/// answer took, and a moment for a machine that is busy.
async fn settle(lanes: &[Lane], plan: &Plan) {
    const MOMENT: Duration = Duration::from_millis(500);
    let bound = plan.poll_interval + plan.hold() + 3 * worst_answer(lanes) + MOMENT;
    let begun = Instant::now();
    while !lanes.iter().all(Lane::is_settled) && begun.elapsed() < bound {
        sleep(LOOK).await;
    }
}

/// From when a message was sent.
fn worst_answer(lanes: &[Lane]) -> Duration {
    let worst = lanes.iter().filter_map(|lane| {
        let pages = lane.book.pages();
        let took = pages.messages.iter().filter_map(|message| match message.answer {
            Some(Answer::Taken { at_us, .. }) => Some(at_us.saturating_sub(message.sent_us?)),
            _ => None,
        });
        took.max()
    });
    Duration::from_micros(worst.max().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_are_apart_by_no_whole_beat_and_not_by_a_minute() {
        let at =
            |rate: &str| apart(&Source { rate: rate.parse().unwrap(), ..Source::default() }, 7).as_micros();
        assert_eq!((at("1/60s"), at("10"), at("1000")), (112_500, 112_500, 100_125));
    }
}
