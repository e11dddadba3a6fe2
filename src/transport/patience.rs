//! A deadline that is moved often and reached seldom.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep, sleep_until};

/// A deadline. To move it later costs nothing: the timer stays where it is, and finds out when it fires.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    until: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    pub(crate) fn lasts_until(&mut self, until: Instant) {
        self.until = Some(until);
        if let Some(timer) = &mut self.timer
            && until < timer.deadline()
        {
            timer.as_mut().reset(until);
        }
    }

    /// Ready where the deadline has come; never where there is none.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(until) = self.until else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
        while timer.deadline() < until {
            ready!(timer.as_mut().poll(cx));
            timer.as_mut().reset(until);
        }
        timer.as_mut().poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    async fn over(patience: &mut Patience) {
        poll_fn(|cx| patience.poll(cx)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn it_lasts_as_long_as_it_was_told_last() {
        let begun = Instant::now();
        let after = |seconds| begun + Duration::from_secs(seconds);
        let mut patience = Patience::default();
        patience.lasts_until(after(5));
        let early = tokio::time::timeout_at(after(4), over(&mut patience)).await;
        assert!(early.is_err(), "over before its time");
        patience.lasts_until(after(9));
        over(&mut patience).await;
        assert_eq!(Instant::now(), after(9), "moved later");
        patience.lasts_until(after(100));
        let _ = tokio::time::timeout_at(after(10), over(&mut patience)).await;
        patience.lasts_until(after(20));
        over(&mut patience).await;
        assert_eq!(Instant::now(), after(20), "moved earlier");
    }
}
