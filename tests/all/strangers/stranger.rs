//! Somebody else's program, for as long as a test lasts.

use std::env;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::behaviour::eventually;
use crate::behaviour::program::Lines;

pub(crate) struct Stranger {
    child: Child,
    stdin: ChildStdin,
    pub(crate) stdout: Lines,
    pub(crate) stderr: Lines,
}

impl Stranger {
    pub(crate) fn start(command: &mut Command) -> Self {
        // No proxy of this machine's is meant, nor any language but theirs.
        for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            command.env_remove(name);
        }
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|wrong| panic!("{command:?}: {wrong}"));
        let stdin = child.stdin.take().unwrap();
        let (stdout, stderr) =
            (Lines::of(child.stdout.take().unwrap()), Lines::of(child.stderr.take().unwrap()));
        Self { child, stdin, stdout, stderr }
    }

    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.stdin, "{line}").unwrap();
    }

    /// Waits until it listens.
    pub(crate) fn listens_at(&mut self, address: SocketAddr) {
        eventually(&format!("somebody listens at {address}"), || {
            assert!(self.child.try_wait().unwrap().is_none(), "it ended: {:?}", self.stderr.all());
            TcpStream::connect(address).is_ok()
        });
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address that was free a moment ago: a program that is told its port cannot be asked for it.
pub(crate) fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Where a program is, if it is installed or fetched. Daemons are where only root looks.
///
/// # Panics
/// Where it is not, although `CI` is set and `tests/run --install` gets it.
pub(crate) fn installed(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let daemons = ["/usr/sbin".into(), ours("debian/usr/sbin"), ours("debian/usr/bin")];
    let folders = env::split_paths(&path).chain(daemons);
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() {
        missing(name);
    }
    found
}

/// Packages of npm and PyPI, where `tests/run --install` puts them.
pub(crate) fn fetched(name: &str) -> Option<PathBuf> {
    let path = ours(name);
    if !path.exists() {
        missing(name);
        return None;
    }
    Some(path)
}

fn ours(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/strangers").join(name)
}

/// A file beside these tests.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all/strangers").join(name)
}

fn missing(name: &str) {
    /// No Debian package brings the first, and the second brings half a system along.
    const NOT_TO_BE_HAD: [&str; 2] = ["websocat", "squid"];
    let is_due = env::var_os("CI").is_some() && !NOT_TO_BE_HAD.contains(&name);
    assert!(!is_due, "no {name}: `tests/run --install` gets it");
    eprintln!("no {name}, so what needs it is skipped; `tests/run --install` gets what can be had");
}
