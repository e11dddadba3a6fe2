//! The least a server can do: one thread, one epoll, one write for each socket.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use rustix::event::{Timespec, epoll};

pub(crate) fn serve(bytes: usize, subscribers: usize, events_per_s: u32) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("listening on bare/{}", listener.local_addr().unwrap());
    let poller = epoll::create(epoll::CreateFlags::CLOEXEC).unwrap();
    let mut sockets: Vec<TcpStream> = Vec::new();
    for index in 0..subscribers {
        let (socket, _) = listener.accept().unwrap();
        socket.set_nodelay(true).unwrap();
        socket.set_nonblocking(true).unwrap();
        epoll::add(&poller, &socket, epoll::EventData::new_u64(index as u64), epoll::EventFlags::IN).unwrap();
        sockets.push(socket);
    }
    let message = vec![b'x'; bytes];
    let period = Duration::from_secs(1) / events_per_s;
    let mut due = Instant::now() + period;
    let mut events = Vec::with_capacity(64);
    loop {
        let wait = due.saturating_duration_since(Instant::now());
        let wait = Timespec { tv_sec: 0, tv_nsec: wait.as_nanos() as i64 };
        events.clear();
        epoll::wait(&poller, rustix::buffer::spare_capacity(&mut events), Some(&wait)).unwrap();
        for event in &events {
            let mut asked = [0; 2048];
            if (&sockets[event.data.u64() as usize]).read(&mut asked).unwrap_or(0) == 0 {
                return;
            }
        }
        if Instant::now() >= due {
            for mut socket in &sockets {
                assert_eq!(socket.write(&message).unwrap(), message.len());
            }
            due += period;
        }
    }
}
