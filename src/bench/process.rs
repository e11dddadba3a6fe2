//! What Linux tells of a process under `/proc` (proc(5)); `None` where the platform does not say.

use std::fs;

/// Its proportional set size in bytes: its own pages, and of shared ones its share.
pub(super) fn memory_bytes(id: u32) -> Option<u64> {
    share_bytes(id, "Pss:")
}

/// The part of that which it has allocated, without the pages of the program itself: its share of those changes
/// whenever another process that runs the same program comes or goes.
pub(super) fn allocated_bytes(id: u32) -> Option<u64> {
    share_bytes(id, "Pss_Anon:")
}

fn share_bytes(id: u32, row: &str) -> Option<u64> {
    let rollup = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok()?;
    let line = rollup.lines().find_map(|line| line.strip_prefix(row))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// How many file descriptors it has open: a connection is one of them.
pub(super) fn file_descriptors(id: u32) -> Option<u64> {
    Some(fs::read_dir(format!("/proc/{id}/fd")).ok()?.count() as u64)
}

/// How many it may have.
pub(super) fn file_limit(id: u32) -> Option<u64> {
    soft_limit(&fs::read_to_string(format!("/proc/{id}/limits")).ok()?)
}

/// `Max open files            20000                20000                files`
fn soft_limit(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// A process, those that it started, and so on: a server may serve from any of them.
pub(super) fn family(id: u32) -> Vec<u32> {
    let mut family = vec![id];
    let mut met = 0;
    while let Some(parent) = family.get(met) {
        family.extend(children(*parent));
        met += 1;
    }
    family
}

/// Each thread has its own children (`CONFIG_PROC_CHILDREN`).
fn children(id: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let ids = |list: String| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>();
    lists.flat_map(ids).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_that_holds_is_the_first_of_two() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max open files            1024                 20000                files     \n";
        assert_eq!(soft_limit(limits), Some(1024));
        assert_eq!(
            soft_limit("Max open files            unlimited            unlimited            files"),
            None
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_of_ones_own_is_known() {
        let own = std::process::id();
        assert!(memory_bytes(own) > allocated_bytes(own) && allocated_bytes(own).unwrap() > 0);
        assert!(file_descriptors(own).unwrap() > 2);
        assert_eq!(family(own)[0], own);
    }

    #[test]
    fn of_a_process_that_is_none_nothing_is_known() {
        // Beyond the largest id that Linux gives, 2²².
        let none = u32::MAX;
        assert_eq!((memory_bytes(none), file_descriptors(none), file_limit(none)), (None, None, None));
    }
}
