//! Writing to a socket that is known to have room, past the runtime's bookkeeping.
//!
//! A socket at rest has taken all that it was given, so it has room. To ask the runtime first costs a look at its
//! record of that socket, which is in no cache when a thousand of them are written to in turn.

use std::io;

use tokio::net::TcpStream;

/// What can be written to at once.
pub(crate) trait WriteNow {
    /// Writes as much as there is room for.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) where there is no room, or nothing can be said without the runtime.
    fn write_now(&mut self, bytes: &[u8]) -> io::Result<usize>;
}

impl WriteNow for TcpStream {
    fn write_now(&mut self, bytes: &[u8]) -> io::Result<usize> {
        socket2::SockRef::from(&*self).send(bytes)
    }
}
