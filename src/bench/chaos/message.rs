//! What is published: a message for each number, from which it can be told again byte for byte.
//!
//! ```text
//! "wirelanes 000000001042 0000000000000000000 xxxxxxxx"      message 1042, of 52 bytes
//! ```

use std::ops::Range;

use memchr::memmem::Finder;

use super::heard::Carried;
use crate::bench::capacity::marker::{Mark, Marks};
use crate::event::Event;

/// Where all of it is published.
pub(super) const TOPIC: &str = "demo";

/// The JSON of a message. Nobody asks here how late it comes: it bears no instant.
pub(super) fn message(number: u32, size: usize) -> String {
    let mut data = Vec::with_capacity(size);
    Mark { sequence: u64::from(number), due_us: 0 }.write(size, &mut data);
    String::from_utf8(data).expect("a mark is ASCII")
}

/// Finds out which message an event carries.
pub(super) struct Recognizer {
    marks: Marks,
    /// What all messages have in common, but for the digits of the number.
    template: String,
    topic: Finder<'static>,
}

/// Where a message says its number.
const NUMBER: Range<usize> = 11..23;

impl Recognizer {
    /// Of messages of so many bytes.
    pub(super) fn new(size: usize) -> Self {
        let topic = Finder::new(&format!(r#","topic":"{TOPIC}","#)).into_owned();
        Self { marks: Marks::default(), template: message(0, size), topic }
    }

    /// The message that an event carries, if that is all that it carries, where it was published.
    pub(super) fn carried(&self, event: &Event) -> Carried {
        let (json, data) = (event.json(), event.data().as_bytes());
        let shell = &json[..json.len() - data.len()];
        let mut found = Vec::new();
        self.marks.find(data, &mut found);
        let number = found.first().and_then(|mark| u32::try_from(mark.sequence).ok());
        let is_ours = self.is_like_all(data) && self.topic.find(shell).is_some();
        number.filter(|_| is_ours).map_or(Carried::STRANGE, Carried)
    }

    fn is_like_all(&self, data: &[u8]) -> bool {
        let template = self.template.as_bytes();
        data.len() == template.len()
            && data[..NUMBER.start] == template[..NUMBER.start]
            && data[NUMBER.end..] == template[NUMBER.end..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventId;

    #[test]
    fn a_message_is_known_by_every_byte_and_by_its_topic() {
        let recognizer = Recognizer::new(60);
        let id: EventId = "8f3k2a-1".parse().unwrap();
        let carried = |topic: &str, data: &str| recognizer.carried(&Event::new(id, topic, 5, data));
        let ours = message(7, 60);
        assert_eq!((ours.len(), carried(TOPIC, &ours)), (60, Carried(7)));
        assert_eq!(carried("other", &ours), Carried::STRANGE);
        for at in 1..ours.len() - 1 {
            let mut altered = ours.clone().into_bytes();
            altered[at] = if altered[at] == b'1' { b'2' } else { b'1' };
            let carried = carried(TOPIC, std::str::from_utf8(&altered).unwrap());
            assert_ne!(carried, Carried(7), "byte {at} is not what was published");
        }
        assert_eq!(carried(TOPIC, &message(7, 61)), Carried::STRANGE);
    }
}
