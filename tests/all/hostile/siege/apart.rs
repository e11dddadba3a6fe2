//! The server on a CPU of its own, and everybody else on the others: who waits for it does not wait for who attacks it.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Starts a server on the first CPU that this thread may use, and leaves it the others, and with it all that it starts
/// from now on. Where there is but one, they share it.
pub(super) fn apart<T>(start: impl FnOnce() -> T) -> T {
    let all = sched_getaffinity(None).unwrap();
    let mut cpus = (0..CpuSet::MAX_CPU).filter(|cpu| all.is_set(*cpu));
    let mut first = CpuSet::new();
    first.set(cpus.next().expect("this runs on one"));
    let mut others = all;
    if cpus.next().is_some() {
        (0..CpuSet::MAX_CPU).filter(|cpu| first.is_set(*cpu)).for_each(|cpu| others.unset(cpu));
    }
    sched_setaffinity(None, &first).unwrap();
    let started = start();
    sched_setaffinity(None, &others).unwrap();
    started
}
