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

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, RwLock, Weak};
use std::task::Waker;
use std::thread::{self, ThreadId};

use slab::Slab;
use tokio::time::Instant;

use super::crier::Crier;

/// Is told of news where it stands.
pub(crate) trait Ring: Send + Sync {
    /// Something new may be there; it is `now`. Must not wait.
    fn ring(&self, now: Instant);
}

/// Rings for all that wait until something new is there.
#[derive(Default)]
pub(super) struct Bell(Arc<RwLock<Vec<Arc<Hall>>>>);

/// Those who listen on one thread.
pub(super) struct Hall {
    thread: ThreadId,
    signal: Mutex<Signal>,
    /// Places that somebody listens in.
    pub(super) listening: AtomicUsize,
    places: Mutex<Slab<Listener>>,
}

#[derive(Default)]
pub(super) struct Signal {
    pub(super) crier: Option<Waker>,
    pub(super) has_rung: bool,
    pub(super) is_over: bool,
}

pub(super) enum Listener {
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
        tokio::spawn(Crier::new(hall.clone(), self.0.clone()).cry());
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
            let mut signal = self.signal();
            why(&mut signal);
            signal.crier.take()
        };
        crier.into_iter().for_each(Waker::wake);
    }

    pub(super) fn signal(&self) -> MutexGuard<'_, Signal> {
        self.signal.lock().expect("no holder of this lock panics")
    }

    pub(super) fn places(&self) -> MutexGuard<'_, Slab<Listener>> {
        self.places.lock().expect("no holder of this lock panics")
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
    use super::super::crier::STRETCH;
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
