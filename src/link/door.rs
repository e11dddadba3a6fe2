//! A relay's port: open, or refusing.
//!
//! ```text
//! open        a listener, and a task that accepts from it
//! refusing    a socket that is bound and does not listen: the system answers a SYN with RST, and nobody else
//!             gets the port meanwhile
//! ```

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};

use socket2::{Domain, Protocol, Socket, Type};
use tokio_util::sync::CancellationToken;

use super::order::Doorkeeper;

/// Connections that wait to be accepted, at most: what Linux allows by default.
const BACKLOG: i32 = 4096;

pub(super) enum Door {
    Open {
        close: CancellationToken,
        /// Ends when the listener is closed: nothing is ever sent.
        closed: Receiver<Infallible>,
    },
    /// Without a socket where the port could not be kept.
    Refusing(Option<Socket>),
}

impl Door {
    /// A port that nobody listens at, yet.
    pub(super) fn bind(address: SocketAddr, refuses: bool) -> io::Result<(Self, SocketAddr)> {
        // A port is taken back at once. Where nobody listens, this would let others do so.
        let socket = bind(address, !refuses)?;
        let address = socket.local_addr()?.as_socket().unwrap_or(address);
        Ok((Self::Refusing(Some(socket)), address))
    }

    pub(super) fn refuses(&self) -> bool {
        matches!(self, Self::Refusing(_))
    }

    /// Listens from now on: what is to be done with the listener.
    ///
    /// # Errors
    /// Where somebody else has taken the port.
    pub(super) fn open(&mut self, address: SocketAddr, stop: &CancellationToken) -> io::Result<Doorkeeper> {
        let socket = match self {
            Self::Refusing(Some(socket)) => socket.try_clone()?,
            _ => bind(address, true)?,
        };
        if cfg!(unix) {
            // Its connections inherit this, so that they do not keep it from being bound again.
            socket.set_reuse_address(true)?;
        }
        socket.listen(BACKLOG)?;
        let close = stop.child_token();
        let (is_open, closed) = channel();
        *self = Self::Open { close: close.clone(), closed };
        Ok(Doorkeeper { listener: TcpListener::from(socket), close, is_open })
    }

    /// Refuses from now on. Returns when it does.
    ///
    /// # Errors
    /// Where the port is lost to somebody else in between.
    pub(super) fn close(&mut self, address: SocketAddr) -> io::Result<()> {
        if let Self::Open { close, closed } = self {
            close.cancel();
            let _ = closed.recv();
            *self = Self::Refusing(None);
            *self = Self::Refusing(Some(bind(address, true)?));
        }
        Ok(())
    }
}

/// On Windows, to use an address again would be to share it with anybody.
fn bind(address: SocketAddr, is_used_again: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if cfg!(unix) && is_used_again {
        socket.set_reuse_address(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}
