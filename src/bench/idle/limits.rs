//! Whether as many connections can be open at all: asked before anything is.

use anyhow::{bail, ensure};

use super::plan::Plan;
use crate::bench::process;

/// File descriptors that are no connection of a crowd: stdin, stdout, stderr, the runtime's poll and its
/// wakers, pipes to a server, a listener, a request for `/stats`. About a dozen, and room for as many that a
/// foreign server has.
const OTHERS: u64 = 64;

/// Refuses a plan that would run out of file descriptors half way.
pub(super) fn check(plan: &Plan) -> anyhow::Result<()> {
    let connections = plan.connections as u64;
    allow("this process", connections, own_limit())?;
    let Some(id) = plan.process else { return Ok(()) };
    if cfg!(target_os = "linux") {
        ensure!(
            process::file_descriptors(id).is_some(),
            "there is no process `{id}` of yours: name the server's"
        );
    }
    allow(&format!("the process `{id}`"), connections, process::file_limit(id))
}

fn allow(whose: &str, connections: u64, limit: Option<u64>) -> anyhow::Result<()> {
    let needed = connections + OTHERS;
    match limit {
        Some(limit) if limit < needed => bail!(
            "`{connections}` connections need {needed} file descriptors, and {whose} may have {limit}: choose \
             `-c {}` at most, or raise the limit with `ulimit -Hn {needed}`, as root",
            limit.saturating_sub(OTHERS)
        ),
        _ => Ok(()),
    }
}

/// `None` where there is none, or the platform does not say.
fn own_limit() -> Option<u64> {
    #[cfg(unix)]
    return rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_with_what_would() {
        assert!(allow("this process", 900, Some(1024)).is_ok());
        assert!(allow("this process", 1_000_000, None).is_ok());
        let refused = allow("this process", 1_000, Some(1024)).unwrap_err().to_string();
        assert!(refused.contains("1064 file descriptors") && refused.contains("may have 1024"), "{refused}");
        assert!(refused.contains("`-c 960`"), "{refused}");
    }
}
