//! Publishes events over HTTP, whatever the server is up to: an open loop on absolute instants.
//!
//! ```text
//! due      │  │  │  │  │  │  │  │  │  │  │  │  │  │  │  │  │  │  │        the schedule, drawn before
//! ticks       ▲           ▲           ▲           ▲           ▲           what is due by now leaves in one write
//! POST…POST…POST ─▶ over four connections, in turn      201…201 ◀─        answers are counted behind
//! ```
//!
//! A POST does not wait for the answer to the one before: requests are pipelined (RFC 9112, section 9.3.2), so
//! that a server's answer is no part of when the next event leaves. What is late is the publisher's own fault
//! only as far as it came late to the event: that is its *lag*. Where a server's socket is full, the event
//! waits, and that is its latency.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, anyhow};
use hdrhistogram::Histogram;

use super::frames::answers::next_answer;
use super::histogram;
use super::marker::Mark;
use super::seen::{LANES, turns};
use crate::clock::monotonic_us;

/// What is due within so many microseconds of a write leaves with the next one: at 40,000 events a second,
/// eight of them. A write costs about 5 µs, so that ticks cost no more than a tenth of a core, and no event
/// waits a thousandth of a usual objective.
const TICK_US: u64 = 200;

/// How often a connection is looked at that owes nothing but answers.
const IDLE_US: u64 = 1_000;

/// Requests a connection may be owed answers to: a second of the highest rate that was ever seen, and 16 MiB.
const WINDOW: u64 = 1 << 16;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// What to publish, and where.
#[derive(Clone, Debug)]
pub(super) struct Publishing {
    pub(super) address: SocketAddr,
    pub(super) authority: String,
    pub(super) path: String,
    /// Bytes of each event's data.
    pub(super) size: usize,
    /// When each is due, in monotonic microseconds.
    pub(super) due_us: Arc<[u64]>,
    /// The first event whose lag counts.
    pub(super) first: u64,
    /// When to give up on what a server has not taken, in monotonic microseconds.
    pub(super) until_us: u64,
}

/// What was published.
#[derive(Clone, Debug)]
pub(super) struct Published {
    /// On each connection, how many events the server answered for.
    pub(super) accepted: [u64; LANES],
    /// How late the publisher came to an event, in microseconds.
    pub(super) lag_us: Histogram<u64>,
}

impl Published {
    /// How many events from this one on were answered for.
    pub(super) fn accepted_since(&self, first: u64) -> u64 {
        let before = turns(first);
        self.accepted.iter().zip(before).map(|(accepted, before)| accepted.saturating_sub(before)).sum()
    }
}

/// A publisher at work. It stops when this is dropped.
pub(super) struct Publisher {
    thread: Option<JoinHandle<anyhow::Result<Published>>>,
    stop: Arc<AtomicBool>,
}

impl Publisher {
    pub(super) fn start(publishing: Publishing) -> anyhow::Result<Self> {
        let lanes: Vec<Lane> =
            (0..LANES).map(|lane| Lane::open(lane, &publishing)).collect::<Result<_, _>>()?;
        let stop = Arc::new(AtomicBool::new(false));
        let told = stop.clone();
        let thread = thread::Builder::new()
            .name("publisher".to_owned())
            .spawn(move || publish(&publishing, lanes, &told))
            .context("cannot start a thread that publishes")?;
        Ok(Self { thread: Some(thread), stop })
    }

    /// Waits until everything is published, or given up.
    pub(super) async fn done(mut self) -> anyhow::Result<Published> {
        let thread = self.thread.take().expect("it is waited for once");
        tokio::task::spawn_blocking(|| thread.join()).await?.map_err(|_| anyhow!("the publisher panicked"))?
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn publish(publishing: &Publishing, mut lanes: Vec<Lane>, stop: &AtomicBool) -> anyhow::Result<Published> {
    let due_us = &publishing.due_us;
    let mut lag_us = histogram();
    let mut due = 0;
    loop {
        let now_us = monotonic_us();
        let before = due;
        due += due_us[due..].iter().take_while(|due_us| **due_us <= now_us).count();
        for lane in &mut lanes {
            lane.turn(publishing, due as u64).context("cannot publish")?;
        }
        let written_us = monotonic_us();
        let first = before.max(publishing.first as usize).min(due);
        due_us[first..due].iter().for_each(|due_us| lag_us.saturating_record(written_us - due_us));
        let is_done = due == due_us.len() && lanes.iter().all(Lane::is_done);
        if is_done || now_us > publishing.until_us || stop.load(Ordering::Relaxed) {
            let accepted = std::array::from_fn(|lane| lanes[lane].answered);
            return Ok(Published { accepted, lag_us });
        }
        sleep_until(wake_us(due_us.get(due).copied(), written_us, &lanes));
    }
}

/// When there is something to do again.
fn wake_us(next_due_us: Option<u64>, now_us: u64, lanes: &[Lane]) -> u64 {
    let soonest = now_us + TICK_US;
    match next_due_us {
        Some(due_us) if lanes.iter().all(|lane| !lane.is_waiting) => due_us.max(soonest),
        Some(due_us) => due_us.clamp(soonest, now_us + IDLE_US),
        None => now_us + IDLE_US,
    }
}

fn sleep_until(instant_us: u64) {
    thread::sleep(Duration::from_micros(instant_us.saturating_sub(monotonic_us())));
}

/// One connection.
struct Lane {
    number: u64,
    socket: TcpStream,
    /// The head of every request: all are as long.
    head: Vec<u8>,
    /// How many events it was given.
    next: u64,
    /// How many of them the server answered for.
    answered: u64,
    /// What is to be written, and how much of it is.
    out: Vec<u8>,
    written: usize,
    /// What was read of an answer.
    unread: Vec<u8>,
    /// Whether the server takes no more for now.
    is_waiting: bool,
}

impl Lane {
    fn open(number: usize, publishing: &Publishing) -> anyhow::Result<Self> {
        let Publishing { address, authority, path, size, .. } = publishing;
        let socket = TcpStream::connect_timeout(address, CONNECT)
            .with_context(|| format!("cannot publish to `{authority}`"))?;
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {authority}\r\ncontent-type: application/json\r\n\
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

    fn is_done(&self) -> bool {
        !self.is_waiting && self.answered == self.next
    }

    /// Writes what is due of the events before `due`, and reads what was answered.
    fn turn(&mut self, publishing: &Publishing, due: u64) -> anyhow::Result<()> {
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

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// Answers every request of four connections so, and gives the data that they carried.
    fn serve(listener: TcpListener, answer: &'static str) -> JoinHandle<Vec<Vec<String>>> {
        thread::spawn(move || {
            let peers = (0..LANES).map(|_| listener.accept().unwrap().0);
            let peers: Vec<_> = peers.map(|peer| thread::spawn(move || converse(peer, answer))).collect();
            peers.into_iter().map(|peer| peer.join().unwrap()).collect()
        })
    }

    fn converse(mut peer: TcpStream, answer: &str) -> Vec<String> {
        let (mut text, mut bodies) = (String::new(), Vec::new());
        let mut buffer = [0; 1000];
        while let Ok(count) = peer.read(&mut buffer)
            && count > 0
        {
            text += std::str::from_utf8(&buffer[..count]).unwrap();
            while let Some((head, rest)) = text.split_once("\r\n\r\n")
                && rest.len() >= 50
            {
                assert!(head.starts_with("POST /here HTTP/1.1\r\nhost: x\r\n"), "{head}");
                bodies.push(rest[..50].to_owned());
                text = rest[50..].to_owned();
                peer.write_all(answer.as_bytes()).unwrap();
            }
        }
        bodies
    }

    fn publishing(listener: &TcpListener, events: u64) -> Publishing {
        let now_us = monotonic_us();
        Publishing {
            address: listener.local_addr().unwrap(),
            authority: "x".to_owned(),
            path: "/here".to_owned(),
            size: 50,
            due_us: (0..events).map(|event| now_us + event * 10).collect(),
            first: 10,
            until_us: now_us + 10_000_000,
        }
    }

    #[tokio::test]
    async fn every_event_is_posted_once_and_in_the_order_of_its_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let publishing = publishing(&listener, 1_001);
        let server = serve(listener, "HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}");
        let published = Publisher::start(publishing.clone()).unwrap().done().await.unwrap();
        assert_eq!((published.accepted, published.accepted_since(10)), ([251, 250, 250, 250], 991));
        assert_eq!(published.lag_us.len(), 991);
        for bodies in server.join().unwrap() {
            let first: u64 = bodies[0][11..23].parse().unwrap();
            for (turn, body) in bodies.iter().enumerate() {
                let sequence = first + (turn * LANES) as u64;
                let mut expected = Vec::new();
                Mark { sequence, due_us: publishing.due_us[sequence as usize] }.write(50, &mut expected);
                assert_eq!(body.as_bytes(), expected);
            }
        }
    }

    #[tokio::test]
    async fn a_server_that_says_no_is_an_error() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let publishing = publishing(&listener, 100);
        let _server = serve(listener, "HTTP/1.1 403 Forbidden\r\ncontent-length: 3\r\n\r\nno!");
        let refused = Publisher::start(publishing).unwrap().done().await.unwrap_err();
        assert_eq!(format!("{refused:#}"), "cannot publish: the server answered `403 Forbidden no!`");
    }

    #[tokio::test]
    async fn what_a_server_does_not_answer_for_is_given_up_in_time() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let publishing = publishing(&listener, 100);
        let silent = Publishing { until_us: publishing.due_us[99] + 5_000, ..publishing };
        let published = Publisher::start(silent).unwrap().done().await.unwrap();
        assert_eq!((published.accepted, published.lag_us.len()), ([0; LANES], 90));
    }
}
