//! Who goes round with the news: one task for each thread on which readers listen.

use std::future::poll_fn;
use std::sync::atomic::Ordering;
use std::sync::{Arc, RwLock};
use std::task::{Context, Poll};

use tokio::time::Instant;

use super::bell::{Hall, Listener, Ring};

/// Listeners told at a stretch: half of what tokio lets one task do before it is another's turn.
pub(super) const STRETCH: usize = 64;

/// Goes round the listeners of its thread, each time the bell has rung.
pub(super) struct Crier {
    hall: Arc<Hall>,
    all: Arc<RwLock<Vec<Arc<Hall>>>>,
    /// The round that is under way.
    round: Option<Round>,
    /// Who is told in this stretch.
    told: Vec<Arc<dyn Ring>>,
}

/// Once through all places, beginning anywhere: what is measured side by side must not always be told in the same
/// order.
struct Round {
    places: usize,
    first: usize,
    done: usize,
}

impl Round {
    fn through(places: usize) -> Self {
        Self { places, first: fastrand::usize(..places.max(1)), done: 0 }
    }
}

impl Iterator for Round {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let place = (self.done < self.places).then(|| (self.first + self.done) % self.places);
        self.done += 1;
        place
    }
}

impl Crier {
    /// The crier of a hall, one of `all`.
    pub(super) fn new(hall: Arc<Hall>, all: Arc<RwLock<Vec<Arc<Hall>>>>) -> Self {
        Self { hall, all, round: None, told: Vec::new() }
    }

    /// Cries until the bell will never ring again.
    pub(super) async fn cry(mut self) {
        poll_fn(|cx| self.poll(cx)).await;
    }

    fn poll(&mut self, cx: &Context<'_>) -> Poll<()> {
        if self.round.is_none() {
            match self.hears(cx) {
                Some(true) => self.round = Some(Round::through(self.hall.places().capacity())),
                Some(false) => return Poll::Pending,
                None => return Poll::Ready(()),
            }
        }
        self.stretch();
        let now = Instant::now();
        self.told.drain(..).for_each(|seat| seat.ring(now));
        // Others have something to do, too. If the round is over, the bell may have rung again meanwhile.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Whether the bell has rung; nothing where it never will again.
    fn hears(&self, cx: &Context<'_>) -> Option<bool> {
        let mut signal = self.hall.signal();
        if signal.is_over {
            return None;
        }
        let has_rung = std::mem::take(&mut signal.has_rung);
        if !has_rung {
            signal.crier = Some(cx.waker().clone());
        }
        Some(has_rung)
    }

    /// Goes on with the round: wakes the tasks of some places, and gathers those to be told.
    fn stretch(&mut self) {
        let Some(round) = &mut self.round else { return };
        let mut places = self.hall.places();
        // To leave takes this lock, and who is told may leave: so nobody is told under it.
        for _ in 0..STRETCH {
            let Some(number) = round.next() else {
                self.round = None;
                return;
            };
            let Some(listener) = places.get_mut(number) else { continue };
            match listener {
                Listener::Nobody => {}
                Listener::Seat(seat) => self.told.extend(seat.upgrade()),
                Listener::Task(_) => {
                    self.hall.listening.fetch_sub(1, Ordering::SeqCst);
                    if let Listener::Task(waker) = std::mem::replace(listener, Listener::Nobody) {
                        waker.wake();
                    }
                }
            }
        }
    }
}

impl Drop for Crier {
    /// With its runtime gone it cannot cry any more: who comes to this thread later needs another.
    fn drop(&mut self) {
        let mut all = self.all.write().expect("no holder of this lock panics");
        all.retain(|hall| !Arc::ptr_eq(hall, &self.hall));
    }
}
