//! One transport over its rounds, and what whoever quotes it must know.

use super::experiment::Lane as Trials;
use super::host::{STILL_BYTES, Snapshot};
use super::kernel;
use super::plan::Plan;
use super::result::{Direction, Flow, GivenBack, KernelMemory, Lane, Memory, PerMinute, ServerMemory};
use super::trial::Trial;
use crate::bench::soak::ALLOWED_BYTES as IN_USE_VARIES_BY;
use crate::bench::statistics::median;
use crate::bench::warnings::debug_build;
use crate::transport::Transport;

/// Every figure is the median over the trials that have it.
pub(super) fn lane(Trials { transport, trials }: &Trials, connections: usize) -> Lane {
    let over = |read: &dyn Fn(&Trial) -> Option<f64>| median(trials.iter().filter_map(read).collect());
    let memory = |of: fn(&Trial) -> Option<Snapshot>| {
        over(&|trial: &Trial| of(trial)?.memory_bytes.map(|bytes| bytes as f64))
    };
    Lane {
        transport: *transport,
        rounds: trials.len(),
        lost: trials.iter().map(|trial| trial.lost).sum(),
        opening_us: over(&|trial| Some(trial.opening.as_secs_f64() * 1e6)),
        server_memory: ServerMemory {
            bytes_per_connection: over(&|trial| trial.grown(Some(trial.open), connections)),
            again_bytes_per_connection: over(&|trial| trial.grown(trial.again, connections)),
            before_bytes: memory(|trial| Some(trial.before)),
            open_bytes: memory(|trial| Some(trial.open)),
            after_bytes: memory(|trial| trial.after),
        },
        kernel_memory: KernelMemory {
            socket_bytes_per_connection: over(&|trial| trial.socket_bytes.map(|bytes| bytes as f64)),
            buffer_bytes_per_connection: over(&|trial| trial.buffers(connections)),
            buffers_within_bytes_per_connection: over(&|trial| {
                trial.buffers(connections).map(|_| kernel::within_bytes() as f64 / 2.0 / connections as f64)
            }),
        },
        per_minute: PerMinute {
            measured: flow(trials, |trial| trial.measured),
            predicted: flow(trials, |trial| trial.predicted),
            long_run: flow(trials, |trial| trial.long_run),
        },
        given_back: GivenBack {
            memory_share: over(&|trial: &Trial| trial.held()?.given_back()),
            memory: trials.iter().find_map(Trial::held).map(|held| held.memory),
            file_descriptors_opened: over(&|trial| {
                Some(descriptors(trial.open)? - descriptors(trial.before)?)
            }),
            file_descriptors_closed: over(&|trial| {
                Some(descriptors(trial.open)? - descriptors(trial.after?)?)
            }),
        },
    }
}

fn descriptors(snapshot: Snapshot) -> Option<f64> {
    snapshot.file_descriptors.map(|count| count as f64)
}

impl Trial {
    /// Both ends of a connection on this machine have buffers: half of them are the server's.
    fn buffers(&self, connections: usize) -> Option<f64> {
        let (open, before) = (self.open.buffer_bytes?, self.before.buffer_bytes?);
        self.is_local.then(|| (open as f64 - before as f64) / 2.0 / connections as f64)
    }

    /// What is in use, where the server tells; its pages, where it does not.
    fn held(&self) -> Option<Held> {
        let after = self.after?;
        let of = |memory, bytes: fn(&Snapshot) -> Option<u64>| {
            let [before, open, after] =
                [bytes(&self.before)?, bytes(&self.open)?, bytes(&after)?].map(|of| of as f64);
            Some(Held { memory, before, open, after })
        };
        of(Memory::InUse, |snapshot| snapshot.in_use_bytes)
            .or_else(|| of(Memory::Pages, |snapshot| snapshot.memory_bytes))
    }
}

/// The server's memory before a crowd, with it, and when it had gone.
struct Held {
    memory: Memory,
    before: f64,
    open: f64,
    after: f64,
}

impl Held {
    /// Of what it had grown by; `None` where a reading varies by more than a tenth of that.
    fn given_back(&self) -> Option<f64> {
        let varies_by = match self.memory {
            Memory::InUse => IN_USE_VARIES_BY,
            Memory::Pages => STILL_BYTES,
        };
        let grown = self.open - self.before;
        (grown >= 10.0 * varies_by as f64).then(|| (self.open - self.after) / grown)
    }
}

fn flow(trials: &[Trial], of: fn(&Trial) -> Option<Flow>) -> Option<Flow> {
    let flows: Vec<Flow> = trials.iter().filter_map(of).collect();
    let direction = |side: fn(&Flow) -> &Direction| {
        let over = |read: fn(&Direction) -> f64| median(flows.iter().map(|flow| read(side(flow))).collect());
        Some(Direction {
            payload_bytes: over(|way| way.payload_bytes)?,
            packets: over(|way| way.packets)?,
            wire_bytes: over(|way| way.wire_bytes)?,
        })
    };
    Some(Flow { down: direction(|flow| &flow.down)?, up: direction(|flow| &flow.up)? })
}

pub(super) fn warnings(plan: &Plan, lanes: &[Trials]) -> Vec<String> {
    let of_lanes = lanes.iter().flat_map(|lane| [lost(lane), unsettled(lane)]);
    [debug_build(), few(plan), shared_server(plan)].into_iter().chain(of_lanes).flatten().collect()
}

/// A hundred connections are about a hundred kilobytes, as is what a process takes and gives back by itself.
fn few(plan: &Plan) -> Option<String> {
    (plan.connections < 100).then(|| {
        let connections = plan.connections;
        format!("{connections} connections weigh less than what memory varies by: `-c 1000` says more")
    })
}

fn shared_server(plan: &Plan) -> Option<String> {
    let (is_shared, is_weighed) = (plan.transports.len() > 1 || plan.rounds > 1, plan.process.is_some());
    (plan.url.is_some() && is_shared && is_weighed).then(|| {
        "one server for all: memory that it kept of one crowd is used again by the next, which then seems \
         to take less"
            .to_owned()
    })
}

fn lost(Trials { transport, trials }: &Trials) -> Option<String> {
    let lost: u64 = trials.iter().map(|trial| trial.lost).sum();
    let why = trials.iter().find_map(|trial| trial.first_loss.as_deref()).unwrap_or("ended");
    (lost > 0).then(|| {
        let remedy = match transport {
            Transport::Poll => "; a server closes what is idle for too long: poll more often with `-i`",
            _ => "",
        };
        format!("{transport}: {lost} connections did not stay, the first: {why}{remedy}")
    })
}

fn unsettled(Trials { transport, trials }: &Trials) -> Option<String> {
    trials.iter().any(|trial| !trial.settled).then(|| {
        format!("{transport}: connections or memory did not stand still within 10 s when they were read")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: f64 = 1_048_576.0;

    fn given_back(memory: Memory, before: f64, open: f64, after: f64) -> Option<f64> {
        Held { memory, before: before * MB, open: open * MB, after: after * MB }.given_back()
    }

    #[test]
    fn what_was_given_back_is_told_where_it_is_more_than_a_reading_varies_by() {
        assert_eq!(given_back(Memory::InUse, 8.0, 18.0, 8.1), Some(0.99));
        assert_eq!(given_back(Memory::InUse, 8.0, 8.625, 8.0), Some(1.0), "10 times 64 KiB");
        assert_eq!(given_back(Memory::InUse, 8.0, 8.62, 8.0), None, "five hundred connections or so");
        assert_eq!(given_back(Memory::Pages, 8.0, 8.3125, 8.3125), Some(0.0), "10 times 8 pages");
        assert_eq!(given_back(Memory::Pages, 8.0, 8.31, 8.31), None);
        assert_eq!(given_back(Memory::Pages, 8.0, 7.0, 8.0), None, "it shrank");
    }
}
