//! Answers with what is new, once something is; with nothing when the hold time is over.

use std::time::Duration;

use crate::feed::Subscription;
use crate::transport::held::Held;
use crate::transport::{Answer, Ask, Refusal, batch};

/// RFC 6202, section 5.5: about 30 seconds suits most proxies; this stays clear of those who cut at 30.
const HOLD_S: u64 = 25;

pub(crate) fn serve(ask: &Ask<'_>, subscription: Subscription) -> Result<Answer, Refusal> {
    let limit = batch::limit(ask)?;
    let hold = ask.seconds("hold", 0..=60, HOLD_S)?;
    let linger = Duration::from_millis(ask.number("linger", 0..=50, 0)?);
    Ok(Answer::Later(Held::new(subscription, limit, hold, linger)))
}
