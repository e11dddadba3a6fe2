//! Asking a server for the time: four stamps, two of each clock (RFC 5905, section 8).
//!
//! ```text
//! server        receive 5,030 ─── transmit 5,050        its clock
//!              ↗                               ↘
//! here   before 100                           after 180  ours
//! ```
//!
//! The question came no earlier than it left, and the answer left no later than it came: the server's clock was
//! ahead by 5,030 − 100 at the most when it was asked, and by 5,050 − 180 at the least when that was known. What
//! lies between the two is the round trip, 60 µs; where in it the truth lies, no number of stamps can tell.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::timeout;

use super::connection::{Connection, get};
use super::ended::Ended;
use super::options::Options;
use crate::clock::{Time, monotonic_us};
use crate::wire::Ledger;
use hyper::header::CONTENT_TYPE;

/// Exchanges to choose the best of: of so many, one at least met no queue.
pub(super) const EXCHANGES: usize = 32;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Four stamps, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exchange {
    /// When the question left, by our monotonic clock.
    pub(super) before_us: u64,
    /// When it came, by the server's.
    pub(super) receive_us: u64,
    /// When the answer left, by the server's.
    pub(super) transmit_us: u64,
    /// When the read that completed it returned, by ours.
    pub(super) after_us: u64,
}

impl Exchange {
    /// How far the server's clock was ahead of ours at `before_us`, at the most. A stamp cuts off up to a
    /// microsecond.
    pub(super) fn most_us(&self) -> f64 {
        self.receive_us as f64 - self.before_us as f64 + 1.0
    }

    /// How far it was ahead at `after_us`, at the least.
    pub(super) fn least_us(&self) -> f64 {
        self.transmit_us as f64 - self.after_us as f64 - 1.0
    }

    /// What the way there and back took, without the server's part; negative where its clock was set meanwhile.
    pub(super) fn round_trip_us(&self) -> f64 {
        self.most_us() - self.least_us()
    }

    /// The middle of the two: off by half the round trip where all of it was in one direction.
    pub(super) fn offset_us(&self) -> f64 {
        f64::midpoint(self.most_us(), self.least_us())
    }

    /// When that was so, by our clock.
    pub(super) fn at_us(&self) -> f64 {
        f64::midpoint(self.before_us as f64, self.after_us as f64)
    }

    /// Whether this can be the offset.
    pub(super) fn allows(&self, offset_us: i64) -> bool {
        (self.least_us()..=self.most_us()).contains(&(offset_us as f64))
    }

    /// The one with less room for error.
    pub(super) fn better_of(self, other: Self) -> Self {
        if other.round_trip_us() < self.round_trip_us() { other } else { self }
    }
}

/// Asks again and again, on one connection as long as that lasts.
pub(super) struct Asker {
    options: Options,
    ledger: Arc<Ledger>,
    connection: Option<Connection>,
}

impl Asker {
    pub(super) fn new(options: Options) -> Self {
        Self { options, ledger: Arc::default(), connection: None }
    }

    /// Asks once. What the server says beside the time comes with it.
    pub(super) async fn ask(&mut self) -> Result<(Exchange, Time), Ended> {
        if let Some(mut used) = self.connection.take()
            && used.is_reusable().await
            && let Ok(told) = self.exchange(used).await
        {
            return Ok(told);
        }
        // A connection that was used may end at any time: that is no answer yet.
        let fresh = Connection::open(&self.options, &self.ledger).await?;
        self.exchange(fresh).await
    }

    /// An exchange that fails, or is given up, leaves no connection behind.
    async fn exchange(&mut self, mut connection: Connection) -> Result<(Exchange, Time), Ended> {
        let late = |_| Ended::Lost(io::Error::new(ErrorKind::TimedOut, "no answer within 10 s"));
        let before_us = monotonic_us();
        let asking = connection.exchange(get(&self.options, "/time"));
        let answer = timeout(PATIENCE, asking).await.map_err(late)?.map_err(|ended| self.helped(ended))?;
        let after_us = self.ledger.last_read_us.load(Ordering::Relaxed);
        if !answer.status.is_success() {
            return Err(Ended::refused(&answer));
        }
        let kind = answer.header(CONTENT_TYPE.as_str());
        let time: Time = serde_json::from_slice(&answer.body)
            .map_err(|wrong| Ended::unlike("time", "application/json", kind, wrong))?;
        self.connection = Some(connection);
        let Time { receive_us, transmit_us, .. } = time;
        let exchange = Exchange { before_us, receive_us, transmit_us, after_us };
        match exchange.round_trip_us() < 0.0 {
            true => Err(Ended::unreadable("time", "it passed faster there than the question took")),
            false => Ok((exchange, time)),
        }
    }

    /// Names what helps where nothing was ever said in plain.
    fn helped(&self, ended: Ended) -> Ended {
        let is_mute = self.ledger.last_read_us.load(Ordering::Relaxed) == 0;
        match is_mute && !self.options.target.is_secured() {
            true => ended.without_a_word(),
            false => ended,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_stamps_hold_the_offset_between_them() {
        // 30 µs up, 20 µs there, 30 µs down; the server is 4,900 µs ahead.
        let exchange = Exchange { before_us: 100, receive_us: 5_030, transmit_us: 5_050, after_us: 180 };
        assert_eq!(
            (exchange.least_us(), exchange.offset_us(), exchange.most_us()),
            (4_869.0, 4_900.0, 4_931.0)
        );
        assert_eq!((exchange.at_us(), exchange.round_trip_us()), (140.0, 62.0));
    }

    #[test]
    fn stamps_that_cannot_be_are_told_from_those_that_can() {
        let exchange =
            |receive_us, transmit_us| Exchange { before_us: 100, receive_us, transmit_us, after_us: 180 };
        assert!(exchange(5_000, 5_090).round_trip_us() < 0.0, "90 µs there, in 80 µs here");
        assert!(exchange(u64::MAX, 0).offset_us().is_finite());
    }
}
