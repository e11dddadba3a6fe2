//! Answers with what is new, once something is; with nothing when the hold time is over.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::feed::Subscription;
use crate::transport::{Answer, Ask, Refusal, batch};

/// RFC 6202, section 5.5: about 30 seconds suits most proxies; this stays clear of those who cut at 30.
const HOLD_S: u64 = 25;

pub(crate) fn serve(ask: &Ask<'_>, mut subscription: Subscription) -> Result<Answer, Refusal> {
    let limit = batch::limit(ask)?;
    let hold = ask.seconds("hold", 0..=60, HOLD_S)?;
    let linger = Duration::from_millis(ask.number("linger", 0..=50, 0)?);
    Ok(Answer::Later(Box::pin(async move {
        let held = async {
            if !subscription.has_news() {
                subscription.ready().await;
                linger_for(linger).await;
            }
        };
        // Something new or nothing, lingered or cut short: what then stands in the log is the answer.
        let _ = timeout(hold, held).await;
        batch::answer(&mut subscription, limit)
    })))
}

/// Lets a burst that has just begun go on. Timers step in milliseconds: no linger is no timer. Most requests have
/// none: those need not hold room for one.
async fn linger_for(linger: Duration) {
    if !linger.is_zero() {
        Box::pin(sleep(linger)).await;
    }
}
