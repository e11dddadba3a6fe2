//! A server of one's own, in a process of its own: it shares no runtime and no lock with what measures it.

use std::io;
use std::process::Stdio;

use anyhow::{Context, bail};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child as Process, ChildStdin, ChildStdout, Command};

use super::cores::Cores;
use super::orders::{Done, Order};
use super::plan::Plan;
use super::process;
use crate::client::Target;
use crate::feed::Retain;
use crate::tls::Trust;

/// Of `CreateProcess`: Ctrl-C is not passed on.
#[cfg(windows)]
const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;

/// A running server. It ends when this is dropped: its stdin closes.
pub(super) struct Child {
    process: Process,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    target: Target,
}

impl Child {
    pub(super) async fn start(plan: &Plan) -> anyhow::Result<Self> {
        let events = plan.retain();
        let largest = plan.source.size.max(1024) + 256;
        Self::remembering(Retain::of(events, events * largest), plan.cores, plan.tls).await
    }

    /// A server whose topics remember so much, on a CPU of its own where cores are named.
    pub(super) async fn remembering(retain: Retain, cores: Option<Cores>, tls: bool) -> anyhow::Result<Self> {
        let this = std::env::current_exe().context("cannot find this program to start it again")?;
        let mut command = Command::new(this);
        // Ctrl-C in a terminal goes to the whole group: the server must outlive it until the result is in.
        #[cfg(unix)]
        command.process_group(0);
        #[cfg(windows)]
        command.creation_flags(CREATE_NEW_PROCESS_GROUP);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--orders"])
            .args(["--retain", &retain.events.to_string()])
            .args(["--retain-bytes", &retain.bytes.to_string()])
            .args(tls.then_some("--tls-self-signed"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let started = match cores {
            None => command.spawn(),
            Some(cores) => cores.on_the_servers(|| command.spawn())?,
        };
        let mut process = started.context("cannot start a server")?;
        let orders = process.stdin.take().expect("stdin is piped");
        let stdout = process.stdout.take().expect("stdout is piped");
        let mut answers = BufReader::new(stdout).lines();
        let first = answers.next_line().await?.context("the server ended before it listened")?;
        let url = first.strip_prefix("listening on ").context("the server did not say where it listens")?;
        let mut target: Target = url.parse().context("the server listens at no URL")?;
        if target.is_secured() {
            // Nobody vouches for it but the pipe that it is read from.
            let second = answers.next_line().await?.unwrap_or_default();
            let fingerprint = second.strip_prefix("fingerprint ").map(str::parse);
            let fingerprint = fingerprint.and_then(Result::ok).context("the server did not say who it is")?;
            target = target.trusting(Trust::only(fingerprint));
        }
        Ok(Self { process, orders, answers, target })
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    pub(super) async fn order(&mut self, order: &Order) -> anyhow::Result<Done> {
        let mut line = serde_json::to_string(order)?;
        line.push('\n');
        self.orders.write_all(line.as_bytes()).await.context("the server has ended")?;
        let answer = self.answers.next_line().await?.context("the server has ended")?;
        match serde_json::from_str(&answer).context("the server does not make sense")? {
            Done::Refused(why) => bail!(why),
            done => Ok(done),
        }
    }

    /// CPU time of all its threads but the one that publishes, in microseconds; `None` where the platform
    /// does not say.
    pub(super) fn cpu_us(&self) -> Option<f64> {
        Some(self.scheduled()?.ran_us)
    }

    /// What its threads did and wanted; `None` where the platform does not say.
    pub(super) fn scheduled(&self) -> Option<Scheduled> {
        scheduled(self.process.id()?)
    }

    /// Its proportional set size in bytes; `None` where the platform does not say.
    pub(super) fn memory_bytes(&self) -> Option<u64> {
        process::memory_bytes(self.id()?)
    }

    /// What the system knows it by; `None` where it has ended.
    pub(super) fn id(&self) -> Option<u32> {
        self.process.id()
    }
}

/// Times of all threads of a process but the one that publishes, in microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scheduled {
    /// On a CPU.
    pub(super) ran_us: f64,
    /// Ready to run, while something else ran.
    pub(super) waited_us: f64,
}

/// What the threads of a process did and wanted; `None` where there is no such process, or the platform does not
/// say.
pub(super) fn scheduled(id: u32) -> Option<Scheduled> {
    let tasks = std::fs::read_dir(format!("/proc/{id}/task")).ok()?;
    let times: Vec<[u64; 2]> =
        tasks.flatten().map(|task| thread_ns(&task.path())).collect::<Result<_, _>>().ok()?;
    let sum_us = |index: usize| times.iter().map(|times| times[index]).sum::<u64>() as f64 / 1e3;
    Some(Scheduled { ran_us: sum_us(0), waited_us: sum_us(1) })
}

/// `schedstat` begins with the nanoseconds a thread has run, and those it has waited to
/// (Documentation/scheduler/sched-stats.rst).
fn thread_ns(task: &std::path::Path) -> io::Result<[u64; 2]> {
    if std::fs::read_to_string(task.join("comm"))?.trim() == "player" {
        return Ok([0; 2]);
    }
    let schedstat = std::fs::read_to_string(task.join("schedstat"))?;
    let mut times = schedstat.split(' ').map_while(|text| text.parse().ok());
    match (times.next(), times.next()) {
        (Some(ran), Some(waited)) => Ok([ran, waited]),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}
