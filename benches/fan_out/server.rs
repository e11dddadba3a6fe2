//! A server in a process of its own, the CPUs it may use, and the time it took there.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::thread::{CpuSet, sched_setaffinity};

use crate::bare;
use crate::rounds::{Arguments, EVENTS_PER_S};

/// The CPU of those who read; the first one is a server's.
const READERS_CPU: usize = 1;

/// `wirelanes serve`, with events as regular as those of a bare loop.
pub(crate) fn wirelanes(arguments: &Arguments) -> Command {
    let mut command = Command::new(&arguments.server);
    command.args(["serve", "--listen", "127.0.0.1:0", "--source", "steady"]);
    command.args(["--rate", &EVENTS_PER_S.to_string()]);
    if let Some(threads) = arguments.threads {
        command.args(["--threads", &threads.to_string()]);
    }
    command
}

/// This program, as a server that writes so.
pub(crate) fn bare(message: &str) -> Command {
    let mut command = Command::new(env::current_exe().expect("this program has a path"));
    command.env(bare::MESSAGE, message);
    command
}

/// A running server. It ends when this is dropped.
pub(crate) struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    /// On the first so many CPUs. This thread is then on that of those who read.
    pub(crate) fn start(command: &mut Command, cores: usize) -> Self {
        // What a thread starts inherits its CPUs.
        pin(0..cores);
        let started = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        pin([READERS_CPU]);
        let mut process = started.expect("a server can be started");
        let stdout = process.stdout.take().expect("stdout is piped");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("a server writes text");
        let address = line.trim().strip_prefix("listening on http://").map(str::parse);
        let address = address.expect("a server says where it listens").expect("an address and a port");
        Self { process, address }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// For how long all its threads have run so far, but the one that publishes.
    pub(crate) fn ran(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.process.id())).expect("a server runs");
        tasks.map(|task| thread_ran(&task.expect("a server runs").path())).sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already is no concern of ours: whoever read from it has said so.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn pin(cpus: impl IntoIterator<Item = usize>) {
    let mut set = CpuSet::new();
    cpus.into_iter().for_each(|cpu| set.set(cpu));
    sched_setaffinity(None, &set).expect("CPU 0 and CPU 1 are there, and may be used");
}

/// `schedstat` begins with the nanoseconds a thread has run (Documentation/scheduler/sched-stats.rst).
fn thread_ran(task: &Path) -> Duration {
    let read = |file| fs::read_to_string(task.join(file)).expect("no thread of a server ends before it");
    if read("comm").trim() == "player" {
        return Duration::ZERO;
    }
    let ran_ns = read("schedstat").split(' ').next().and_then(|text| text.parse().ok());
    Duration::from_nanos(ran_ns.expect("the kernel keeps account of its threads"))
}
