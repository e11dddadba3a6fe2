//! Which cells of a sweep are played at once.
//!
//! ```text
//!                none   rtt=20ms   rtt=100ms
//! 0.1/s        ┌──────────────────────────────┐
//! 1/s          │ together: 90 deliveries a    │     one server a row, all rows at once
//! 10/s         │ second are no burden         │
//!              └──────────────────────────────┘
//! 1000/s       [ 5000/s ] [ 5000/s ] [ 5000/s ]     one after another
//! ```
//!
//! Cells that need minutes, because their events are rare, then take those minutes once.

use std::time::Duration;

use super::plan::{Mode, Plan};

/// As many deliveries a second may be under way at once, all cells together. At 1,550 the clients kept two CPUs
/// busy for 2.4% of the time, 31 µs each: so with 2,000 one in thirty finds its CPU at work on another.
const AT_ONCE: f64 = 2_000.0;

/// Plans that publish alike, and so can share a server: by their place in the list.
pub(super) type Row = Vec<usize>;

/// Rows that are played at once.
pub(super) fn groups(plans: &[Plan]) -> Vec<Vec<Row>> {
    let mut groups: Vec<(f64, Vec<Row>)> = Vec::new();
    for (index, plan) in plans.iter().enumerate() {
        let load = load(plan);
        let fits = |(sum, rows): &&mut (f64, Vec<Row>)| {
            sum + load <= AT_ONCE && (plan.url.is_none() || publish_alike(&plans[rows[0][0]], plan))
        };
        match groups.iter_mut().find(fits) {
            Some((sum, rows)) => {
                *sum += load;
                add(rows, index, plans);
            }
            None => groups.push((load, vec![vec![index]])),
        }
    }
    groups.into_iter().map(|(_, rows)| rows).collect()
}

/// How long it will take, more or less.
pub fn expected(plans: &[Plan]) -> Duration {
    /// Starting, calibrating, adding up.
    const AROUND: Duration = Duration::from_secs(4);
    /// Of a window that is as long as its trace: the built-in one, at the speed that the README plays it.
    const TRACE: Duration = Duration::from_secs(10);
    let round = |plan: &Plan| plan.duration.unwrap_or(TRACE) + plan.warmup + plan.poll_interval;
    let once: Duration = match plans[0].mode {
        Mode::Together => groups(plans).iter().map(|rows| round(&plans[rows[0][0]])).sum(),
        // The control row takes its turn, too.
        Mode::Isolated => {
            plans.iter().map(|plan| (round(plan) + AROUND) * (plan.transports.len() as u32 + 1)).sum()
        }
    };
    AROUND + once * plans[0].rounds as u32
}

fn add(rows: &mut Vec<Row>, index: usize, plans: &[Plan]) {
    match rows.iter_mut().find(|row| publish_alike(&plans[row[0]], &plans[index])) {
        Some(row) => row.push(index),
        None => rows.push(vec![index]),
    }
}

fn publish_alike(one: &Plan, other: &Plan) -> bool {
    one.source == other.source
}

/// Deliveries a second of all its lanes, the control row among them, and polls.
fn load(plan: &Plan) -> f64 {
    let lanes = plan.transports.len() + 1;
    let polls = 1.0 / plan.poll_interval.as_secs_f64();
    plan.clients as f64 * (plan.source.rate.per_s() * lanes as f64 + polls)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::plan::tests::plan;

    /// A sweep in the order of the command line: every link for the first rate, then for the next.
    fn sweep(rates: &[&str], links: usize) -> Vec<Plan> {
        let of_rate = |rate: &&str| {
            let mut plan = plan();
            plan.source.rate = rate.parse().unwrap();
            vec![plan; links]
        };
        rates.iter().flat_map(of_rate).collect()
    }

    #[test]
    fn cells_that_publish_alike_share_a_server_and_light_ones_run_at_once() {
        assert_eq!(groups(&sweep(&["10"], 2)), [[[0, 1]]]);
        assert_eq!(groups(&sweep(&["0.1", "1", "10"], 2)), [[[0, 1], [2, 3], [4, 5]]]);
    }

    #[test]
    fn what_would_be_a_burden_takes_its_turn() {
        // Five lanes at 300/s are 1,500 deliveries a second.
        assert_eq!(groups(&sweep(&["300"], 2)), [[[0]], [[1]]]);
        assert_eq!(groups(&sweep(&["300", "1"], 2)), vec![vec![vec![0], vec![2, 3]], vec![vec![1]]]);
        assert_eq!(groups(&sweep(&["10000"], 1)), [[[0]]], "also where it is one for itself");
    }

    #[test]
    fn one_server_of_somebody_else_publishes_one_thing_at_a_time() {
        let mut plans = sweep(&["1", "2"], 2);
        for plan in &mut plans {
            plan.url = Some("http://127.0.0.1:1".parse().unwrap());
        }
        assert_eq!(groups(&plans), [[[0, 1]], [[2, 3]]]);
    }

    #[test]
    fn a_group_takes_its_time_once() {
        let plans = sweep(&["0.1", "1"], 5);
        let alone = expected(&plans[..1]);
        assert_eq!(expected(&plans), alone, "ten light cells take no longer than one");
        assert!(expected(&sweep(&["300"], 5)) > alone * 3, "heavy ones do");
    }
}
