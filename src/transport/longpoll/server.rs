//! Answers with what is new, once something is; with nothing when the hold time is over.
//!
//! The waiting itself, `timeout(hold, next())`, is in [`Held`]: written out as stages, so that a connection that waits
//! holds a few words of memory and no future.

use std::time::Duration;

use super::HOLD;
use crate::feed::Subscription;
use crate::transport::held::Held;
use crate::transport::{Answer, Ask, Refusal, batch};

pub(crate) fn serve(ask: &Ask<'_>, subscription: Subscription) -> Result<Answer, Refusal> {
    let limit = batch::limit(ask)?;
    let hold = ask.seconds("hold", 0..=60, HOLD.as_secs())?;
    let linger = Duration::from_millis(ask.number("linger", 0..=50, 0)?);
    Ok(Answer::Later(Held::new(subscription, limit, hold, linger)))
}
