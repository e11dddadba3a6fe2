//! Opening a connection.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;

use super::options::Options;
use crate::wire::{Books, End, Ledger, Wire};

/// A counted socket that is given up where nothing comes for too long.
pub(crate) type Socket = Wire<Pin<Box<TimeoutStream<TcpStream>>>>;

/// Nothing at all comes for so long only where the peer has vanished: every endpoint of ours says something
/// within 60 s (the longest hold, the longest heartbeat), and this leaves a quarter for the way.
const SILENCE: Duration = Duration::from_secs(75);

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// Opens a connection whose every byte is booked.
pub(crate) async fn dial(options: &Options, ledger: &Arc<Ledger>) -> io::Result<Socket> {
    let late = |_| io::Error::new(ErrorKind::TimedOut, "no connection within 10 s");
    let stream = timeout(CONNECT, open(options)).await.map_err(late)??;
    // Nagle would make push wait for the acknowledgement of the last event.
    stream.set_nodelay(true)?;
    ledger.connections.fetch_add(1, Ordering::Relaxed);
    if let Some(show) = &options.on_connect {
        show(&stream);
    }
    let watch = options.census.as_ref().and_then(|census| census.watch(&stream));
    let mut stream = TimeoutStream::new(stream);
    if options.target.is_server() {
        stream.set_read_timeout(Some(SILENCE));
    }
    let wire = Wire::new(Box::pin(stream), End::Client, Books::One(ledger.clone()));
    Ok(wire.tapped(options.tap.clone()).watched(watch))
}

async fn open(options: &Options) -> io::Result<TcpStream> {
    if let Some(relay) = options.via {
        return connect(relay, options).await;
    }
    let (host, port) = options.target.address();
    let mut failure = io::Error::new(ErrorKind::NotFound, format!("no address for `{host}`"));
    for address in lookup_host((host, port)).await? {
        match connect(address, options).await {
            Ok(stream) => return Ok(stream),
            Err(refused) => failure = refused,
        }
    }
    Err(failure)
}

async fn connect(address: SocketAddr, options: &Options) -> io::Result<TcpStream> {
    let socket = match address.is_ipv4() {
        true => TcpSocket::new_v4()?,
        false => TcpSocket::new_v6()?,
    };
    if let Some(size) = options.receive_buffer {
        socket.set_recv_buffer_size(size)?;
    }
    socket.connect(address).await
}
