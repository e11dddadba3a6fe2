//! Goes round the desks: publishes what waits there, and closes those that nobody reads.

use std::time::Duration;

use tokio::time::{interval, sleep};

use super::{Desk, Desks};
use crate::server::accounts::Accounts;

/// The first mark after a silence waits so long for others: a page draws them all at once, and ten events a
/// second cost little beside what they tell of.
const BATCH: Duration = Duration::from_millis(100);

/// Goes round for as long as it is polled: each [`BATCH`] where there are marks, else seldom.
pub(in crate::server) async fn rounds(desks: &Desks, accounts: &Accounts) {
    let mut sweep = interval((desks.forget / 4).max(BATCH));
    loop {
        tokio::select! {
            () = desks.news.notified() => {
                sleep(BATCH).await;
                desks.publish(accounts);
            }
            _ = sweep.tick() => {
                desks.close_unread();
                accounts.forget(desks.forget);
            }
        }
    }
}

impl Desks {
    /// Publishes the marks that wait. What they tell of goes on meanwhile, so nothing is written down under the
    /// lock; and ledgers are read after the marks, so that no mark is ahead of its ledger.
    fn publish(&self, accounts: &Accounts) {
        let take = |(name, desk): (&String, &mut Desk)| Some((name.clone(), desk.take()?));
        let batches: Vec<_> = self.open().iter_mut().filter_map(take).collect();
        for (name, batch) in batches {
            let ledgers = accounts.lanes(&name);
            let Some(changed) = self.open().get_mut(&name).map(|desk| desk.changed(ledgers)) else {
                continue;
            };
            let news = batch.with(&changed);
            self.open().get(&name).into_iter().for_each(|desk| desk.tell(&self.feed, &news));
        }
    }
}
