//! Reads one answer for as long as it lasts.

use std::convert::Infallible;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderValue};

use super::decode::{Block, Decoder, TooLong};
use crate::client::{Ended, News, Reader};
use crate::event::{LAST_EVENT_ID, Message};

pub(crate) async fn subscribe<F>(reader: &mut Reader<F>) -> Result<Infallible, Ended>
where
    F: FnMut(News) + Send,
{
    let mut connection = reader.connect().await?;
    let mut request = reader.request("/sse", &reader.options().heartbeat_parameters());
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
    let mut answer = reader.head(&mut connection, request).await?;
    let kind = answer.header(CONTENT_TYPE.as_str());
    if answer.status != StatusCode::OK {
        return Err(Ended::refused(&reader.rest(&mut connection, answer).await?));
    }
    if !kind.as_deref().is_some_and(|kind| kind.starts_with("text/event-stream")) {
        return Err(Ended::unlike("answer", "text/event-stream", kind.as_deref(), "it is no event stream"));
    }
    let mut decoder = Decoder::new();
    reader.connected();
    reader.stands_at(&answer.header(LAST_EVENT_ID).unwrap_or_default())?;
    while let Some(bytes) = connection.more(&mut answer).await? {
        let mut read = &bytes[..];
        while let Some(block) = decoder.next_block(&mut read).map_err(too_long)? {
            take(reader, block);
        }
        decoder.retry_ms().into_iter().for_each(|retry_ms| reader.retry_after_ms(retry_ms));
        reader.stands_at(decoder.last_event_id())?;
    }
    Err(Ended::Closed)
}

fn take<F: FnMut(News) + Send>(reader: &mut Reader<F>, block: Block<'_>) {
    let data = Bytes::from(block.data);
    match Message::from_json(data.clone()) {
        Ok(message) => {
            reader.took([message]);
        }
        Err(_foreign) => reader.took_foreign(block.event, block.id.to_owned(), data),
    }
}

fn too_long(wrong: TooLong) -> Ended {
    Ended::unreadable("event stream", wrong)
}
