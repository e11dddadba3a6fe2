//! Asks at every tick of its pace; at once where the last answer was cut short.

use std::convert::Infallible;
use std::time::Duration;

use crate::client::{Ended, News, Reader};
use crate::transport::batch;

pub(crate) async fn subscribe<F>(reader: &mut Reader<F>) -> Result<Infallible, Ended>
where
    F: FnMut(News) + Send,
{
    let mut connection = reader.connect().await?;
    loop {
        let request = reader.request("/poll", &[]);
        // A poll is held for no time at all: its answer is due at once.
        let answer = reader.ask(&mut connection, request, Some(Duration::ZERO)).await?;
        let brought = batch::take(reader, &answer)?;
        if !brought.is_cut || !brought.is_news {
            reader.pace().await;
        }
    }
}
