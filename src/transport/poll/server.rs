//! Answers with what is new, at once.

use crate::feed::Subscription;
use crate::transport::{Answer, Ask, Refusal, batch};

pub(crate) fn serve(ask: &Ask<'_>, mut subscription: Subscription) -> Result<Answer, Refusal> {
    let limit = batch::limit(ask)?;
    Ok(Answer::Now(batch::read(&mut subscription, limit).into()))
}
