//! What comes while a server wakes up goes along: as the reads of the control row tell, which is written to as
//! streams are.

use super::scene::Set;
use super::trial::Trial;

/// What a server does with events that come while it wakes up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waking {
    /// w. What a read brings beyond one instant came meanwhile, λw of it, with λ in instants: the ten events of a
    /// burst come at one.
    pub(super) wake_us: f64,
    /// What is written at once is read at once.
    pub(super) writes_per_event: f64,
}

impl Waking {
    pub(super) fn of(control: &[Trial], set: &Set) -> Self {
        let sum = |count: fn(&Trial) -> u64| control.iter().map(count).sum::<u64>() as f64;
        let (instants, reads) = (sum(|trial| trial.instants), sum(|trial| trial.reads));
        let events = sum(|trial| trial.events.delivered);
        let clients = control.iter().map(|trial| trial.clients).max().unwrap_or(1) as f64;
        let seconds: f64 = set.rounds.iter().map(|round| round.window.seconds()).sum();
        let beyond_one = instants / reads - 1.0;
        Self {
            wake_us: if beyond_one > 0.0 { beyond_one * seconds * 1e6 / (instants / clients) } else { 0.0 },
            writes_per_event: if events > 0.0 { reads / events } else { 1.0 },
        }
    }
}
