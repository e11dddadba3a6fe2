//! The bell of a topic: rings when something was appended, and costs the publisher the same however many listen.
//!
//! ```text
//! publish ──▶ ring ──▶ crier of thread 1 ──▶ listener, listener, listener, …
//!                 └──▶ crier of thread 2 ──▶ listener, listener, …
//! ```
//!
//! To wake a task from another thread costs a lock and perhaps a system call; from its own thread, a push to a
//! queue. So the publisher wakes one task for each thread on which readers wait, the *crier*, and the crier
//! goes round those of its thread. Most of them are connections at rest, to which the news can be written on
//! the spot: they are told directly, see [`Ring`], and no task is woken at all.

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, RwLock, Weak};
use std::task::{Context, Poll, Waker};
use std::thread::{self, ThreadId};

use slab::Slab;
use tokio::time::Instant;

/// Is told of news where it stands.
pub(crate) trait Ring: Send + Sync {
    /// Something new may be there; it is `now`. Must not wait.
    fn ring(&self, now: Instant);
}

/// Listeners told at a stretch: half of what tokio lets one task do before it is another's turn.
const STRETCH: usize = 64;

/// Rings for all that wait until something new is there.
#[derive(Default)]
pub(super) struct Bell(Arc<RwLock<Vec<Arc<Hall>>>>);

/// Those who listen on one thread.
struct Hall {
    thread: ThreadId,
    signal: Mutex<Signal>,
    /// Places that somebody listens in.
    listening: AtomicUsize,
    places: Mutex<Slab<Listener>>,
}

#[derive(Default)]
struct Signal {
    crier: Option<Waker>,
    has_rung: bool,
    is_over: bool,
}

enum Listener {
    Nobody,
    /// Wants to be woken once.
    Task(Waker),
    /// Wants to be told each time.
    Seat(Weak<dyn Ring>),
}

impl Bell {
    /// Tells all that listen now.
    pub(super) fn ring(&self) {
        let halls = self.0.read().expect("no holder of this lock panics");
        // Nobody is to be the first every time.
        let (before, after) = halls.split_at(fastrand::usize(..=halls.len()));
        for hall in after.iter().chain(before) {
            if hall.listening.load(Ordering::SeqCst) > 0 {
                hall.call_the_crier(|signal| signal.has_rung = true);
            }
        }
    }

    /// A place among those of the calling thread.
    ///
    /// # Panics
    /// Outside a tokio runtime, where the first of its thread comes: it needs a crier.
    pub(super) fn place(&self) -> Place {
        let hall = self.hall();
        let number = hall.places().insert(Listener::Nobody);
        Place { hall, number }
    }

    fn hall(&self) -> Arc<Hall> {
        let thread = thread::current().id();
        let of_thread = |all: &[Arc<Hall>]| all.iter().find(|hall| hall.thread == thread).cloned();
        if let Some(found) = of_thread(&self.0.read().expect("no holder of this lock panics")) {
            return found;
        }
        let hall = Arc::new(Hall {
            thread,
            signal: Mutex::default(),
            listening: AtomicUsize::new(0),
            places: Mutex::default(),
        });
        self.0.write().expect("no holder of this lock panics").push(hall.clone());
        let mut crier = Crier { hall: hall.clone(), all: self.0.clone(), round: None, told: Vec::new() };
        tokio::spawn(async move { poll_fn(|cx| crier.poll(cx)).await });
        hall
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        for hall in &*self.0.read().expect("no holder of this lock panics") {
            hall.call_the_crier(|signal| signal.is_over = true);
        }
    }
}

impl Hall {
    fn call_the_crier(&self, why: impl FnOnce(&mut Signal)) {
        let crier = {
            let mut signal = self.signal.lock().expect("no holder of this lock panics");
            why(&mut signal);
            signal.crier.take()
        };
        crier.into_iter().for_each(Waker::wake);
    }

    fn places(&self) -> MutexGuard<'_, Slab<Listener>> {
        self.places.lock().expect("no holder of this lock panics")
    }
}

/// Goes round the listeners of its thread, each time the bell has rung.
struct Crier {
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
        let mut signal = self.hall.signal.lock().expect("no holder of this lock panics");
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

/// A place to listen in.
pub(super) struct Place {
    hall: Arc<Hall>,
    number: usize,
}

impl Place {
    /// Has `waker` woken by the next ring.
    pub(super) fn wait(&self, waker: &Waker) {
        let mut places = self.hall.places();
        match &mut places[self.number] {
            Listener::Task(known) => known.clone_from(waker),
            Listener::Seat(_) => {}
            nobody => {
                *nobody = Listener::Task(waker.clone());
                self.hall.listening.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    /// Has `seat` told of every ring from now on.
    pub(super) fn sit(&self, seat: Weak<dyn Ring>) {
        let before = std::mem::replace(&mut self.hall.places()[self.number], Listener::Seat(seat));
        if matches!(before, Listener::Nobody) {
            self.hall.listening.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let before = self.hall.places().remove(self.number);
        if !matches!(before, Listener::Nobody) {
            self.hall.listening.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl std::task::Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Ring for Count {
        fn ring(&self, _: Instant) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Count {
        fn read(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    async fn ring(bell: &Bell) {
        bell.ring();
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_ring_wakes_who_waits_once_and_tells_who_sits_each_time() {
        let bell = Bell::default();
        let (waiting, sitting, absent) = (bell.place(), bell.place(), bell.place());
        let counts: [Arc<Count>; 3] = Default::default();
        let [woken, told, never] = &counts;
        waiting.wait(&Waker::from(woken.clone()));
        sitting.sit(Arc::downgrade(&(told.clone() as Arc<dyn Ring>)));
        ring(&bell).await;
        ring(&bell).await;
        assert_eq!((woken.read(), told.read(), never.read()), (1, 2, 0));
        absent.wait(&Waker::from(never.clone()));
        drop((absent, sitting));
        ring(&bell).await;
        assert_eq!((woken.read(), told.read(), never.read()), (1, 2, 0), "who has left is not told");
    }

    #[tokio::test]
    async fn a_round_goes_through_a_hall_of_any_size() {
        let bell = Bell::default();
        let count = Arc::new(Count::default());
        let places: Vec<_> = (0..10 * STRETCH + 1).map(|_| bell.place()).collect();
        places.iter().for_each(|place| place.sit(Arc::downgrade(&(count.clone() as Arc<dyn Ring>))));
        bell.ring();
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(count.read(), places.len());
    }

    #[test]
    fn a_second_runtime_on_the_same_thread_is_told_too() {
        let bell = Bell::default();
        for _ in 0..2 {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let (place, count) = (bell.place(), Arc::new(Count::default()));
                place.wait(&Waker::from(count.clone()));
                ring(&bell).await;
                assert_eq!(count.read(), 1);
            });
        }
        assert!(bell.0.read().unwrap().is_empty(), "a crier that is gone has left its hall");
    }
}
