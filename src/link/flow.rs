//! One direction with its sockets: what was read goes under way, what is due is written.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::net::Shutdown;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::{Buf, Bytes};
use socket2::SockRef;
use tokio::net::TcpStream;

use super::way::Way;

/// Bytes that are read at once, at most.
const AT_A_TIME: usize = 64 << 10;

/// Pieces that are written at once, at most.
const PIECES: usize = 64;

thread_local! {
    /// What is read is copied out at its real size: a connection on which nothing happens holds no buffer.
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; AT_A_TIME].into());
}

/// How it stands with the socket that is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sink {
    Open,
    /// It is to be told of the end behind what is still to be written.
    Ending,
    Ended,
    /// It takes nothing any more.
    Broken,
}

pub(super) struct Flow {
    pub(super) way: Way,
    /// Nothing more will be read.
    pub(super) is_read: bool,
    /// What is due and not written yet.
    out: VecDeque<Bytes>,
    out_bytes: usize,
    pub(super) sink: Sink,
}

impl Flow {
    pub(super) fn new(way: Way) -> Self {
        Self { way, is_read: false, out: VecDeque::new(), out_bytes: 0, sink: Sink::Open }
    }

    /// These are to be written next.
    pub(super) fn arrived(&mut self, bytes: Bytes) {
        self.out_bytes += bytes.len();
        self.out.push_back(bytes);
    }

    /// Forgets all that was read and not written.
    pub(super) fn clear(&mut self) {
        self.way.clear();
        self.forget();
    }

    fn forget(&mut self) {
        self.out.clear();
        self.out_bytes = 0;
    }

    /// The socket did not take all that was due.
    pub(super) fn is_blocked(&self) -> bool {
        self.out_bytes > 0
    }

    /// Whether more may be read. Otherwise the sender's own socket fills, and it learns that it is to wait.
    pub(super) fn has_room(&self, now: Instant) -> bool {
        self.way.room(now, self.out_bytes).is_ok()
    }

    /// When to look again, as far as time is concerned.
    pub(super) fn next(&self, now: Instant) -> Option<Instant> {
        let room = self.way.room(now, self.out_bytes).err().flatten();
        self.way.next().into_iter().chain(room).min()
    }

    /// Writes as much as the socket takes: how many bytes that were.
    pub(super) fn write(&mut self, socket: &TcpStream, cx: &mut Context<'_>) -> usize {
        let mut written = 0;
        while !self.out.is_empty() && self.sink != Sink::Broken {
            match write(&self.out, socket, cx) {
                Poll::Ready(Ok(count)) => {
                    written += count;
                    self.wrote(count);
                }
                Poll::Ready(Err(_)) => self.sink = Sink::Broken,
                Poll::Pending => return written,
            }
        }
        self.forget();
        if self.sink == Sink::Ending {
            // Who is gone needs not be told.
            let _ = SockRef::from(socket).shutdown(Shutdown::Write);
            self.sink = Sink::Ended;
        }
        written
    }

    fn wrote(&mut self, mut count: usize) {
        self.out_bytes -= count;
        while let Some(first) = self.out.front_mut() {
            let taken = count.min(first.len());
            first.advance(taken);
            count -= taken;
            if !first.is_empty() {
                return;
            }
            self.out.pop_front();
        }
    }
}

fn write(out: &VecDeque<Bytes>, socket: &TcpStream, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
    let mut pieces = [IoSlice::new(&[]); PIECES];
    let count = out.len().min(PIECES);
    for (piece, bytes) in pieces.iter_mut().zip(out) {
        *piece = IoSlice::new(bytes);
    }
    loop {
        std::task::ready!(socket.poll_write_ready(cx))?;
        match socket.try_write_vectored(&pieces[..count]) {
            Err(full) if full.kind() == ErrorKind::WouldBlock => {}
            written => return Poll::Ready(written),
        }
    }
}

/// One read; empty at the end.
pub(super) fn read(socket: &TcpStream, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
    loop {
        std::task::ready!(socket.poll_read_ready(cx))?;
        let read = SCRATCH.with_borrow_mut(|scratch| {
            let count = socket.try_read(scratch)?;
            Ok(Bytes::copy_from_slice(&scratch[..count]))
        });
        match read {
            Err(nothing) if io::Error::kind(&nothing) == ErrorKind::WouldBlock => {}
            read => return Poll::Ready(read),
        }
    }
}
