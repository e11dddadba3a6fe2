//! How long nobody may say anything to who asked.
//!
//! ```text
//! connection ── request ── head ── body ─┬─ whole: each part within 10 s of the one before
//! 10 s          └── 10 s, and the hold ──┘└ endless: 75 s, for no heartbeat is as rare
//! ```
//!
//! A peer that accepts and says nothing is none, or something on the way swallows what is asked. An answer that has
//! begun may take long over a slow way, and then some of it comes all the time.

use std::io::{self, ErrorKind};
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering::Relaxed;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::poll_fn;
use tokio::time::{Instant, sleep, timeout};

use super::ended::Ended;
use crate::wire::Ledger;

/// How long an answer's head may take, and each part of a body that has an end: as long as a connection, of which
/// TCP repeats the first segment after 1, 3 and 7 s (RFC 6298, section 2).
const ANSWER: Duration = Duration::from_secs(10);

/// Nothing at all comes for so long only where the peer has vanished: every endpoint of ours says something
/// within 60 s (the longest hold, the longest heartbeat), and this leaves a quarter for the way.
pub(super) const SILENCE: Duration = Duration::from_secs(75);

/// Waits for the head of an answer, which the server may hold back for so long. `where_lost` says what may have become
/// of it.
///
/// What is waited for is boxed here and below: a reader has it for a moment, and would have room for it all its life.
pub(super) async fn head<T>(
    answer: Pin<Box<impl Future<Output = Result<T, Ended>>>>,
    hold: Duration,
    where_lost: &str,
) -> Result<T, Ended> {
    let within = ANSWER + hold;
    let late = |_| lost(format!("no answer within {} s: {where_lost}", within.as_secs()));
    timeout(within, answer).await.map_err(late)?
}

/// Waits for an answer that has begun, as long as some of it comes.
pub(super) async fn whole<T>(
    mut answer: Pin<Box<impl Future<Output = Result<T, Ended>>>>,
    ledger: &Ledger,
) -> Result<T, Ended> {
    let mut late = pin!(sleep(ANSWER));
    let mut heard = ledger.last_read_us.load(Relaxed);
    poll_fn(|cx| {
        if let Poll::Ready(answer) = answer.as_mut().poll(cx) {
            return Poll::Ready(answer);
        }
        let last = ledger.last_read_us.load(Relaxed);
        if std::mem::replace(&mut heard, last) != last {
            late.as_mut().reset(Instant::now() + ANSWER);
        }
        late.as_mut()
            .poll(cx)
            .map(|()| Err(lost("the answer broke off: no more of it within 10 s".to_owned())))
    })
    .await
}

fn lost(why: String) -> Ended {
    Ended::Lost(io::Error::new(ErrorKind::TimedOut, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer of five parts, one every so many seconds.
    async fn in_parts(seconds: u64, ledger: &Ledger) -> Result<(), Ended> {
        for part in 1..=5 {
            sleep(Duration::from_secs(seconds)).await;
            ledger.last_read_us.store(part, Relaxed);
        }
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_may_take_long_where_some_of_it_comes_all_the_time() {
        let ledger = Ledger::default();
        whole(Box::pin(in_parts(9, &ledger)), &ledger).await.unwrap();
        let begun = Instant::now();
        let why = whole(Box::pin(in_parts(11, &ledger)), &ledger).await.unwrap_err().to_string();
        assert_eq!(
            (why.as_str(), begun.elapsed()),
            ("the answer broke off: no more of it within 10 s", ANSWER)
        );
    }
}
