//! One reader on its course: what it reads, and over what.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, timeout_at};
use tokio_util::task::AbortOnDropHandle;

use super::plan::{Course, Plan};
use super::predict::best;
use crate::client::{Error, News, Options, Target};
use crate::event::{EventId, Position};
use crate::fallback::{Auto, Spent, Strategy, Terms, Told};
use crate::link::{Engine, Relay};
use crate::transport::Transport;
use crate::wire::Counts;

/// How long a link may last until it is read over the best transport that passes: three pauses after which a
/// better one is tried again.
const LONGEST_LEG: Duration = Duration::from_secs(30);

/// A reader, and the network that it is behind.
pub(super) struct Lane {
    pub(super) strategy: Strategy,
    course: Course,
    relay: Relay,
    told: UnboundedReceiver<(Instant, Told)>,
    spent: Spent,
    reading: AbortOnDropHandle<Error>,
    current: Option<Transport>,
    pub(super) lived: Lived,
}

/// What a reader lived through.
#[derive(Clone, Debug, Default)]
pub(super) struct Lived {
    /// What its first poll took.
    pub(super) answer: Option<Duration>,
    /// Of the first choice: what it took, and what was spent.
    pub(super) first: Option<(Duration, Counts)>,
    pub(super) legs: Vec<Leg>,
    pub(super) switches: usize,
    pub(super) left: Vec<(Transport, String)>,
    pub(super) events: Vec<EventId>,
    /// Events that gaps announced as missing; `None` where a gap could not say.
    pub(super) gaps: usize,
    pub(super) missed: u64,
    pub(super) duplicates: u64,
    pub(super) spent: Counts,
}

/// A link of the course.
#[derive(Clone, Debug, Default)]
pub(super) struct Leg {
    /// Over which it was read in the end.
    pub(super) transport: Option<Transport>,
    /// From the beginning of the leg until then.
    pub(super) after: Option<Duration>,
    pub(super) failed: Vec<(Transport, String)>,
}

impl Lane {
    pub(super) fn begin(
        course: &Course,
        strategy: Strategy,
        plan: &Plan,
        (engine, server): (&Engine, SocketAddr),
        from: EventId,
    ) -> anyhow::Result<Self> {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let relay = engine.relay(&course.links()[0], loopback, server).context("cannot relay")?;
        let options = Options {
            from: Position::After(from),
            poll_interval: plan.poll_interval,
            ..Options::new(Target::server(relay.address()))
        };
        let (tell, told) = unbounded_channel();
        let on_told = move |told| drop(tell.send((Instant::now(), told)));
        let auto = Auto::new(options, on_told).on_terms(Terms { strategy, ..Terms::default() });
        let spent = auto.spent();
        let reading = AbortOnDropHandle::new(tokio::spawn(auto.run()));
        let (course, lived) = (course.clone(), Lived::default());
        Ok(Self { strategy, course, relay, told, spent, reading, current: None, lived })
    }

    /// Goes along its course: each link until it is read over the best transport that passes, and a while longer.
    pub(super) async fn go(&mut self, stay: Duration) -> anyhow::Result<()> {
        for number in 0..self.course.links().len() {
            let link = self.course.links()[number].clone();
            if number > 0 {
                self.relay.change(&link).context("cannot change a link")?;
            }
            let begun = Instant::now();
            self.lived.legs.push(Leg::default());
            let best = best(&link);
            // A choice that was made before the change is none of this link's.
            let is_settled = |lane: &Self| {
                lane.current.is_some() && lane.current == best && lane.lived.legs[number].after.is_some()
            };
            self.take_until(begun + LONGEST_LEG, begun, is_settled).await?;
            self.take_until(Instant::now() + stay, begun, |_| false).await?;
        }
        Ok(())
    }

    /// Reads on until this event came.
    pub(super) async fn reach(&mut self, last: EventId) -> anyhow::Result<()> {
        let begun = Instant::now();
        let is_there = |lane: &Self| lane.lived.events.last().is_some_and(|id| *id == last);
        self.take_until(begun + LONGEST_LEG, begun, is_there).await
    }

    pub(super) fn end(mut self) -> Lived {
        self.lived.spent = self.spent.counts();
        self.lived
    }

    async fn take_until(
        &mut self,
        until: Instant,
        begun: Instant,
        is_over: impl Fn(&Self) -> bool,
    ) -> anyhow::Result<()> {
        while !is_over(self) {
            match timeout_at(until, self.told.recv()).await {
                Err(_late) => return Ok(()),
                Ok(Some((at, told))) => self.take(told, at.saturating_duration_since(begun)),
                Ok(None) => bail!("a reader has ended: {}", (&mut self.reading).await?),
            }
        }
        Ok(())
    }

    fn take(&mut self, told: Told, after: Duration) {
        let lived = &mut self.lived;
        match told {
            Told::News(News::Event { event, .. }) => lived.events.push(event.id()),
            Told::News(News::Gap { gap, .. }) => {
                lived.gaps += 1;
                lived.missed += gap.missed.unwrap_or(0);
            }
            Told::News(News::Duplicate { .. }) => lived.duplicates += 1,
            Told::News(_) | Told::Tries(_) => {}
            Told::Stands { took, .. } => lived.answer = lived.answer.or(Some(took)),
            Told::Failed { transport, why, .. } => {
                lived
                    .legs
                    .iter_mut()
                    .last()
                    .into_iter()
                    .for_each(|leg| leg.failed.push((transport, why.clone())));
            }
            Told::Left { transport, why } => {
                self.current = None;
                lived.left.push((transport, why));
            }
            Told::Chose { transport, after: search, spent, .. } => {
                lived.switches += usize::from(lived.first.is_some());
                self.current = Some(transport);
                let took = lived.first.map_or(search, |_| after);
                lived.first.get_or_insert((search, spent));
                if let Some(leg) = lived.legs.last_mut() {
                    (leg.transport, leg.after) = (Some(transport), Some(took));
                }
            }
        }
    }
}
