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

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, anyhow};
use hdrhistogram::Histogram;

use super::histogram;
use super::pipeline::Pipeline;
use super::seen::{LANES, turns};
use crate::client::{Target, Token};
use crate::clock::monotonic_us;

/// What is due within so many microseconds of a write leaves with the next one: at 40,000 events a second,
/// eight of them. A write costs about 5 µs, so that ticks cost no more than a tenth of a core, and no event
/// waits a thousandth of a usual objective.
const TICK_US: u64 = 200;

/// How often a connection is looked at that owes nothing but answers.
const IDLE_US: u64 = 1_000;

/// What to publish, and where.
#[derive(Clone, Debug)]
pub(super) struct Publishing {
    pub(super) address: SocketAddr,
    /// Who is there.
    pub(super) target: Target,
    pub(super) path: String,
    pub(super) token: Option<Token>,
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
        let lanes: Vec<Pipeline> =
            (0..LANES).map(|lane| Pipeline::open(lane, &publishing)).collect::<Result<_, _>>()?;
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

fn publish(
    publishing: &Publishing,
    mut lanes: Vec<Pipeline>,
    stop: &AtomicBool,
) -> anyhow::Result<Published> {
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
        let is_done = due == due_us.len() && lanes.iter().all(Pipeline::is_done);
        if is_done || now_us > publishing.until_us || stop.load(Ordering::Relaxed) {
            let accepted = std::array::from_fn(|lane| lanes[lane].answered);
            return Ok(Published { accepted, lag_us });
        }
        sleep_until(wake_us(due_us.get(due).copied(), written_us, &lanes));
    }
}

/// When there is something to do again.
fn wake_us(next_due_us: Option<u64>, now_us: u64, lanes: &[Pipeline]) -> u64 {
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

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    use super::*;
    use crate::bench::capacity::marker::Mark;

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
            target: "http://x".parse().unwrap(),
            path: "/here".to_owned(),
            token: None,
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
