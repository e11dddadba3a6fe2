//! What a server may send: an event stream, and a batch.

use bytes::Bytes;

use super::CUTS;
use crate::event::{EventId, Gap, Message};
use crate::transport::batch;
use crate::transport::sse::decode::{Decoder, TooLong};
use crate::transport::sse::encode;

/// An event stream: it is read alike however it is cut, and ours is read as it was meant.
pub fn sse(bytes: &[u8]) {
    let whole = blocks([bytes]);
    for cut in CUTS {
        assert_eq!(blocks(bytes.chunks(cut)), whole, "cut at {cut}");
    }
    let Ok(Message::Event(event)) = Message::from_json(Bytes::copy_from_slice(bytes)) else { return };
    let json = String::from_utf8_lossy(event.json()).into_owned();
    // A line end between the parts of an event is not ours: we write compact JSON.
    if !json.contains(['\n', '\r']) {
        let (id, gap) = (event.id(), Gap::new(event.id().previous(), event.id()));
        let mut written = Vec::new();
        (encode::BLOCKS.write)(&event, &mut written);
        written.extend_from_slice(encode::gap(&gap).as_bytes());
        let gap_json = String::from_utf8_lossy(&gap.json()).into_owned();
        let expected = vec![
            (String::new(), json, id.to_string()),
            ("gap".to_owned(), gap_json, gap.position().to_string()),
        ];
        assert_eq!(blocks([&written[..]]).map(|read| read.0), Ok(expected));
    }
}

/// Type, data and id of each block.
type Blocks = Vec<(String, String, String)>;

fn blocks<'a>(runs: impl IntoIterator<Item = &'a [u8]>) -> Result<(Blocks, String, Option<u64>), TooLong> {
    let (mut decoder, mut blocks) = (Decoder::new(), Vec::new());
    for mut run in runs {
        while let Some(block) = decoder.next_block(&mut run)? {
            blocks.push((block.event, block.data, block.id.to_owned()));
        }
        assert!(run.is_empty(), "all of a read is read");
    }
    Ok((blocks, decoder.last_event_id().to_owned(), decoder.retry_ms()))
}

/// A batch: each message is one by itself, and all together are the batch again.
pub fn batch(bytes: &[u8]) {
    let Ok(messages) = batch::messages(&Bytes::copy_from_slice(bytes)) else { return };
    let each: Vec<Bytes> = messages.iter().map(Message::json).collect();
    for (message, json) in messages.iter().zip(&each) {
        assert_eq!(Message::from_json(json.clone()).ok().as_ref(), Some(message));
        let position: EventId = message.position();
        assert_eq!(position.to_string().parse(), Ok(position));
    }
    let again = [b"[", &each.join(&b","[..])[..], b"]"].concat();
    assert_eq!(batch::messages(&again.into()).ok(), Some(messages));
}
