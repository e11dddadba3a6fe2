//! One epoll for many sockets: both the bare server and the readers stand on it.

use std::net::TcpStream;
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::fd::OwnedFd;

/// So many sockets are told of at a time: as many as tokio asks for.
const AT_A_TIME: usize = 1024;

/// Sockets, by their numbers.
pub(crate) struct Poller {
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
}

impl Poller {
    pub(crate) fn new() -> Self {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).expect("a process may have an epoll");
        Self { epoll, events: Vec::with_capacity(AT_A_TIME) }
    }

    /// Looks out for what comes on this socket from now on; no read of it waits any more.
    pub(crate) fn add(&self, number: usize, socket: &TcpStream) {
        socket.set_nonblocking(true).expect("a socket can be told not to wait");
        let number = epoll::EventData::new_u64(number as u64);
        epoll::add(&self.epoll, socket, number, epoll::EventFlags::IN).expect("a socket is added once");
    }

    /// Waits for so long at most; gives the numbers of those where something came.
    pub(crate) fn wait(&mut self, longest: Duration) -> impl Iterator<Item = usize> {
        let longest = Timespec::try_from(longest).expect("seconds are meant, not centuries");
        self.events.clear();
        epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&longest))
            .expect("no signal is sent");
        self.events.iter().map(|event| event.data.u64() as usize)
    }
}
