//! What a server is told when it starts, and the socket that it listens on.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use super::limits::{Limits, WRITE_STALL};
use crate::feed::Retain;

/// Connections that wait to be accepted, at most: what Linux allows by default.
const BACKLOG: i32 = 4096;

/// How long a drain may take: a third of what an orchestrator waits before it kills (Kubernetes: 30 s, systemd: 90 s),
/// so that what runs in front of a server has time to notice.
pub const DRAIN: Duration = Duration::from_secs(10);

/// What a server is told when it starts.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Where to listen. Port 0 takes any that is free.
    pub listen: SocketAddr,
    /// How much each topic's log remembers.
    pub retain: Retain,
    /// A peer that takes nothing at all for so long is closed.
    pub write_stall: Duration,
    /// The size of each socket's send buffer, in bytes; the system's default where none is named.
    pub send_buffer: Option<usize>,
    /// Threads that serve: this one, and so many more with a runtime of their own.
    pub threads: usize,
    /// A control topic that nobody reads is forgotten after so long.
    pub forget: Duration,
    /// A server that is to end lets go of everybody within so long.
    pub drain: Duration,
    /// How much anybody may take of it.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            retain: Retain::default(),
            write_stall: WRITE_STALL,
            send_buffer: None,
            threads: 1,
            forget: Duration::from_secs(60),
            drain: DRAIN,
            limits: Limits::default(),
        }
    }
}

impl Config {
    /// Begins to listen.
    ///
    /// # Errors
    /// Where the address is taken or not this machine's.
    pub(super) fn listen(&self) -> io::Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(self.listen), Type::STREAM, Some(Protocol::TCP))?;
        // A restarted server takes its port back at once. On Windows this would let others share it.
        if cfg!(unix) {
            socket.set_reuse_address(true)?;
        }
        if let Some(size) = self.send_buffer {
            socket.set_send_buffer_size(size)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&self.listen.into())?;
        socket.listen(BACKLOG)?;
        TcpListener::from_std(socket.into())
    }
}
