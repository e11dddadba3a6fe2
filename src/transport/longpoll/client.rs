//! Asks again as soon as it is answered.

use crate::client::{Ended, News, Reader};
use crate::transport::batch;

pub(crate) async fn subscribe<F>(reader: &mut Reader<F>) -> Result<Ended, Ended>
where
    F: FnMut(News) + Send,
{
    let mut connection = reader.connect().await?;
    let hold = reader.options().hold_parameters();
    loop {
        let request = reader.request("/longpoll", &hold);
        let answer = reader.ask(&mut connection, request).await?;
        batch::take(reader, &answer)?;
    }
}
