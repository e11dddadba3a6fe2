//! Asks again as soon as it is answered.

use std::convert::Infallible;
use std::time::Duration;

use super::HOLD;
use crate::client::{Ended, News, Reader};
use crate::transport::batch;

pub(crate) async fn subscribe<F>(reader: &mut Reader<F>) -> Result<Infallible, Ended>
where
    F: FnMut(News) + Send,
{
    let mut connection = reader.connect().await?;
    let held = reader.options().hold_parameters();
    // The first request is not held. Without a position it asks for what comes from now on: if it were held and cut,
    // what was published before the next request would be lost.
    let at_once = [("hold", "0".to_owned())];
    loop {
        let parameters: &[_] = if reader.has_position() { &held } else { &at_once };
        let request = reader.request("/longpoll", parameters);
        let hold = reader.options().target.is_server().then(|| match reader.has_position() {
            true => reader.options().hold.unwrap_or(HOLD),
            false => Duration::ZERO,
        });
        let answer = reader.ask(&mut connection, request, hold).await?;
        batch::take(reader, &answer)?;
    }
}
