//! What tells the runs of a sweep apart, in the few words with which a warning names one.

use super::result::Run;

/// One condition of a run, as it is typed.
type Condition = fn(&Run) -> String;

const CONDITIONS: [Condition; 5] = [link, rate, poll_interval, clients, http];

/// For each run, the conditions that are not the same in all of them: `rtt=50ms · 10/s`. Nothing where there
/// is only one run.
pub(super) fn names(runs: &[Run]) -> Vec<String> {
    let varies = |condition: &&Condition| runs.iter().any(|run| condition(run) != condition(&runs[0]));
    let varying: Vec<&Condition> = CONDITIONS.iter().filter(varies).collect();
    let name = |run| varying.iter().map(|condition| condition(run)).collect::<Vec<_>>().join(" · ");
    runs.iter().map(name).collect()
}

/// The two ends on one machine, with nothing between, are a network, too.
fn link(run: &Run) -> String {
    if run.link == "none" { "no link".to_owned() } else { run.link.clone() }
}

fn rate(run: &Run) -> String {
    let asked = run.played.as_ref().map(|source| source.rate.to_string());
    asked.unwrap_or_else(|| format!("{:.3}/s", run.rate_per_s))
}

fn poll_interval(run: &Run) -> String {
    match run.poll_interval_us {
        us if us.is_multiple_of(1_000_000) => format!("poll every {} s", us / 1_000_000),
        us => format!("poll every {} ms", us as f64 / 1e3),
    }
}

fn http(run: &Run) -> String {
    run.http.to_string()
}

fn clients(run: &Run) -> String {
    format!("{} clients", run.clients)
}
