//! The binary itself, where a process must start, be signalled, or die.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use super::eventually;

pub(crate) struct Program {
    child: Child,
    pub(crate) stdout: Lines,
    pub(crate) stderr: Lines,
}

/// What a program wrote so far. It is always read, so that the program never waits for its reader.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    pub(crate) fn of(pipe: impl Read + Send + 'static) -> Self {
        let lines = Self::default();
        let into = lines.clone();
        thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                into.0.lock().unwrap().push(line);
            }
        });
        lines
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// Whether the pipe has ended: who reads it has let go of them.
    fn are_all(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// Waits for a line that contains `part`.
    pub(crate) fn find(&self, part: &str) -> String {
        let find = || self.all().into_iter().find(|line| line.contains(part));
        eventually(&format!("`{part}` is among the lines"), || find().is_some());
        find().unwrap()
    }

    /// Waits for so many lines.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<String> {
        eventually(&format!("there are {count} lines"), || self.all().len() >= count);
        self.all()
    }
}

impl Program {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_among(arguments, &[])
    }

    /// With variables of its environment that are others than ours.
    pub(crate) fn start_among(arguments: &[&str], variables: &[(&str, &Path)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_wirelanes"))
            .args(arguments)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = Lines::of(child.stdout.take().unwrap());
        let stderr = Lines::of(child.stderr.take().unwrap());
        Self { child, stdout, stderr }
    }

    /// A server on any port that is free.
    pub(crate) fn serve(arguments: &[&str]) -> (Self, SocketAddr) {
        Self::serve_at("127.0.0.1:0", arguments)
    }

    pub(crate) fn serve_at(listen: &str, arguments: &[&str]) -> (Self, SocketAddr) {
        let program = Self::start(&[&["serve", "--listen", listen], arguments].concat());
        let line = program.stdout.find("listening on http");
        let (_, address) = line.split_once("://").expect("it tells a URL");
        let address = address.parse().unwrap();
        (program, address)
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Writes all of its standard input, and ends it.
    pub(crate) fn say(&mut self, text: &str) {
        self.child.stdin.take().expect("it is said once").write_all(text.as_bytes()).unwrap();
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end, and for all that it said.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        eventually("the program has ended", || !self.is_running());
        eventually("all that it said is here", || self.stdout.are_all() && self.stderr.are_all());
        self.child.wait().unwrap()
    }

    /// SIGKILL: no time for a farewell.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, signal).unwrap();
    }

    /// What it has allocated, in bytes. Without the pages of the program itself: its share of those grows by megabytes
    /// when another process that runs the same program ends.
    #[cfg(target_os = "linux")]
    pub(crate) fn memory(&self) -> u64 {
        let rollup = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", self.child.id())).unwrap();
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss_Anon:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// How many files it has open: a connection is one of them.
    #[cfg(target_os = "linux")]
    pub(crate) fn files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
