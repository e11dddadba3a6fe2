//! The two ends of the window: what the server and the lanes have by then.

use std::time::Duration;

use tokio::time::sleep;

use super::Part;
use crate::bench::child::Child;
use crate::bench::diary::Reading;
use crate::bench::stage::Stage;
use crate::clock::monotonic_us;
use crate::event::EventId;
use crate::source::Played;
use crate::wire::Segments;

/// An end of the window: what there was by then.
pub(super) struct Mark {
    pub(super) newest: EventId,
    /// By our clock.
    pub(super) at_us: u64,
    pub(super) lanes: Vec<LaneMark>,
    pub(super) cpu_us: Option<f64>,
}

/// What a lane had by then.
pub(super) struct LaneMark {
    pub(super) reading: Reading,
    pub(super) segments: Option<Segments>,
}

/// What there is as the window begins.
pub(super) async fn begin(stage: &mut Stage, parts: &[Part<'_>]) -> anyhow::Result<Mark> {
    let newest = stage.count().await?;
    let (at_us, cpu_us) = (monotonic_us(), stage.child().and_then(Child::cpu_us));
    Ok(Mark { newest, at_us, lanes: marks(parts).await, cpu_us })
}

/// What there is as it ends, and with it what is played.
pub(super) async fn end(stage: &mut Stage, parts: &[Part<'_>]) -> anyhow::Result<(Mark, Option<Played>)> {
    let (newest, played) = stage.stop().await?;
    let (at_us, cpu_us) = (monotonic_us(), stage.child().and_then(Child::cpu_us));
    Ok((Mark { newest, at_us, lanes: marks(parts).await, cpu_us }, played))
}

/// What the lanes have, read while none of them is in the middle of an answer, if that can be: its bytes are
/// counted before its events are.
async fn readings(parts: &[Part<'_>]) -> Vec<Reading> {
    const TRIES: usize = 20;
    let read = || parts.iter().map(|part| part.lane.reading()).collect::<Vec<_>>();
    let mut last = read();
    for _ in 0..TRIES {
        sleep(Duration::from_millis(1)).await;
        let next = read();
        let is_quiet = next == last;
        last = next;
        if is_quiet {
            break;
        }
    }
    last
}

async fn marks(parts: &[Part<'_>]) -> Vec<LaneMark> {
    let readings = readings(parts).await.into_iter().zip(parts);
    readings.map(|(reading, part)| LaneMark { reading, segments: part.lane.segments() }).collect()
}
