//! Which CPU a server runs on, and which one those that measure it.
//!
//! What a thread starts inherits its CPUs: so this process is pinned before it has a second thread, and a
//! server is started by a thread that stands on the server's CPU for as long as that takes.

use std::io;
use std::str::FromStr;
use std::sync::OnceLock;

/// A CPU for the server, and one for its clients and publisher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cores {
    /// Where the server runs.
    pub server: usize,
    /// Where this process runs.
    pub client: usize,
}

/// Logical processors that this process might use before it was pinned to one of them.
pub(super) fn cpus() -> usize {
    static CPUS: OnceLock<usize> = OnceLock::new();
    *CPUS.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// Linux takes the numbers of so many CPUs in one set.
const MOST: usize = 1024;

/// Why a text is no pair of [`Cores`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no pair of CPUs; write `0,1`: the server's, then that of its clients")]
pub struct NotCores(String);

impl FromStr for Cores {
    type Err = NotCores;

    fn from_str(text: &str) -> Result<Self, NotCores> {
        let cpu = |text: &str| text.trim().parse().ok().filter(|cpu| *cpu < MOST);
        let cores = text.split_once(',').and_then(|(server, client)| Some((cpu(server)?, cpu(client)?)));
        let (server, client) = cores.ok_or_else(|| NotCores(text.to_owned()))?;
        Ok(Self { server, client })
    }
}

impl Cores {
    /// Keeps the calling thread, and whatever it starts, on the client's CPU.
    ///
    /// # Errors
    /// Where this process may not use that CPU, or the platform pins nothing.
    pub fn pin(self) -> io::Result<()> {
        cpus();
        // A server's CPU that does not exist is told of now, and not when the first server starts.
        imp::pin(self.server)?;
        imp::pin(self.client)
    }

    /// Does this on the server's CPU, and comes back.
    pub(super) fn on_the_servers<T>(self, start: impl FnOnce() -> T) -> io::Result<T> {
        imp::pin(self.server)?;
        let started = start();
        imp::pin(self.client)?;
        Ok(started)
    }
}

#[cfg(target_os = "linux")]
mod imp {
    use std::io;

    use rustix::thread::{CpuSet, sched_setaffinity};

    pub(super) fn pin(cpu: usize) -> io::Result<()> {
        let mut only = CpuSet::new();
        only.set(cpu);
        sched_setaffinity(None, &only).map_err(|refused| {
            let remedy = "choose from those that `taskset -cp $$` lists";
            io::Error::new(io::ErrorKind::InvalidInput, format!("no CPU `{cpu}` here: {remedy}: {refused}"))
        })
    }
}

#[cfg(not(target_os = "linux"))]
mod imp {
    use std::io;

    pub(super) fn pin(_: usize) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "`--cores` is known on Linux only: leave it out"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_are_two_numbers() {
        assert_eq!("0,1".parse(), Ok(Cores { server: 0, client: 1 }));
        assert_eq!("3, 3".parse(), Ok(Cores { server: 3, client: 3 }));
        for wrong in ["", "0", "0,", "a,b", "0,1,2", "-1,0", "0,1024"] {
            assert!(wrong.parse::<Cores>().is_err(), "`{wrong}` was taken for cores");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_started_runs_on_the_servers_cpu_and_the_thread_comes_back() {
        use rustix::thread::sched_getaffinity;
        let here = || {
            let cpus = sched_getaffinity(None).unwrap();
            (0..MOST).filter(|cpu| cpus.is_set(*cpu)).collect::<Vec<_>>()
        };
        let all = here();
        let cores = Cores { server: all[0], client: all[all.len() - 1] };
        // A thread of its own: what is pinned stays so.
        std::thread::spawn(move || {
            cores.pin().unwrap();
            assert_eq!(here(), [cores.client]);
            assert_eq!(cores.on_the_servers(here).unwrap(), [cores.server]);
            assert_eq!(here(), [cores.client]);
            let refused = Cores { server: MOST - 1, ..cores }.pin().unwrap_err().to_string();
            assert!(refused.starts_with("no CPU `1023` here: choose"), "{refused}");
        })
        .join()
        .unwrap();
    }
}
