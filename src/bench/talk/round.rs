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
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::book::Answer;
use super::lane::{Lane, Told};
use super::plan::{Plan, REHEARSAL};
use crate::bench::route::Route;
use crate::clock::monotonic_us;
use crate::source::Source;

/// How long what waits may still be sent when nothing more is due: more than a burst takes, and no end for a row
/// that only grows. What is left then is unsent.
const GRACE: Duration = Duration::from_secs(1);

/// Lanes play the same schedule, each so much later than the one before: when a lane comes to a message, what the
/// lane before did for it is long over, and what the others do is as good as random. Closer together, each would
/// always meet what the one before it has just woken.
const APART: Duration = Duration::from_millis(100);

/// What a round left behind.
pub(super) struct Round {
    /// The bare socket; `None` where the server has none.
    pub(super) control: Option<Told>,
    pub(super) lanes: Vec<Told>,
    /// From when on nothing more was sent, in monotonic microseconds.
    pub(super) stopped_us: u64,
}

/// Runs one; an interrupt ends its window.
pub(super) async fn run(
    plan: &Plan,
    route: &Route,
    source: &Source,
    interrupt: &CancellationToken,
    rng: &mut Rng,
) -> anyhow::Result<Round> {
    let stop = CancellationToken::new();
    // However this ends: nobody goes on sending.
    let _stops = stop.clone().drop_guard();
    let mut lanes = connect(plan, route, &stop, rng).await?;
    let source = Source { duration: Some(plan.warmup + plan.duration), ..source.clone() };
    for lane in &mut lanes {
        lane.play(&source)?;
        sleep(apart(&source, plan.ways().len())).await;
    }
    while !lanes.iter().all(Lane::is_over) && !interrupt.is_cancelled() {
        let _ = timeout(Duration::from_millis(5), interrupt.cancelled()).await;
    }
    let played: Vec<_> = lanes.iter_mut().map(Lane::stop).collect();
    let stopped_us = drain(&lanes, plan, &stop).await;
    if let Some(why) = lanes.iter().find_map(Lane::failure) {
        bail!(why);
    }
    let told = lanes.iter().zip(played).map(|(lane, played)| lane.told(played));
    let (control, lanes) = told.partition::<Vec<_>, _>(|told| told.way.is_none());
    Ok(Round { control: control.into_iter().next(), lanes, stopped_us })
}

/// All lanes, the control row first.
async fn connect(
    plan: &Plan,
    route: &Route,
    stop: &CancellationToken,
    rng: &mut Rng,
) -> anyhow::Result<Vec<Lane>> {
    let control = Lane::open_control(plan.options(route, REHEARSAL, 0.0), stop.clone()).await;
    let opening = plan.ways().into_iter().enumerate().map(|(index, way)| {
        let options = plan.options(route, &topic(index), rng.f64());
        Lane::open(way, options, stop.clone())
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

/// Gives the instant from which on nothing more was sent. Then all that is under way may come: at most a poll
/// interval, a hold and three times the worst that an answer took, and a moment for a machine that is busy.
async fn drain(lanes: &[Lane], plan: &Plan, stop: &CancellationToken) -> u64 {
    const MOMENT: Duration = Duration::from_millis(500);
    until(GRACE, || lanes.iter().all(Lane::is_all_sent)).await;
    stop.cancel();
    let stopped_us = monotonic_us();
    let bound = plan.poll_interval + plan.hold() + 3 * worst_answer(lanes) + MOMENT;
    until(bound, || lanes.iter().all(Lane::is_settled)).await;
    stopped_us
}

async fn until(bound: Duration, is_done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_done() && begun.elapsed() < bound {
        sleep(Duration::from_millis(2)).await;
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
