//! Those who were turned away a moment ago.
//!
//! Each got its answer in one write, at accept. The socket is kept for a moment: to close one whose request was not read
//! resets it, and the reset could overtake the answer.

use std::collections::VecDeque;
use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Sockets that are kept after they were answered, at most.
const MOST_TURNED: usize = 16;

/// For so long at most: an answer crosses any network within it.
const LINGERS: Duration = Duration::from_secs(1);

/// Their sockets, and until when each is kept.
#[derive(Default)]
pub(super) struct Turned(VecDeque<(Instant, TcpStream)>);

impl Turned {
    /// Answers, and keeps the socket for a moment.
    pub(super) fn away(&mut self, stream: tokio::net::TcpStream, answer: &[u8]) {
        let Ok(mut stream) = stream.into_std() else { return };
        // A new socket has room for so little, and who is gone already needs no answer.
        let _ = stream.write(answer).and_then(|_| stream.shutdown(Shutdown::Write));
        if self.0.len() >= MOST_TURNED {
            self.0.pop_front();
        }
        self.0.push_back((Instant::now() + LINGERS, stream));
    }

    /// Waits until it is time to close one, and closes it.
    pub(super) async fn expire(&mut self) {
        match self.0.front() {
            None => std::future::pending().await,
            Some((until, _)) => sleep_until(*until).await,
        }
        self.0.pop_front();
    }
}
