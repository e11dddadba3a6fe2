//! What a connection costs the kernel at one end.
//!
//! ```text
//! /proc/net/protocols   TCP       2432     12 …     bytes of a `struct tcp_sock`
//! /proc/net/sockstat    TCP: inuse 12 … mem 3       pages that hold what is sent, or received and not read
//! ```
//!
//! Each CPU keeps up to a mebibyte of pages back before it tells of them: what is less cannot be seen.
//!
//! The structure is the largest part and not the whole: what every socket has besides (its inode, its file,
//! an entry in the server's poll) is about half as much again, and only root may see it, in `/proc/slabinfo`.

use std::fs;
use std::net::SocketAddr;

/// Bytes of the kernel's structure of one TCP socket; `None` where the platform does not say.
pub(super) fn socket_bytes(address: SocketAddr) -> Option<u64> {
    let name = if address.is_ipv6() { "TCPv6" } else { "TCP" };
    structure(&fs::read_to_string("/proc/net/protocols").ok()?, name)
}

/// The second column is the size.
fn structure(protocols: &str, name: &str) -> Option<u64> {
    let mut rows = protocols.lines().map(str::split_whitespace);
    rows.find_map(|mut row| (row.next()? == name).then(|| row.next()?.parse().ok())?)
}

/// Bytes in the buffers of all TCP sockets of this machine; `None` where the platform does not say.
pub(super) fn buffer_bytes() -> Option<u64> {
    let pages = buffer_pages(&fs::read_to_string("/proc/net/sockstat").ok()?)?;
    #[cfg(unix)]
    return Some(pages * rustix::param::page_size() as u64);
    #[cfg(not(unix))]
    Some(pages)
}

/// `SK_MEMORY_PCPU_RESERVE` (include/net/sock.h), of each CPU.
const KEPT_BACK: u64 = 1 << 20;

/// By how much [`buffer_bytes`] may be off, either way.
pub(super) fn within_bytes() -> u64 {
    KEPT_BACK * std::thread::available_parallelism().map_or(1, usize::from) as u64
}

/// `TCP: inuse 12 orphan 0 tw 4 alloc 13 mem 3`
fn buffer_pages(sockstat: &str) -> Option<u64> {
    let line = sockstat.lines().find_map(|line| line.strip_prefix("TCP:"))?;
    let mut words = line.split_whitespace();
    words.find(|word| *word == "mem")?;
    words.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_from_the_row_of_that_name() {
        let protocols = "protocol  size sockets  memory press maxhdr\n\
                         UDP       1344      0       0   NI       0\n\
                         TCPv6     2592      1       0   no     320\n\
                         TCP       2432     12       3   no     320\n";
        assert_eq!((structure(protocols, "TCP"), structure(protocols, "TCPv6")), (Some(2432), Some(2592)));
        assert_eq!(structure(protocols, "SCTP"), None);
    }

    #[test]
    fn pages_of_udp_are_not_counted() {
        let sockstat = "sockets: used 11\nTCP: inuse 1 orphan 0 tw 0 alloc 1 mem 7\nUDP: inuse 0 mem 3\n";
        assert_eq!(buffer_pages(sockstat), Some(7));
        assert_eq!(buffer_pages("sockets: used 11\n"), None);
    }
}
