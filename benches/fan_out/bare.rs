//! The least a server can do: one thread, one epoll, and for each delivery one write of bytes that were made
//! before.
//!
//! It reads what it is asked, and looks at none of it: who did not ask is answered as well.

use std::env;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use crate::poller::Poller;
use crate::rounds::{EVENTS_PER_S, READERS};

/// This program is its own server: where this is in its environment, that is what it writes.
pub(crate) const MESSAGE: &str = "FAN_OUT_MESSAGE";

/// What to write, where this is a server.
pub(crate) fn message() -> Option<String> {
    env::var(MESSAGE).ok()
}

/// Waits for its readers, and then writes to each of them, until one leaves.
pub(crate) fn serve(message: &str) {
    let listener = listen().expect("some port is free");
    println!("listening on http://{}", listener.local_addr().expect("it is bound"));
    let mut poller = Poller::new();
    let sockets: Vec<TcpStream> = (0..READERS).map(|number| accept(&listener, number, &poller)).collect();
    let period = Duration::from_secs(1) / EVENTS_PER_S;
    let mut due = Instant::now() + period;
    loop {
        for number in poller.wait(due.saturating_duration_since(Instant::now())) {
            if !has_asked(&sockets[number]) {
                return;
            }
        }
        if Instant::now() >= due {
            sockets.iter().for_each(|socket| write(socket, message));
            due += period;
        }
    }
}

/// With room for all who come at once: std's own listener has some for 128, and who finds none tries again after
/// a second.
fn listen() -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    socket.listen(READERS as i32)?;
    Ok(socket.into())
}

fn accept(listener: &TcpListener, number: usize, poller: &Poller) -> TcpStream {
    let (socket, _) = listener.accept().expect("a reader comes");
    socket.set_nodelay(true).expect("TCP has no delay to insist on");
    poller.add(number, &socket);
    socket
}

/// `false` where the reader has left.
fn has_asked(mut socket: &TcpStream) -> bool {
    let mut request = [0; 2 << 10];
    socket.read(&mut request).is_ok_and(|length| length > 0)
}

fn write(mut socket: &TcpStream, message: &str) {
    let written = socket.write(message.as_bytes()).expect("a reader leaves no earlier than its server");
    assert_eq!(written, message.len(), "a reader that keeps up has room for a message");
}
