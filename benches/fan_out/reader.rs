//! Those that read: one thread around one epoll, which counts events and parses nothing.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::lane::Lane;
use crate::poller::Poller;
use crate::rounds::READERS;

/// Each event says when it was sent, whatever is wrapped around it.
const EVENT: &[u8] = b"\"sent_us\":";

/// A first read may bring a head and no event, and the first ids are shorter than most: the message that stands
/// for all is this one.
const TYPICAL: usize = 20;

/// All readers of one lane.
pub(crate) struct Readers {
    lane: Lane,
    poller: Poller,
    sockets: Vec<TcpStream>,
    buffer: Vec<u8>,
}

impl Readers {
    pub(crate) fn connect(lane: Lane, server: SocketAddr) -> Self {
        let poller = Poller::new();
        let sockets: Vec<TcpStream> = (0..READERS).map(|_| connect(lane, server)).collect();
        sockets.iter().enumerate().for_each(|(number, socket)| poller.add(number, socket));
        Self { lane, poller, sockets, buffer: room() }
    }

    /// Reads for so long; gives the number of deliveries.
    pub(crate) fn read_for(&mut self, time: Duration) -> usize {
        let (end, mut deliveries) = (Instant::now() + time, 0);
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return deliveries;
            }
            for number in self.poller.wait(left) {
                let read = read(self.lane, &self.sockets[number], &mut self.buffer);
                deliveries += events(read);
            }
        }
    }
}

/// What a server writes for one event, byte for byte.
pub(crate) fn message(lane: Lane, server: SocketAddr) -> String {
    let (socket, mut buffer) = (connect(lane, server), room());
    for _ in 1..TYPICAL {
        read(lane, &socket, &mut buffer);
    }
    let message = read(lane, &socket, &mut buffer);
    assert_eq!(events(message), 1, "a reader by itself keeps up");
    String::from_utf8(message.to_vec()).expect("a chunk and an answer are text")
}

fn connect(lane: Lane, server: SocketAddr) -> TcpStream {
    let mut socket = TcpStream::connect(server).expect("a server listens");
    socket.set_nodelay(true).expect("TCP has no delay to insist on");
    socket.write_all(lane.request().as_bytes()).expect("a request fits into an empty socket");
    socket
}

/// Reads once, and asks again where that is how more is to be had.
fn read<'a>(lane: Lane, mut socket: &TcpStream, buffer: &'a mut [u8]) -> &'a [u8] {
    let length = socket.read(buffer).expect("something came");
    assert!(length > 0, "`{lane}` left");
    let read = &buffer[..length];
    if let Some(request) = lane.next_request(read) {
        socket.write_all(request.as_bytes()).expect("a request fits into an empty socket");
    }
    read
}

/// As much as a reader may have fallen behind.
fn room() -> Vec<u8> {
    vec![0; 64 << 10]
}

fn events(read: &[u8]) -> usize {
    memchr::memmem::find_iter(read, EVENT).count()
}
