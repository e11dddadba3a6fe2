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
use tokio_util::either::Either;

use super::cause::Unreached;
use super::http::Http;
use super::options::Options;
use super::silence::SILENCE;
use crate::tls::{Cipher, HTTP_1, HTTP_2, Secured};
use crate::wire::{Books, End, Ledger, Wire};

/// A counted socket that is given up where nothing comes for too long.
pub(crate) type Socket = Wire<Either<Patient, Box<Secured<Patient>>>>;

/// In plain, or under TLS.
type Patient = Pin<Box<TimeoutStream<TcpStream>>>;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// How long it may take to make it secure.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Opens a connection whose every byte is booked.
pub(crate) async fn dial(options: &Options, ledger: &Arc<Ledger>) -> io::Result<Socket> {
    let stream = open(options, ledger).await?;
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
    let wire = over(options, Box::pin(stream), Books::One(ledger.clone())).await?;
    Ok(wire.tapped(options.tap.clone()).watched(watch))
}

/// The wire over a socket, with TLS between them where the target asks for it.
async fn over(options: &Options, socket: Patient, books: Books) -> io::Result<Socket> {
    if !options.target.is_secured() {
        return Ok(Wire::new(Either::Left(socket), End::Client, books));
    }
    let late = |_| io::Error::new(ErrorKind::TimedOut, "no TLS handshake within 10 s");
    let (host, _) = options.target.address();
    // Only the one that is spoken: what is measured must not be left to what a server prefers.
    let protocols = [if options.http == Http::Two { HTTP_2 } else { HTTP_1 }];
    let connecting = options.target.trust().connect(host, &protocols, socket);
    let secured = timeout(HANDSHAKE, connecting).await.map_err(late)??;
    let beneath = secured.beneath();
    Ok(Wire::new(Either::Right(Box::new(secured)), End::Client, books).above(beneath))
}

/// What a connection is encrypted with, where it is.
pub(crate) fn cipher(socket: &Socket) -> Option<Cipher> {
    match socket.socket() {
        Either::Left(_) => None,
        Either::Right(secured) => Some(secured.cipher()),
    }
}

async fn open(options: &Options, ledger: &Arc<Ledger>) -> io::Result<TcpStream> {
    let target = options.target.address();
    let Some(proxy) = &options.proxy else {
        return reach(target, options).await.map_err(|why| unreached(options, why));
    };
    let mut stream = reach(proxy.address(), options).await.map_err(|why| proxy.unreachable(&why))?;
    proxy.tunnel(&mut stream, target, ledger, options.tap.as_ref()).await?;
    Ok(stream)
}

/// Nobody was there, and where that is.
fn unreached(options: &Options, why: io::Error) -> io::Error {
    let address = options.via.map_or_else(|| options.target.origin(), |relay| relay.to_string());
    io::Error::new(why.kind(), Unreached { address, is_known: false, why })
}

async fn reach(address: (&str, u16), options: &Options) -> io::Result<TcpStream> {
    let late = |_| io::Error::new(ErrorKind::TimedOut, "no connection within 10 s");
    timeout(CONNECT, find(address, options)).await.map_err(late)?
}

async fn find((host, port): (&str, u16), options: &Options) -> io::Result<TcpStream> {
    if let Some(relay) = options.via {
        return connect(relay, options).await;
    }
    let mut failure = io::Error::new(ErrorKind::NotFound, format!("no address for `{host}`"));
    let unknown = |why: io::Error| io::Error::new(ErrorKind::NotFound, why.to_string());
    for address in lookup_host((host, port)).await.map_err(unknown)? {
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
