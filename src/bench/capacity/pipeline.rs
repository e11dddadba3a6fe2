//! One connection of the publisher: requests leave without waiting for the answers to those before, and answers
//! are counted as they come (RFC 9112, section 9.3.2).

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, anyhow};

use super::frames::answers::next_answer;
use super::marker::Mark;
use super::publisher::Publishing;
use super::seen::{LANES, turns};
use crate::client::{Target, line};
use crate::tls::{Direct, HTTP_1};

/// Requests a connection may be owed answers to: a second of the highest rate that was ever seen, and 16 MiB.
const WINDOW: u64 = 1 << 16;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// In plain, or under TLS.
enum Socket {
    Plain(TcpStream),
    Secured(Box<Direct>),
}

/// One connection.
pub(super) struct Pipeline {
    number: u64,
    socket: Socket,
    /// The head of every request: all are as long.
    head: Vec<u8>,
    /// How many events it was given.
    next: u64,
    /// How many of them the server answered for.
    pub(super) answered: u64,
    /// What is to be written, and how much of it is.
    out: Vec<u8>,
    written: usize,
    /// What was read of an answer.
    unread: Vec<u8>,
    /// Whether the server takes no more for now.
    pub(super) is_waiting: bool,
}

impl Socket {
    fn connect(address: &SocketAddr, target: &Target) -> io::Result<Self> {
        let socket = TcpStream::connect_timeout(address, CONNECT)?;
        socket.set_nodelay(true)?;
        if !target.is_secured() {
            socket.set_nonblocking(true)?;
            return Ok(Self::Plain(socket));
        }
        socket.set_read_timeout(Some(CONNECT))?;
        let (host, _) = target.address();
        let secured = target.trust().connect_directly(host, &[HTTP_1], socket)?;
        secured.socket().set_nonblocking(true)?;
        Ok(Self::Secured(Box::new(secured)))
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Secured(secured) => secured.read(buffer),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Secured(secured) => secured.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            Self::Secured(secured) => secured.flush(),
        }
    }
}

impl Pipeline {
    pub(super) fn open(number: usize, publishing: &Publishing) -> anyhow::Result<Self> {
        let Publishing { address, target, path, token, size, .. } = publishing;
        let socket = Socket::connect(address, target);
        let socket = socket.with_context(|| format!("cannot publish to `{target}`"))?;
        let (authority, credentials) = (target.authority(), line(token.as_ref()));
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {authority}\r\n{credentials}content-type: application/json\r\n\
             content-length: {size}\r\n\r\n"
        );
        Ok(Self {
            number: number as u64,
            socket,
            head: head.into(),
            next: 0,
            answered: 0,
            out: Vec::new(),
            written: 0,
            unread: Vec::new(),
            is_waiting: false,
        })
    }

    pub(super) fn is_done(&self) -> bool {
        !self.is_waiting && self.answered == self.next
    }

    /// Writes what is due of the events before `due`, and reads what was answered.
    pub(super) fn turn(&mut self, publishing: &Publishing, due: u64) -> anyhow::Result<()> {
        self.read()?;
        let end = turns(due)[self.number as usize];
        while self.next < end && self.next - self.answered < WINDOW {
            let sequence = self.next * LANES as u64 + self.number;
            self.out.extend_from_slice(&self.head);
            let mark = Mark { sequence, due_us: publishing.due_us[sequence as usize] };
            mark.write(publishing.size, &mut self.out);
            self.next += 1;
        }
        self.write()?;
        self.is_waiting = self.next < end || !self.out.is_empty();
        Ok(())
    }

    fn write(&mut self) -> io::Result<()> {
        while self.written < self.out.len() {
            match self.socket.write(&self.out[self.written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => self.written += count,
                Err(full) if full.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(wrong) if wrong.kind() == ErrorKind::Interrupted => {}
                Err(wrong) => return Err(wrong),
            }
        }
        match self.socket.flush() {
            Err(full) if full.kind() == ErrorKind::WouldBlock => return Ok(()),
            flushed => flushed?,
        }
        self.out.clear();
        self.written = 0;
        Ok(())
    }

    fn read(&mut self) -> anyhow::Result<()> {
        if self.answered == self.next {
            return Ok(());
        }
        let mut buffer = [0; 32 << 10];
        loop {
            match self.socket.read(&mut buffer) {
                Ok(0) => return Err(anyhow!("the server closed a connection: it must keep those alive")),
                Ok(count) => {
                    self.unread.extend_from_slice(&buffer[..count]);
                    self.count()?;
                    if count < buffer.len() {
                        return Ok(());
                    }
                }
                Err(none) if none.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(wrong) if wrong.kind() == ErrorKind::Interrupted => {}
                Err(wrong) => return Err(wrong.into()),
            }
        }
    }

    /// Counts the answers that are all there.
    fn count(&mut self) -> anyhow::Result<()> {
        let mut at = 0;
        while let Some(answer) = next_answer(&self.unread[at..])? {
            if !answer.head.is_success() {
                return Err(answer.head.refusal(answer.body).into());
            }
            self.answered += 1;
            at += answer.length;
        }
        self.unread.drain(..at);
        Ok(())
    }
}
