//! The server's clock, as seen from here.
//!
//! On the same boot of the same machine both ends read one monotonic clock: the offset is known exactly.
//! Elsewhere it is estimated from four stamps (RFC 5905, section 8): ours before and after, the server's in
//! between; of many exchanges the one with the shortest round trip has the least room for error.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::connection::{Connection, get};
use super::dial::dial;
use super::ended::Ended;
use super::options::Options;
use crate::clock::{Time, boot_id, monotonic_us};
use crate::wire::Ledger;

/// Exchanges to choose the best of.
const EXCHANGES: usize = 32;

/// The server's clock minus our monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offset {
    /// In microseconds.
    pub us: i64,
    /// It is off by no more than this: half the round trip of the best exchange; 0 where it is known.
    pub within_us: u64,
}

impl Offset {
    /// Asks the server.
    ///
    /// # Errors
    /// Where it cannot be reached or does not tell the time.
    pub async fn ask(options: &Options) -> Result<Self, Ended> {
        let ledger = Arc::new(Ledger::default());
        let mut connection = Connection::over(dial(options, &ledger).await?).await?;
        let mut best = Self { us: 0, within_us: u64::MAX };
        for _ in 0..EXCHANGES {
            let before = monotonic_us();
            let time = time(&mut connection, options).await?;
            let after = monotonic_us();
            if time.boot_id.is_some() && time.boot_id == boot_id() {
                return Ok(Self { us: time.monotonic_offset_us, within_us: 0 });
            }
            best = best.better_of(Self::from_stamps(before, &time, after));
        }
        Ok(best)
    }

    fn from_stamps(before_us: u64, time: &Time, after_us: u64) -> Self {
        let there = (time.receive_us as i64 + time.transmit_us as i64) / 2;
        let here = (before_us as i64 + after_us as i64) / 2;
        let away = (after_us - before_us).saturating_sub(time.transmit_us - time.receive_us);
        Self { us: there - here, within_us: away.div_ceil(2) }
    }

    fn better_of(self, other: Self) -> Self {
        if other.within_us < self.within_us { other } else { self }
    }

    /// The age of something sent at `sent_us` that arrived at `arrived_us` of our monotonic clock, in
    /// microseconds. Negative where the offset is off by more than the age.
    pub fn age_us(&self, sent_us: u64, arrived_us: u64) -> i64 {
        arrived_us as i64 + self.us - sent_us as i64
    }
}

async fn time(connection: &mut Connection, options: &Options) -> Result<Time, Ended> {
    let answer = connection.exchange(get(options, "/time")).await?;
    match answer.status.is_success() {
        true => serde_json::from_slice(&answer.body).map_err(|wrong| Ended::unreadable("time", wrong)),
        false => Err(Ended::refused(&answer)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_stamps_give_the_offset_within_half_the_round_trip() {
        let time = Time { receive_us: 5_030, transmit_us: 5_050, boot_id: None, monotonic_offset_us: 0 };
        // 30 µs up, 20 µs there, 30 µs down; the server is 4,900 µs ahead.
        let offset = Offset::from_stamps(100, &time, 180);
        assert_eq!(offset, Offset { us: 4_900, within_us: 30 });
        assert_eq!(offset.age_us(5_000, 180), 80);
        assert_eq!(offset.age_us(5_100, 180), -20, "negative ages are kept");
    }
}
