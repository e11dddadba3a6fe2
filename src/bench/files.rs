//! Whether as many connections can be open at once: asked before anything is.

use anyhow::bail;

use super::process;

/// File descriptors of a process that are no connection of a client: stdin, stdout, stderr, the runtime's poll and its
/// wakers, pipes to a server, listeners, who asks for the time. About a dozen, and room for as many that a foreign
/// server has.
const OTHERS: u128 = 64;

/// A crowd of clients, as `-c` asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Crowd {
    /// What was typed after `-c`.
    pub(super) clients: usize,
    /// File descriptors that all of them take.
    pub(super) files: u128,
}

impl Crowd {
    /// `lanes` times as many connections as clients, all at this end: of a link in between, two more for each.
    pub(super) fn here(clients: usize, lanes: usize, is_linked: bool) -> Self {
        let each = if is_linked { 3 } else { 1 };
        Self { clients, files: clients as u128 * lanes as u128 * each }
    }

    /// Several that are there at once; nobody is a crowd, too.
    pub(super) fn all(crowds: impl Iterator<Item = Self>) -> Self {
        crowds.fold(Self { clients: 0, files: 0 }, |sum, one| Self {
            clients: sum.clients.max(one.clients),
            files: sum.files + one.files,
        })
    }

    /// Refuses it where this process would run out of file descriptors half way.
    pub(super) fn fits_here(self) -> anyhow::Result<()> {
        self.fits("this process", own_limit())
    }

    /// The same for a process of somebody else, where it is known what that may have.
    pub(super) fn fits_in(self, id: u32) -> anyhow::Result<()> {
        self.fits(&format!("the process `{id}`"), process::file_limit(id))
    }

    fn fits(self, whose: &str, limit: Option<u64>) -> anyhow::Result<()> {
        let Self { clients, files } = self;
        let needed = files + OTHERS;
        match limit.map(u128::from) {
            Some(limit) if limit < needed => bail!(
                "`-c {clients}` needs {needed} file descriptors, and {whose} may have {limit}: choose `-c {}` at most, \
                 or raise the limit with `ulimit -Hn {needed}`, as root",
                limit.saturating_sub(OTHERS) * clients as u128 / files.max(1)
            ),
            _ => Ok(()),
        }
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

    fn refused(crowd: Crowd, limit: u64) -> Option<String> {
        crowd.fits("this process", Some(limit)).err().map(|wrong| wrong.to_string())
    }

    #[test]
    fn what_does_not_fit_is_refused_with_what_would() {
        assert_eq!(refused(Crowd::here(900, 1, false), 1024), None);
        assert!(Crowd::here(1_000_000, 5, true).fits("this process", None).is_ok());
        let said = refused(Crowd::here(1_000, 1, false), 1024).unwrap();
        assert!(said.contains("`-c 1000` needs 1064 file descriptors"), "{said}");
        assert!(said.contains("may have 1024") && said.contains("`-c 960` at most"), "{said}");
    }

    #[test]
    fn what_is_said_to_fit_does() {
        for (lanes, is_linked) in [(1, false), (5, false), (5, true)] {
            let said = refused(Crowd::here(usize::MAX, lanes, is_linked), 20_000).unwrap();
            let most = said.split("choose `-c ").nth(1).unwrap().split('`').next().unwrap();
            let most: usize = most.parse().unwrap();
            assert_eq!(refused(Crowd::here(most, lanes, is_linked), 20_000), None, "{said}");
            assert!(refused(Crowd::here(most + 1, lanes, is_linked), 20_000).is_some(), "{said}");
        }
    }

    #[test]
    fn crowds_at_once_add_up() {
        let crowds = [Crowd::here(10, 5, true), Crowd::here(20, 1, false)];
        assert_eq!(Crowd::all(crowds.into_iter()), Crowd { clients: 20, files: 170 });
        assert!(refused(Crowd::all([].into_iter()), 64).is_none());
    }
}
