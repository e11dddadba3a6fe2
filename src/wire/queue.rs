//! Requests that are not answered yet.

use std::collections::VecDeque;

use super::ledger::Account;

/// What of an earlier request is needed to read its answer.
pub(super) struct Asked {
    pub(super) account: Account,
    /// The answer to a HEAD request has no body, whatever its head says.
    pub(super) head_only: bool,
}

/// Requests in the order of their answers: one, most of the time, and then no memory beyond it.
#[derive(Default)]
pub(super) struct Queue {
    first: Option<Asked>,
    #[expect(
        clippy::box_collection,
        reason = "most connections wait most of the time, each with one of these"
    )]
    rest: Option<Box<VecDeque<Asked>>>,
}

impl Queue {
    pub(super) fn push(&mut self, asked: Asked) {
        match self.first {
            None => self.first = Some(asked),
            Some(_) => self.rest.get_or_insert_default().push_back(asked),
        }
    }

    pub(super) fn first(&self) -> Option<&Asked> {
        self.first.as_ref()
    }

    pub(super) fn pop(&mut self) -> Option<Asked> {
        let next = self.rest.as_mut().and_then(|rest| rest.pop_front());
        std::mem::replace(&mut self.first, next)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::Ordering::Relaxed;

    use super::*;
    use crate::wire::Ledger;

    #[test]
    fn requests_come_out_in_the_order_they_went_in() {
        let mut queue = Queue::default();
        let mut asked = |number: u64| {
            let transport = Arc::new(Ledger::default());
            transport.requests.store(number, Relaxed);
            queue.push(Asked { account: Account { transport, client: None }, head_only: false });
        };
        asked(1);
        asked(2);
        asked(3);
        let number = |asked: &Asked| asked.account.transport.counts().requests;
        assert_eq!(queue.first().map(number), Some(1));
        let order = std::iter::from_fn(|| queue.pop()).map(|asked| number(&asked));
        assert_eq!(order.collect::<Vec<_>>(), [1, 2, 3]);
        assert!(queue.first().is_none());
    }
}
