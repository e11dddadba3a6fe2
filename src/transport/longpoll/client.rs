//! Asks again as soon as it is answered; of who does not hold what is empty, no more often than twice a second.

use std::convert::Infallible;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::HOLD;
use crate::client::{Ended, News, Reader};
use crate::transport::batch;

/// Who answers without news before so long does not hold what is asked: a proxy may, or a server that is none of ours.
const UNHELD: Duration = Duration::from_millis(500);

pub(crate) async fn subscribe<F>(reader: &mut Reader<F>) -> Result<Infallible, Ended>
where
    F: FnMut(News) + Send,
{
    let mut connection = reader.connect().await?;
    let held = reader.options().hold_parameters();
    // The first request is not held. Without a position it asks for what comes from now on: if it were held and cut,
    // what was published before the next request would be lost.
    let at_once = [("hold", "0".to_owned())];
    let holds = reader.options().hold.is_none_or(|hold| hold >= UNHELD);
    loop {
        let (asked, had_position) = (Instant::now(), reader.has_position());
        let parameters: &[_] = if had_position { &held } else { &at_once };
        let request = reader.request("/longpoll", parameters);
        let hold = reader.options().target.is_server().then(|| match had_position {
            true => reader.options().hold.unwrap_or(HOLD),
            false => Duration::ZERO,
        });
        let answer = reader.ask(&mut connection, request, hold).await?;
        let brought = batch::take(reader, &answer)?;
        let has_begun = !had_position && reader.has_position();
        if holds && !brought.is_news && !has_begun {
            sleep_until(asked + UNHELD).await;
        }
    }
}
