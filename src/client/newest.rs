//! Where a feed stands: one poll for what comes from now on, which brings nothing but the position.

use std::sync::Arc;
use std::time::Duration;

use super::ended::Ended;
use super::news::News;
use super::options::Options;
use super::reader::Reader;
use crate::event::{EventId, LAST_EVENT_ID, Position};
use crate::wire::Ledger;

/// The newest event of a topic: where a reader stands that asks now.
pub(crate) async fn newest(options: Options, ledger: Arc<Ledger>) -> Result<EventId, Ended> {
    let options = Options { from: Position::Latest, ..options };
    let mut reader = Reader::new(Arc::new(options), ledger, |_: News| {});
    let mut connection = reader.connect().await?;
    let asking = reader.request("/poll", &[]);
    let answer = reader.ask(&mut connection, asking, Some(Duration::ZERO)).await;
    let answer = answer.map_err(|ended| reader.helped(ended))?;
    if !answer.status.is_success() {
        return Err(Ended::refused(&answer));
    }
    let id = answer.header(LAST_EVENT_ID).unwrap_or_default();
    id.parse().map_err(|wrong| Ended::unreadable("position", wrong))
}
