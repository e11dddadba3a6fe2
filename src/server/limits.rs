//! How much anybody may take of a server: every limit has its reason here, or where it is kept.
//!
//! | limit | default | who is over it is told |
//! |---|---|---|
//! | connections | what the system's file limit allows | 503 at accept; under TLS an alert |
//! | connections from one address | 1,000; of this machine any number | the same |
//! | events published from one address | 200 a second; by this machine any number | 429; `error` on a WebSocket |
//! | [topics](crate::feed::MAX_TOPICS) | 1,000 | 503 |
//! | what a topic [remembers](crate::feed::Retain) | 10,000 events, 64 MiB; all together 256 MiB | who reads it: a gap |
//! | a message, a [body](crate::transport::websocket) | 64 KiB | 413, 1009 |
//! | a request's head | 64 KiB | 431 |
//! | time for a head, from its first byte | 10 s | closed |
//! | time for a body | 30 s | 408 |
//! | time without a request | 75 s | closed |
//! | time for a [pong](crate::transport::websocket) | 10 s | closed |
//! | time in which a peer takes nothing at all | 30 s | closed |
//! | time for a TLS handshake | 10 s | closed |
//! | streams at a time on one connection of [HTTP/2](super::http2) | 128; further limits in its `limits` | refused |
//!
//! What can be turned is in [`Limits`], and on the command line.

use std::time::Duration;

use crate::feed::MAX_TOPICS;
use crate::transport::websocket::{LARGEST_PUBLISH, PONG};

/// A request's head is no longer, or it is refused with 431: a browser's with all its cookies is a tenth.
pub(super) const LARGEST_HEAD: usize = 64 << 10;

/// Time for a head, from its first byte to its last: the largest takes 9.4 s over a modem of 56 kbit/s.
pub(super) const HEAD: Duration = Duration::from_secs(10);

/// The same while the server goes away: a head leaves its client in one piece, and a round trip over a satellite is
/// a second.
pub(super) const LAST_HEAD: Duration = Duration::from_secs(1);

/// How long a body may take: 64 KiB over the slowest modem still sold takes 9 s, and who sends it may wait for a
/// disk.
pub(super) const BODY: Duration = Duration::from_secs(30);

/// A connection without a request is closed after so long: longer than any poll interval worth keeping one for.
pub(super) const IDLE: Duration = Duration::from_secs(75);

/// A peer that takes nothing at all for so long is closed: TCP repeats a lost segment after 0.2, 0.6, 1.4, … 25 s
/// (RFC 6298, section 5.5), so that a network that comes back within 25 s is found.
pub(super) const WRITE_STALL: Duration = Duration::from_secs(30);

/// Time for a TLS handshake: two round trips and two signatures; what takes longer than five round trips of two
/// seconds is no client.
pub(super) const TLS_HANDSHAKE: Duration = Duration::from_secs(10);

/// From one address: a class of a hundred behind one router, each with a page of ten connections.
const PER_ADDRESS: usize = 1_000;

/// Events a second from one address: four lanes of a page, at 50 a second each.
const PUBLISHES_PER_S: f64 = 200.0;

/// Files that are no connection: 16 of those who were [turned away](super::turned), stdin, stdout, stderr, a listener,
/// and what the page is read from.
const OTHER_FILES: usize = 32;

/// Each thread has a runtime, with epoll, an event and a copy of the pipe that tells of signals.
const FILES_PER_THREAD: usize = 3;

/// The limits that can be turned.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Connections in all; where none is named, as many as the process may have files, less some for other things.
    pub connections: Option<usize>,
    /// Connections from one address. Where none is named 1,000, and from this machine any number: a bench is one
    /// address, and so is a proxy.
    pub per_address: Option<usize>,
    /// Events a second that one address may publish. Where none is named 200, and this machine any number.
    pub publishes_per_s: Option<f64>,
}

impl Limits {
    /// How many files this process may have open.
    pub fn files() -> usize {
        files()
    }

    /// How many of them so many threads take for other things than connections.
    pub fn other_files(threads: usize) -> usize {
        FILES_PER_THREAD.saturating_mul(threads).saturating_add(OTHER_FILES)
    }

    /// How many connections this process has files for; each may come over a link of its own, or none.
    pub fn room(threads: usize, has_links: bool) -> usize {
        // A link has a socket for either end.
        fit(if has_links { 3 } else { 1 }, threads)
    }

    pub(super) fn connections(&self, threads: usize) -> usize {
        self.connections.unwrap_or_else(|| Self::room(threads, false))
    }

    /// From one address; none where there is no limit.
    pub(super) fn per_address(&self, is_this_machine: bool) -> Option<usize> {
        self.per_address.or((!is_this_machine).then_some(PER_ADDRESS))
    }

    /// By one address; none where there is no limit.
    pub(super) fn publishes_per_s(&self, is_this_machine: bool) -> Option<f64> {
        self.publishes_per_s.or((!is_this_machine).then_some(PUBLISHES_PER_S))
    }
}

/// What cannot be turned, and what becomes of who is over it: a line each.
pub fn fixed_limits() -> String {
    let seconds = |span: Duration| format!("{} s", span.as_secs());
    let kibibytes = |bytes: usize| format!("{} KiB", bytes >> 10);
    let lines = [
        (MAX_TOPICS.to_string(), "topics that hold events; to publish to one more is answered 503"),
        (MAX_TOPICS.to_string(), "topics that are read and hold none yet; to read one more is answered 503"),
        (
            kibibytes(LARGEST_PUBLISH),
            "an event's data; more is answered 413, on a WebSocket by an error or 1009",
        ),
        (kibibytes(LARGEST_HEAD), "a request's head; more is answered 431"),
        (seconds(HEAD), "a request's head, from its first byte; then the connection is closed"),
        (seconds(BODY), "a request's body; then it is answered 408"),
        (seconds(IDLE), "a connection without a request; then it is closed"),
        (seconds(WRITE_STALL), "a peer that takes nothing at all; then it is closed"),
        (seconds(PONG), "a WebSocket's pong; then it is closed"),
        (seconds(TLS_HANDSHAKE), "a TLS handshake; then the connection is closed"),
    ];
    lines.map(|(most, of_what)| format!("  {most:>6}  {of_what}\n")).concat()
}

/// How many connections there may be that take so many files each.
fn fit(each: usize, threads: usize) -> usize {
    (files().saturating_sub(Limits::other_files(threads)) / each).max(1)
}

/// How many files this process may have open.
#[cfg(unix)]
fn files() -> usize {
    use rustix::process::{Resource, getrlimit};
    getrlimit(Resource::Nofile)
        .current
        .map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX))
}

#[cfg(not(unix))]
fn files() -> usize {
    usize::MAX
}
