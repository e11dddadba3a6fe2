//! A server as anybody would start it: on a port that it gets back when it is started again, and ended by the signal
//! that ends any service. (What a bench drives by orders is [`Child`](super::child::Child).)

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child as Process, Command};
use tokio::time::{Instant, timeout};

use crate::client::Target;

/// An address to which no client's own port can get in the way while nobody listens there: Linux gives a connection
/// to 127.0.0.9 an address of 127.0.0.1, and one to a port of its own would otherwise reach itself.
const HOST: &str = if cfg!(target_os = "linux") { "127.0.0.9" } else { "127.0.0.1" };

/// Beyond the time that a drain may take, a server that has not ended is stuck: 10 s, and half as much again.
const STUCK: Duration = Duration::from_secs(15);

/// A running server. It is killed when this is dropped.
pub(super) struct Served {
    process: Process,
    target: Target,
    address: SocketAddr,
}

/// How a server ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Left {
    /// From the signal to the end of its process.
    pub(super) took: Duration,
    /// `None` for one that had to be killed.
    pub(super) code: Option<i32>,
}

impl Served {
    /// Starts one where it can, or where another one was.
    pub(super) async fn start(at: Option<SocketAddr>, arguments: &[String]) -> anyhow::Result<Self> {
        Self::start_among(at, arguments, &[]).await
    }

    /// With further variables of its environment.
    pub(super) async fn start_among(
        at: Option<SocketAddr>,
        arguments: &[String],
        variables: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let this = std::env::current_exe().context("cannot find this program to start it again")?;
        let listen = at.map_or_else(|| format!("{HOST}:0"), |at| at.to_string());
        let mut command = Command::new(this);
        // Ctrl-C in a terminal goes to the whole group: the server must outlive it until the result is in.
        #[cfg(unix)]
        command.process_group(0);
        command.args(["serve", "--listen", &listen, "--publish", "anyone"]).args(arguments);
        command.envs(variables.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().context("cannot start a server")?;
        let mut lines = BufReader::new(process.stdout.take().expect("stdout is piped")).lines();
        let Some(first) = lines.next_line().await? else {
            let why = process.wait_with_output().await?.stderr;
            anyhow::bail!("a server did not start: {}", String::from_utf8_lossy(&why).trim());
        };
        let errors = process.stderr.take().expect("stderr is piped");
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        tokio::spawn(tell(BufReader::new(errors)));
        let url = first.strip_prefix("listening on ").context("the server did not say where it listens")?;
        let address =
            url.trim_start_matches("http://").parse().context("the server listens at no address")?;
        Ok(Self { process, target: Target::server(address), address })
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the system knows it by; `None` where it has ended.
    pub(super) fn id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Tells it to leave, and waits until it has.
    pub(super) async fn leave(mut self) -> anyhow::Result<Left> {
        let begun = Instant::now();
        self.terminate();
        let code = match timeout(STUCK, self.process.wait()).await {
            Ok(ended) => ended?.code(),
            Err(_) => {
                self.process.kill().await?;
                None
            }
        };
        Ok(Left { took: begun.elapsed(), code })
    }

    #[cfg(unix)]
    fn terminate(&self) {
        use rustix::process::{Pid, Signal, kill_process};
        let id = self.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        // Who has ended already needs no signal.
        let _ = id.map(|id| kill_process(id, Signal::TERM));
    }

    #[cfg(not(unix))]
    fn terminate(&mut self) {
        let _ = self.process.start_kill();
    }
}

/// Passes on what the server warns of; what it invites to is for people.
async fn tell(errors: BufReader<tokio::process::ChildStderr>) {
    let mut lines = errors.lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if line.contains("WARN") || line.contains("panicked") || line.starts_with("error") {
            tracing::warn!("the server: {line}");
        }
    }
}
