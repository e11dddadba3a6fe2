//! A stretch of the way that forwards all there is, but loses, doubles or swaps one message of one stream.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use wirelanes::transport::Transport;

/// What becomes of the message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Forgery {
    Lose,
    Double,
    /// It changes places with the next one.
    Swap,
}

/// Which message of each connection: after the warm-up, and well before the end.
const FORGED: usize = 60;

/// Forges the stream of one transport, on the way to this server.
pub(super) fn forge(transport: Transport, forgery: Forgery, server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for near in listener.incoming().map_while(Result::ok) {
            // Either end may leave at any time: that is how a connection ends.
            thread::spawn(move || drop(forward(&near, transport, forgery, server)));
        }
    });
    address
}

fn forward(near: &TcpStream, transport: Transport, forgery: Forgery, server: SocketAddr) -> io::Result<()> {
    let far = TcpStream::connect(server)?;
    for end in [near, &far] {
        end.set_nodelay(true)?;
    }
    let mut up = BufReader::new(near.try_clone()?);
    let request = head(&mut up)?;
    let mut asking = far.try_clone()?;
    asking.write_all(&request)?;
    thread::spawn(move || {
        let _ = io::copy(&mut up, &mut asking);
        asking.shutdown(std::net::Shutdown::Write)
    });
    let (mut down, mut near) = (BufReader::new(far), near);
    if request.starts_with(format!("GET /{transport}").as_bytes()) {
        near.write_all(&head(&mut down)?)?;
        let message = if transport == Transport::Sse { chunk } else { frame };
        tamper(&mut near, forgery, || message(&mut down))?;
    }
    io::copy(&mut down, &mut near)?;
    near.shutdown(std::net::Shutdown::Both)
}

fn tamper(
    to: &mut impl Write,
    forgery: Forgery,
    mut next: impl FnMut() -> io::Result<Vec<u8>>,
) -> io::Result<()> {
    for _ in 1..FORGED {
        to.write_all(&next()?)?;
    }
    let forged = next()?;
    match forgery {
        Forgery::Lose => Ok(()),
        Forgery::Double => to.write_all(&[&forged[..], &forged].concat()),
        Forgery::Swap => to.write_all(&[next()?, forged].concat()),
    }
}

/// Up to and with the empty line.
pub(super) fn head(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if from.read_until(b'\n', &mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

/// A chunk with its length and its line ends (RFC 9112, section 7.1): one block of an event stream.
fn chunk(from: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut chunk = Vec::new();
    from.read_until(b'\n', &mut chunk)?;
    let digits = std::str::from_utf8(&chunk).unwrap_or_default().trim();
    let length = usize::from_str_radix(digits, 16).map_err(io::Error::other)?;
    more(from, &mut chunk, length + "\r\n".len())?;
    Ok(chunk)
}

/// A frame from a server, which masks nothing (RFC 6455, section 5.2).
fn frame(from: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut frame = Vec::new();
    more(from, &mut frame, 2)?;
    let length = match frame[1] {
        126 => {
            more(from, &mut frame, 2)?;
            usize::from(u16::from_be_bytes([frame[2], frame[3]]))
        }
        length => usize::from(length),
    };
    more(from, &mut frame, length)?;
    Ok(frame)
}

fn more(from: &mut BufReader<TcpStream>, into: &mut Vec<u8>, length: usize) -> io::Result<()> {
    let begun = into.len();
    into.resize(begun + length, 0);
    from.read_exact(&mut into[begun..])
}
