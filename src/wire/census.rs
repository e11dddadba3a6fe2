//! What TCP and IP add below the ledger: the segments of all connections of a lane, as the kernel counted them.
//!
//! ```text
//! │ IP header 20, or 40 │ TCP header 20, or 32 with timestamps │ what the socket was given │
//! ```
//!
//! Segments that only open, close or acknowledge count, too; what lies below IP (14 bytes of Ethernet, say)
//! does not. Linux only: elsewhere nothing is known, and nothing is said.

use std::ops::{Add, Sub};
use std::sync::{Arc, Mutex, MutexGuard};

use slab::Slab;

#[cfg(target_os = "linux")]
type Connection = std::os::fd::OwnedFd;
#[cfg(not(target_os = "linux"))]
type Connection = (); // None is ever counted in.

/// What the kernel counted. Subtract two readings to know what happened in between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Segments {
    /// Segments received.
    pub down: u64,
    /// Segments sent.
    pub up: u64,
    /// Bytes of their IP and TCP headers.
    pub header_bytes_down: u64,
    /// Bytes of their IP and TCP headers.
    pub header_bytes_up: u64,
    /// Bytes that were sent again.
    pub retransmitted_bytes_up: u64,
}

impl Add for Segments {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            down: self.down + other.down,
            up: self.up + other.up,
            header_bytes_down: self.header_bytes_down + other.header_bytes_down,
            header_bytes_up: self.header_bytes_up + other.header_bytes_up,
            retransmitted_bytes_up: self.retransmitted_bytes_up + other.retransmitted_bytes_up,
        }
    }
}

impl Sub for Segments {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            down: self.down - earlier.down,
            up: self.up - earlier.up,
            header_bytes_down: self.header_bytes_down - earlier.header_bytes_down,
            header_bytes_up: self.header_bytes_up - earlier.header_bytes_up,
            retransmitted_bytes_up: self.retransmitted_bytes_up - earlier.retransmitted_bytes_up,
        }
    }
}

#[derive(Debug, Default)]
struct Sockets {
    open: Slab<Connection>,
    /// Of connections that are gone.
    closed: Segments,
}

/// The connections of a lane, those that are closed included.
#[derive(Debug, Default)]
pub struct Census {
    sockets: Mutex<Sockets>,
}

/// As long as this lives, its connection is open. It must end with it: it holds the socket, too.
#[derive(Debug)]
pub struct Watch {
    census: Arc<Census>,
    key: usize,
}

impl Census {
    fn sockets(&self) -> MutexGuard<'_, Sockets> {
        self.sockets.lock().expect("no holder of this lock panics")
    }
}

#[cfg(target_os = "linux")]
impl Census {
    /// Counts a connection in; `None` where there are no descriptors left.
    pub fn watch(self: &Arc<Self>, socket: impl std::os::fd::AsFd) -> Option<Watch> {
        let socket = socket.as_fd().try_clone_to_owned().ok()?;
        Some(Watch { key: self.sockets().open.insert(socket), census: self.clone() })
    }

    /// What the kernel has counted so far, all connections together.
    pub fn reading(&self) -> Option<Segments> {
        let sockets = self.sockets();
        Some(sockets.open.iter().fold(sockets.closed, |sum, (_, socket)| sum + segments(socket)))
    }
}

#[cfg(not(target_os = "linux"))]
impl Census {
    /// Counts a connection in, where the platform can tell: not here.
    pub fn watch<S>(self: &Arc<Self>, _: S) -> Option<Watch> {
        None
    }

    /// What the kernel has counted so far: not known here.
    pub fn reading(&self) -> Option<Segments> {
        None
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut sockets = self.census.sockets();
        let socket = sockets.open.remove(self.key);
        sockets.closed = sockets.closed + segments(&socket);
    }
}

#[cfg(target_os = "linux")]
fn segments(socket: &Connection) -> Segments {
    let Ok(tcp) = super::kernel::tcp(socket) else { return Segments::default() };
    let header_bytes = u64::from(tcp.header_bytes);
    let (up, down) = (u64::from(tcp.segments_sent), u64::from(tcp.segments_received));
    Segments {
        down,
        up,
        header_bytes_down: down * header_bytes,
        header_bytes_up: up * header_bytes,
        retransmitted_bytes_up: tcp.bytes_retransmitted,
    }
}

#[cfg(not(target_os = "linux"))]
fn segments((): &Connection) -> Segments {
    Segments::default()
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    use super::*;

    /// What the headers of one segment weigh that arrives at a client from `address`.
    fn header_bytes(listen: &str, address: &str) -> u64 {
        let listener = TcpListener::bind((listen, 0)).unwrap();
        let client = TcpStream::connect((address, listener.local_addr().unwrap().port())).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        let census = Arc::new(Census::default());
        let _watch = census.watch(&client);
        let before = census.reading().unwrap();
        server.write_all(b"event").unwrap();
        (&client).read_exact(&mut [0; 5]).unwrap();
        let arrived = census.reading().unwrap() - before;
        arrived.header_bytes_down / arrived.down
    }

    #[test]
    fn headers_of_ipv6_are_longer() {
        assert_eq!(header_bytes("127.0.0.1", "127.0.0.1"), 20 + 32);
        if TcpListener::bind("[::1]:0").is_err() {
            return; // This machine has no IPv6.
        }
        assert_eq!(header_bytes("::1", "::1"), 40 + 32);
        assert_eq!(
            header_bytes("127.0.0.1", "::ffff:127.0.0.1"),
            20 + 32,
            "it is IPv4, whatever it is called"
        );
    }

    #[test]
    fn segments_are_counted_while_a_connection_lasts_and_kept_when_it_is_gone() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        let census = Arc::new(Census::default());
        let watch = census.watch(&client);

        let before = census.reading().unwrap();
        server.write_all(b"event").unwrap();
        client.read_exact(&mut [0; 5]).unwrap();
        let arrived = census.reading().unwrap() - before;
        assert_eq!((arrived.down, arrived.header_bytes_down), (1, 52), "{arrived:?}");

        drop((watch, client));
        let mut rest = Vec::new();
        server.read_to_end(&mut rest).expect("the end comes: the watch holds the socket no longer");
        assert!(census.reading().unwrap().down > before.down, "what was counted stays");
    }
}
